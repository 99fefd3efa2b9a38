import { afterEach, describe, expect, it, vi } from "vitest";
import { Refused, Unreachable } from "@/core/api";
import type { FamilyApi, FamilyHome, Followed, Hush } from "@/family/api";
import { allows, clockAt, dayAt, follow, followed, forget, home, hushed, looks, past, readAt, refresh, telephone, toldOf, trouble, underWay } from "@/family/model";
import { readNews, rings } from "@/family/news";
import { asPhone } from "@/family/push";
import { nextSize } from "@/family/sizes";
import { named } from "@/sw/shell";

const said = { "zh-Hans": "甲", "zh-Hant": "甲", en: "a" };
const NOW = "2026-11-26T01:12:00Z";

function shown(id: number, changes: Partial<FamilyHome> = {}): FamilyHome {
  const look = { name: "向玉珍", role: "operator", n: 1, last_at: NOW, emergency: false } as const;
  return {
    home_id: id, now: NOW, time_zone: "Asia/Shanghai", resident: "石春梅", phone: "", centre: "", centre_phone: "",
    status: { level: "calm", headline: said, sentence: said, known_until: NOW },
    today: [], circle: [],
    incidents: [
      { id: 1, opened_at: NOW, closed_at: null, title: said, steps: [] },
      { id: 2, opened_at: NOW, closed_at: NOW, title: said, steps: [] },
    ],
    looks: [{ ...look, own: false }, { ...look, own: true }],
    shared: [{ purpose: "monitoring", allowed: true, asked: true }],
    ...changes,
  };
}

const HUSH: Hush = { home_id: 7, kinds: [], reason: "我就在身边", since: NOW, until: NOW, in_circle: true, alone: false };

function api(homes: readonly number[], withdrawn: readonly number[] = []): FamilyApi {
  const all: Followed = {
    homes: homes.map((home_id) => ({ home_id, resident: "石春梅" })),
    withdrawn: withdrawn.map((home_id) => ({ home_id, since: NOW })),
  };
  const never = () => Promise.reject(new Error("not asked here"));
  return {
    followed: async () => all, home: async (id) => shown(id), hushes: async () => [HUSH], hush: never, endHush: never,
    wishes: never, putWishes: never, addPhone: never, removePhone: never,
  };
}

afterEach(forget);

describe("what the page knows", () => {
  it("is the first home, then the one that was chosen", async () => {
    await refresh(api([4, 7]));
    expect(home.value?.home_id).toBe(4);
    await refresh(api([4, 7]), { home: 7 });
    await refresh(api([4, 7]));
    expect(home.value?.home_id).toBe(7);
    expect(readAt.value).toBe(NOW);
  });

  it("is of which home nothing is to be told, and says so at that home only", async () => {
    await refresh(api([4, 7]));
    expect(hushed.value).toBeNull();
    await refresh(api([4, 7]), { home: 7 });
    expect(hushed.value?.until).toBe(NOW);
  });

  it("is the home that was chosen last, whichever answer comes last, and whoever reads again meanwhile", async () => {
    const late = new Map<number, (home: FamilyHome) => void>();
    const slow = { ...api([4, 7]), home: (id: number) => new Promise<FamilyHome>((answer) => late.set(id, answer)) };
    const first = refresh(slow);
    const chosen = refresh(slow, { home: 7 });
    await vi.waitFor(() => expect([...late.keys()]).toEqual([4, 7]));
    late.get(7)?.(shown(7));
    late.get(4)?.(shown(4));
    await Promise.all([first, chosen]);
    await refresh(api([4, 7]));
    expect(home.value?.home_id).toBe(7);
  });

  it("is nothing once somebody has left, though it is answered then", async () => {
    const read = refresh(api([4]));
    forget();
    await read;
    expect([home.value, followed.value]).toEqual([null, null]);
  });

  it("is the home that a notice told of, whichever is shown, and stays where that is nobody's", async () => {
    const both = { ...api([4, 7]), home: async (id: number) => shown(id, { incidents: id === 7 ? shown(7).incidents : [] }) };
    await refresh(both, toldOf("?i=2"));
    expect(home.value?.home_id).toBe(7);
    await refresh(both, toldOf("?i=99"));
    expect(home.value?.home_id).toBe(7);
    expect(["", "?i=", "?i=x", "?i=-1", "?j=2"].map(toldOf)).toEqual([null, null, null, null, null]);
  });

  it("stays, and says how old it is, when the network goes", async () => {
    await refresh(api([4]));
    await refresh({ ...api([4]), followed: () => Promise.reject(new Unreachable("gone")) });
    expect([home.value?.home_id, readAt.value, trouble.value]).toEqual([4, NOW, "network"]);
    await refresh(api([4]));
    expect(trouble.value).toBe("none");
  });

  it("goes at once when sharing ends, between two questions too", async () => {
    await refresh(api([4]));
    await refresh({ ...api([4]), home: () => Promise.reject(new Refused(404, "not_found", null)) });
    expect(home.value).toBeNull();
    await refresh(api([], [4]));
    expect([home.value, followed.value?.withdrawn.length, trouble.value]).toEqual([null, 1, "none"]);
  });

  it("tells what is under way from what is past, and leaves the reader out of who looked", async () => {
    await refresh(api([4]));
    expect([underWay.value.map((one) => one.id), past.value.map((one) => one.id)]).toEqual([[1], [2]]);
    expect(looks.value.map((one) => one.own)).toEqual([false]);
    expect([allows(shown(1), "monitoring"), allows(shown(1), "camera")]).toEqual([true, false]);
  });

  it("is read again when somebody looks, and not while nobody does", () => {
    const [page, view, read] = [new EventTarget(), new EventTarget(), vi.fn()];
    const clock = { setInterval: () => 1, clearInterval: vi.fn() };
    Object.assign(page, { visibilityState: "hidden" });
    const stop = follow(read, page as Document, Object.assign(view, clock) as unknown as Window);
    page.dispatchEvent(new Event("visibilitychange"));
    expect(read).not.toHaveBeenCalled();
    Object.assign(page, { visibilityState: "visible" });
    page.dispatchEvent(new Event("visibilitychange"));
    view.dispatchEvent(new Event("online"));
    expect(read).toHaveBeenCalledTimes(2);
    stop();
    view.dispatchEvent(new Event("online"));
    expect(read).toHaveBeenCalledTimes(2);
    expect(clock.clearInterval).toHaveBeenCalledWith(1);
  });
});

