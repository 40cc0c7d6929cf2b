/** Rings: two soft tones, a pause. Made here, so that there is no file to load when it matters. */

const PERIOD_MS = 2_000;
const TONES = [
  { at: 0, hertz: 660 },
  { at: 0.22, hertz: 880 },
];

export class Ringer {
  private context: AudioContext | null = null;
  private timer: number | undefined;

  start(): void {
    if (this.timer !== undefined) return;
    this.ring();
    this.timer = window.setInterval(() => this.ring(), PERIOD_MS);
  }

  stop(): void {
    window.clearInterval(this.timer);
    this.timer = undefined;
    void this.context?.close();
    this.context = null;
  }

  private ring(): void {
    this.context ??= new AudioContext();
    const context = this.context;
    if (context.state === "suspended") void context.resume();
    for (const tone of TONES) this.tone(context, context.currentTime + tone.at, tone.hertz);
  }

  private tone(context: AudioContext, at: number, hertz: number): void {
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.2, at + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + 0.22);
  }
}
