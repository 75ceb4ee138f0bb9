// Files of a recording: WAV of 16 bits, and a table of the answers.
export function wav(pieces, rate) {
  const n = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const head = new DataView(new ArrayBuffer(44));
  const word = (at, text) => [...text].forEach((letter, k) => head.setUint8(at + k, letter.charCodeAt(0)));
  word(0, "RIFF");
  head.setUint32(4, 36 + n, true);
  word(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true);
  head.setUint16(22, 1, true);
  head.setUint32(24, rate, true);
  head.setUint32(28, 2 * rate, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  word(36, "data");
  head.setUint32(40, n, true);
  return new Blob([head, ...pieces], { type: "audio/wav" });
}

export function csv(answers, labels) {
  const head = ["start", "end", "speech", "emotion", "confidence", "smoothed_emotion", ...labels.map((one) => `p_${one}`)];
  const rows = answers.map((one) => [
    one.start, one.end, one.speech, one.emotion, one.confidence, one.smoothed.emotion,
    ...labels.map((label) => one.probabilities[label] ?? ""),
  ]);
  return new Blob([[head, ...rows].map((row) => row.join(",") + "\n").join("")], { type: "text/csv" });
}
