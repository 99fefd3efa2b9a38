/** Answers that come in another order than their questions, on the pages that ask again and again. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { callout, takeCallout } from "@/console/beside";
import { county, trouble } from "@/console/county";
import * as desk from "@/console/desk";
import { daysBack, events } from "@/console/home/state";
import { board, detail, homeId, page, selected, unread } from "@/console/model";
import type { Session } from "@/core/api";
import { locale } from "@/core/i18n";
import { fromSnapshot } from "@/core/store";
import { found, search } from "@/field/known";
import * as kpi from "@/kpi/model";
import { session } from "@/sign/session";
import { incident, snapshot } from "./make";

const address = vi.hoisted(() => ({ pathname: "/", search: "" }));
vi.hoisted(() => vi.stubGlobal("location", address)); // a page looks at it when it is loaded

interface Asked {
  readonly path: string;
  readonly answer: (body: unknown, status?: number) => Promise<void>;
}

const PERMISSIONS = ["read_queue", "read_home", "handle_incident", "read_figures"];
const person = (name: string) => ({ name, role: "operator", permissions: PERMISSIONS }) as unknown as Session;
const UNAVAILABLE = 503;
/** What was asked and is not answered yet, in order. */
let open: Asked[] = [];

beforeEach(() => {
  open = [];
  vi.stubGlobal("fetch", (path: string) => new Promise((resolve) => {
    const answer = async (body: unknown, status = 200) => {
      resolve(new Response(JSON.stringify(body), { status }));
      await new Promise((done) => setTimeout(done)); // whoever waits for it has it
    };
    open.push({ path: path.replace("/api/v1", ""), answer });
  }));
  vi.stubGlobal("location", address);
  vi.stubGlobal("addEventListener", () => undefined);
});
afterEach(() => {
  session.value = null;
  vi.unstubAllGlobals();
});

/** The questions that begin with `path`; they are taken away. */
function asked(path: string): Asked[] {
  const found = open.filter((one) => one.path.startsWith(path));
  open = open.filter((one) => !found.includes(one));
  return found;
}

async function answerAll(path: string, body: unknown, status = 200): Promise<void> {
  for (const one of asked(path)) await one.answer(body, status);
}

describe("the page of a home", () => {
  it("shows what happened on the day that is looked at, whichever answer comes last", async () => {
    session.value = person("向玉珍");
    [homeId.value, page.value] = [7, "home"];
    await answerAll("/homes/7/events", { items: ["today"] });
    daysBack.value = 1;
    const [yesterday] = asked("/homes/7/events");
    expect(events.value.value).toBeNull(); // nothing of today stands under yesterday
    daysBack.value = 2;
    await answerAll("/homes/7/events", { items: ["the day before"] });
    await yesterday?.answer({ items: ["yesterday"] });
    expect(events.value.value).toEqual({ items: ["the day before"] });
  });
});

describe("the pane of an incident", () => {
  it("keeps what a command answered when a question from before it is answered later", async () => {
    session.value = person("向玉珍");
    board.value = fromSnapshot(snapshot(1, [incident(5)]));
    selected.value = 5;
    const [before] = asked("/callouts/5");
    takeCallout(5, { incident_id: 5, asks: ["somebody"], nearest: [] } as never);
    await before?.answer({ incident_id: 5, asks: [], nearest: [] });
    expect(callout.value?.asks).toEqual(["somebody"]);
    takeCallout(6, { incident_id: 6, asks: [], nearest: [] } as never); // another was chosen meanwhile
    expect(callout.value?.incident_id).toBe(5);
    selected.value = null;
  });

  it("says that its record could not be read anew for as long as that is so, and of no other", async () => {
    session.value = person("向玉珍");
    board.value = fromSnapshot(snapshot(1, [incident(5), incident(6)]));
    selected.value = 5;
    const told = (id: number, version: number) => answerAll(`/incidents/${id}`, { incident: incident(id, { version }) });
    await told(5, 1);
    board.value = fromSnapshot(snapshot(2, [incident(5, { version: 2 }), incident(6)]));
    await answerAll("/incidents/5", {}, UNAVAILABLE);
    expect([unread.value, detail.value?.incident.version]).toEqual([true, 1]);
    selected.value = 6;
    expect(unread.value).toBe(false);
    await answerAll("/incidents/6", {}, UNAVAILABLE);
    expect([unread.value, detail.value]).toEqual([true, null]);
    board.value = fromSnapshot(snapshot(3, [incident(5), incident(6, { version: 3 })]));
    await told(6, 3);
    expect([unread.value, detail.value?.incident.version]).toEqual([false, 3]);
    selected.value = null;
  });
});

