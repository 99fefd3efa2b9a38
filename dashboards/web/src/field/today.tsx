/** The day in the order of the way: where to, whom, why, and how far one has come. */
import { signal } from "@preact/signals";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { Calls } from "./calls";
import { course, mapLink, startOf, type DayVisit, type Stage } from "./day";
import { clockOffMs, day, drafts, forms, online, own, refresh, tag, today } from "./model";
import { progress } from "./questions";
import { hrefOf } from "./route";
import { t, term } from "./words";
import { clock, dayName, listed, option, owed, shortDay } from "./words-of";

const MINUTE_MS = 60_000;
const OVER: readonly Stage[] = ["over", "cancelled"];
const showsDone = signal(false);

export function Today() {
  const read = day.value;
  if (read === null) return <Unread />;
  const shown = (today.value?.visits ?? []).map((at) => ({ at, stage: course(at, own.value).stage }));
  const open = shown.filter(({ stage }) => !OVER.includes(stage));
  const done = shown.filter(({ stage }) => OVER.includes(stage));
  const isToday = read.value.day === localDay();
  return (
    <main class="field">
      <Calls />
      <p class="day-name">
        <span>{isToday ? dayName(read.value.day) : t("day.old", { day: dayName(read.value.day) })}</span>
        <strong>{`${done.length}/${shown.length}`}</strong>
      </p>
      {clockOffMs.value !== 0 && <p class="hint">{t("day.clock_off", { minutes: Math.round(Math.abs(clockOffMs.value) / MINUTE_MS) })}</p>}
      {tag.value !== null && <p class="hint" role="status"><Icon name="key" />{t("door.tag_read")}</p>}
      {shown.length === 0 && <p class="empty">{t("day.none")}</p>}
      <ol class="cards">{open.map(({ at, stage }) => <Card key={at.visit.key} at={at} stage={stage} />)}</ol>
      <a class="button" href={hrefOf("find")}><Icon name="search" />{t("find.open")}</a>
      {done.length > 0 && (
        <details open={showsDone.value || open.length === 0} onToggle={(event) => (showsDone.value = event.currentTarget.open)}>
          <summary>{`${t("day.done")} · ${done.length}`}</summary>
          <ol class="cards">{done.map(({ at, stage }) => <Card key={at.visit.key} at={at} stage={stage} />)}</ol>
        </details>
      )}
    </main>
  );
}

/** A day by this device's calendar: only to say whether what was read is of today. */
function localDay(iso?: string): string {
  const at = iso === undefined ? new Date() : new Date(iso);
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
}

function Unread() {
  return (
    <main class="field">
      <div class="empty">
        <p>{t("day.unread")}</p>
        {online.value ? <p role="status">{t("app.loading")}</p> : <p>{t("day.unread_why")}</p>}
        <Button icon="undo" onClick={() => void refresh()}>{t("day.refresh")}</Button>
      </div>
    </main>
  );
}

function Card({ at, stage }: { at: DayVisit; stage: Stage }) {
  const { visit } = at;
  const { waiting, refused } = course(at, own.value);
  return (
    <li class={`card ${stage}`} data-visit={visit.key}>
      <a class="card-main" href={hrefOf("visit", visit.key)}>
        <span class="card-top">
          <Start at={at} />
          <strong>{visit.resident}</strong>
          <span class={`kind ${visit.kind}`}>{term("visit_kind", visit.kind)}{visit.way === "home" ? "" : ` · ${term("way", visit.way)}`}</span>
        </span>
        <span class="card-where">{[t("day.age", { n: at.age }), at.lives_alone ? t("day.alone") : "", visit.address].filter(Boolean).join(" · ")}</span>
        <Reasons at={at} />
        <span class="chips">
          {stage !== "planned" && <span class={`chip stage-${stage}`}>{t(`stage.${stage}`)}</span>}
          <Draft at={at} />
          {waiting > 0 && <span class="chip waits"><Icon name="up" size={16} />{t("out.waiting", { n: waiting })}</span>}
          {refused > 0 && <span class="chip refused">{t("out.refused", { n: refused })}</span>}
          {at.visit.id === 0 && <span class="chip">{t("find.unplanned")}</span>}
          {stage === "planned" && at.minutes > 0 && <span class="chip">{t("day.minutes", { n: at.minutes })}</span>}
          {at.people > 1 && <span class="chip">{t("day.together")}</span>}
          {at.skills.map((skill) => <span key={skill} class="chip">{term("skill", skill)}</span>)}
        </span>
      </a>
      {stage !== "over" && stage !== "cancelled" && <Ways at={at} />}
    </li>
  );
}

/** When it begins; of what was left over also the day. */
function Start({ at }: { at: DayVisit }) {
  const start = startOf(at);
  if (start === null) return <small>{t("day.no_time")}</small>;
  const isToday = localDay(start) === day.value?.value.day;
  return <time dateTime={start}>{!isToday && <small>{shortDay(start)} </small>}{clock(start)}</time>;
}

function Draft({ at }: { at: DayVisit }) {
  const draft = drafts.value.get(at.visit.key);
  const form = forms.value?.forms.find((one) => one.kind === at.visit.kind);
  if (draft === undefined || form === undefined || Object.keys(draft.answers).length === 0) return null;
  const { answered, asked } = progress(form, draft.answers);
  return <span class="chip">{t("form.progress", { n: answered, of: asked })}</span>;
}

function Reasons({ at }: { at: DayVisit }) {
  const why = owed(at)[0];
  const got = [...new Set([...(at.last?.worse ?? []), ...(at.last?.worries ?? [])])];
  return (
    <>
      {why !== undefined && <span class={why.overdue ? "reason overdue" : "reason"}>{why.text}{why.overdue && ` · ${t("owed.overdue")}`}</span>}
      {at.visit.services.length > 0 && <span class="reason">{listed(at.visit.services.map((one) => option("done", one)))}</span>}
      {got.length > 0 && <span class="reason worry">{t("visit.worries", { what: listed(got.map((key) => term("q", key))) })}</span>}
    </>
  );
}

/** Opens the telephone's own map. */
export function MapLink({ at }: { at: DayVisit }) {
  if (at.latitude === null || at.longitude === null) return <span class="button" aria-disabled="true">{t("go.no_place")}</span>;
  return (
    <a class="button" href={mapLink(at.latitude, at.longitude, at.visit.address, navigator.userAgent)}>
      <Icon name="map" />{t("go.map")}
    </a>
  );
}

/** The map, the telephone, and the way in. */
function Ways({ at }: { at: DayVisit }) {
  return (
    <div class="ways">
      <MapLink at={at} />
      {at.phone !== "" && <a class="button" href={`tel:${at.phone}`}><Icon name="phone" />{t("go.call")}</a>}
      <a class="button primary" href={hrefOf("visit", at.visit.key)}>{course(at, own.value).arrived ? t("go.continue") : t("go.open")}</a>
    </div>
  );
}
