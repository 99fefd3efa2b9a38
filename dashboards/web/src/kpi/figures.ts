/**
 * What a figure says: in words, against its target, and beside the others.
 *
 * What this is: plain functions over the report's figures. What it is not: a view, or a sum; the server adds. The one
 * idea: a figure is never shown bare. It comes with what made it, or with the reason why it is not there.
 */
import type { components } from "@/core/schema";

export type Indicator = components["schemas"]["IndicatorView"];
export type Figure = components["schemas"]["FigureView"];
export type Report = components["schemas"]["ReportView"];
export type MonthVersion = components["schemas"]["MonthVersion"];
export type Trend = components["schemas"]["TrendView"];
export type Row = components["schemas"]["RowView"];
export type Cut = components["schemas"]["Cut"];

/** `none`: nothing was counted; `hidden`: it would tell of a few people; `untold`: there is no target to hold. */
export type Verdict = "met" | "missed" | "untold" | "none" | "hidden";

/** How the page is divided, in the order in which a month is read; the outcomes come last. */
export const GROUPS = {
  response: [
    "answered_60", "answered_180", "on_the_way", "circle_15", "circle_homes", "on_site_45", "on_site_60", "access_5", "missed_p1", "first_rung",
  ],
  alarms: ["alarms_home_day", "false_alarms", "false_home_week", "repeat_callers", "without_ambulance", "foreseen"],
  equipment: ["device_uptime", "coverage", "path_tests", "battery_lead"],
  visits: ["visiting_rate", "overdue_days"],
} as const;
export type Group = keyof typeof GROUPS | "outcomes";

/** What a county is asked first. */
export const HEADLINES = ["answered_60", "circle_15", "on_site_60", "visiting_rate", "device_uptime", "alarms_home_day"] as const;
/** What the hours of a week are compared by. */
export const TIMED = ["answered_60", "answered_180", "on_the_way", "circle_15", "on_site_45", "on_site_60"] as const;
/** By what a figure is divided on the screen and on paper; a county has one county, a city has many. */
export const CUTS = ["county", "town", "setting", "age", "sex", "kind"] as const satisfies readonly Cut[];

export const HOURS_OF_A_SLOT = 3;
const DAYS = 7;

export function verdict(figure: Figure | undefined): Verdict {
  if (figure === undefined) return "none";
  if (figure.suppressed) return "hidden";
  if (figure.value === null) return "none";
  return figure.met === null ? "untold" : figure.met ? "met" : "missed";
}

/**
 * Whether chance alone may have put the value on this side of its target: the target lies within the interval. A target
 * of all or of none is decided by the count itself.
 */
export function mayBeChance(figure: Figure | undefined, indicator: Indicator): boolean {
  const target = indicator.target;
  if (figure === undefined || target === null || figure.low === null || figure.high === null) return false;
  const utmost = target.value === (target.least ? 1 : 0);
  return !utmost && figure.low < target.value && target.value < figure.high;
}

/** `0.975` of a share is `97.5%`; of a rate three digits are kept. */
export function formatValue(value: number | null, unit: Indicator["unit"], tag: string): string {
  if (value === null) return "–";
  return unit === "share"
    ? new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 1 }).format(value)
    : new Intl.NumberFormat(tag, { maximumSignificantDigits: 3 }).format(value);
}

/** A sum: whole numbers as they are, days with one digit. */
export function formatSum(sum: number | null, tag: string): string {
  return sum === null ? "–" : new Intl.NumberFormat(tag, { maximumFractionDigits: 1 }).format(sum);
}

/** `39 / 40`. */
export function formatFraction(figure: Figure, tag: string): string {
  return `${formatSum(figure.numerator, tag)} / ${formatSum(figure.denominator, tag)}`;
}

/** `≥ 97.5%`. */
export function formatTarget(indicator: Indicator, tag: string): string {
  const target = indicator.target;
  return target === null ? "–" : `${target.least ? "≥" : "≤"} ${formatValue(target.value, indicator.unit, tag)}`;
}

export function formatInterval(figure: Figure, unit: Indicator["unit"], tag: string): string {
  return figure.low === null || figure.high === null
    ? "–"
    : `${formatValue(figure.low, unit, tag)} – ${formatValue(figure.high, unit, tag)}`;
}

/** `2026-11-01` as the month that it begins: `2026年11月`. */
export function formatMonth(first: string, tag: string): string {
  return new Intl.DateTimeFormat(tag, { year: "numeric", month: "long", timeZone: "UTC" }).format(new Date(`${first}T00:00:00Z`));
}

export function formatDay(at: string, tag: string): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: "medium" }).format(new Date(at));
}

