import { describe, expect, it } from "vitest";
import { sum, type AbilityForm } from "@/field/ability";
import { fitted } from "@/field/attach";
import { codeOf, course, current, isStale, isStrange, mapLink, type Day, type DayVisit } from "@/field/day";
import { begun, matching, unplanned, unsaid, withAdded, withHeard, type OpenDoor } from "@/field/doors";
import { after, again, hurry, KEPT_MS, next, outcomeOf, over, revive, said, SHOWN_MS, standing, WARNED_MS, wordsOf, type Item } from "@/field/outbox";
import { filled, missing, progress, sections, worries, type Form, type Question } from "@/field/questions";
import { T0 } from "./make";

const ME = 7;

function item(key: string, changes: Partial<Item> = {}): Item {
  const base = { key, staff: ME, visit: "v1", who: "石春梅", what: "note" as const, path: "/visits/events", body: { key, words: key }, saidMs: T0 };
  return { ...said(base), ...changes };
}

describe("what an answer means", () => {
  it.each([
    [null, "later"],
    [{ status: 200, code: "" }, "taken"],
    [{ status: 201, code: "" }, "taken"],
    [{ status: 401, code: "signed_out" }, "stop"],
    [{ status: 403, code: "second_factor_owed" }, "stop"],
    [{ status: 403, code: "module_off" }, "refused"],
    [{ status: 404, code: "not_found" }, "refused"],
    [{ status: 409, code: "in_progress" }, "later"],
    [{ status: 409, code: "other_visit" }, "refused"],
    [{ status: 429, code: "too_many" }, "later"],
    [{ status: 503, code: "" }, "later"],
    [{ status: 0, code: "unreadable" }, "refused"],
  ] as const)("%j: %s", (answer, is) => expect(outcomeOf(answer).is).toBe(is));
});

describe("the outbox", () => {
  it("sends a call for help first, then words as they were said, then files, and nothing of somebody else", () => {
    const items = [
      item("photo", { what: "photo", file: new Blob(["x"]), saidMs: T0 }),
      item("second", { saidMs: T0 + 2 }),
      item("first", { saidMs: T0 + 1 }),
      item("theirs", { staff: 8, saidMs: T0 - 9 }),
      item("sos", { what: "sos", staff: 0, saidMs: T0 + 9 }),
    ];
    const order: string[] = [];
    for (let rest = items; ; ) {
      const one = next(rest, ME, T0 + 10);
      if (one === null) break;
      order.push(one.key);
      rest = rest.filter((other) => other !== one);
    }
    expect(order).toEqual(["sos", "first", "second", "photo"]);
  });

  it("waits longer after each attempt that nobody answered, and not at all when the network is back", () => {
    let one = item("a");
    const waits = [0, 1, 2, 3, 4].map(() => {
      one = after(one, { is: "later" }, T0);
      return (one.nextMs - T0) / 1_000;
    });
    expect(waits).toEqual([5, 15, 60, 300, 300]);
    expect(next([one], ME, T0)).toBeNull();
    const [soon] = hurry([one]);
    expect(next(hurry([one]), ME, T0)?.key).toBe("a");
    expect(soon && after(soon, { is: "later" }, T0).nextMs).toBe(T0 + 5_000);
    const [underWay] = hurry([item("c", { state: "sending", tries: 4 })]);
    expect(underWay && after(underWay, { is: "later" }, T0).nextMs).toBe(T0 + 5_000);
    expect(after(item("b", { what: "sos", tries: 9 }), { is: "later" }, T0).nextMs).toBe(T0 + 3_000);
  });

  it("keeps what was refused, with the reason, until the worker decides", () => {
    const refused = after(item("a"), { is: "refused", why: "other_visit" }, T0);
    expect(next([refused], ME, T0 + 1)).toBeNull();
    expect(over(refused, T0 + SHOWN_MS)).toBe(false);
    expect(standing([refused], ME, T0)).toEqual({ waiting: 0, refused: 1, lostMs: null });
    expect(again(refused, "b")).toMatchObject({ key: "a", state: "waiting", why: "" });
  });

  it("gives words a new key only where the old one was taken by others", () => {
    const mixed = after(item("a"), { is: "refused", why: "key_reused" }, T0);
    expect(again(mixed, "b")).toMatchObject({ key: "b", body: { key: "b", words: "a" } });
  });

  it("takes up after a restart what was under way", () => {
    expect(revive([item("a", { state: "sending" }), item("b", { state: "done" })]).map((one) => one.state)).toEqual(["waiting", "done"]);
  });

  it("deletes what was sent after half an hour and everything after a day, and says so four hours before", () => {
    const sent = after(item("a"), { is: "taken" }, T0);
    expect([over(sent, T0 + SHOWN_MS - 1), over(sent, T0 + SHOWN_MS)]).toEqual([false, true]);
    const unsent = item("b");
    expect([over(unsent, T0 + KEPT_MS - 1), over(unsent, T0 + KEPT_MS)]).toEqual([false, true]);
    expect(standing([unsent], ME, T0 + KEPT_MS - WARNED_MS - 1).lostMs).toBeNull();
    expect(standing([unsent], ME, T0 + KEPT_MS - WARNED_MS).lostMs).toBe(T0 + KEPT_MS);
  });

  it("shows a worker's own words, and no codes", () => {
    expect(wordsOf(item("a", { body: { words: "门没锁" } }))).toBe("门没锁");
    expect(wordsOf(item("a", { body: { answers: { mood: "low", note: "地上有血", seen: true } } }))).toBe("地上有血");
  });
});

