/** The words of the family's page. What is told of a home comes from the server, in every language. */
import { common, locale, speak } from "@/core/i18n";
import ownEn from "../../../i18n/family/en.json";
import ownHans from "../../../i18n/family/zh-Hans.json";
import ownHant from "../../../i18n/family/zh-Hant.json";
import type { Said } from "./api";

const en = { ...common.en, ...ownEn };
export type Key = keyof typeof en;

export const { t, term } = speak<Key>({
  "zh-Hans": { ...common["zh-Hans"], ...ownHans },
  "zh-Hant": { ...common["zh-Hant"], ...ownHant },
  en,
});

/** What the server said, in the language of the moment. */
export const say = (said: Said): string => said[locale.value] ?? "";
