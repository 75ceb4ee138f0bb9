// The page of live emotions: microphone -> service -> pictures.
import { enrol, forModel, opening } from "./adjusting.js";
import { session } from "./client.js";
import { colour, timeline, waveform } from "./drawing.js";
import { csv, wav } from "./saving.js";

const LONGEST_SAVED = 30 * 60; // seconds of sound that are kept in this browser
const by = (id) => document.getElementById(id);
const state = { key: "", models: [], answers: [], peaks: [], pieces: [], saved: 0, redraw: false,
  running: null, last: null }; // the session now, and that of `pieces`

// Words

const PROBLEMS = {
  NotAllowedError: "The browser does not let this page use the microphone. Click on the sign beside the address, allow the"
    + " microphone, and press Start again.",
  NotFoundError: "No microphone was found. Connect one, and press Start again.",
  NotSecure: "Browsers allow the microphone on https pages and on localhost only. Open this page at such an address.",
  NotReadableError: "The microphone does not answer. Another program may be using it: close that, and press Start again.",
};
const GONE = "The service does not answer. Check that it runs and that this device is connected, then press Start again.";

function say(text, isProblem = false) {
  by("status").textContent = text;
  by("status").classList.toggle("problem", isProblem);
}

const sentences = (texts) => texts.filter(Boolean).map((one) => `${one[0].toUpperCase()}${one.slice(1)}.`).join(" ");

function percent(share) {
  if (share > 0.995) return "> 99 %";
  return share < 0.005 ? "< 1 %" : `${Math.round(100 * share)} %`;
}

function explained(error) {
  if (error.code === 4401) return askForKey();
  if (error.code === 1006 || error instanceof TypeError || error.code === 1012) return GONE;
  if (error.code > 1000 || error.code === 503) return `The service has ended the session: ${error.message}.`;
  return PROBLEMS[error.name] ?? `The microphone cannot be used (${error.message}).`;
}

// Key and models

function askForKey() {
  by("key").hidden = false;
  by("button").disabled = true;
  by("secret").focus();
  return state.key ? "The service does not know this key. Check it, and try again."
    : "This service needs a key. Whoever runs it can give you one. The page keeps it until you close it.";
}

const headers = () => (state.key ? { "X-API-Key": state.key } : {});

async function load() {
  try {
    const response = await fetch("/v1/models", { headers: headers() });
    if (response.status === 401) return say(askForKey(), true);
    if (!response.ok) throw Object.assign(new Error((await response.json()).detail), { code: response.status });
    state.models = (await response.json()).models;
  } catch (error) {
    by("button").disabled = false;
    return say(explained(error), true);
  }
  by("key").hidden = true;
  by("model").replaceChildren(...state.models.map((one) => new Option(one.name, one.name, one.default, one.default)));
  by("models").hidden = state.models.length < 2;
  choose();
  by("button").disabled = false;
  return say("Press Start, allow the microphone, and speak.");
}

const chosen = () => state.models.find((one) => one.name === by("model").value);

function choose() {
  const { labels } = chosen();
  forModel(labels);
  bars(labels);
}

function bars(labels) {
  const { note, warnings } = chosen();
  by("note").textContent = sentences([...warnings, note]);
  by("bars").replaceChildren(...labels.map((label) => {
    const row = document.createElement("tr");
    row.innerHTML = '<th scope="row"></th><td><span class="track"><span class="fill"></span></span></td><td class="number">–</td>';
    row.firstChild.textContent = label;
    row.querySelector(".fill").style.background = colour(label, labels);
    return row;
  }));
  draw();
}

// Pictures

function draw() {
  if (state.redraw) return;
  state.redraw = true;
  requestAnimationFrame(() => {
    state.redraw = false;
    waveform(by("waveform"), state.peaks);
    if (chosen()) timeline(by("timeline"), state.answers, chosen().labels);
  });
}

function show(kicker, { emotion, confidence, probabilities }, below) {
  by("kicker").textContent = kicker;
  by("emotion").textContent = emotion;
  by("confidence").textContent = Object.keys(probabilities).length ? `${percent(confidence)} confidence${below}` : "No voice is heard.";
  [...by("bars").rows].forEach((row) => {
    const label = row.cells[0].textContent;
    const share = probabilities[label];
    row.classList.toggle("first", label === emotion);
    row.querySelector(".fill").style.width = share === undefined ? "" : `${100 * share}%`;
    row.cells[2].textContent = share === undefined ? "–" : percent(share);
  });
}

function heard(answer) {
  state.answers.push(answer);
  show("Emotion now", answer.smoothed, answer.early ? ", of the first words" : "");
  by("confidence").title = `answered after ${Math.round(answer.latency_ms)} ms`;
  draw();
}

// Recording

