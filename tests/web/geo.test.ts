import { describe, expect, it } from "vitest";
import { distanceMetres, formatDegrees, frameOf, gridLines, gridStep } from "@/core/geo";

describe("the grid", () => {
  it("draws at least four lines at every scale", () => {
    for (const span of [40, 9, 3.3, 1, 0.37, 0.05, 0.012, 0.0043]) {
      expect(gridLines(0, span, gridStep(span)).length).toBeGreaterThanOrEqual(4);
    }
  });

  it("has lines free of binary rounding", () => {
    expect(gridLines(27.49, 27.61, 0.05)).toEqual([27.5, 27.55, 27.6]);
    expect(gridLines(-0.1, 0.1, 0.1)).toEqual([-0.1, 0, 0.1]);
  });

  it("labels with the digits the step needs", () => {
    expect(formatDegrees(27.55, "N", "S", 0.05)).toBe("27.55°N");
    expect(formatDegrees(-110, "E", "W", 1)).toBe("110°W");
  });
});

describe("the frame", () => {
  it("holds every home, and leaves room around a lone one", () => {
    expect(frameOf([{ latitude: 27, longitude: 110 }, { latitude: 28, longitude: 109 }])).toEqual({
      south: 27, north: 28, west: 109, east: 110,
    });
    const lone = frameOf([{ latitude: 27, longitude: 110 }]);
    expect(lone?.north).toBeGreaterThan(27);
    expect(frameOf([])).toBeNull();
  });
});

it("knows a degree of latitude is about 111.2 km", () => {
  expect(distanceMetres({ latitude: 27, longitude: 110 }, { latitude: 28, longitude: 110 })).toBeCloseTo(111_195, -2);
});
