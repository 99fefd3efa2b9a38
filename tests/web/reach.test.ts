import { describe, expect, it } from "vitest";
import { distanceMetres } from "@/core/geo";
import { hull, outside, reaches } from "@/core/reach";

const STATION = { latitude: 27.55, longitude: 110, reach_m: 5_538 };
const at = (latitude: number, longitude: number) => ({ latitude, longitude });

describe("a circle", () => {
  it("holds what is nearer than it reaches, in every direction", () => {
    for (let angle = 0; angle < 360; angle += 5) {
      const [dy, dx] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
      for (const share of [0.98, 1.02]) {
        const place = at(27.55 + (dy * share * 5_538) / 111_195, 110 + (dx * share * 5_538) / (111_195 * Math.cos(27.55 * Math.PI / 180)));
        expect(reaches(STATION, place)).toBe(distanceMetres(STATION, place) <= 5_538);
      }
    }
  });

  it("of somebody who gets nowhere holds their own door only", () => {
    expect(reaches({ ...STATION, reach_m: 0 }, at(27.55, 110))).toBe(true);
    expect(reaches({ ...STATION, reach_m: 0 }, at(27.5501, 110))).toBe(false);
  });
});

describe("what lies outside", () => {
  const near = { id: 1, ...at(27.56, 110) };
  const far = { id: 2, ...at(27.7, 110) };

  it("is what no circle holds", () => {
    expect(outside([near, far], [STATION])).toEqual([far]);
    expect(outside([near, far], [STATION, { ...far, reach_m: 100 }])).toEqual([]);
  });

  it("is everything where nobody starts", () => {
    expect(outside([near, far], [])).toEqual([near, far]);
  });

});

describe("the hull of homes", () => {
  it("is their outer corners, whatever lies within", () => {
    const corners = [at(27, 109), at(27, 110), at(28, 110), at(28, 109)];
    const found = hull([at(27.5, 109.5), ...corners, at(27.2, 109.9), at(27, 109.5)]);
    expect(new Set(found)).toEqual(new Set(corners));
  });

  it("of one or two homes is these", () => {
    expect(hull([])).toEqual([]);
    expect(hull([at(27, 109), at(28, 110)])).toHaveLength(2);
  });
});
