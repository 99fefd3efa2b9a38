/**
 * Words, in the language the operator chose.
 *
 * One flat catalogue per language in `dashboards/i18n`; the English one gives the type of the keys, so a missing
 * word is a compile error, and a test compares the three. All are in the bundle: a language switch must work
 * while the server does not.
 */
import { computed, signal } from "@preact/signals";
import en from "../../../i18n/en.json";
import zhHans from "../../../i18n/zh-Hans.json";
import zhHant from "../../../i18n/zh-Hant.json";

export type Key = keyof typeof en;
export type Locale = "zh-Hans" | "zh-Hant" | "en";
export type Params = Readonly<Record<string, string | number>>;

interface Language {
  readonly name: string;
  /** BCP 47 tag for the page: it decides the shapes of Han characters. */
  readonly tag: string;
  readonly words: Readonly<Record<Key, string>>;
}

export const LANGUAGES: Readonly<Record<Locale, Language>> = {
  "zh-Hans": { name: "简体中文", tag: "zh-Hans-CN", words: zhHans },
  "zh-Hant": { name: "繁體中文", tag: "zh-Hant-TW", words: zhHant },
  en: { name: "English", tag: "en", words: en },
};

export const locale = signal<Locale>("zh-Hans");
const words = computed(() => LANGUAGES[locale.value].words);

/** The text for `key` with `{name}` filled in. */
export function t(key: Key, params: Params = {}): string {
  return fill(words.value[key], params);
}

/** The text for `prefix.value`, or `value` itself: a newer server may send words this page does not know. */
export function term(prefix: string, value: string): string {
  return (words.value as Readonly<Record<string, string>>)[`${prefix}.${value}`] ?? value;
}

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
