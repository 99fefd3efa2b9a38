import { afterEach, describe, expect, it } from "vitest";
import { differing, faultsOf, textsOf, unchosen, valuesOf, type Field } from "@/admin/fields";
import { CLOSED, exactly, stepped } from "@/admin/finding";
import { KINDS } from "@/admin/kinds";
import { listing, query } from "@/admin/listing";
import { pathOf, placeOf } from "@/admin/place";
import { explainRule } from "@/admin/rules";
import { COLUMNS, encode, formOf, template } from "@/admin/sheet";
import { bodyOf, valuesBefore, type Worker } from "@/admin/worker";
import { locale } from "@/core/i18n";

afterEach(() => void (locale.value = "zh-Hans"));

const RESIDENT = KINDS.residents.fields;

describe("a form", () => {
  it("sends a record as it came where nothing was typed", () => {
    const record = { name: "滕树英", birth_year: 1938, sex: "f", lives_alone: false, ability_level: 2, phone: "", id_number: "", notes: "一\n二" };
    expect(valuesOf(RESIDENT, textsOf(RESIDENT, record))).toEqual(record);
  });

  it("knows hours of the day, several choices, lines and moments", () => {
    const fields: readonly Field[] = [
      { name: "from_min", is: "clock" },
      { name: "days", is: "choices", of: ["1", "2", "7"], words: "weekday", number: true },
      { name: "skills", is: "lines" },
      { name: "begin_at", is: "moment" },
    ];
    const values = { from_min: 485, days: [1, 7], skills: ["急救"], begin_at: "2026-11-20T08:05:00.000Z" };
    expect(valuesOf(fields, textsOf(fields, values))).toEqual(values);
  });

  it("clears what is optional and leaves out what is not given", () => {
    const homes = KINDS.homes.fields;
    const values = valuesOf(homes, textsOf(homes, { key: "h", division: "431202000000", address: "x", latitude: null, longitude: null }));
    expect(values).toEqual({ key: "h", division: "431202000000", address: "x", latitude: null, longitude: null });
  });

  it("shows what somebody else has changed, and nothing else", () => {
    const [mine, theirs] = [textsOf(RESIDENT, { name: "a", notes: "x" }), textsOf(RESIDENT, { name: "a", notes: "y" })];
    expect(differing(RESIDENT, mine, theirs)).toEqual(["notes"]);
  });

  it("puts a fault beside its field, and what belongs to none above them", () => {
    const refused = [
      { where: ["body", "record", "birth_year"], rule: "Expected `int` >= 1890" },
      { where: ["body", "record"], rule: "There is no such division." },
    ];
    expect(faultsOf(RESIDENT, refused)).toEqual({ birth_year: "Expected `int` >= 1890", "": "There is no such division." });
  });
});

describe("a name that is looked for", () => {
  it("is sent as its number, and several as their keys", () => {
    const fields: readonly Field[] = [
      { name: "staff_id", is: "named", among: "staff", optional: true },
      { name: "home_id", is: "named", among: "homes" },
      { name: "homes", is: "keys", among: "homes" },
    ];
    expect(valuesOf(fields, { staff_id: "", home_id: "7", homes: "h1\nh2" })).toEqual({ staff_id: null, home_id: 7, homes: ["h1", "h2"] });
    expect(unchosen(fields, { staff_id: "", home_id: "" })).toEqual(["home_id"]);
  });

  it("is reached by arrows, round and round, and Escape closes what is open only", () => {
    const first = stepped("ArrowDown", CLOSED, 3);
    expect(first).toEqual({ open: true, at: 0 });
    expect(stepped("ArrowUp", { open: true, at: 0 }, 3)).toEqual({ open: true, at: 2 });
    expect(stepped("ArrowDown", { open: true, at: 2 }, 3)).toEqual({ open: true, at: 0 });
    expect(stepped("ArrowDown", { open: true, at: 0 }, 0)).toEqual({ open: true, at: 0 });
    expect(stepped("Escape", { open: true, at: 1 }, 3)).toEqual(CLOSED);
    expect([stepped("Escape", CLOSED, 3), stepped("a", CLOSED, 3)]).toEqual([null, null]);
  });

  it("need not be chosen where it is written out and one alone is called so", () => {
    expect(exactly(" H1 ", [{ name: "h1" }, { name: "h10" }])).toEqual({ name: "h1" });
    expect(exactly("王明", [{ name: "王明" }, { name: "王明" }])).toBeNull();
  });
});

