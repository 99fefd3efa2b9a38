/**
 * The console's voice: tones made by the browser, no files.
 *
 * The patterns follow the habit of medical alarms (IEC 60601-1-8: ten pulses, three, one), without a claim of
 * conformity. What this is not: the way to reach a person; calls and messages never depend on a browser.
 * The one idea: one sound at a time, the gravest; and a browser that blocks sound is a fault to show, not to hide.
 */

export type Sound = "life" | "urgent" | "today" | "lost";
export type SoundState = "off" | "on" | "blocked";

/** One pulse: pitch in Hz, start and length in seconds from the start of the pattern. */
export interface Pulse {
  readonly hertz: number;
  readonly at: number;
  readonly length: number;
}

interface Pattern {
  readonly pulses: readonly Pulse[];
  /** Seconds from one start to the next; `null`: once. */
  readonly every: number | null;
}

const A5 = 880;
const C5 = 523;
const E5 = 659;
const A4 = 440;
const GAIN = 0.35;
const FADE_S = 0.015; // softer than a click

const burst = (hertz: number, starts: readonly number[], length: number): Pulse[] =>
  starts.map((at) => ({ hertz, at, length }));
const FIVE = [0, 0.2, 0.4, 0.75, 0.95] as const; // three, then two

/** The patterns, gravest first. */
export const PATTERNS: Readonly<Record<Sound, Pattern>> = {
  life: { pulses: burst(A5, [...FIVE, ...FIVE.map((at) => at + 1.9)], 0.15), every: 6 },
  lost: { pulses: [{ hertz: E5, at: 0, length: 0.35 }, { hertz: A4, at: 0.4, length: 0.6 }], every: 15 },
  urgent: { pulses: burst(E5, [0, 0.35, 0.7], 0.22), every: 30 },
  today: { pulses: burst(C5, [0], 0.3), every: null },
};
const GRAVITY: readonly Sound[] = ["life", "lost", "urgent", "today"];
const SOUND_OF_PRIORITY: Readonly<Record<number, Sound>> = { 1: "life", 2: "urgent", 3: "today" };

export interface Wanted {
  readonly sound: Sound;
  /** Changes when the same sound is called for anew. */
  readonly key: string;
}

/** What to play for the unacknowledged incidents (`id`, `priority`) and the state of the link. */
export function wanted(unacknowledged: readonly { id: number; priority: number }[], linkLost: boolean): Wanted | null {
  const keys = new Map<Sound, string>();
  if (linkLost) keys.set("lost", "link");
  for (const { id, priority } of unacknowledged) {
    const sound = SOUND_OF_PRIORITY[priority];
    if (sound !== undefined && id > Number(keys.get(sound) ?? 0)) keys.set(sound, String(id));
  }
  const sound = GRAVITY.find((candidate) => keys.has(candidate));
  return sound === undefined ? null : { sound, key: keys.get(sound) ?? "" };
}

/** Plays the wanted sound until another is wanted. Silent until a person has pressed the gate (`arm`). */
export class Sounder {
  #context: AudioContext | null = null;
  #wanted: Wanted | null = null;
  #repeat: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly onState: (state: SoundState) => void,
    private readonly makeContext: () => AudioContext = () => new AudioContext(),
  ) {}

  /** Open the gate from a press of a button, and sound a test tone. Answers whether sound is possible. */
  async arm(): Promise<boolean> {
    this.#context ??= this.#newContext();
    // A refused or unanswered request leaves the context suspended, which is what is looked at.
    await Promise.race([this.#context.resume().catch(() => undefined), new Promise((done) => setTimeout(done, 500))]);
    const running = this.#report();
    if (running) {
      this.#play(PATTERNS.today.pulses);
      this.#begin();
    }
    return running;
  }

  /** Take note of what should sound now. */
  want(wanted: Wanted | null): void {
    if (wanted?.sound === this.#wanted?.sound && wanted?.key === this.#wanted?.key) return;
    this.#wanted = wanted;
    this.#begin();
  }

  #newContext(): AudioContext {
    const context = this.makeContext();
    context.addEventListener("statechange", () => this.#report());
    return context;
  }

  #report(): boolean {
    const running = this.#context?.state === "running";
    this.onState(running ? "on" : "blocked");
    return running;
  }

  #begin(): void {
    clearInterval(this.#repeat);
    if (this.#wanted === null || this.#context?.state !== "running") return;
    const { pulses, every } = PATTERNS[this.#wanted.sound];
    this.#play(pulses);
    if (every !== null) this.#repeat = setInterval(() => this.#play(pulses), every * 1_000);
  }

  #play(pulses: readonly Pulse[]): void {
    const context = this.#context;
    if (context === null || context.state !== "running") return;
    for (const { hertz, at, length } of pulses) {
      const start = context.currentTime + at;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(GAIN, start + FADE_S);
      volume.gain.setValueAtTime(GAIN, start + length - FADE_S);
      volume.gain.linearRampToValueAtTime(0, start + length);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + length);
    }
  }
}
