import { describe, expect, it, vi } from "vitest";
import { openWall, SILENCE_MS, WallLink, type WallRow, type WallState, type WallView } from "@/wall/link";
import { isDanger, MOST_PAGES, PAGE_MS, passedFour, place, ROWS, shift, turn } from "@/wall/turn";
import { at } from "./make";

function row(id: number, changes: Partial<WallRow> = {}): WallRow {
  return {
    id, cause: "fall", kind: "fall", priority: 2, state: "raised", taken: false, late: false, since: at(0), eta_at: null,
    homes: 1, incidents: 1, surname: "向", sex: "f", area_name: "坨院街道", village: "", ...changes,
  };
}

const rows = (n: number, changes: Partial<WallRow> = {}) => Array.from({ length: n }, (_, id) => row(id, changes));

describe("the pages of the wall", () => {
  it("shows one page while everything fits, and never turns it", () => {
    expect(turn(rows(ROWS), 0, 0)).toMatchObject({ page: 1, pages: 1, more: 0, danger: null });
    expect(turn(rows(ROWS), 0, 5 * PAGE_MS).rows).toHaveLength(ROWS);
  });

  it("turns every twelve seconds, shows each row once, and begins anew", () => {
    const seen = [0, 1, 2, 3].map((step) => turn(rows(20), 0, step * PAGE_MS));
    expect(seen.map(({ page, pages }) => `${page}/${pages}`)).toEqual(["1/3", "2/3", "3/3", "1/3"]);
    expect(seen.slice(0, 3).flatMap((one) => one.rows.map(({ id }) => id))).toEqual(rows(20).map(({ id }) => id));
  });

  it("has at most three pages, and says how many incidents none of them shows", () => {
    const all = rows(30).map((one, n) => (n === 29 ? { ...one, incidents: 12 } : one));
    expect(turn(all, 7, 0)).toMatchObject({ pages: MOST_PAGES, more: 30 - MOST_PAGES * ROWS - 1 + 12 + 7 });
  });

  it("keeps a danger to life that nobody has taken on every page, and gives it the other half", () => {
    const all = [row(99, { priority: 1 }), ...rows(20)];
    for (const step of [0, 1, 2]) expect(turn(all, 0, step * PAGE_MS).rows[0]?.id).toBe(99);
    expect(turn(all, 0, 0).danger?.id).toBe(99);
    expect(turn([row(99, { priority: 1, taken: true }), ...rows(20)], 0, 0).danger).toBeNull();
  });

  it("takes turns where there are several, and leaves room for the others", () => {
    const all = [...rows(9, { priority: 1 }), row(50), row(51)];
    expect([0, 1, 2].map((step) => turn(all, 0, step * PAGE_MS).danger?.id)).toEqual([0, 1, 2]);
    expect(turn(all, 0, 0).rows).toHaveLength(ROWS);
    expect(all.filter(isDanger)).toHaveLength(9);
  });
});

describe("a picture that stands for years", () => {
  it("stands elsewhere each hour, by a few pixels", () => {
    const spots = Array.from({ length: 8 }, (_, hour) => shift(hour * 3_600_000));
    expect(new Set(spots.map(({ x, y }) => `${x},${y}`)).size).toBe(8);
    expect(Math.max(...spots.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)]))).toBe(3);
  });

  it("asks for a fresh page when four o'clock passes, once", () => {
    const day = new Date(2026, 10, 26, 3, 59, 30).getTime();
    expect(passedFour(day, day + 60_000)).toBe(true);
    expect(passedFour(day + 60_000, day + 120_000)).toBe(false);
  });

  it("draws places inside the picture, and leaves out what has no place", () => {
    const found = place([
      { name: "a", at: [27.5, 110], homes: 4 }, { name: "b", at: [27.6, 110.2], homes: 40 }, { name: "c", at: null, homes: 1 },
    ], 900, 700, 100);
    expect(found.map(({ name }) => name)).toEqual(["b", "a"]);
    for (const { x, y } of found) expect(x >= 99 && x <= 801 && y >= 99 && y <= 601).toBe(true);
    expect(place([{ at: [27.5, 110], homes: 4 }], 900, 700, 100)[0]).toMatchObject({ x: 450, y: 350 });
  });
});

/** A platform that answers with `frames` and then holds the line, or with a status. */
function platform(answers: (string | number)[]) {
  const asked: Request[] = [];
  let line: ReadableStreamDefaultController<Uint8Array> | undefined;
  const open = openWall("anban_x", (input, init) => {
    asked.push(new Request(new URL(String(input), "http://wall.test"), init));
    const next = answers.shift() ?? "";
    if (typeof next === "number") return Promise.resolve(new Response(null, { status: next }));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        line = controller;
        if (next !== "") controller.enqueue(new TextEncoder().encode(next));
        init?.signal?.addEventListener("abort", () => controller.error(new Error("given up")));
      },
    });
    return Promise.resolve(new Response(body, { status: 200 }));
  });
  return { asked, open, say: (text: string) => line?.enqueue(new TextEncoder().encode(text)) };
}

function follow(open: ReturnType<typeof openWall>) {
  const seen = { views: [] as WallView[], states: [] as WallState[], now: 0, waits: [] as number[] };
  const link = new WallLink(open, {
    view: (view) => seen.views.push(view),
    state: (state) => seen.states.push(state),
  }, () => seen.now, (ms) => {
    seen.waits.push(ms);
    return seen.waits.length < 4 ? Promise.resolve() : new Promise(() => undefined);
  });
  return { seen, link };
}

describe("the line of the wall", () => {
  it("shows its token in a header, takes views in pieces, and is live", async () => {
    const { asked, open, say } = platform(['retry: 1000\n\nevent: wall\ndata: {"name":']);
    const { seen, link } = follow(open);
    link.start();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    say('"鹤城"}\n\n');
    await vi.waitFor(() => expect(seen.states).toEqual(["live"]));
    expect(seen.views.map(({ name }) => name)).toEqual(["鹤城"]);
    expect(asked[0]?.headers.get("Authorization")).toBe("Bearer anban_x");
    expect(asked[0]?.url).not.toContain("anban_x");
    link.stop();
  });

  it("says that it is old after twelve silent seconds, and asks again", async () => {
    const { asked, open } = platform(['event: wall\ndata: {}\n\n', ""]);
    const { seen, link } = follow(open);
    link.start();
    await vi.waitFor(() => expect(seen.states).toEqual(["live"]));
    seen.now = SILENCE_MS;
    link.look();
    expect(seen.states).toEqual(["live"]);
    seen.now = SILENCE_MS + 1;
    link.look();
    expect(seen.states).toEqual(["live", "old"]);
    await vi.waitFor(() => expect(asked).toHaveLength(2));
    link.stop();
  });

  it("goes dark when its token is revoked, and waits long before it asks again", async () => {
    const { open } = platform([401]);
    const { seen, link } = follow(open);
    link.start();
    await vi.waitFor(() => expect(seen.states).toEqual(["refused"]));
    await vi.waitFor(() => expect(seen.waits[0]).toBe(30_000));
    link.stop();
  });

  it("does not take a server's trouble for a refusal", async () => {
    const { open, asked } = platform([503, 502]);
    const { seen, link } = follow(open);
    link.start();
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(2));
    expect(seen.states).toEqual([]);
    expect(seen.waits.slice(0, 2)).toEqual([1_000, 2_000]);
    link.stop();
  });
});
