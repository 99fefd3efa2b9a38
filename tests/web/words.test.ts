import { afterEach, describe, expect, it } from "vitest";
import { doing } from "@/core/doing";
import { describeEvidence } from "@/core/evidence";
import { chooseLocale, fill, locale } from "@/core/i18n";
import { formatPhone } from "@/core/phone";
import { ACTIONS, NEXT, otherSteps } from "@/core/steps";
import { ageSeconds, formatAgo, formatDuration, secondsUntil, ServerClock } from "@/core/time";
import { t, term } from "@/console/words";
import { at, incident, T0 } from "./make";

afterEach(() => void (locale.value = "zh-Hans"));

describe("words", () => {
  it.each([
    [["zh-CN"], "zh-Hans"],
    [["zh-TW"], "zh-Hant"],
    [["zh-Hant-HK"], "zh-Hant"],
    [["fr-FR", "en-GB"], "en"],
    [["fr-FR"], "zh-Hans"],
    [[], "zh-Hans"],
  ] as const)("of %j are %s", (preferred, expected) => expect(chooseLocale(preferred)).toBe(expected));

  it("follow the chosen language", () => {
    expect(t("action.ack")).toBe("确认");
    locale.value = "zh-Hant";
    expect(t("action.ack")).toBe("確認");
  });

  it("leave a name without a value visible", () => expect(fill("{a} {b}", { a: 1 })).toBe("1 {b}"));

  it("show a term that a newer server invented as it is", () => expect(term("kind", "earthquake")).toBe("earthquake"));
});

describe("what somebody did", () => {
  it("is said in words, of a record by its verb and its noun", () => {
    expect([doing("closeIncident"), doing("addHomeRecord"), doing("listPersonRecords")]).toEqual(["结案", "登记家庭资料", "查看人员资料"]);
  });

  it("stays as it is where a newer server has invented it", () => expect(doing("danceRecord")).toBe("danceRecord"));
});

describe("evidence", () => {
  it("is a sentence of the numbers this page knows", () => {
    const said = describeEvidence(incident(1, { evidence: { impact_g: 3.199, still_s: 14, hidden: 1, prob: { x: 1 } } }));
    expect(said).toMatch(/卫生间疑似跌倒，撞击 3.2 g，静止 14 秒。$/);
  });

  it("counts witnesses and looks into what each sensor said, once", () => {
    locale.value = "en";
    const evidence = { witnesses: ["pendant", "radar"], pendant: { probability: 0.973 }, radar: { probability: 0.973 } };
    expect(describeEvidence(incident(1, { evidence }))).toMatch(/2 sensor\(s\) agree, model score 0.97\.$/);
  });
});

describe("a finding of the cloud", () => {
  it("is one plain sentence with its numbers", () => {
    locale.value = "en";
    const numbers = { value: 63.6, change: 2.5, before: 61.1, days: 3 };
    const evidence = { finding: "weight_gain", quantity: "body_weight", numbers, rows: [{ value: 63.6 }], priority: 3 };
    expect(describeEvidence(incident(1, { evidence }))).toMatch(/2\.5 kg heavier within 3 days \(61\.1 → 63\.6\)\.$/);
  });

  it("that this page does not know is told by the numbers that it knows", () => {
    locale.value = "en";
    const evidence = { finding: "of_tomorrow", numbers: { away_min: 12 } };
    expect(describeEvidence(incident(1, { evidence }))).toMatch(/not back for 12 min\.$/);
  });
});

describe("time", () => {
  it.each([
    [0, "00:00"],
    [42, "00:42"],
    [725, "12:05"],
    [11_230, "3:07:10"],
    [191_400, "2 d 05:10"],
  ])("writes %i s as %s", (seconds, written) => expect(formatDuration(seconds)).toBe(written));

  it("never shows a negative age or countdown", () => {
    expect(ageSeconds(at(10), T0)).toBe(0);
    expect(secondsUntil(at(-10), T0)).toBe(0);
  });

  it("goes by the server's clock once it has heard it", () => {
    const clock = new ServerClock(() => T0 - 300_000); // a PC five minutes slow
    clock.hear(at(0));
    expect(clock.nowMs()).toBe(T0);
    clock.hear("nonsense");
    expect(clock.nowMs()).toBe(T0);
  });

  it("says how long ago in the page's language", () => expect(formatAgo(at(0), T0 + 125_000, "zh-Hans-CN")).toBe("2分钟前"));
});

describe("telephone numbers", () => {
  it.each([
    ["+8613900000001", "139 0000 0001"],
    ["139-0000-0001", "139 0000 0001"],
    ["+86745123456", "+86745123456"],
  ])("%s reads %s", (phone, read) => expect(formatPhone(phone)).toBe(read));
});

describe("steps", () => {
  it("suggest acknowledging what nobody has taken, and nothing to what is settled", () => {
    expect(NEXT.raised).toBe("ack");
    expect(NEXT.closed).toBeNull();
  });

  it("offer only what the server allows and this page can do", () => {
    expect(otherSteps("acked", ["note", "report", "ack", "triage"], true)).toEqual(["note"]);
    expect(otherSteps("acked", ["note", "ack"], false)).toEqual(["ack", "note"]);
    expect(new Set(ACTIONS).size).toBe(ACTIONS.length);
  });
});
