/** The words of administration, and what equipment and rooms are called. */
import { common, speak } from "@/core/i18n";
import alarmEn from "../../../i18n/alarm/en.json";
import alarmHans from "../../../i18n/alarm/zh-Hans.json";
import alarmHant from "../../../i18n/alarm/zh-Hant.json";
import deviceEn from "../../../i18n/device/en.json";
import deviceHans from "../../../i18n/device/zh-Hans.json";
import deviceHant from "../../../i18n/device/zh-Hant.json";
import ownEn from "../../../i18n/admin/en.json";
import ownHans from "../../../i18n/admin/zh-Hans.json";
import ownHant from "../../../i18n/admin/zh-Hant.json";

const en = { ...common.en, ...alarmEn, ...deviceEn, ...ownEn };
export type Key = keyof typeof en;

export const { t, term } = speak<Key>({
  "zh-Hans": { ...common["zh-Hans"], ...alarmHans, ...deviceHans, ...ownHans },
  "zh-Hant": { ...common["zh-Hant"], ...alarmHant, ...deviceHant, ...ownHant },
  en,
});
