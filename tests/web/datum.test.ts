import { describe, expect, it } from "vitest";
import { toGcj02 } from "@/core/datum";
import { distanceMetres } from "@/core/geo";

const KNOWN = [
  ["Shanghai", 31.1774276, 121.5272106, 31.17530398364597, 121.531541859215],
  ["Shenzhen", 22.543847, 113.912316, 22.540796131694766, 113.9171764808363],
  ["Beijing", 39.911954, 116.377817, 39.91334545536069, 116.38404722455657],
] as const; // the vectors of eviltransform (googollee); the server's module is held to the same

it.each(KNOWN)("shows %s where others show it", (_, latitude, longitude, north, east) => {
  expect(distanceMetres(toGcj02({ latitude, longitude }), { latitude: north, longitude: east })).toBeLessThan(0.001);
});

it("shifts nothing abroad", () => {
  expect(toGcj02({ latitude: 35.68, longitude: 139.77 })).toEqual({ latitude: 35.68, longitude: 139.77 });
});

describe("a base map that is moved as a whole", () => {
  const shift = (latitude: number, longitude: number) => {
    const shown = toGcj02({ latitude, longitude });
    return [shown.latitude - latitude, shown.longitude - longitude] as const;
  };

  it.each([8, 10, 12, 14, 16, 18])("is within four pixels at the corners of a screen of 1920 x 1080 at zoom %i", (zoom) => {
    const pixel = 360 / (256 * 2 ** zoom); // degrees of longitude
    const [north, east] = shift(27.55, 110);
    for (const [dx, dy] of [[-960, -540], [960, 540], [-960, 540], [960, -540]] as const) {
      const [n, e] = shift(27.55 + dy * pixel * 0.886, 110 + dx * pixel); // a pixel of latitude is narrower by cos 27.55°
      expect(Math.abs(n - north) / pixel).toBeLessThan(4);
      expect(Math.abs(e - east) / pixel).toBeLessThan(4);
    }
  });
});
