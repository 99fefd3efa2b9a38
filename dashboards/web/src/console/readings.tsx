/** What the home said last: the newest reading of each quantity, with its age, because an old value misleads. */
import type { ReadingView } from "@/core/api";
import { LANGUAGES, locale, t, term } from "@/core/i18n";
import { formatAgo } from "@/core/time";
import { homeCard, nowMs } from "./model";

const MOST_ROWS = 8;
const USABLE: ReadonlySet<string> = new Set(["good", "estimated"]);
const UNITS: Readonly<Record<string, string>> = { Cel: "°C", "%RH": "%", "%EL": "%", "beat/min": "/min" };

export function Readings({ homeId }: { homeId: number }) {
  const card = homeCard.value;
  if (card === null || card.id !== homeId || card.readings.length === 0) return null;
  return (
    <section class="block">
      <h3>{t("pane.readings")}</h3>
      <ul class="readings">
        {card.readings.slice(0, MOST_ROWS).map((reading) => (
          <li key={`${reading.device}/${reading.quantity}`}>
            <span>{term("quantity", reading.quantity)}</span>
            <b>{formatValue(reading)}</b>
            <span class="quiet">{formatAgo(reading.observed_at, nowMs.value, LANGUAGES[locale.value].tag)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function formatValue({ value, unit, quality }: ReadingView): string {
  if (value === null || !USABLE.has(quality)) return t("quality.none");
  if (unit === "") return t(value === 0 ? "triage.no" : "triage.yes");
  return `${Number(value.toFixed(1))} ${UNITS[unit] ?? unit}`;
}
