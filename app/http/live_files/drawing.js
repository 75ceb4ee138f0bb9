// Pictures of the page. The colours of emotions are those of ser/figures/style.py.
export const COLOURS = {
  neutral: "#7f7f7f", calm: "#56b4e9", happy: "#e6b800", sad: "#0a4c8a", angry: "#d62728", fearful: "#7b3fa0",
  disgust: "#2e8b57", surprised: "#ff7f0e", pleasant_surprise: "#f5a3c7", boredom: "#8c564b",
};
const NEW = ["#e0218a", "#00b3a4", "#4b6bfb", "#9ad13c", "#ffbe98", "#6b5b00", "#7a0b3f", "#b9a6ee"];
const ROW = 24; // pixels
const PEAKS = 400; // of the waveform, a twentieth of a second each

export function colour(label, labels) {
  const others = labels.filter((one) => !(one in COLOURS)).sort();
  return shade(COLOURS[label] ?? NEW[Math.max(0, others.indexOf(label)) % NEW.length]);
}

function shade(hex) { // dark colours are lighter on a dark page
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches && 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.35;
  const parts = [red, green, blue].map((one) => Math.round(255 * (isDark ? one + (1 - one) * 0.35 : one)));
  return `rgb(${parts.join(" ")})`;
}

function prepared(canvas, height) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  return { context, width, text: style.color, line: style.getPropertyValue("--line"), font: `13px ${style.fontFamily}` };
}

export function waveform(canvas, peaks) {
  const height = 96;
  const { context, width, text, line } = prepared(canvas, height);
  context.fillStyle = line;
  context.fillRect(0, height / 2, width, 1);
  context.fillStyle = text;
  const step = width / PEAKS;
  peaks.slice(-PEAKS).forEach((peak, k, shown) => {
    const size = Math.max(1, Math.sqrt(peak) * height); // a root, so that a quiet voice shows
    context.fillRect(width - (shown.length - k) * step, (height - size) / 2, Math.max(1, step - 0.5), size);
  });
}

export function timeline(canvas, answers, labels) {
  const height = labels.length * ROW + 24;
  const { context, width, text, line, font } = prepared(canvas, height);
  context.font = font;
  context.textBaseline = "middle";
  const left = Math.max(...labels.map((label) => context.measureText(label).width)) + 12;
  const end = Math.max(10, answers.at(-1)?.end ?? 0);
  const at = (seconds) => left + ((width - left) * seconds) / end;
  let before = 0;
  for (const one of answers) {
    const [x, wide] = [at(before), Math.max(1, at(one.end) - at(before))];
    before = one.end;
    if (!one.speech) {
      context.globalAlpha = 0.5;
      context.fillStyle = line;
      context.fillRect(x, 0, wide, labels.length * ROW);
    }
    labels.forEach((label, row) => {
      context.globalAlpha = one.smoothed.probabilities[label] ?? 0;
      context.fillStyle = colour(label, labels);
      context.fillRect(x, row * ROW + 1, wide, ROW - 2);
    });
    context.globalAlpha = 1;
    const row = labels.indexOf(one.smoothed.emotion); // none of an unsure answer
    if (row >= 0) {
      context.fillStyle = text;
      context.beginPath();
      context.arc(x + wide / 2, (row + 0.5) * ROW, Math.min(3, wide / 2), 0, 7);
      context.fill();
    }
  }
  context.globalAlpha = 1;
  context.fillStyle = text;
  labels.forEach((label, row) => context.fillText(label, 0, (row + 0.5) * ROW));
  const step = [1, 2, 5, 10, 30, 60, 300, 600].find((one) => end / one <= (width - left) / 60) ?? 1800;
  for (let seconds = 0; seconds <= end; seconds += step) {
    context.textAlign = seconds ? "center" : "left";
    if (at(seconds) < width - 12) context.fillText(`${seconds} s`, at(seconds), height - 9);
  }
  context.textAlign = "left";
}
