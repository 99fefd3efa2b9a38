/** The words of the console: all that is told of alarms and findings, what equipment is called, and its own. */
import { alarmWords } from "@/core/alarm-words";
import { speak } from "@/core/i18n";
import deviceEn from "../../../i18n/device/en.json";
import deviceHans from "../../../i18n/device/zh-Hans.json";
import deviceHant from "../../../i18n/device/zh-Hant.json";
import ownEn from "../../../i18n/console/en.json";
import ownHans from "../../../i18n/console/zh-Hans.json";
import ownHant from "../../../i18n/console/zh-Hant.json";

const en = { ...alarmWords.en, ...deviceEn, ...ownEn };
export type Key = keyof typeof en;

export const { t, term } = speak<Key>({
  "zh-Hans": { ...alarmWords["zh-Hans"], ...deviceHans, ...ownHans },
  "zh-Hant": { ...alarmWords["zh-Hant"], ...deviceHant, ...ownHant },
  en,
});
