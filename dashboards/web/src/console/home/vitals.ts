/** Which vital signs a home's page draws, and from which quantities each is made. */
import type { Quantity } from "@/core/home-api";
import type { SeriesView } from "@/core/home-api";

export interface Vital {
  readonly name: "pressure" | "heart" | "oxygen" | "breathing" | "temperature" | "weight";
  /** The first that was told draws the line; of a pressure both do. */
  readonly quantities: readonly Quantity[];
  /** The least span of the axis, so that a steady heart does not look like a storm. */
  readonly range: readonly [number, number];
}

export const VITALS: readonly Vital[] = [
  { name: "heart", quantities: ["heart_rate", "pulse_rate"], range: [50, 110] },
  { name: "pressure", quantities: ["systolic", "diastolic"], range: [60, 160] },
  { name: "oxygen", quantities: ["spo2"], range: [88, 100] },
  { name: "breathing", quantities: ["respiration_rate"], range: [8, 28] },
  { name: "temperature", quantities: ["body_temperature"], range: [35, 39] },
  { name: "weight", quantities: ["body_weight"], range: [40, 80] },
];

export interface Drawn {
  /** Quantity and device, as the legend names them. */
  readonly quantity: string;
  readonly device: string;
  readonly points: readonly { readonly at: string; readonly mean: number }[];
}

/** Every line that has points. */
export function lines(found: readonly SeriesView[]): Drawn[] {
  return found.flatMap((series) =>
    series.lines.filter((line) => line.points.length > 0).map((line) => ({ quantity: series.quantity, device: line.device, points: line.points })),
  );
}

export interface Summary {
  readonly n: number;
  readonly least: number;
  readonly greatest: number;
  readonly last: number;
  readonly lastAt: string;
}

/** What the lines of one quantity come to; `null` without a reading. */
export function summary(found: readonly SeriesView[], quantity: string): Summary | null {
  const points = found.filter((series) => series.quantity === quantity).flatMap((series) => series.lines).flatMap((line) => line.points);
  const last = points.reduce<(typeof points)[number] | null>((best, one) => (best === null || one.at > best.at ? one : best), null);
  if (last === null) return null;
  return {
    n: points.reduce((sum, one) => sum + one.n, 0),
    least: Math.min(...points.map((one) => one.least)),
    greatest: Math.max(...points.map((one) => one.greatest)),
    last: last.mean,
    lastAt: last.at,
  };
}

/** The lines on one axis of times (s), `null` where a line has none: what a chart takes. */
export function table(drawn: readonly Drawn[]): [number[], ...(number | null)[][]] {
  const times = [...new Set(drawn.flatMap((line) => line.points.map((point) => Date.parse(point.at) / 1_000)))].sort((a, b) => a - b);
  const at = new Map(times.map((time, index) => [time, index]));
  const columns = drawn.map((line) => {
    const column: (number | null)[] = new Array<number | null>(times.length).fill(null);
    for (const point of line.points) column[at.get(Date.parse(point.at) / 1_000) ?? 0] = point.mean;
    return column;
  });
  return [times, ...columns];
}
