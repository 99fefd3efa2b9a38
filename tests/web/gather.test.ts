import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Gather } from "@/core/gather";

const PAUSE_MS = 100;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function stage() {
  const taken: (readonly number[])[] = [];
  return { taken, gather: new Gather<number>((all) => taken.push(all), PAUSE_MS) };
}

it("takes at once what comes alone", () => {
  const { taken, gather } = stage();
  gather.add(1);
  vi.advanceTimersByTime(PAUSE_MS);
  gather.add(2);
  expect(taken).toEqual([[1], [2]]);
});

it("takes a burst together, in its order, and nothing of it later than after one pause", () => {
  const { taken, gather } = stage();
  for (let n = 1; n <= 5; n++) {
    gather.add(n);
    vi.advanceTimersByTime(30);
  }
  expect(taken).toEqual([[1], [2, 3, 4]]);
  vi.advanceTimersByTime(PAUSE_MS);
  expect(taken).toEqual([[1], [2, 3, 4], [5]]);
});

it("has nothing left of what was taken before its time, or dropped", () => {
  const { taken, gather } = stage();
  for (const n of [1, 2]) gather.add(n);
  gather.flush();
  gather.add(3);
  gather.drop();
  vi.advanceTimersByTime(PAUSE_MS);
  expect(taken).toEqual([[1], [2]]);
});

it("stays whole when a taking brings something new", () => {
  const taken: (readonly number[])[] = [];
  const gather: Gather<number> = new Gather((all) => {
    taken.push(all);
    if (all.includes(1)) gather.add(2);
  }, PAUSE_MS);
  gather.add(1);
  vi.advanceTimersByTime(PAUSE_MS);
  expect(taken).toEqual([[1], [2]]);
});
