/** Small phrases that several views of this page share. */
import { LANGUAGES, locale } from "@/core/i18n";
import type { DayVisit } from "./day";
import type { Item } from "./outbox";
import { t, term } from "./words";

const COMMA = { "zh-Hans": "、", "zh-Hant": "、", en: ", " } as const;

export const listed = (words: readonly string[]) => words.join(COMMA[locale.value]);
export const tagOf = () => LANGUAGES[locale.value].tag;

/** `09:05` by this device. */
export function clock(iso: string | number): string {
  const at = new Date(iso);
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

/** A day as `11月26日 周四`. */
export function dayName(iso: string): string {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(iso) ? `${iso}T12:00:00` : iso;
  return new Intl.DateTimeFormat(tagOf(), { month: "short", day: "numeric", weekday: "short" }).format(new Date(at));
}

export function shortDay(iso: string): string {
  return new Intl.DateTimeFormat(tagOf(), { month: "short", day: "numeric" }).format(new Date(iso));
}

/** The words of a question; its key where this page is older than the server. */
export const question = (key: string) => term("q", key);

/** The words of an answer; some questions have their own. */
export function option(key: string, answer: string): string {
  const own = `${key}_${answer}`;
  const told = term("o", own);
  return told === own ? term("o", answer) : told;
}

/** Why somebody goes, one phrase a duty. */
export function owed({ owed: duties }: Pick<DayVisit, "owed">): { readonly text: string; readonly overdue: boolean }[] {
  return duties.map((one) => ({
    text: t(`owed.${one.reason}`, { at: shortDay(one.due_at), name: one.name }),
    overdue: one.overdue,
  }));
}

/** What is missing, from the faults that the server names. */
export function faults(all: readonly string[]): string[] {
  return all.map((fault) => {
    const what = fault.split(":")[0] ?? fault;
    const proof = term("proof", what);
    return proof === what ? question(what) : proof;
  });
}

/** Why the server did not take something. */
export function whyOf(item: Item): string {
  const told = term("why", item.why);
  return told === item.why ? t("why.other", { code: item.why }) : told;
}
