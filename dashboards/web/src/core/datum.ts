/**
 * Where a map in GCJ-02 shows a position. The server's `cloud/atlas/datum.py` says the same; both are held to
 * the same published positions.
 *
 * What this is: one direction, for base maps whose pictures are shifted. All data are WGS-84.
 */
import type { Position } from "./geo";

const AXIS_M = 6_378_245; // Krasovsky 1940
const ECCENTRICITY_2 = 0.00669342162296594323; // of the same ellipsoid
const CENTRE: Position = { latitude: 35, longitude: 105 };
const LATITUDES = [0.8293, 55.8271] as const;
const LONGITUDES = [72.004, 137.8347] as const; // nothing is shifted outside

const wave = (degrees: number, times: number) => Math.sin(Math.PI * times * degrees);
const degrees = (radians: number) => (radians * 180) / Math.PI;
const within = (value: number, [low, high]: readonly [number, number]) => low <= value && value <= high;

export function toGcj02({ latitude, longitude }: Position): Position {
  if (!within(latitude, LATITUDES) || !within(longitude, LONGITUDES)) return { latitude, longitude };
  const [x, y] = [longitude - CENTRE.longitude, latitude - CENTRE.latitude];
  const sine = Math.sin((latitude * Math.PI) / 180);
  const bulge = 1 - ECCENTRICITY_2 * sine * sine;
  const meridianM = (AXIS_M * (1 - ECCENTRICITY_2)) / bulge ** 1.5;
  const parallelM = (AXIS_M / Math.sqrt(bulge)) * Math.cos((latitude * Math.PI) / 180);
  return { latitude: latitude + degrees(northM(x, y) / meridianM), longitude: longitude + degrees(eastM(x, y) / parallelM) };
}

const fast = (x: number) => 20 * wave(x, 6) + 20 * wave(x, 2);

function northM(x: number, y: number): number {
  const slow = 20 * wave(y, 1) + 40 * wave(y, 1 / 3) + 160 * wave(y, 1 / 12) + 320 * wave(y, 1 / 30);
  return -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x)) + (2 / 3) * (fast(x) + slow);
}

function eastM(x: number, y: number): number {
  const slow = 20 * wave(x, 1) + 40 * wave(x, 1 / 3) + 150 * wave(x, 1 / 12) + 300 * wave(x, 1 / 30);
  return 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x)) + (2 / 3) * (fast(x) + slow);
}
