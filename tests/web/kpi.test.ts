import { describe, expect, it } from "vitest";
import {
  formatFraction, formatInterval, formatMonth, formatTarget, formatValue, grouped, lineOf, mayBeChance, monthsOf, ranked, reach, seriesOf, shade,
  verdict, week, type Figure, type Indicator, type MonthVersion, type Trend,
} from "@/kpi/figures";

const ANSWERED: Indicator = {
  name: "answered_60", title: "60 秒内应答", counts: true, of: "incident", unit: "share", numerator: "…", denominator: "…",
  target: { value: 0.975, least: true, source: "TSA" },
};
const ALARMS: Indicator = {
  ...ANSWERED, name: "alarms_home_day", unit: "rate", of: "home", target: { value: 0.1, least: false, source: "D" },
};

function figure(part: number, whole: number, differs: Partial<Figure> = {}): Figure {
  const value = whole === 0 ? null : part / whole;
  return {
    indicator: "answered_60", cut: "all", of: "", suppressed: false, numerator: part, denominator: whole, cases: whole, value,
    low: null, high: null, met: value === null ? null : value >= 0.975, ...differs,
  };
}
const HIDDEN = figure(0, 0, { suppressed: true, numerator: null, denominator: null, cases: null, value: null, met: null });

describe("a verdict", () => {
  it.each([
    [undefined, "none"],
    [figure(0, 0), "none"],
    [HIDDEN, "hidden"],
    [figure(39, 40), "met"],
    [figure(38, 40), "missed"],
    [figure(1, 4, { met: null }), "untold"],
  ] as const)("of %j is %s", (given, said) => expect(verdict(given)).toBe(said));

  it("may be chance where the target lies within the interval", () => {
    expect(mayBeChance(figure(9, 10, { low: 0.596, high: 0.982 }), ANSWERED)).toBe(true);
    expect(mayBeChance(figure(5, 10, { low: 0.237, high: 0.763 }), ANSWERED)).toBe(false);
  });

  it("on a target of all is never chance: one that was missed was missed", () => {
    const all = { ...ANSWERED, target: { value: 1, least: true, source: "Camden" } };
    expect(mayBeChance(figure(9, 10, { low: 0.596, high: 0.982 }), all)).toBe(false);
  });
});

describe("numbers", () => {
  it("are written in the page's language with their unit", () => {
    expect(formatValue(0.975, "share", "zh-Hans-CN")).toBe("97.5%");
    expect(formatValue(0.08412, "rate", "zh-Hans-CN")).toBe("0.0841");
    expect(formatValue(null, "share", "en")).toBe("–");
    expect(formatTarget(ANSWERED, "en")).toBe("≥ 97.5%");
    expect(formatTarget(ALARMS, "en")).toBe("≤ 0.1");
    expect(formatTarget({ ...ALARMS, target: null }, "en")).toBe("–");
    expect(formatFraction(figure(1234.56, 2000), "en")).toBe("1,234.6 / 2,000");
    expect(formatInterval(figure(9, 10, { low: 0.596, high: 0.982 }), "share", "en")).toBe("59.6% – 98.2%");
    expect(formatMonth("2026-11-01", "zh-Hans-CN")).toBe("2026年11月");
  });
});

describe("months", () => {
  it("stand once each, the newest first", () => {
    const version = (month: string, n: number) => ({ month, version: n }) as MonthVersion;
    expect(monthsOf([version("2026-09-01", 1), version("2026-10-01", 2), version("2026-10-01", 1)])).toEqual(["2026-10-01", "2026-09-01"]);
  });

  it("without a value leave a gap in the line", () => {
    const trend: Trend = {
      silent: [],
      months: [["2026-08-01", figure(39, 40)], ["2026-09-01", HIDDEN], ["2026-10-01", figure(38, 40)], ["2026-11-01", figure(40, 40)]].map(
        ([month, one]) => ({ month: month as string, tenants: 1, frozen: true, figures: [one as Figure] }),
      ),
    };
    const values = seriesOf(trend, "answered_60").map((one) => one.value);
    expect(values).toEqual([0.975, null, 0.95, 1]);
    const line = lineOf(values, 0.975, 104, 38);
    expect(line.path).toBe("M4 19M68 34L100 4");
    expect([line.dots.length, line.target]).toEqual([3, 19]);
  });

  it("that are all the same lie on one height", () => expect(lineOf([0.5, 0.5], null, 108, 38).path).toBe("M4 34L104 34"));
});

describe("the hours of a week", () => {
  const slots = week([figure(3, 4, { of: "1-00" }), figure(1, 1, { of: "7-21" })]);
  it("are eight rows of seven days", () => {
    expect([slots.length, ...slots.map((row) => row.length)]).toEqual([8, 7, 7, 7, 7, 7, 7, 7, 7]);
    expect([slots[0]?.[0]?.numerator, slots[7]?.[6]?.numerator, slots[3]?.[3]]).toEqual([3, 1, undefined]);
  });

  it.each([
    [39, 0],
    [38, 1],
    [35, 2],
    [30, 3],
    [20, 4],
  ])("are shaded by how far %i of 40 lies below the target", (part, step) => expect(shade(figure(part, 40), ANSWERED)).toBe(step));
});

describe("what is compared", () => {
  it("begins with the worst, and ends with what is hidden", () => {
    const ones = [figure(40, 40, { of: "a" }), { ...HIDDEN, of: "b" }, figure(20, 40, { of: "c" })];
    expect(ranked(ones, ANSWERED).map((one) => one.of)).toEqual(["c", "a", "b"]);
    expect(ranked(ones, ALARMS).map((one) => one.of)).toEqual(["a", "c", "b"]);
  });

  it("has a share's bar by itself, and a rate's by the largest beside it", () => {
    expect(reach(0.5, ANSWERED, [])).toBe(0.5);
    expect(reach(0.1, ALARMS, [figure(2, 10), figure(1, 10)])).toBe(0.5);
    expect(reach(0, { ...ALARMS, target: null }, [])).toBe(0);
  });
});

describe("indicators", () => {
  it("stand in their part; one that a newer server invented stands last", () => {
    const unknown = { ...ANSWERED, name: "happiness" };
    const parts = grouped([unknown, ALARMS, ANSWERED]);
    expect(parts.map(([group, ones]) => [group, ones.map((one) => one.name)])).toEqual([
      ["response", ["answered_60"]], ["alarms", ["alarms_home_day"]], ["equipment", []], ["visits", []], ["outcomes", ["happiness"]],
    ]);
  });
});
