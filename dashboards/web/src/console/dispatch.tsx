/**
 * Who goes: the nearest who may be asked, whom of the care circle one has spoken with, or somebody else.
 *
 * What this is: a dialog's content. What it is not: the choice; the platform says who is near and free, and how soon they
 * would be there. The one idea: to ask somebody by message is one key; that somebody has agreed on the telephone is
 * written down with the time they gave.
 */
import { useState } from "preact/hooks";
import type { IncidentView } from "@/core/api";
import type { AskView, CalloutView, NearView, Said } from "@/core/home-api";
import { ageSeconds, formatClock, secondsUntil } from "@/core/time";
import { send, sending } from "@/sign/send";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { callout, takeCallout } from "./beside";
import { Call } from "./call";
import { Foot, stepOn, submit } from "./dialog-form";
import { detail, homeApi, nowMs } from "./model";
import { t, term } from "./words";

const ETAS_MINUTES = [5, 10, 15, 20, 30, 45, 60] as const;
const DEFAULT_ETA_MINUTES = 15; // on site within 15 minutes in town

export function Dispatch({ incident }: { incident: IncidentView }) {
  const found = callout.value?.incident_id === incident.id ? callout.value : null;
  return (
    <div class="dispatch" onKeyDown={(event) => byNumber(event, incident.id, found?.nearest ?? [])}>
      {found !== null && <Nearest incident={incident.id} found={found} />}
      <Agreed incident={incident} />
    </div>
  );
}

/** `1` asks the first of the nearest, and so on; never while somebody types. */
function byNumber(event: KeyboardEvent, incident: number, nearest: readonly NearView[]): void {
  const chosen = /^[1-9]$/.test(event.key) ? nearest[Number(event.key) - 1] : undefined;
  if (chosen === undefined || (event.target as Element).matches("input[type=text], textarea")) return;
  event.preventDefault();
  void ask(incident, chosen.responder_id);
}

async function keep(incident: number, work: Promise<CalloutView>): Promise<void> {
  takeCallout(incident, await work);
}

function ask(incident: number, responder: number): Promise<unknown> {
  return send(() => keep(incident, homeApi.ask(incident, responder)));
}