const question = (key: string, shape: Question["shape"], more: Partial<Question> = {}): Question => ({
  key, shape, area: "health", options: [], most: null, only: "seen", only_is: true, worry: null, ...more,
});
const FORM: Form = {
  kind: "regular", proof: [], photos: 0,
  questions: [
    question("seen", "yes_no", { area: "visit", only: null, only_is: null, worry: false }),
    question("why_not", "scale", { area: "visit", only_is: false, options: ["out", "refused"], worry: "out" }),
    question("mood", "scale", { area: "mind", options: ["calm", "low", "hopeless"], worry: "low" }),
    question("falls", "count", { worry: 1, most: 99 }),
    question("needs", "several", { area: "needs", options: ["meals"] }),
    question("note", "words", { area: "visit" }),
  ],
};

describe("a form", () => {
  it("asks a closed door why, and nothing about a person who was not seen", () => {
    const asked = (answers: Record<string, boolean>) => sections(FORM, answers).flatMap((one) => one.questions.map((q) => q.key));
    expect(asked({})).toEqual(["seen"]);
    expect(asked({ seen: false })).toEqual(["seen", "why_not"]);
    expect(asked({ seen: true })).toEqual(["seen", "mood", "falls", "needs", "note"]);
  });

  it("takes back the answers of questions that closed again", () => {
    const answers = { seen: false, mood: "low", why_not: "out" };
    expect(filled(FORM, answers)).toEqual({ seen: false, why_not: "out" });
  });

  it("counts none of several as an answer, and empty words as none", () => {
    const answers = { seen: true, mood: "calm", falls: 0, note: "  " };
    expect(missing(FORM, answers).map((one) => one.key)).toEqual(["note"]);
    expect(filled(FORM, answers)).toEqual({ seen: true, mood: "calm", falls: 0, needs: [] });
    expect(progress(FORM, answers)).toEqual({ answered: 3, asked: 4 });
  });

  it("knows what somebody must look at", () => {
    const [seen, , mood, falls, needs] = FORM.questions as [Question, Question, Question, Question, Question];
    expect([worries(seen, false), worries(seen, true)]).toEqual([true, false]);
    expect([worries(mood, "calm"), worries(mood, "low"), worries(mood, "hopeless")]).toEqual([false, true, true]);
    expect([worries(falls, 0), worries(falls, 1), worries(needs, []), worries(needs, ["meals"])]).toEqual([false, true, false, true]);
  });
});

describe("an assessment", () => {
  const form: AbilityForm = {
    items: [
      { key: "eating", domain: "self_care", best: 4 },
      { key: "walking", domain: "movement", best: 4 },
      { key: "stairs", domain: "movement", best: 3 },
    ],
    levels: [{ level: 0, least: 11 }, { level: 1, least: 8 }, { level: 4, least: 0 }],
    events_that_worsen: 2,
  };

  it("has no level before everything is answered", () => {
    expect(sum(form, { eating: 4 })).toMatchObject({ answered: 1, total: 4, most: 11, level: null });
  });

  it.each([[4, 4, 3, 0], [4, 4, 2, 1], [4, 2, 2, 1], [4, 2, 1, 4]])("%i + %i + %i: level %i", (eating, walking, stairs, level) => {
    expect(sum(form, { eating, walking, stairs }).level).toBe(level);
  });

  it("adds up each domain", () => {
    expect(sum(form, { eating: 1, walking: 2, stairs: 3 }).domains).toEqual([
      { domain: "self_care", points: 1, most: 4 },
      { domain: "movement", points: 5, most: 7 },
    ]);
  });
});

function visit(key: string, changes: Partial<DayVisit["visit"]> = {}): DayVisit {
  const named = { key, kind: "regular", way: "home", state: "planned", began_at: null, departure: null, faults: [], ...changes };
  return { visit: named } as unknown as DayVisit;
}

