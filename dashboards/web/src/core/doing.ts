/** What somebody did, in words: the operations that the audit trail names. */
import { speak } from "./i18n";
import doingEn from "../../../i18n/doing/en.json";
import doingHans from "../../../i18n/doing/zh-Hans.json";
import doingHant from "../../../i18n/doing/zh-Hant.json";

const { t, term } = speak<keyof typeof doingEn>({ "zh-Hans": doingHans, "zh-Hant": doingHant, en: doingEn });

/** All records of the register are read and kept by the same few operations; one that a newer server invented stays as it is. */
export function doing(action: string): string {
  const [, verb, what] = /^(list|read|add|change|retire)(\w+?)Records?$/.exec(action) ?? [];
  if (verb === undefined || what === undefined) return term("doing", action);
  return t("doing_record", { verb: term("doing_verb", verb), what: term("doing_what", what) });
}
