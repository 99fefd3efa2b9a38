/** One incident: the person before the device, what to do now, the script, who is asked, and what has happened. */
import type { ComponentChildren } from "preact";
import type { IncidentDetail, IncidentView, MessageView, RungView, TimelineEntry } from "@/core/api";
import { describeEvidence } from "@/core/evidence";
import { nextStep, otherSteps } from "@/core/steps";
import { formatPhone } from "@/core/phone";
import { formatClock } from "@/core/time";
import { Icon } from "@/ui/icons";
import { Age, Button, Countdown, PriorityTag } from "@/ui/parts";
import { STEP_ICON, take } from "./actions";
import { session } from "@/sign/session";
import { callout, lastPlaces } from "./beside";
import { Call } from "./call";
import { Asks } from "./dispatch";
import { mayOversee } from "./oversee";
import { busy, detail, dialog, incidentOf, nowMs, openHome, selected, unread } from "./model";
import { Plan } from "./plan";
import { Readings } from "./readings";
import { Triage } from "./triage";
import { t, term } from "./words";

export function Pane() {
  const incident = incidentOf(selected.value) ?? detail.value?.incident ?? null;
  if (incident === null) return <section class="pane panel empty"><p>{t("pane.choose")}</p></section>;
  const more = detail.value?.incident.id === incident.id ? detail.value : null;
  return (
    <section class="pane panel" aria-label={t("pane.label", { name: incident.resident })} data-pane={incident.id}>
      <Head incident={incident} />
      <Actions incident={incident} allowed={more?.actions ?? []} />
      {unread.value && <p class="pane-unread" role="status">{t(more === null ? "home.failed" : "home.stale")}</p>}
      <div class="pane-body">
        <div class="column">
          <Triage key={incident.id} incident={incident} />
          <LastPlaces homeId={incident.home_id} />
          <Block title={t("pane.timeline")} aside={mayOversee() && <Button icon="eye" onClick={() => (dialog.value = "trail")}>{t("action.trail")}</Button>}>{more && <Timeline entries={more.timeline} />}</Block>
          <Readings homeId={incident.home_id} />
        </div>
        <div class="column">
          <Resident incident={incident} more={more} />
          {callout.value?.incident_id === incident.id && callout.value.asks.length > 0 && (
            <Block title={t("dispatch.asked")}><Asks incident={incident.id} asks={callout.value.asks} /></Block>
          )}
          <Block title={t("pane.ladder")}>{more && <Ladder rungs={more.ladder} />}</Block>
          <Block title={t("pane.messages")}>{more && <Messages messages={more.messages} />}</Block>
        </div>
      </div>
    </section>
  );
}

const MOST_PLACES = 4;

/** Where to look for somebody who does not answer. */
function LastPlaces({ homeId }: { homeId: number }) {
  const found = lastPlaces.value;
  if (found === null || found.home_id !== homeId || found.places.length === 0) return null;
  return <Block title={t("home.places")}><Plan found={found.places} most={MOST_PLACES} /></Block>;
}

function Block({ title, children, aside }: { title: string; children: ComponentChildren; aside?: ComponentChildren }) {
  return (
    <section class="block">
      <h3>{title}{aside}</h3>
      {children ?? (!unread.value && <p class="quiet" role="status">{t("app.loading")}</p>)}
    </section>
  );
}

function Head({ incident }: { incident: IncidentView }) {
  return (
    <header class="pane-head">
      <div class="pane-title">
        <PriorityTag priority={incident.priority} />
        <h2>
          {t("person.name_age", { name: incident.resident, age: incident.age })}
          <span> {term("kind", incident.kind)}</span>
        </h2>
        <span class="pane-state">
          {term("state", incident.state)}
          {incident.state === "detected" && incident.due_at && <> <Countdown to={incident.due_at} now={nowMs.value} /></>}
        </span>
        <span class="pane-age"><Age since={incident.opened_at} now={nowMs.value} /></span>
      </div>
      <p class="evidence">{describeEvidence(incident)}</p>
      {incident.outcome && (
        <p class="outcome"><b>{incident.outcome} {term("outcome", incident.outcome)}</b> {incident.note}</p>
      )}
    </header>
  );
}

