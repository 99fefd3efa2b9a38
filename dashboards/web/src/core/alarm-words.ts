/** What is told of alarms and of findings: the words of a page that shows why somebody is needed. */
import { common, speak } from "./i18n";
import alarmEn from "../../../i18n/alarm/en.json";
import alarmHans from "../../../i18n/alarm/zh-Hans.json";
import alarmHant from "../../../i18n/alarm/zh-Hant.json";
import findingEn from "../../../i18n/finding/en.json";
import findingHans from "../../../i18n/finding/zh-Hans.json";
import findingHant from "../../../i18n/finding/zh-Hant.json";

const en = { ...common.en, ...alarmEn, ...findingEn };
export type Key = keyof typeof en;

export const alarmWords = {
  "zh-Hans": { ...common["zh-Hans"], ...alarmHans, ...findingHans },
  "zh-Hant": { ...common["zh-Hant"], ...alarmHant, ...findingHant },
  en,
};

export const { t, term } = speak<Key>(alarmWords);