describe("the map", () => {
  it("keeps the newest positions when an older question is answered later, or a newer one is not", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const positions = (of: string) => ({ helpers: [of], centres: [], layers: [] });
    session.value = person("向玉珍");
    page.value = "map";
    vi.advanceTimersToNextTimer();
    vi.advanceTimersToNextTimer();
    const [first, second, third] = asked("/map");
    await second?.answer(positions("second"));
    await first?.answer(positions("first"));
    expect([county.value?.helpers, trouble.value]).toEqual([["second"], null]);
    await third?.answer({}, UNAVAILABLE);
    expect([county.value?.helpers, trouble.value]).toEqual([["second"], "unreachable"]);
    page.value = "console";
    vi.useRealTimers();
  });
});

describe("the month", () => {
  const year = { months: [{ month: "2026-10-01", figures: [] }], silent: [] };
  const labels = { labels: {} };

  async function tell(asks: readonly Asked[], title: string): Promise<void> {
    for (const one of asks) await one.answer(one.path.includes("indicators") ? { indicators: [{ title }] } : one.path.includes("trend") ? year : { months: [] });
  }

  beforeAll(() => {
    vi.stubGlobal("addEventListener", () => undefined);
    kpi.begin();
  });

  it("speaks the language that was chosen last, and is the month that was chosen last", async () => {
    locale.value = "en";
    session.value = person("杨部长");
    const english = asked("/report");
    locale.value = "zh-Hans";
    const chinese = asked("/report");
    kpi.show("2026-09-01");
    await tell(chinese, "应答");
    await tell(english, "answered");
    expect(kpi.indicators.value.map((one) => one.title)).toEqual(["应答"]);
    const reports = asked("/report/months/");
    expect(reports.map((one) => one.path.replace(/\?.*locale/, " "))).toEqual(["/report/months/2026-09 =zh-Hans", "/report/months/2026-09 =zh-Hans"]);
    for (const one of reports) await one.answer(labels);
    expect([kpi.month.value, kpi.report.value]).toEqual(["2026-09-01", labels]);
    kpi.show("2026-08-01");
    expect(kpi.report.value).toBeNull(); // nothing of September stands under August
  });

  it("says that it stayed in the language from before, and asks again until it has the other", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    locale.value = "zh-Hans";
    session.value = person("杨部长");
    await tell(asked("/report"), "应答");
    await answerAll("/report/months/", labels);
    locale.value = "en";
    await answerAll("/report", {}, UNAVAILABLE);
    expect([kpi.lack.value, kpi.report.value]).toEqual(["away", labels]);
    vi.advanceTimersToNextTimer();
    await tell(asked("/report"), "answered");
    await answerAll("/report/months/", labels);
    expect([kpi.lack.value, kpi.indicators.value.map((one) => one.title)]).toEqual([null, ["answered"]]);
    vi.useRealTimers();
  });
});

describe("a search of the whole area", () => {
  it("shows what was searched for last", async () => {
    const [first, second] = [search("li"), search("shi")];
    const [li, shi] = asked("/visits/doors");
    await shi?.answer({ items: ["shi"] });
    await li?.answer({ items: ["li"] });
    expect([await first, await second, found.value]).toEqual([true, true, ["shi"]]);
  });
});

describe("whoever comes next", () => {
  it("sees nothing of whoever was here before, though it was answered late", async () => {
    session.value = person("向玉珍");
    void desk.readShift();
    await answerAll("/shift", { past: ["hers"] });
    void desk.readShift();
    expect(desk.shift.value).toEqual({ past: ["hers"] });
    session.value = null;
    expect(desk.shift.value).toBeNull();
    session.value = person("石建国");
    await answerAll("/shift", { past: ["hers"] });
    expect(desk.shift.value).toBeNull();
  });
});