function Nearest({ incident, found }: { incident: number; found: CalloutView }) {
  return (
    <section class="nearest" aria-labelledby="nearest-title">
      {found.asks.length > 0 && <Asks incident={incident} asks={found.asks} />}
      <h3 id="nearest-title">{t("dispatch.nearest")}</h3>
      {found.nearest.length === 0 && <p class="quiet">{t("dispatch.nobody_near")}</p>}
      <ol>
        {found.nearest.map((one, index) => (
          <li key={one.responder_id}>
            <kbd>{index + 1}</kbd>
            <span class="near-who">
              <b>{one.name}</b> <small>{term("responder", one.kind)}</small>
              {one.reasons.includes("has_key") && <small class="has-key"><Icon name="key" size={15} />{t("person.has_key")}</small>}
              {one.reasons.includes("knows") && <small>{t("dispatch.knows")}</small>}
              {one.reasons.includes("in_visit") && <small class="worry">{t("dispatch.in_visit")}</small>}
            </span>
            <span class="near-when"><b>{t("unit.minutes", { n: Math.max(1, Math.round(one.travel_s / 60)) })}</b><small>{metres(one.distance_m)}</small></span>
            {one.phone && <Call phone={one.phone} who={one.name} />}
            <Button kind={index === 0 ? "primary" : "plain"} icon="send" disabled={sending.value} onClick={() => void ask(incident, one.responder_id)}>
              {t("dispatch.ask")}
            </Button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function metres(distance: number): string {
  return distance < 950 ? t("unit.m", { n: Math.round(distance / 50) * 50 }) : t("unit.km", { n: (distance / 1_000).toFixed(1) });
}

/** Whoever was asked, what became of it, and what they said when one rang them. */
export function Asks({ incident, asks }: { incident: number; asks: readonly AskView[] }) {
  const said = (responder: number, word: Said) => void send(() => keep(incident, homeApi.answerFor(incident, responder, word)));
  return (
    <ul class="asks" aria-label={t("dispatch.asked")}>
      {asks.map((one) => (
        <li key={one.responder_id} class={one.state}>
          <span class="near-who">
            <b>{one.name}</b> <small>{term("responder", one.kind)}</small>
            <small class="ask-state">{term("ask", one.state)} · {when(one)}</small>
            {one.telephone && <small class="worry">{t("dispatch.telephone")}</small>}
          </span>
          {one.phone && <Call phone={one.phone} who={one.name} />}
          {(one.state === "asked" || one.state === "unreached") && (
            <>
              <Button icon="check" disabled={sending.value} onClick={() => said(one.responder_id, "accept")}>{t("dispatch.will_go")}</Button>
              <Button disabled={sending.value} onClick={() => said(one.responder_id, "decline")}>{t("dispatch.cannot")}</Button>
            </>
          )}
          {one.state === "accepted" && (
            <>
              <Button icon="door" disabled={sending.value} onClick={() => said(one.responder_id, "arrived")}>{t("action.arrive")}</Button>
              <Button disabled={sending.value} onClick={() => void send(() => keep(incident, homeApi.relieve(incident, one.responder_id)))}>{t("dispatch.relieve")}</Button>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

/** When they will be there, or how long ago they were asked. */
function when(one: AskView): string {
  if (one.arrived_at !== null) return formatClock(one.arrived_at).slice(0, 5);
  if (one.state === "accepted" && one.expected_at !== null) {
    return t("dispatch.there_in", { n: Math.ceil(secondsUntil(one.expected_at, nowMs.value) / 60) });
  }
  return t("dispatch.asked_ago", { n: Math.floor(ageSeconds(one.answered_at ?? one.asked_at, nowMs.value) / 60) });
}

/** Somebody has said on the telephone that they go: who, and in what time. */
function Agreed({ incident }: { incident: IncidentView }) {
  const rungs = detail.value?.ladder ?? [];
  const [chosen, choose] = useState(rungs.find((rung) => rung.state !== "declined" && rung.state !== "passed")?.name ?? "");
  const [minutes, setMinutes] = useState<number>(DEFAULT_ETA_MINUTES);
  const responder = chosen.trim();
  const step = stepOn(incident.id);
  return (
    <form onSubmit={(event) => void submit(event, step, "dispatch", { responder, eta_minutes: minutes })}>
      <fieldset>
        <legend>{t("dispatch.who")}</legend>
        {rungs.map((rung) => (
          <label key={rung.step} class="choice">
            <input type="radio" name="responder" checked={chosen === rung.name} onChange={() => choose(rung.name)} />
            <b>{rung.name}</b>
            <span>{term("relation", rung.relation)}</span>
            {rung.has_key && <span class="has-key"><Icon name="key" size={15} />{t("person.has_key")}</span>}
            <span class="rung-state">{term("rung", rung.state)}</span>
          </label>
        ))}
        <label class="choice other">
          <span>{t("dispatch.other")}</span>
          <input
            type="text"
            maxLength={100}
            value={rungs.some((rung) => rung.name === chosen) ? "" : chosen}
            onInput={(event) => choose(event.currentTarget.value)}
          />
        </label>
      </fieldset>
      <fieldset class="etas">
        <legend>{t("dispatch.eta")}</legend>
        {ETAS_MINUTES.map((n) => (
          <label key={n} class="pick">
            <input type="radio" name="eta" checked={minutes === n} onChange={() => setMinutes(n)} />
            <span>{t("unit.minutes", { n })}</span>
          </label>
        ))}
      </fieldset>
      <Foot step={step} label={t("dispatch.send")} ready={responder !== ""} />
    </form>
  );
}
