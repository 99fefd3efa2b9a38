import { describe, expect, it } from "vitest";
import { apply, fromSnapshot, open, recentAlarms, upsert, type Board, type Change } from "@/core/store";
import type { IncidentView } from "@/core/api";
import { at, home, incident, snapshot, T0 } from "./make";

/** A small, seeded generator, so that a failure can be played again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state % sides;
  };
}

/** A world in which things happen: its records, and the log of changes. */
function play(seed: number, steps: number) {
  const roll = dice(seed);
  const records = new Map<number, IncidentView>();
  const log: Change[] = [];
  for (let i = 0; i < steps; i++) {
    const id = 1 + roll(6);
    if (roll(4) === 0) {
      log.push({ topic: "home", body: home(id, { online: roll(2) === 0 }) });
      continue;
    }
    const version = (records.get(id)?.version ?? 0) + 1;
    const body = incident(id, { version, priority: 1 + roll(4), closed_at: roll(3) === 0 ? at(i) : null });
    records.set(id, body);
    log.push({ topic: "inc", body });
  }
  return { records, log };
}

const openOf = (board: Board) => open(board).sort((a, b) => a.id - b.id);

describe("old snapshot + changes = new snapshot", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("holds for world %i, wherever the snapshot was taken", (seed) => {
    const { records, log } = play(seed, 60);
    const truth = [...records.values()].filter((i) => i.closed_at === null).sort((a, b) => a.id - b.id);
    for (let cut = 0; cut <= log.length; cut += 7) {
      const early = log.slice(0, cut).reduce((b, c, i) => apply(b, i + 1, c), fromSnapshot(snapshot(0)));
      const resumed = fromSnapshot(snapshot(cut, open(early), [...early.homes.values()]));
      const late = log.slice(cut).reduce((b, c, i) => apply(b, cut + i + 1, c), resumed);
      expect(openOf(late)).toEqual(truth);
      expect(late.seq).toBe(log.length);
    }
  });

  it("does not mind a change that comes twice or late", () => {
    const first = incident(1, { version: 1 });
    const second = incident(1, { version: 2, state: "acked" });
    let board = fromSnapshot(snapshot(0));
    for (const body of [first, second, second, first]) board = apply(board, 1, { topic: "inc", body });
    expect(board.incidents.get(1)?.state).toBe("acked");
  });
});

describe("a board", () => {
  it("forgets an incident that a new snapshot does not hold, unless it closed lately", () => {
    const before = fromSnapshot(snapshot(1, [incident(1)]));
    const closed = upsert(before, incident(2, { version: 2, closed_at: at(60) }));
    const soon = fromSnapshot(snapshot(2, [], [], 120), closed);
    expect([...soon.incidents.keys()]).toEqual([2]);
    expect(fromSnapshot(snapshot(3, [], [], 3_600), closed).incidents.size).toBe(0);
  });

  it("counts the alarms of the last ten minutes, closed ones too", () => {
    const board = fromSnapshot(snapshot(1, [incident(1, { opened_at: at(0) }), incident(2, { opened_at: at(500) })]));
    const both = upsert(board, incident(2, { version: 2, opened_at: at(500), closed_at: at(550) }));
    expect(recentAlarms(both, T0 + 590_000)).toBe(2);
    expect(recentAlarms(both, T0 + 601_000)).toBe(1);
  });
});