/** Figures by what they are of; those of one cut. */
export function ofCut(report: Report, indicator: string, cut: Cut): readonly Figure[] {
  return report.figures.filter((one) => one.indicator === indicator && one.cut === cut);
}

export function whole(report: Report, indicator: string): Figure | undefined {
  return ofCut(report, indicator, "all")[0];
}

/** The indicators of each part of the page; one that a newer server invented stands with the outcomes. */
export function grouped(indicators: readonly Indicator[]): readonly (readonly [Group, readonly Indicator[]])[] {
  const byName = new Map(indicators.map((one) => [one.name, one]));
  const named = new Set<string>(Object.values(GROUPS).flat());
  const found = Object.entries(GROUPS).map(
    ([group, names]) => [group as Group, names.flatMap((name) => byName.get(name) ?? [])] as const,
  );
  return [...found, ["outcomes", indicators.filter((one) => !named.has(one.name))]];
}

/** Months, each once, the newest first. */
export function monthsOf(versions: readonly MonthVersion[]): readonly string[] {
  return [...new Set(versions.map((one) => one.month))].sort().reverse();
}

/** The figures of one indicator, month by month; `null` where there is none or it is hidden. */
export function seriesOf(trend: Trend, indicator: string): readonly { readonly month: string; readonly value: number | null }[] {
  return trend.months.map((month) => ({
    month: month.month,
    value: month.figures.find((one) => one.indicator === indicator)?.value ?? null,
  }));
}

export interface Line {
  /** Pieces of a path: months without a value leave a gap. */
  readonly path: string;
  readonly dots: readonly (readonly [number, number])[];
  /** Where the target lies; `null`: there is none. */
  readonly target: number | null;
}

/** A small line in a box of `width` by `height`, with room for its dots. Values are spread over the height. */
export function lineOf(values: readonly (number | null)[], target: number | null, width: number, height: number): Line {
  const known = [...values, target].filter((one) => one !== null);
  const low = Math.min(...known);
  const spread = Math.max(...known) - low || 1;
  const room = 4;
  const x = (place: number) => room + (place * (width - 2 * room)) / Math.max(1, values.length - 1);
  const y = (value: number) => height - room - ((value - low) / spread) * (height - 2 * room);
  const dots: (readonly [number, number])[] = [];
  let path = "";
  values.forEach((value, place) => {
    if (value === null) return;
    const before = place > 0 && values[place - 1] !== null;
    const point = [round(x(place)), round(y(value))] as const;
    path += `${before ? "L" : "M"}${point[0]} ${point[1]}`;
    dots.push(point);
  });
  return { path, dots, target: target === null ? null : round(y(target)) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** One row per three hours of a day, one column per day, Monday first; `undefined`: nothing happened then. */
export function week(figures: readonly Figure[]): readonly (readonly (Figure | undefined)[])[] {
  const bySlot = new Map(figures.map((one) => [one.of, one]));
  return Array.from({ length: 24 / HOURS_OF_A_SLOT }, (_, slot) =>
    Array.from({ length: DAYS }, (_, day) => bySlot.get(`${day + 1}-${String(slot * HOURS_OF_A_SLOT).padStart(2, "0")}`)),
  );
}

/**
 * How far below its target a value is: 0 it is held, 4 it is farthest. Half of the target missed is as bad as it gets on
 * this scale, so that 60 % and 90 % of a target of 97.5 % do not look alike.
 */
export function shade(figure: Figure, indicator: Indicator): 0 | 1 | 2 | 3 | 4 {
  const target = indicator.target;
  if (target === null || figure.value === null || figure.met !== false) return 0;
  const off = Math.abs(figure.value - target.value) / Math.max(target.value, 1e-9);
  return off < 0.05 ? 1 : off < 0.15 ? 2 : off < 0.35 ? 3 : 4;
}

/** Figures of a cut: the worst against the target first, then those without a value. Without a target by size. */
export function ranked(figures: readonly Figure[], indicator: Indicator): readonly Figure[] {
  const least = indicator.target?.least ?? false;
  const key = (one: Figure) => (one.value === null ? Number.POSITIVE_INFINITY : least ? one.value : -one.value);
  return [...figures].sort((one, other) => key(one) - key(other) || one.of.localeCompare(other.of));
}

/** Where the bar of a value ends, 0 to 1: a share by itself, a rate by the largest of those beside it. */
export function reach(value: number, indicator: Indicator, beside: readonly Figure[]): number {
  if (indicator.unit === "share") return Math.min(1, value);
  const largest = Math.max(indicator.target?.value ?? 0, ...beside.map((one) => one.value ?? 0));
  return largest === 0 ? 0 : value / largest;
}
