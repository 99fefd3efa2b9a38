import { describe, expect, it } from "vitest";
import { clockOf, days, facts, height, midnight, QUARTER_MS, QUARTERS, runs } from "@/core/activity";
import type { ActivityView } from "@/core/api";

const BEGIN = midnight(Date.parse("2026-03-01T08:00:00Z"), 1);
const quiet = (n: number): (number | null)[] => Array.from({ length: n }, () => 0);

function view(kitchen: (number | null)[], door: (number | null)[] = []): ActivityView {
  return {
    home_id: 1, begin: new Date(BEGIN).toISOString(), step_s: 900,
    lines: [{ room: "kitchen", place: "room", signs: kitchen }, { room: "hall", place: "door", signs: door }],
  };
}

describe("days of a home", () => {
  it("come newest first, and what has not come yet is not said to be quiet", () => {
    const [today, yesterday] = days(view(quiet(QUARTERS + 8)), BEGIN, 2);
    expect(today?.beginMs).toBe(BEGIN + QUARTERS * QUARTER_MS);
    expect(yesterday?.cells.every((cell) => cell?.signs === 0)).toBe(true);
    expect(today?.cells[7]).toEqual({ signs: 0, line: -1 });
    expect(today?.cells[8]).toBeNull();
  });

  it("show the place with the most signs, and a gap only where no place was heard", () => {
    const [day] = days(view([null, null, 3], [null, 1, 5]), BEGIN, 1);
    expect(day?.cells.slice(0, 3)).toEqual([null, { signs: 1, line: 1 }, { signs: 8, line: 1 }]);
  });

  it("begin where the view begins, even if that is before the first midnight", () => {
    const shifted = { ...view([7, ...quiet(4)]), begin: new Date(BEGIN - QUARTER_MS).toISOString() };
    expect(days(shifted, BEGIN, 1)[0]?.cells[0]?.signs).toBe(0);
  });

  it("are drawn in as few shapes as they have changes", () => {
    const [day] = days(view([null, 0, 0, 2, 2, 0]), BEGIN, 1);
    expect(runs(day?.cells ?? []).map((run) => [run.from, run.to])).toEqual([[0, 1], [1, 3], [3, 5], [5, 6], [6, 96]]);
  });
});

describe("what is said of a day", () => {
  it("names the first and the last sign, and how long nobody listened", () => {
    const [day] = days(view([null, null, ...quiet(22), 4, ...quiet(8), 1]), BEGIN, 1);
    expect(facts(day!, BEGIN + 40 * QUARTER_MS)).toEqual({ signs: 5, first: 24, last: 33, unheard: 2 + 6 });
  });

  it("counts nothing of the future as unheard", () => {
    const [day] = days(view(quiet(10)), BEGIN, 1);
    expect(facts(day!, BEGIN + 10 * QUARTER_MS)).toEqual({ signs: 0, first: -1, last: -1, unheard: 0 });
  });

  it("gives quarters a time of day, and bars a height that can be seen", () => {
    expect([clockOf(0), clockOf(27), clockOf(95)]).toEqual(["00:00", "06:45", "23:45"]);
    expect([height(0), height(1), height(9), height(400)]).toEqual([0, 0.4, 1, 1]);
  });
});
