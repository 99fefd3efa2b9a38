import { describe, expect, it } from "vitest";
import { arrange, Band, band, neighbour, order } from "@/core/queue";
import { at, incident, T0 } from "./make";

const now = T0 + 600_000;

describe("the order of the queue", () => {
  it("puts what nobody has taken first, by priority, then confirming, overdue, in progress", () => {
    const rows = [
      incident(1, { state: "on_site", priority: 1, due_at: at(900) }),
      incident(2, { state: "acked", priority: 3, due_at: at(500) }),
      incident(3, { state: "raised", priority: 4 }),
      incident(4, { state: "raised", priority: 1 }),
      incident(5, { state: "detected", priority: 1, due_at: at(610) }),
    ];
    expect(order(rows, now).map((i) => i.id)).toEqual([4, 3, 5, 2, 1]);
  });

  it("lets the longest waiting of one priority lead, and is stable for equals", () => {
    const rows = [incident(7, { opened_at: at(30) }), incident(6, { opened_at: at(30) }), incident(8, { opened_at: at(10) })];
    expect(order(rows, now).map((i) => i.id)).toEqual([8, 6, 7]);
  });

  it("does not call a resolved incident overdue", () => {
    expect(band(incident(1, { state: "resolved", due_at: at(0) }), now)).toBe(Band.InProgress);
  });
});

describe("rows under a resting pointer", () => {
  const shown = [2, 3];
  const old = [incident(2, { priority: 2 }), incident(3, { priority: 3 })];

  it("stay where they are while a new one waits behind the bar", () => {
    expect(arrange(shown, [incident(9, { priority: 2 }), ...old], true)).toEqual({ rows: [2, 3], waiting: [9] });
  });

  it("give way to a new danger to life", () => {
    expect(arrange(shown, [incident(9, { priority: 1 }), ...old], true)).toEqual({ rows: [9, 2, 3], waiting: [] });
  });

  it("give way to one that was suspected and is now raised", () => {
    const risen = [incident(3, { priority: 1 }), incident(2, { priority: 2 })];
    expect(arrange(shown, risen, true).rows).toEqual([3, 2]);
  });

  it("do not close up when one is closed by somebody else", () => {
    expect(arrange(shown, [incident(3)], true).rows).toContain(2);
  });

  it("are all there from the first, wherever the pointer rests", () => {
    expect(arrange([], old, true)).toEqual({ rows: [2, 3], waiting: [] });
  });

  it("move again when the pointer leaves", () => {
    expect(arrange(shown, [incident(9, { priority: 2 }), ...old], false)).toEqual({ rows: [9, 2, 3], waiting: [] });
  });
});

describe("walking the queue by keyboard", () => {
  it.each([
    [null, 1, 5],
    [5, 1, 6],
    [6, 1, 6],
    [6, -1, 5],
    [5, -1, 5],
    [99, 1, 5],
  ] as const)("from %s by %s comes to %s", (selected, step, expected) => {
    expect(neighbour([5, 6], selected, step)).toBe(expected);
  });

  it("stays nowhere in an empty queue", () => expect(neighbour([], null, 1)).toBeNull());
});
