/** What a place of the home is called, and which colour of the strip it has. */
import { LANGUAGES, locale } from "@/core/i18n";
import { t, term } from "./words";

interface Where {
  readonly room: string;
  readonly place: string;
}

const COLOURED: ReadonlySet<string> = new Set(["kitchen", "living_room", "bedroom", "bathroom", "hall"]);

export function placeName({ room, place }: Where): string {
  const at = room === "" ? t("evidence.somewhere") : term("room", room);
  return place === "room" ? at : t(`place.${place as "bed" | "door" | "appliance"}`, { room: at });
}

/** The class that gives a place its colour. */
export function placeColour({ room, place }: Where): string {
  if (place === "door") return "at-door";
  return COLOURED.has(room) ? `at-${room}` : "at-other";
}

/** The language tag that dates are written in. */
export function tag(): string {
  return LANGUAGES[locale.value].tag;
}

/** `周一` for 1. */
export function weekday(number: number): string {
  return new Intl.DateTimeFormat(tag(), { weekday: "short" }).format(new Date(2024, 0, number)); // the first was a Monday
}

/** A day of the calendar (`2026-11-27`), near enough to need no year. */
export function dayIn(day: string, language: string): string {
  return new Intl.DateTimeFormat(language, { month: "short", day: "numeric", weekday: "short" }).format(new Date(`${day}T00:00`));
}

/** Words in a row, as the language writes them. */
export function listed(words: readonly string[]): string {
  return new Intl.ListFormat(tag(), { type: "conjunction" }).format(words);
}

/** `今天`, `昨天`, or the weekday with its date. */
export function dayName(ms: number, daysBack: number): string {
  if (daysBack <= 1) return t(daysBack === 0 ? "home.today" : "home.yesterday");
  return new Intl.DateTimeFormat(tag(), { weekday: "short", month: "numeric", day: "numeric" }).format(ms);
}
