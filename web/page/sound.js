// Owns the sounds: small, made by WebAudio, and off until somebody turns them on.

/** Each sound: an oscillator from one pitch to another, or noise; how long and how loud. */
const SOUNDS = {
  launch: { noise: true, from: 900, to: 200, seconds: 0.16, loud: 0.25 },
  blast: { noise: true, from: 420, to: 60, seconds: 0.35, loud: 0.35 },
  rail: { type: "sawtooth", from: 1500, to: 180, seconds: 0.22, loud: 0.12 },
  hit: { type: "square", from: 880, to: 880, seconds: 0.05, loud: 0.1 },
  hurt: { type: "triangle", from: 220, to: 90, seconds: 0.16, loud: 0.3 },
  pickup: { type: "sine", from: 520, to: 1040, seconds: 0.14, loud: 0.2 },
};
/** Of one kind, at most so many per second: a battle of hundreds is no wall of noise. */
const GAP_MS = 45;

export class Sound {
  constructor() {
    this.context = null;
    this.isOn = false;
    this.played = new Map();
  }

  /** Turns it on or off; says which. A browser allows it only after a key or a click, which this is called for. */
  toggle() {
    this.isOn = !this.isOn;
    if (this.isOn) {
      this.context ??= new AudioContext();
      this.context.resume();
    }
    return this.isOn;
  }

  play(name) {
    const now = performance.now();
    if (!this.isOn || document.hidden || now - (this.played.get(name) ?? -GAP_MS) < GAP_MS) return;
    this.played.set(name, now);
    const { noise, type, from, to, seconds, loud } = SOUNDS[name];
    const { context } = this;
    const end = context.currentTime + seconds;
    const gain = context.createGain();
    gain.gain.setValueAtTime(loud, context.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.001, end);
    gain.connect(context.destination);
    const source = noise ? context.createBufferSource() : context.createOscillator();
    const sweep = noise ? context.createBiquadFilter() : source;
    if (noise) {
      source.buffer = this.noise();
      source.connect(sweep).connect(gain);
    } else {
      source.type = type;
      source.connect(gain);
    }
    sweep.frequency.setValueAtTime(from, context.currentTime);
    sweep.frequency.exponentialRampToValueAtTime(to, end);
    source.start();
    source.stop(end);
  }

  noise() {
    if (!this.buffer) {
      this.buffer = this.context.createBuffer(1, this.context.sampleRate / 2, this.context.sampleRate);
      const samples = this.buffer.getChannelData(0);
      for (let place = 0; place < samples.length; place += 1) samples[place] = Math.random() * 2 - 1;
    }
    return this.buffer;
  }
}
