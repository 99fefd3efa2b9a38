/** The priority colours: legible, and apart for every kind of colour vision. Computed from the tokens themselves. */
import { describe, expect, it } from "vitest";
import css from "@/ui/tokens.css?raw";

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

const times = (m: Matrix, v: Triple): Triple => m.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as unknown as Triple;
const linear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); // IEC 61966-2-1
const rgb = (hex: string): Triple => [1, 3, 5].map((i) => linear(parseInt(hex.slice(i, i + 2), 16) / 255)) as unknown as Triple;

/** WCAG 2.2, relative luminance and contrast ratio. */
const luminance = ([r, g, b]: Triple) => 0.2126 * r + 0.7152 * g + 0.0722 * b;
function contrast(a: string, b: string): number {
  const [low, high] = [luminance(rgb(a)), luminance(rgb(b))].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB. */
const VISION: Readonly<Record<string, Matrix>> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
const SRGB_TO_XYZ: Matrix = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]];
const D65: Triple = [0.95047, 1, 1.08883];

function lab(color: Triple): Triple {
  const f = (t: number) => (t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29);
  const [x, y, z] = times(SRGB_TO_XYZ, color.map((c) => Math.min(1, Math.max(0, c))) as unknown as Triple).map((v, i) => f(v / (D65[i] ?? 1))) as unknown as Triple;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

/** CIEDE2000 (CIE 142-2001), all weights one. */
function ciede2000([l1, a1, b1]: Triple, [l2, a2, b2]: Triple): number {
  const rad = Math.PI / 180;
  const meanC = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const g = 0.5 * (1 - Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7)));
  const [p1, p2] = [a1 * (1 + g), a2 * (1 + g)];
  const [c1, c2] = [Math.hypot(p1, b1), Math.hypot(p2, b2)];
  const hue = (a: number, b: number) => (a === 0 && b === 0 ? 0 : (Math.atan2(b, a) / rad + 360) % 360);
  const [h1, h2] = [hue(p1, b1), hue(p2, b2)];
  const turn = c1 * c2 === 0 ? 0 : ((h2 - h1 + 540) % 360) - 180;
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin((turn / 2) * rad);
  const h = c1 * c2 === 0 ? h1 + h2 : Math.abs(h1 - h2) <= 180 ? (h1 + h2) / 2 : (h1 + h2 + (h1 + h2 < 360 ? 360 : -360)) / 2;
  const [l, c] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const t = 1 - 0.17 * Math.cos((h - 30) * rad) + 0.24 * Math.cos(2 * h * rad) + 0.32 * Math.cos((3 * h + 6) * rad) - 0.2 * Math.cos((4 * h - 63) * rad);
  const sL = 1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2);
  const [sC, sH] = [1 + 0.045 * c, 1 + 0.015 * c * t];
  const rT = -2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * Math.sin(60 * Math.exp(-(((h - 275) / 25) ** 2)) * rad);
  const [x, y, z] = [(l2 - l1) / sL, (c2 - c1) / sC, dH / sH];
  return Math.sqrt(x * x + y * y + z * z + rT * y * z);
}

/** The tokens of both themes; dark ones fall back on light. */
function themes(): Record<"light" | "dark", Map<string, string>> {
  const [light = "", dark = ""] = css.split("@media (prefers-color-scheme: dark)");
  const read = (text: string) => [...text.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6})/gi)].map((m) => [m[1], m[2]] as [string, string]);
  return { light: new Map(read(light)), dark: new Map([...read(light), ...read(dark)]) };
}

const PRIORITIES = ["--p1", "--p2", "--p3", "--p4"];
const LEAST_DISTANCE = 15;
const TEXT = 4.5; // WCAG 2.2 AA, 1.4.3
const PART = 3; // 1.4.11

it("computes CIEDE2000 as published (Sharma, Wu and Dalal 2005, pairs 1, 7 and 25)", () => {
  expect(ciede2000([50, 2.6772, -79.7751], [50, 0, -82.7485])).toBeCloseTo(2.0425, 3);
  expect(ciede2000([50, 0, 0], [50, -1, 2])).toBeCloseTo(2.3669, 3);
  expect(ciede2000([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387])).toBeCloseTo(1.2644, 3);
});

describe.each(Object.entries(themes()))("the %s palette", (_, tokens) => {
  const color = (name: string) => tokens.get(name) ?? expect.fail(`no ${name}`);

  it.each(Object.entries(VISION))("keeps priorities apart for %s vision", (_, matrix) => {
    const seen = PRIORITIES.map((name) => lab(times(matrix, rgb(color(name)))));
    for (const [i, a] of seen.entries()) {
      for (const b of seen.slice(i + 1)) expect(ciede2000(a, b)).toBeGreaterThanOrEqual(LEAST_DISTANCE);
    }
  });

  it("has legible words on every priority", () => {
    for (const name of PRIORITIES) expect(contrast(color(name), color(`${name}-text`))).toBeGreaterThanOrEqual(TEXT);
  });

  it("has edges that stand out from the panel", () => {
    for (const name of PRIORITIES) expect(contrast(color(`${name}-edge`), color("--panel"))).toBeGreaterThanOrEqual(PART);
    expect(contrast(color("--edge"), color("--panel"))).toBeGreaterThanOrEqual(PART);
  });

  it.each([
    ["--ink", "--panel"], ["--quiet", "--panel"], ["--quiet", "--ground"], ["--quiet", "--raised"], ["--quiet", "--selected"],
    ["--quiet", "--alarm-row"], ["--warn", "--panel"], ["--warn", "--selected"], ["--act-text", "--act"], ["--well", "--panel"],
    ["--band-text", "--band"], ["--band-quiet", "--band"],
  ])("shows %s on %s legibly", (text, ground) => {
    expect(contrast(color(text), color(ground))).toBeGreaterThanOrEqual(TEXT);
  });
});