function Actions({ incident, allowed }: { incident: IncidentView; allowed: readonly string[] }) {
  const next = nextStep(incident.state);
  const waiting = busy.value.has(incident.id);
  const mine = incident.owner === session.value?.name;
  return (
    <div class="actions">
      {next !== null && next !== "triage" && (
        <Button kind="primary" icon={STEP_ICON[next]} disabled={waiting} onClick={() => take(incident, next)}>
          {t(`action.${next}`)}
        </Button>
      )}
      {otherSteps(incident.state, allowed, mine).map((action) => (
        <Button key={action} icon={STEP_ICON[action]} disabled={waiting} onClick={() => take(incident, action)}>
          {t(action === "ack" ? "action.take_over" : `action.${action}`)}
        </Button>
      ))}
    </div>
  );
}

function Resident({ incident, more }: { incident: IncidentView; more: IncidentDetail | null }) {
  return (
    <section class="block resident">
      <h3>
        {t("pane.resident")}
        <Button icon="door" keys="H" onClick={() => openHome(incident.home_id)}>{t("home.open")}</Button>
      </h3>
      <p class="facts">
        {incident.lives_alone && <span class="chip">{t("person.lives_alone")}</span>}
        <span class="chip">{term("ability", String(incident.ability_level))}</span>
        {incident.owner && <span class="chip"><Icon name="user" size={15} />{incident.owner}</span>}
      </p>
      <p>{incident.address}</p>
      {more?.notes && <p class="warning">{more.notes}</p>}
      {more?.resident_phone && (
        <p class="home-phone">
          <Call phone={more.resident_phone} who={incident.resident} label={t("action.call_home")} />
          <span class="digits">{formatPhone(more.resident_phone)}</span>
        </p>
      )}
    </section>
  );
}

function Ladder({ rungs }: { rungs: readonly RungView[] }) {
  if (rungs.length === 0) return <p class="quiet">{t("pane.no_ladder")}</p>;
  return (
    <ol class="ladder">
      {rungs.map((rung) => (
        <li key={rung.step} class={`rung ${rung.state}`}>
          <span class="rung-who">
            <b>{rung.name}</b>
            <small>{term("relation", rung.relation)}</small>
            {rung.has_key && <small class="has-key"><Icon name="key" size={15} />{t("person.has_key")}</small>}
            {rung.phone && <small class="digits">{formatPhone(rung.phone)}</small>}
          </span>
          <span class="rung-state">
            {term("rung", rung.state)}
            {(rung.answered_at ?? rung.asked_at) !== null && <small>{formatClock(rung.answered_at ?? rung.asked_at ?? "")}</small>}
          </span>
          {rung.phone && <Call phone={rung.phone} who={rung.name} />}
        </li>
      ))}
    </ol>
  );
}

function Messages({ messages }: { messages: readonly MessageView[] }) {
  if (messages.length === 0) return <p class="quiet">{t("pane.no_messages")}</p>;
  return (
    <ul class="messages">
      {messages.map((message) => (
        <li key={message.id}>
          <time dateTime={message.created_at}>{formatClock(message.created_at)}</time>
          <span class="address">{term("channel", message.channel)} {message.address}</span>
          <span class={`message-state ${message.state}`}>
            {term("message", message.state)}
            {message.attempts > 1 && ` ×${message.attempts}`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <ol class="timeline">
      {[...entries].reverse().map((entry) => (
        <li key={entry.seq}>
          <time dateTime={entry.at}>{formatClock(entry.at)}</time>
          <span>
            <b>{term("trigger", entry.trigger)}</b>
            {entry.from_state !== entry.to_state && <span class="to"> → {term("state", entry.to_state)}</span>}
            <small>{actorName(entry.actor)}{spoken(entry.detail)}</small>
          </span>
        </li>
      ))}
    </ol>
  );
}

/** `staff:向玉珍`, `contact:…`, `gateway:…`, `timer`: the kind in words, and the name if it is one. */
function actorName(actor: string): string {
  const [kind = "", name = ""] = actor.split(/:(.*)/s);
  if (name === "") return term("actor", kind);
  return /^\d+$/.test(name) || kind === "gateway" ? term("actor", kind) : `${term("actor", kind)} ${name}`;
}

/** What was said with the step, in the order that reads best. */
function spoken(said: TimelineEntry["detail"]): string {
  const parts = ["responder", "by", "service", "outcome", "note"].flatMap((key) => {
    const value = said[key];
    if (typeof value !== "string" || value === "") return [];
    if (key === "by") return [t("queue.eta", { at: formatClock(value).slice(0, 5) })];
    return key === "outcome" ? [term("outcome", value)] : [value];
  });
  return parts.length === 0 ? "" : ` · ${parts.join(" · ")}`;
}
