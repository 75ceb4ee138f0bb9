// Adjustment of the model to a person and to a place: what a session is opened with.
const MOST = 50; // recordings
const NEUTRAL = "neutral";
const by = (id) => document.getElementById(id);
const kept = { enrolment: "", equal: 0, turn: 0 }; // of the chosen model; `turn` counts, so that late answers are dropped

export function forModel(labels) { // an enrolment belongs to one model
  Object.assign(kept, { enrolment: "", equal: Math.round(100 / labels.length), turn: kept.turn + 1 });
  by("voice").value = "";
  by("neutral").value = kept.equal;
  by("prior").hidden = !labels.includes(NEUTRAL);
  said([]);
  shown();
}

export function opening() {
  const { enrolment, equal } = kept;
  const [neutral, unsure] = [by("neutral"), by("unsure")].map((one) => Number(one.value));
  const prior = by("prior").hidden || neutral === equal ? "" : `${NEUTRAL}=${neutral / 100}`;
  return { ...(enrolment && { enrolment }), ...(prior && { prior }), ...(unsure && { unsure: unsure / 100 }) };
}

export async function enrol(model, headers) {
  const files = [...by("voice").files].slice(0, MOST);
  const turn = ++kept.turn;
  let [enrolment, number] = ["", 0];
  const unused = by("voice").files.length - files.length;
  const problems = unused ? [`Only the first ${MOST} are used; ${unused} more are not.`] : [];
  for (const file of files) {
    said([`Listening to ${file.name} …`]);
    const form = new FormData();
    form.append("file", file);
    if (enrolment) form.append("enrolment", enrolment);
    const answer = await posted(`/v1/enrol?model=${encodeURIComponent(model)}`, form, headers);
    if (turn !== kept.turn) return;
    if (answer.detail === undefined) [enrolment, number] = [answer.enrolment, answer.n_recordings];
    else problems.push(`${file.name} is not used: ${answer.detail}.`);
  }
  kept.enrolment = enrolment;
  const used = `Adapted to ${number} recording${number === 1 ? "" : "s"} of the same person, for the next session.`;
  said([...(number ? [used] : []), ...problems]);
}

async function posted(address, body, headers) {
  try {
    return await (await fetch(address, { method: "POST", body, headers })).json();
  } catch {
    return { detail: "the service does not answer" };
  }
}

function said(lines) {
  by("adapted").replaceChildren(...lines.map((line) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    return paragraph;
  }));
}

function shown() {
  for (const id of ["neutral", "unsure"]) by(`${id}-now`).textContent = `${by(id).value} %`;
}

for (const id of ["neutral", "unsure"]) by(id).addEventListener("input", shown);
