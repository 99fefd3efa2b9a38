/** The language that dates are written in. */
import { LANGUAGES, locale } from "@/core/i18n";

export function tag(): string {
  return LANGUAGES[locale.value].tag;
}
