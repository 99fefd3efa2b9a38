/** The words of administration. */
import { common, speak } from "@/core/i18n";
import ownEn from "../../../i18n/admin/en.json";
import ownHans from "../../../i18n/admin/zh-Hans.json";
import ownHant from "../../../i18n/admin/zh-Hant.json";

const en = { ...common.en, ...ownEn };
export type Key = keyof typeof en;

export const { t, term } = speak<Key>({
  "zh-Hans": { ...common["zh-Hans"], ...ownHans },
  "zh-Hant": { ...common["zh-Hant"], ...ownHant },
  en,
});
