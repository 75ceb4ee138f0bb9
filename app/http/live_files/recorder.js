// Gives the page the sound of the microphone in pieces of about a twentieth of a second, as 16-bit samples.
const PIECES_A_SECOND = 20;

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Int16Array(Math.round(sampleRate / PIECES_A_SECOND));
    this.filled = 0;
  }

  process([[channel]]) {
    for (const value of channel ?? []) {
      this.piece[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(value * 32768)));
      if (this.filled === this.piece.length) {
        this.port.postMessage(this.piece.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