async function microphone() {
  if (!navigator.mediaDevices) throw Object.assign(new Error(), { name: "NotSecure" });
  // The browser's corrections of loudness and noise would change what the model measures.
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
  return navigator.mediaDevices.getUserMedia({ audio });
}

function take(samples, running) {
  running.live.sound(samples);
  state.peaks.push(samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0) / 32768);
  state.peaks = state.peaks.slice(-400);
  state.saved += samples.length / running.rate;
  if (state.saved <= LONGEST_SAVED) state.pieces.push(samples);
  const most = state.saved > LONGEST_SAVED ? ` Only the first ${LONGEST_SAVED / 60} minutes can be saved.` : "";
  say(`Listening: ${Math.floor(state.saved)} s. Press Stop for the summary.${most}`);
  draw();
}

async function start() {
  by("button").disabled = by("voice").disabled = true;
  say("Waiting for the microphone …");
  const running = { context: new AudioContext(), stream: null, live: null, rate: 0 };
  try {
    running.stream = await microphone();
    await running.context.audioWorklet.addModule("/live/files/recorder.js");
    Object.assign(state, { answers: [], peaks: [], pieces: [], saved: 0, running, last: running });
    by("after").hidden = true;
    running.rate = running.context.sampleRate;
    const address = `${location.origin.replace(/^http/, "ws")}/v1/stream`;
    const first = { format: "s16le", rate: running.rate, model: by("model").value, ...opening() };
    running.live = session(address, state.key ? { ...first, key: state.key } : first, heard);
    running.live.ended.then(finish, (error) => failed(error, running));
    const node = new AudioWorkletNode(running.context, "recorder", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data }) => state.running === running && take(data, running);
    running.context.createMediaStreamSource(running.stream).connect(node);
    await running.context.resume();
    running.stream.getAudioTracks()[0].onended = stop;
    by("button").classList.add("on");
    by("action").textContent = "Stop";
    by("model").disabled = true;
  } catch (error) {
    failed(error, running);
    return;
  }
  by("button").disabled = false;
}

function close(running) {
  running.stream?.getTracks().forEach((track) => track.stop());
  if (running.context.state !== "closed") running.context.close();
  state.running = null;
  by("button").classList.remove("on");
  by("action").textContent = state.answers.length ? "Start again" : "Start";
  by("model").disabled = by("button").disabled = by("voice").disabled = false;
}

function stop() {
  const running = state.running;
  if (!running) return;
  running.live.stop();
  close(running);
  by("button").disabled = by("voice").disabled = true;
  say("Waiting for the summary …");
}

function overTime(answers) { // the same answers as those of the picture
  const counts = {};
  for (const { smoothed } of answers) counts[smoothed.emotion] = (counts[smoothed.emotion] ?? 0) + 1;
  const shares = Object.entries(counts).sort((one, other) => other[1] - one[1]);
  const texts = shares.map(([name, n]) => `${name} ${Math.round((100 * n) / answers.length)} %`);
  return texts.length ? `over time: ${texts.join(", ")}` : "";
}

function finish(summary) {
  by("button").disabled = by("voice").disabled = false;
  say("");
  const adapted = summary.protocol ? `, ${summary.protocol.replace("transductive: ", "")}` : "";
  show("The whole recording", summary, `, over ${summary.duration.toFixed(1)} s${adapted}`);
  by("shares").textContent = sentences([...(summary.notes ?? []), overTime(state.answers)]);
  keep();
}

function failed(error, running) {
  close(running);
  say(explained(error), true);
  if (state.last === running && state.pieces.length) keep(); // else the files are of an earlier recording
}

function keep() {
  for (const [id, blob] of [["wav", wav(state.pieces, state.last.rate)], ["csv", csv(state.answers, chosen().labels)]]) {
    if (by(id).href) URL.revokeObjectURL(by(id).href);
    by(id).href = URL.createObjectURL(blob);
  }
  by("player").src = by("wav").href;
  by("most").hidden = state.saved <= LONGEST_SAVED;
  by("most").textContent = `The sound is of the first ${LONGEST_SAVED / 60} minutes; the CSV is of the whole recording.`;
  by("after").hidden = false;
}

by("button").addEventListener("click", () => {
  if (state.running) stop();
  else if (state.models.length) start();
  else load();
});
by("model").addEventListener("change", choose);
by("voice").addEventListener("change", async () => {
  const controls = ["button", "model", "voice"].map(by);
  for (const one of controls) one.disabled = true;
  await enrol(by("model").value, headers());
  for (const one of controls) one.disabled = false;
});
by("key").addEventListener("submit", (event) => {
  event.preventDefault();
  state.key = by("secret").value.trim();
  load();
});
window.addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chosen() && bars(chosen().labels));
load();
