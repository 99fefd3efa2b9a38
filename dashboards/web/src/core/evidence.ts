/**
 * The numbers behind an alarm, as a sentence a person can weigh.
 *
 * Pure. Each known number has a phrase in the catalogues (`evidence.`); one that this page does not know is left
 * out of the sentence rather than shown as a code.
 */
import type { IncidentView } from "./api";
import { alarmWords, t, term } from "./alarm-words";
import { fill, locale } from "./i18n";
import { formatClock } from "./time";

const SEPARATOR = { "zh-Hans": "，", "zh-Hant": "，", en: ", " } as const;
/** One sensor, or one press, is what every alarm has: it tells something from two on. */
const TELLING_FROM_TWO: ReadonlySet<string> = new Set(["count", "witnesses"]);
const FULL_STOP = { "zh-Hans": "。", "zh-Hant": "。", en: "." } as const;

export function describeEvidence(incident: Pick<IncidentView, "kind" | "room" | "observed_at" | "evidence">): string {
  const opening = t("evidence.opening", {
    at: formatClock(incident.observed_at),
    what: term("kind", incident.kind),
    where: incident.room === "" ? t("evidence.somewhere") : term("room", incident.room),
  });
  const told = found(incident.evidence) ?? [...measured(incident.evidence), ...phrases(incident.evidence)];
  const numbers = [...new Set(told)];
  return [opening, ...numbers].join(SEPARATOR[locale.value]) + FULL_STOP[locale.value];
}

/** What the cloud found in stored measurements: a sentence of its own, with its numbers in it. */
function found(evidence: Readonly<Record<string, unknown>>): string[] | null {
  const { finding, quantity, numbers } = evidence;
  const words = alarmWords[locale.value] as Readonly<Record<string, string>>;
  const template = words[`finding.${String(finding)}`];
  if (template === undefined) return null;
  const shown = Object.entries(typeof numbers === "object" && numbers !== null ? numbers : {}).map(
    ([name, value]: [string, unknown]) => [name, typeof value === "number" ? round(value) : String(value)] as const,
  );
  return [fill(template, { ...Object.fromEntries(shown), quantity: term("quantity", String(quantity)) })];
}

/** One phrase per known number; what one sensor says lies a level deeper, under the sensor's name. */
function phrases(evidence: object): string[] {
  return Object.entries(evidence).flatMap(([name, value]: [string, unknown]) => {
    if (Array.isArray(value)) return phrase(name, value.length);
    return typeof value === "object" && value !== null ? phrases(value) : phrase(name, value);
  });
}

/** What was measured and which limit it crossed: three numbers that say something only together. */
function measured(evidence: Readonly<Record<string, unknown>>): string[] {
  const { quantity, value, limit } = evidence;
  if (typeof quantity !== "string" || typeof value !== "number" || typeof limit !== "number") return [];
  return [
    t("evidence.measured", { quantity: term("quantity", quantity), value: round(value), limit: round(limit) }),
  ];
}

function phrase(name: string, value: unknown): string[] {
  if (value === true) value = "";
  if (typeof value !== "number" && typeof value !== "string") return [];
  if (value === 1 && TELLING_FROM_TWO.has(name)) return [];
  const words = alarmWords[locale.value] as Readonly<Record<string, string>>;
  const template = words[`evidence.${name}`];
  return template === undefined ? [] : [fill(template, { value: typeof value === "number" ? round(value) : value })];
}

/** Two significant decimals at most: 3.1999 is 3.2, 12.0 is 12. */
function round(value: number): string {
  return String(Number(value.toFixed(Math.abs(value) < 1 ? 2 : 1)));
}