describe("times and numbers", () => {
  it("are those of the home", () => {
    expect(clockAt("2026-11-25T22:40:00Z", "Asia/Shanghai")).toBe("6:40");
    expect(clockAt("2026-11-25T16:05:00Z", "Asia/Shanghai")).toBe("0:05");
    expect(dayAt("2026-11-25T22:40:00Z", "Asia/Shanghai", "zh-Hans-CN")).toBe("11月26日");
  });

  it("can be rung as people write them", () => expect(telephone("0745-271 2345")).toBe("tel:07452712345"));
});

describe("a push", () => {
  const O = "https://anban.test";
  const push = (value: unknown) => ({ json: () => value });

  it("shows its words and leads into the page", () =>
    expect(readNews(push({ title: "石春梅家有消息", body: "请打开", link: `${O}/family/?i=7`, mark: "12" }), O)).toEqual({
      title: "石春梅家有消息", body: "请打开", path: "/family/?i=7", mark: "12",
    }));

  it("rings for what is new beside what is shown, and not for the same once more", () => {
    const news = readNews(push({ title: "x", mark: "12" }), O);
    expect([[], [{ data: { mark: "12" } }], [{ data: { mark: "11" } }], [{ data: null }]].map((shown) => rings(news, shown))).toEqual([true, false, true, true]);
  });

  it.each([null, push(undefined), push({}), push({ title: 7 }), { json: () => JSON.parse("{") as unknown }])(
    "that cannot be read still shows something", (data) => expect(readNews(data, O).path).toBe("/family/"));

  it.each(["https://evil.example/family/", "/console/", "javascript:alert(1)", "", 7])(
    "never leads elsewhere: %s", (link) => expect(readNews(push({ title: "x", link }), O).path).toBe("/family/"));
});

describe("a subscription", () => {
  it("goes to the platform with what the browser calls itself", () =>
    expect(asPhone({ endpoint: "https://x/1", keys: { p256dh: "k", auth: "a" } }, "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile")).toEqual({
      endpoint: "https://x/1", p256dh: "k", auth: "a", agent: "Chrome · Android",
    }));
});

it("the letters grow in three steps and begin again", () =>
  expect([nextSize("large"), nextSize("larger"), nextSize("largest")]).toEqual(["larger", "largest", "large"]));

it("a shell is all files of the build that the page names", () =>
  expect(named('<link href="/assets/a.css"><link href="/install/a.webmanifest"><script src="/assets/b.js"></script><a href="/console/">')).toEqual(["/assets/a.css", "/assets/b.js"]));