describe("a rule", () => {
  it.each([
    ["Field required", "必填。"],
    ["Expected `str` of length >= 1", "必填。"],
    ["Expected `int` >= 1890", "不能小于 1890。"],
    ["less_than_equal", "超出范围。"],
    ["missing", "必填。"],
    ["Expected `str` matching regex", "格式不对。"],
    ["the check digit of the ID number is wrong", "身份证号校验位不对，请核对。"],
    ["there is no home h9", "没有编号为 h9 的家庭。"],
    ["a rule of tomorrow", "a rule of tomorrow"],
  ])("%s reads %s", (rule, said) => expect(explainRule(rule)).toBe(said));

  it("of a place means that there is none", () => expect(explainRule("Expected `str` matching regex", "division")).toMatch(/没有这个区划/));
});

describe("a list", () => {
  const pages: Record<string, unknown> = {
    "/x": { items: [1, 2], next: "c" },
    "/x?cursor=c": { items: [3], next: null },
    "/y": { items: [9], next: null },
  };

  it("goes on where the page ended", async () => {
    const list = listing<number>(undefined, (path) => Promise.resolve(pages[path] as never));
    await list.read("/x");
    await list.more();
    expect([list.items.value, list.next.value, list.state.value]).toEqual([[1, 2, 3], null, "done"]);
  });

  it("shows nothing of an older question that is answered late", async () => {
    const late: ((answer: never) => void)[] = [];
    const list = listing<number>(undefined, (path) => (path === "/x" ? new Promise((resolve) => late.push(resolve)) : Promise.resolve(pages[path] as never)));
    const first = list.read("/x");
    await list.read("/y");
    late[0]?.(pages["/x"] as never);
    await first;
    expect(list.items.value).toEqual([9]);
  });

  it("says at once what it is about, so that nobody chooses from what answered something else", async () => {
    const list = listing<number>(undefined, (path) => Promise.resolve(pages[path] as never));
    await list.read("/x");
    const read = list.read("/y");
    expect([list.path(), list.items.value]).toEqual(["/y", null]);
    await read;
    expect([list.path(), list.items.value]).toEqual(["/y", [9]]);
  });

  it("says that reading failed", async () => {
    const list = listing<number>(undefined, () => Promise.reject(new Error("away")));
    await list.read("/x");
    expect([list.items.value, list.state.value]).toEqual([null, "failed"]);
  });

  it("asks for nothing that is empty", () => expect(query("/x", { q: "新 巷", sort: null, retired: false, home_id: 7 })).toBe("/x?q=%E6%96%B0+%E5%B7%B7&home_id=7"));
});

describe("an address", () => {
  it.each([
    ["/admin/", { part: null, id: null }],
    ["/admin/homes/17", { part: "homes", id: 17 }],
    ["/admin/staff", { part: "staff", id: null }],
    ["/admin/nonsense", { part: null, id: null }],
  ] as const)("%s is a place and leads back", (path, place) => {
    expect(placeOf(path)).toEqual(place);
    expect(placeOf(pathOf(place))).toEqual(place);
  });
});

describe("a sheet", () => {
  it("is known by the end of its name", () => expect(["a.CSV", "b.xlsx", "c.xls", "d"].map(formOf)).toEqual(["csv", "xlsx", null, null]));
  it("of any size comes whole in base 64", () => expect(atob(encode(new Uint8Array(100_000).fill(65)))).toBe("A".repeat(100_000)));
  it("has a template with a mark for spreadsheets", () => {
    expect(template().startsWith("\ufeff编号,区划,")).toBe(true);
    expect(template().split(",")).toHaveLength(COLUMNS.length);
  });
});

describe("who may be sent to visits", () => {
  it("is sent by the beginning of a place's code, and shown by the whole of it", () => {
    const kept: Worker = {
      staff_id: 7, name: "舒建国", township: "431202001", skills: ["bathing"], mode: "bike", latitude: 27.5, longitude: 109.9, begin_min: 480, end_min: 1_050, rests: true,
    };
    const shown = valuesBefore(kept);
    expect(shown["township"]).toBe("431202001000");
    expect(bodyOf({ staff_id: 7, township: "431202001000", begin_min: 480 })).toEqual({ township: "431202001", begin_min: 480 });
    expect(valuesBefore(null)).toMatchObject({ begin_min: 480, end_min: 1_050, rests: true });
  });
});
