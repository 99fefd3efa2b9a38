/** What the home said last: the newest readings, where they come from, and their age, as an old value misleads. */
import type { HomeCard, ReadingView } from "@/core/api";
import { LANGUAGES, locale } from "@/core/i18n";
import { formatAgo } from "@/core/time";
import { homeCard } from "./beside";
import { nowMs } from "./model";
import { t, term } from "./words";

const MOST_ROWS = 8;
/** Per cent; a fuller battery tells nothing about a person in need. */
const BATTERY_WORTH_SHOWING = 20;
const USABLE: ReadonlySet<string> = new Set(["good", "estimated"]);
const UNITS: Readonly<Record<string, string>> = { Cel: "°C", "%RH": "%", "%EL": "%", "beat/min": "/min" };

export function Readings({ homeId }: { homeId: number }) {
  const card = homeCard.value;
  if (card === null || card.id !== homeId) return null;
  const shown = card.readings.filter(isTelling).slice(0, MOST_ROWS);
  if (shown.length === 0 && card.withheld.length === 0) return null;
  return (
    <section class="block">
      <h3>{t("pane.readings")}</h3>
      {card.withheld.length > 0 && <p class="quiet">{formatWithheld(card)}</p>}
      <ul class="readings">
        {shown.map((reading) => (
          <li key={`${reading.device}/${reading.quantity}`}>
            <span>{term("quantity", reading.quantity)}</span>
            <b>{formatValue(reading)}</b>
            <span>{formatPlace(card, reading.device)}</span>
            <span class="quiet">{formatAgo(reading.observed_at, nowMs.value, LANGUAGES[locale.value].tag)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Why a place is empty, or why it is not. */
export function formatWithheld(card: HomeCard): string {
  if (card.opened) return t("pane.opened");
  const purposes = card.withheld.map((one) => term("purpose", one.purpose)).join(" · ");
  return t("pane.withheld", { purposes });
}

function isTelling({ quantity, value }: ReadingView): boolean {
  return quantity !== "battery" || (value !== null && value <= BATTERY_WORTH_SHOWING);
}

export function formatPlace(card: HomeCard, name: string): string {
  const device = card.devices.find((one) => one.name === name);
  if (device === undefined) return name;
  return device.room === "" ? term("device", device.kind) : term("room", device.room);
}

export function formatValue({ value, unit, quality }: ReadingView): string {
  if (value === null || !USABLE.has(quality)) return t("quality.none");
  if (unit === "") return t(value === 0 ? "triage.no" : "triage.yes");
  return `${Number(value.toFixed(1))} ${UNITS[unit] ?? unit}`;
}
