/** Seven days, one row each: when somebody was noticed, where most of all, and where nobody listened. */
import { clockOf, days, facts, height, midnight, QUARTERS, runs, type Day } from "@/core/activity";
import type { ActivityView } from "@/core/home-api";
import { t } from "../words";
import { nowMs } from "../model";
import { dayName, placeColour, placeName } from "../names";
import { Panel } from "./panel";
import { activity, DAYS, daysBack } from "./state";

export function Week() {
  return (
    <Panel name="week" title={t("home.week")} of={activity.value}>
      {(found) => (found.lines.length === 0 ? <p class="quiet">{t("home.no_places")}</p> : <Rows found={found} />)}
    </Panel>
  );
}

function Rows({ found }: { found: ActivityView }) {
  const shown = days(found, midnight(nowMs.value, DAYS - 1), DAYS);
  return (
    <>
      <p class="strip-legend">
        {legend(found.lines).map(({ colour, name }) => <span key={colour} class={colour}><i />{name}</span>)}
        <span class="at-gap"><i />{t("home.gap")}</span>
      </p>
      <ol class="strip-days">
        {shown.map((day, back) => <Row key={day.beginMs} day={day} back={back} view={found} />)}
      </ol>
      <Hours />
    </>
  );
}

/** Every colour that the strips draw, once, with what it stands for; a bed or a chair is its room's unless nothing else looks there. */
function legend(lines: ActivityView["lines"]) {
  return [...new Set(lines.map(placeColour))].map((colour) => {
    const alike = lines.filter((line) => placeColour(line) === colour);
    const wide = alike.filter((line) => line.place === "room" || line.place === "door");
    return { colour, name: (wide.length > 0 ? wide : alike).map(placeName).join(" · ") };
  });
}

function Row({ day, back, view }: { day: Day; back: number; view: ActivityView }) {
  const name = dayName(day.beginMs, back);
  return (
    <li class={daysBack.value === back ? "chosen" : ""}>
      <button type="button" class="strip-day" aria-pressed={daysBack.value === back} onClick={() => (daysBack.value = back)}>
        <b>{name}</b>
        <Strip day={day} view={view} />
        <small>{said(day)}</small>
      </button>
    </li>
  );
}

/** What the row shows, in words. */
function said(day: Day): string {
  const { signs, first, last, unheard } = facts(day, nowMs.value);
  const words = signs === 0 ? t("home.no_signs") : t("home.from_to", { first: clockOf(first), last: clockOf(last) });
  return unheard < 4 ? words : `${words} · ${t("home.unheard", { h: Math.round(unheard / 4) })}`;
}

function Strip({ day, view }: { day: Day; view: ActivityView }) {
  const over = Math.max(0, Math.min(QUARTERS, (nowMs.value - day.beginMs) / 900_000));
  return (
    <svg class="strip" viewBox={`0 0 ${QUARTERS} 1`} preserveAspectRatio="none" aria-hidden="true">
      {runs(day.cells).map(({ from, to, cell }) => {
        if (cell === null) return from < over && <rect key={from} class="gap" x={from} y={0} width={Math.min(to, over) - from} height={1} />;
        const tall = height(cell.signs);
        const line = view.lines[cell.line];
        return tall > 0 && line !== undefined && <rect key={from} class={placeColour(line)} x={from} y={1 - tall} width={to - from} height={tall} />;
      })}
    </svg>
  );
}

/** The hours below the strips. */
export function Hours() {
  return (
    <p class="strip-hours" aria-hidden="true">
      <span />
      <span>{[0, 6, 12, 18, 24].map((hour) => <i key={hour}>{hour}</i>)}</span>
      <span />
    </p>
  );
}
