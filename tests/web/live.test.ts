import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refused, Unreachable, type Snapshot } from "@/core/api";
import { Live, POLL_MS, SILENCE_MS, type Link, type Stream } from "@/core/live";
import { at, incident, snapshot } from "./make";

class Tap implements Stream {
  closed = false;
  readonly #listeners = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(readonly after: number) {}

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.#listeners.set(type, listener);
  }

  close(): void {
    this.closed = true;
  }

  send(type: string, body: unknown = {}, id = ""): void {
    this.#listeners.get(type)?.({ data: JSON.stringify(body), lastEventId: id } as MessageEvent<string>);
  }

  beat(seq = 0): void {
    this.send("hb", { seq, now: at(0) });
  }
}

/** A server in the hand of the test, and what the console made of it. */
function stage() {
  const taps: Tap[] = [];
  const links: Link[] = [];
  const seen: string[] = [];
  let answer: () => Promise<Snapshot> = () => Promise.resolve(snapshot(10));
  let asked = 0;
  const live = new Live(
    {
      snapshot: () => (asked++, answer()),
      stream: (seq) => {
        const tap = new Tap(seq);
        taps.push(tap);
        return tap;
      },
    },
    {
      snapshot: (s) => seen.push(`snapshot ${s.seq}`),
      change: (seq, change) => seen.push(`${change.topic} ${change.body.id} @${seq}`),
      beat: () => undefined,
      link: (link) => links.push(link),
    },
    () => Date.now(),
    () => 0.5, // no jitter
  );
  return {
    live, taps, links, seen,
    last: () => taps.at(-1) as Tap,
    asked: () => asked,
    answerWith: (next: () => Promise<Snapshot>) => (answer = next),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the live link", () => {
  it("reads a snapshot, then follows the stream from there", async () => {
    const s = stage();
    s.live.start();
    await pass(0);
    s.last().beat();
    s.last().send("inc", incident(3), "11");
    expect(s.last().after).toBe(10);
    expect(s.seen).toEqual(["snapshot 10", "inc 3 @11"]);
    expect(s.links).toEqual(["live"]);
  });

  it("is not live before it has heard something", async () => {
    const s = stage();
    s.live.start();
    await pass(SILENCE_MS - 1_000);
    expect(s.links).toEqual([]);
  });

  it("continues after the last change when the connection breaks", async () => {
    const s = stage();
    s.live.start();
    await pass(0);
    s.last().send("inc", incident(3), "14");
    s.last().send("error");
    expect(s.last().closed).toBe(true);
    await pass(1_000);
    expect(s.taps.map((tap) => tap.after)).toEqual([10, 14]);
    expect(s.asked()).toBe(1);
  });

  it("continues after what a heartbeat vouched for", async () => {
    const s = stage();
    s.live.start();
    await pass(0);
    s.last().beat(99);
    s.last().send("error");
    await pass(1_000);
    expect(s.last().after).toBe(99);
  });

  it("waits longer after each failure, and not at all longer after a success", async () => {
    const s = stage();
    s.live.start();
    await pass(0);
    s.answerWith(() => Promise.reject(new Unreachable("down")));
    s.last().beat();
    s.last().send("error");
    await pass(1_000);
    s.last().send("error"); // second failure in a row: from here on by snapshot
    const times: number[] = [];
    const start = Date.now();
    s.answerWith(() => (times.push(Date.now() - start), Promise.reject(new Unreachable("down"))));
    await pass(9_000);
    expect(times).toEqual([2_000, 6_000]);
    s.answerWith(() => Promise.resolve(snapshot(20)));
    await pass(10_000);
    s.last().beat();
    s.last().send("error");
    const taps = s.taps.length;
    await pass(1_000);
    expect(s.taps.length).toBe(taps + 1);
  });

  it("is lost after twelve silent seconds, though the connection stands", async () => {
    const s = stage();
    s.live.start();
    await pass(0);
    s.last().beat();
    await pass(SILENCE_MS - 500);
    expect(s.links).toEqual(["live"]);
    await pass(2_000);
    expect(s.links).toEqual(["live", "lost"]);
  });

  it("asks for snapshots while it is lost, with a new stream each time, and recovers", async () => {
    const s = stage();
    s.live.start();
    await pass(0);
    s.last().beat();
    await pass(SILENCE_MS + 1_000);
    const before = s.asked();
    await pass(2 * POLL_MS);
    expect(s.asked()).toBe(before + 2);
    expect(s.taps.slice(0, -1).every((tap) => tap.closed)).toBe(true);
    s.last().beat();
    expect(s.links.at(-1)).toBe("live");
  });

  it("ignores what a stream it gave up still delivers", async () => {
    const s = stage();
    s.live.start();
    await pass(0);
    const old = s.last();
    old.beat();
    await pass(SILENCE_MS + 1_000);
    old.beat();
    old.send("inc", incident(3), "11");
    expect(s.links.at(-1)).toBe("lost");
    expect(s.seen.filter((line) => line.startsWith("inc"))).toEqual([]);
  });

  it("starts over from a snapshot when the server says reset", async () => {
    const s = stage();
    s.live.start();
    await pass(0);
    s.answerWith(() => Promise.resolve(snapshot(50)));
    s.last().send("reset");
    await pass(0);
    expect(s.last().after).toBe(50);
  });

  it("stops and says so when the session has ended", async () => {
    const s = stage();
    s.answerWith(() => Promise.reject(new Refused(401, "signed_out", null)));
    s.live.start();
    await pass(60_000);
    expect(s.links).toEqual(["signed_out"]);
    expect(s.asked()).toBe(1);
  });

  it("begins anew for whoever signs in next: with their own snapshot, and nothing of whoever left", async () => {
    const { live, last, links, seen, answerWith } = stage();
    live.start();
    await pass(0);
    last().beat(10);
    const answers: ((snapshot: Snapshot) => void)[] = [];
    answerWith(() => new Promise((answer) => answers.push(answer)));
    last().send("reset");
    live.stop();
    live.start();
    answers[0]?.(snapshot(11));
    await pass(0);
    expect(seen).toEqual(["snapshot 10"]);
    answers[1]?.(snapshot(12));
    await pass(0);
    last().beat(12);
    expect([seen, links]).toEqual([["snapshot 10", "snapshot 12"], ["live", "connecting", "live"]]);
    live.stop();
  });

  it("follows no changes before the snapshot of whoever signs in next is there", async () => {
    const { live, last, taps, answerWith } = stage();
    live.start();
    await pass(0);
    last().beat(10);
    live.stop();
    answerWith(() => Promise.reject(new Unreachable("gone")));
    live.start();
    await pass(1_500);
    expect(taps).toHaveLength(1);
    live.stop();
  });

  it("looks at once when the machine wakes up", async () => {
    const s = stage();
    s.live.start();
    await pass(0);
    s.last().beat();
    vi.setSystemTime(Date.now() + 3_600_000); // asleep: no timer ran
    s.live.wake();
    expect(s.links.at(-1)).toBe("lost");
  });
});
