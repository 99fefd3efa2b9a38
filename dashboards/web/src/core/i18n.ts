/**
 * Words, in the language the reader chose.
 *
 * What this is: the words that every page needs, and `speak`, which makes the `t` and `term` of a page from its own.
 * What it is not: any page's words; those are in `dashboards/i18n/<page>` and reach the page through its `words.ts`, so
 * that a phone does not load the console's. The one idea: the English catalogue gives the type of the keys, so a missing
 * word is a compile error. All three languages are in the bundle: a switch must work while the server does not.
 */
import { computed, signal } from "@preact/signals";
import en from "../../../i18n/common/en.json";
import zhHans from "../../../i18n/common/zh-Hans.json";
import zhHant from "../../../i18n/common/zh-Hant.json";

export type Locale = "zh-Hans" | "zh-Hant" | "en";
export type Key = keyof typeof en;
export type Params = Readonly<Record<string, string | number>>;
/** The words of a page: one text per key and language. */
export type Catalogue<K extends string> = Readonly<Record<Locale, Readonly<Record<K, string>>>>;

export interface Speech<K extends string> {
  /** The text for `key` with `{name}` filled in. */
  readonly t: (key: K, params?: Params) => string;
  /** The text for `prefix.value`, or `value` itself: a newer server may send words this page does not know. */
  readonly term: (prefix: string, value: string) => string;
}

interface Language {
  readonly name: string;
  /** BCP 47 tag for the page: it decides the shapes of Han characters. */
  readonly tag: string;
}

export const LANGUAGES: Readonly<Record<Locale, Language>> = {
  "zh-Hans": { name: "简体中文", tag: "zh-Hans-CN" },
  "zh-Hant": { name: "繁體中文", tag: "zh-Hant-TW" },
  en: { name: "English", tag: "en" },
};

export const locale = signal<Locale>("zh-Hans");

/** What every page says. */
export const common: Catalogue<Key> = { "zh-Hans": zhHans, "zh-Hant": zhHant, en };

/** The voice of a page: `catalogue` in the language of the moment. */
export function speak<K extends string>(catalogue: Catalogue<K>): Speech<K> {
  const words = computed(() => catalogue[locale.value]);
  return {
    t: (key, params = {}) => fill(words.value[key], params),
    term: (prefix, value) => (words.value as Readonly<Record<string, string>>)[`${prefix}.${value}`] ?? value,
  };
}

export const { t, term } = speak(common);

/** `template` with each `{name}` replaced; a name without a value stays visible. */
export function fill(template: string, params: Params): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** The first language of `preferred` (BCP 47 tags) that there is; simplified Chinese without one. */
export function chooseLocale(preferred: readonly string[]): Locale {
  for (const tag of preferred) {
    const found = matchLocale(tag);
    if (found !== null) return found;
  }
  return "zh-Hans";
}

function matchLocale(tag: string): Locale | null {
  const lower = tag.toLowerCase();
  if (lower.startsWith("en")) return "en";
  if (!lower.startsWith("zh")) return null;
  return /hant|-tw|-hk|-mo/.test(lower) ? "zh-Hant" : "zh-Hans";
}
