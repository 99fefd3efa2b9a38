/** The words of the caseworker's page, and those of alarms: a visitor may be asked to one. */
import { common, speak } from "@/core/i18n";
import alarmEn from "../../../i18n/alarm/en.json";
import alarmHans from "../../../i18n/alarm/zh-Hans.json";
import alarmHant from "../../../i18n/alarm/zh-Hant.json";
import ownEn from "../../../i18n/field/en.json";
import ownHans from "../../../i18n/field/zh-Hans.json";
import ownHant from "../../../i18n/field/zh-Hant.json";

const en = { ...common.en, ...alarmEn, ...ownEn };
export type Key = keyof typeof en;

export const { t, term } = speak<Key>({
  "zh-Hans": { ...common["zh-Hans"], ...alarmHans, ...ownHans },
  "zh-Hant": { ...common["zh-Hant"], ...alarmHant, ...ownHant },
  en,
});
