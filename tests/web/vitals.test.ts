import { describe, expect, it } from "vitest";
import { lines, summary, table } from "@/console/home/vitals";
import type { SeriesView } from "@/core/home-api";

const point = (at: string, mean: number, n = 1) => ({ at, n, mean, least: mean - 1, greatest: mean + 2, deviation: 0 });
const series = (quantity: "systolic" | "diastolic", told: SeriesView["lines"]): SeriesView => ({
  home_id: 1, quantity, unit: "mm[Hg]", begin: "2026-03-01T00:00:00Z", end: "2026-03-02T00:00:00Z", resolution: "quarter", step_s: 900, lines: told,
});
const SEVEN = "2026-03-01T07:00:00Z";
const NINE = "2026-03-01T09:00:00Z";

describe("a vital sign of a day", () => {
  it("is told by its last value, and between which it lay, over all devices", () => {
    const found = [series("systolic", [{ device: "cuff", points: [point(SEVEN, 138)] }, { device: "other", points: [point(NINE, 150, 3)] }])];
    expect(summary(found, "systolic")).toEqual({ n: 4, least: 137, greatest: 152, last: 150, lastAt: NINE });
  });

  it("is not made up where nothing was measured", () => {
    expect(summary([series("systolic", [])], "systolic")).toBeNull();
    expect(summary([series("systolic", [{ device: "cuff", points: [point(SEVEN, 138)] }])], "diastolic")).toBeNull();
  });

  it("is drawn with a gap where one line has no value", () => {
    const found = [
      series("systolic", [{ device: "cuff", points: [point(SEVEN, 138), point(NINE, 140)] }]),
      series("diastolic", [{ device: "cuff", points: [point(NINE, 82)] }, { device: "mute", points: [] }]),
    ];
    const drawn = lines(found);
    expect(drawn.map((line) => line.quantity)).toEqual(["systolic", "diastolic"]);
    expect(table(drawn)).toEqual([[Date.parse(SEVEN) / 1_000, Date.parse(NINE) / 1_000], [138, 140], [null, 82]]);
  });
});
