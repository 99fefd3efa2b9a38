/**
 * Positions on the earth for a map without tiles: the grid, its labels, and the frame around homes.
 *
 * All positions are WGS-84 degrees. What this is not: no drawing, and no other datum; data in GCJ-02 are
 * converted where they enter the platform.
 */

export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Frame {
  readonly south: number;
  readonly west: number;
  readonly north: number;
  readonly east: number;
}

const STEPS_DEGREES = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001] as const;
const FEWEST_LINES = 4;
const FINEST_STEP = 0.001;
const EARTH_RADIUS_M = 6_371_008.8; // mean radius R1, WGS-84
const LONE_HOME_MARGIN = 0.005; // about 500 m around a single home

/** The widest grid step that still draws at least four lines across `span` degrees. */
export function gridStep(span: number): number {
  return STEPS_DEGREES.find((step) => span / step >= FEWEST_LINES) ?? FINEST_STEP;
}

/** The multiples of `step` inside `[low, high]`, free of binary rounding. */
export function gridLines(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toFixed(6)));
}

/** `27.55°N` with as many digits as the step needs. */
export function formatDegrees(value: number, positive: string, negative: string, step: number): string {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  return `${Math.abs(value).toFixed(digits)}°${value < 0 ? negative : positive}`;
}

/** The smallest frame around `positions`, widened for a lone one; `null` when there are none. */
export function frameOf(positions: readonly Position[]): Frame | null {
  if (positions.length === 0) return null;
  const latitudes = positions.map((p) => p.latitude);
  const longitudes = positions.map((p) => p.longitude);
  const margin = positions.length === 1 ? LONE_HOME_MARGIN : 0;
  return {
    south: Math.min(...latitudes) - margin,
    west: Math.min(...longitudes) - margin,
    north: Math.max(...latitudes) + margin,
    east: Math.max(...longitudes) + margin,
  };
}

/** Great-circle distance in metres (haversine). */
export function distanceMetres(a: Position, b: Position): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const dLat = rad(b.latitude - a.latitude);
  const dLon = rad(b.longitude - a.longitude);
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(rad(a.latitude)) * Math.cos(rad(b.latitude)) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