describe("a visit on the way", () => {
  it("is as far as what was said here, sent or not", () => {
    const at = visit("v1");
    const steps = ["arrive", "answers", "depart"] as const;
    const stages = steps.map((_, i) => course(at, steps.slice(0, i + 1).map((what) => item(what, { what }))).stage);
    expect([course(at, []).stage, ...stages]).toEqual(["planned", "here", "told", "over"]);
    expect(course(at, [item("a", { what: "arrive" })])).toMatchObject({ waiting: 1, refused: 0 });
  });

  it("is not further for what was refused", () => {
    const refused = item("a", { what: "arrive", state: "refused" });
    expect(course(visit("v1"), [refused])).toMatchObject({ stage: "planned", refused: 1 });
  });

  it("is at a strange door where a tag was shown that the server did not find there, and only then", () => {
    const at = visit("v1");
    const said = (rests: "said" | "tag" | null): DayVisit => ({ ...at, visit: { ...at.visit, arrival: rests } });
    const shown = [item("a", { what: "arrive", state: "done", body: { tag: "c" } })];
    expect([said("said"), said("tag"), said(null)].map((one) => isStrange(one, shown, "arrive"))).toEqual([true, false, false]);
    expect(isStrange(said("said"), [item("a", { what: "arrive", state: "done", body: {} })], "arrive")).toBe(false);
    expect(isStrange(said("said"), shown, "depart")).toBe(false);
  });

  it("counts all the same where the office has cancelled it", () => {
    const at = visit("v1", { state: "cancelled" });
    expect([course(at, []).stage, course(at, [item("a", { what: "arrive" })]).stage]).toEqual(["cancelled", "here"]);
  });

  it("is where a call for help comes from", () => {
    const day = { visits: [visit("v1"), visit("v2")] } as unknown as Day;
    expect(current(day, [])?.visit.key).toBe("v1");
    expect(current(day, [item("a", { what: "arrive", visit: "v2" })])?.visit.key).toBe("v2");
    expect(current(null, [])).toBeNull();
  });
});

describe("a visit that nobody planned", () => {
  const door = { resident_id: 3, home_id: 4, resident: "王玉珍", address: "黄金坳镇第27村10组", kind: "assessment", owed: [], age: 88 } as unknown as OpenDoor;

  it.each([["", 1], ["玉珍", 1], ["27村 王", 1], ["玉珍 28村", 0]])("is found by name and address: %j", (words, n) =>
    expect(matching([door], words)).toHaveLength(n));

  it("is in the day until the server names it there", () => {
    const at = unplanned(door, "welfare", "v9");
    expect([at.visit.kind, at.visit.resident_id, at.visit.id, at.age, course(at, []).stage]).toEqual(["welfare", 3, 0, 88, "planned"]);
    const day = { visits: [visit("v1")] } as unknown as Day;
    const added = [{ staff: ME, at, atMs: T0 }];
    expect(withAdded(day, added).visits.map((one) => one.visit.key)).toEqual(["v1", "v9"]);
    const named = { visits: [visit("v9", { state: "over" })] } as unknown as Day;
    expect(withAdded(named, added)).toBe(named);
  });

  it("is left to the server's own day once it has begun there: tomorrow's does not name it, and nobody goes there again", () => {
    const added = ["v8", "v9"].map((key) => ({ staff: ME, at: unplanned(door, "welfare", key), atMs: T0 }));
    const over = visit("v9", { began_at: "2026-11-26T07:00:00Z", state: "over" }).visit;
    const heard = withHeard(added, over);
    expect(heard.map((one) => course(one.at, []).stage)).toEqual(["planned", "over"]);
    expect(begun(heard)).toEqual([heard[1]]);
    expect(begun(added)).toEqual([]);
  });

  it("is one visit, however often it is begun before anything is said of it", () => {
    const at = unplanned(door, "welfare", "v9");
    const added = [{ staff: ME, at, atMs: T0 }];
    expect([unsaid(added, [], door, "welfare"), unsaid(added, [], door, "regular")]).toEqual([at, undefined]);
    expect(unsaid(added, [item("a", { what: "arrive", visit: "v9" })], door, "welfare")).toBeUndefined();
  });
});

describe("small things", () => {
  it("reads a tag's code alone, or at the end of an address", () => {
    expect(codeOf("Zk3_-q8QwPHp2aaaBBBcc1")).toBe("Zk3_-q8QwPHp2aaaBBBcc1");
    expect(codeOf("https://anban.example/field/#tag=Zk3_-q8QwPHp2aaaBBBcc1 ")).toBe("Zk3_-q8QwPHp2aaaBBBcc1");
    expect([codeOf("https://elsewhere.example/"), codeOf(""), codeOf("short")]).toEqual([null, null, null]);
  });

  it("opens the telephone's own map", () => {
    expect(mapLink(27.5, 110, "第3村", "Android")).toBe("geo:27.500000,110.000000?q=27.500000,110.000000(%E7%AC%AC3%E6%9D%91)");
    expect(mapLink(27.5, 110, "a", "iPhone")).toBe("maps:?ll=27.500000,110.000000&q=a");
  });

  it("fits a picture into 1280 px and never enlarges it", () => {
    expect([fitted(4000, 3000), fitted(3000, 4000), fitted(640, 480)]).toEqual([
      { width: 1280, height: 960 }, { width: 960, height: 1280 }, { width: 640, height: 480 },
    ]);
  });

  it("lets a day go after a day", () => expect([isStale(T0, T0 + KEPT_MS - 1), isStale(T0, T0 + KEPT_MS)]).toEqual([false, true]));
});
