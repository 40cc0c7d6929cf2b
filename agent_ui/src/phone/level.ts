/** How loud the other side is, for the meter and for tests. A track is silent to it until something plays it. */

/** How often the meter moves. */
const INTERVAL_MS = 200;

export class LevelMeter {
  private readonly context: AudioContext;
  private readonly source: MediaStreamAudioSourceNode;
  private readonly timer: number;

  /** `show` is given the level, 0 to 100, five times a second. */
  constructor(stream: MediaStream, show: (level: number) => void) {
    this.context = new AudioContext();
    this.source = this.context.createMediaStreamSource(stream);
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = window.setInterval(() => {
      if (this.context.state === "suspended") void this.context.resume();
      analyser.getFloatTimeDomainData(samples);
      show(levelOf(samples));
    }, INTERVAL_MS);
  }

  stop(): void {
    window.clearInterval(this.timer);
    this.source.disconnect();
    void this.context.close();
  }
}

/** Root mean square in decibels, drawn from -60 dB (0) to 0 dB (100). */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / Math.max(1, samples.length));
  if (rms === 0) return 0;
  return Math.round(Math.min(100, Math.max(0, ((20 * Math.log10(rms) + 60) / 60) * 100)));
}
