import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PATTERNS, Sounder, wanted, type SoundState } from "@/core/audio";

describe("what sounds", () => {
  it("is the gravest thing that nobody has taken", () => {
    expect(wanted([{ id: 1, priority: 3 }, { id: 2, priority: 1 }], true)?.sound).toBe("life");
    expect(wanted([{ id: 1, priority: 2 }], true)?.sound).toBe("lost");
    expect(wanted([{ id: 1, priority: 2 }], false)?.sound).toBe("urgent");
    expect(wanted([{ id: 1, priority: 4 }], false)).toBeNull();
  });

  it("is called for anew by a newer incident of the same priority", () => {
    const one = wanted([{ id: 1, priority: 3 }], false);
    expect(wanted([{ id: 1, priority: 3 }, { id: 2, priority: 3 }], false)).not.toEqual(one);
  });

  it("has ten pulses for life, three for urgent, one for today", () => {
    expect([PATTERNS.life, PATTERNS.urgent, PATTERNS.today].map((p) => p.pulses.length)).toEqual([10, 3, 1]);
  });

  it("is over before it begins again", () => {
    for (const { pulses, every } of Object.values(PATTERNS)) {
      const end = Math.max(...pulses.map((pulse) => pulse.at + pulse.length));
      expect(end).toBeLessThan(every ?? Infinity);
    }
  });
});

/** An audio context that counts the tones it was asked for. */
class Speaker extends EventTarget {
  tones = 0;
  currentTime = 0;
  readonly destination = {};

  constructor(public state: "suspended" | "running", readonly permits: boolean) {
    super();
  }

  resume(): Promise<void> {
    if (this.permits) this.become("running");
    return this.permits ? Promise.resolve() : new Promise(() => undefined);
  }

  become(state: "suspended" | "running"): void {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }

  createOscillator() {
    const node = { frequency: { value: 0 }, connect: (next: unknown) => next, start: () => void this.tones++, stop: () => undefined };
    return node;
  }

  createGain() {
    return { gain: { setValueAtTime: () => undefined, linearRampToValueAtTime: () => undefined }, connect: (next: unknown) => next };
  }
}

function console_(permits = true) {
  const speaker = new Speaker("suspended", permits);
  const states: SoundState[] = [];
  const sounder = new Sounder((state) => states.push(state), () => speaker as unknown as AudioContext);
  return { speaker, states, sounder };
}

describe("the sound gate", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("keeps the console silent until it is pressed", () => {
    const { sounder, speaker } = console_();
    sounder.want({ sound: "life", key: "1" });
    vi.advanceTimersByTime(60_000);
    expect(speaker.tones).toBe(0);
  });

  it("plays a test tone and then what is wanted, again and again until it is not", async () => {
    const { sounder, speaker, states } = console_();
    sounder.want({ sound: "life", key: "1" });
    await expect(sounder.arm()).resolves.toBe(true);
    expect(speaker.tones).toBe(1 + 10);
    vi.advanceTimersByTime(12_500);
    expect(speaker.tones).toBe(1 + 30);
    sounder.want(null);
    vi.advanceTimersByTime(60_000);
    expect(speaker.tones).toBe(1 + 30);
    expect(states.at(-1)).toBe("on");
  });

  it("says when the browser blocks sound", async () => {
    const { sounder, states } = console_(false);
    const armed = sounder.arm();
    await vi.advanceTimersByTimeAsync(600);
    await expect(armed).resolves.toBe(false);
    expect(states.at(-1)).toBe("blocked");
  });

  it("says when sound is taken away later", async () => {
    const { sounder, speaker, states } = console_();
    await sounder.arm();
    speaker.become("suspended");
    expect(states.at(-1)).toBe("blocked");
  });
});
