// A session of live emotions. `sound` takes 16-bit samples, `heard` gets each answer, and `ended` is the summary.
export function session(address, start, heard) {
  const socket = new WebSocket(address);
  const waiting = [JSON.stringify({ type: "start", ...start })];
  const send = (content) => (socket.readyState === WebSocket.OPEN ? socket.send(content) : waiting.push(content));
  const ended = new Promise((resolve, reject) => {
    let last = {};
    socket.onopen = () => waiting.splice(0).forEach((content) => socket.send(content));
    socket.onmessage = ({ data }) => {
      last = JSON.parse(data);
      if (last.type === "answer") heard(last);
    };
    socket.onclose = ({ code }) => {
      if (last.type === "summary") resolve(last);
      else reject(Object.assign(new Error(last.detail ?? "the service does not answer"), { code }));
    };
  });
  return { sound: (samples) => send(samples), stop: () => send(JSON.stringify({ type: "stop" })), ended };
}
