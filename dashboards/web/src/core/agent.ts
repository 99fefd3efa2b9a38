/**
 * What a browser calls itself, in two words that a person knows: `Chrome · Windows`.
 *
 * What this is: a table read from top to bottom, the more particular first, for every browser claims to be its
 * ancestors, too. What it is not: a proof; a browser may call itself anything.
 */

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/MicroMessenger\//, "微信 WeChat"],
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/UCBrowser\//, "UC"],
  [/QQBrowser\//, "QQ"],
  [/HuaweiBrowser\//, "Huawei"],
  [/OPR\//, "Opera"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrome\/|CriOS\//, "Chrome"],
  [/Version\/.* Safari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/HarmonyOS/, "HarmonyOS"],
  [/Android/, "Android"],
  [/iPhone|iPad|iPod/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/UOS/, "UOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

export interface Agent {
  /** `Chrome · Windows`, or one of the two, or `""`: nothing that we know. */
  readonly name: string;
  readonly handheld: boolean;
}

/** What is behind a `User-Agent`. */
export function describeAgent(agent: string): Agent {
  const first = (table: typeof BROWSERS) => table.find(([pattern]) => pattern.test(agent))?.[1] ?? "";
  const name = [first(BROWSERS), first(SYSTEMS)].filter((word) => word !== "").join(" · ");
  return { name, handheld: /Mobile|Android|HarmonyOS|iPhone|iPod/.test(agent) };
}
