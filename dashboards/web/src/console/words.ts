/** The words of the console: all that is told of alarms and findings, and its own. */
import { alarmWords } from "@/core/alarm-words";
import { speak } from "@/core/i18n";
import ownEn from "../../../i18n/console/en.json";
import ownHans from "../../../i18n/console/zh-Hans.json";
import ownHant from "../../../i18n/console/zh-Hant.json";

const en = { ...alarmWords.en, ...ownEn };
export type Key = keyof typeof en;

export const { t, term } = speak<Key>({
  "zh-Hans": { ...alarmWords["zh-Hans"], ...ownHans },
  "zh-Hant": { ...alarmWords["zh-Hant"], ...ownHant },
  en,
});
