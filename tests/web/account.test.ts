import { describe, expect, it } from "vitest";
import { describeAgent } from "@/core/agent";
import { formatDay, formatMoment } from "@/core/time";
import { faultOf } from "@/sign/password-form";

describe("a browser", () => {
  it.each([
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36", "Chrome · Windows", false],
    ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge · Windows", false],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox · Linux", false],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari · macOS", false],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1", "Chrome · iOS", true],
    ["Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Version/4.0 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.47", "微信 WeChat · Android", true],
    ["curl/8.5.0", "", false],
    ["", "", false],
  ])("that calls itself %j is %j", (agent, name, handheld) => expect(describeAgent(agent)).toEqual({ name, handheld }));
});

describe("a moment", () => {
  const at = new Date(2026, 10, 26, 3, 5).toISOString();
  it("is a day and a time of 24 hours", () => {
    expect(formatMoment(at, "zh-Hans-CN")).toBe("2026年11月26日 03:05");
    expect(formatMoment(new Date(2026, 10, 26, 0, 5).toISOString(), "en")).toContain("00:05");
  });
  it("has a day alone", () => expect(formatDay(at, "en")).toBe("Nov 26, 2026"));
});

describe("a new password", () => {
  it.each([
    ["old password", "short", "short", "password.short"],
    ["old password", "an honest sentence", "another sentence", "password.differs"],
    ["old password", "old password", "old password", "password.same"],
    ["old password", "雨天记得收衣服和被子", "雨天记得收衣服和被子", null],
  ] as const)("after %j as %j and %j: %j", (old, chosen, again, fault) => expect(faultOf(old, chosen, again)).toBe(fault));
});
