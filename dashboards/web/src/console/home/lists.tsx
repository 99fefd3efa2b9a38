/** The lists of the page: whom to call, what was alarmed, who visited, and which devices there are. */
import type { HomeCard, IncidentView } from "@/core/api";
import type { VisitView } from "@/core/home-api";
import { formatPhone } from "@/core/phone";
import { formatAgo, formatMoment } from "@/core/time";
import { Icon } from "@/ui/icons";
import { PriorityTag } from "@/ui/parts";
import { Call } from "../call";
import { nowMs, select } from "../model";
import { formatValue } from "../readings";
import { t, term } from "../words";
import { listed, tag } from "../names";
import { Panel } from "./panel";
import { card, incidents, visits } from "./state";

/** In the order in which they are asked. */
export function Contacts() {
  return (
    <Panel name="contacts" title={t("home.contacts")} of={card.value}>
      {(found) => (found.contacts.length === 0 ? <p class="quiet">{t("pane.no_ladder")}</p> : <ContactRows found={found} />)}
    </Panel>
  );
}

function ContactRows({ found }: { found: HomeCard }) {
  return (
    <ol class="home-contacts">
      {found.contacts.map((contact) => (
        <li key={contact.rank}>
          <span class="rank" aria-hidden="true">{contact.rank}</span>
          <span>
            <b>{contact.name}</b> <small>{term("relation", contact.relation)}</small>
            {contact.has_key && <small class="has-key"><Icon name="key" size={15} />{t("person.has_key")}</small>}
            {contact.phone && <small class="digits">{formatPhone(contact.phone)}</small>}
          </span>
          {contact.phone && <Call phone={contact.phone} who={contact.name} />}
        </li>
      ))}
    </ol>
  );
}

export function Incidents() {
  return (
    <Panel name="incidents" title={t("home.incidents")} of={incidents.value}>
      {(found) => (found.length === 0 ? <p class="quiet">{t("home.no_incidents")}</p> : (
        <ul class="home-rows" tabIndex={0}>{found.map((one) => <IncidentRow key={one.id} one={one} />)}</ul>
      ))}
    </Panel>
  );
}

function IncidentRow({ one }: { one: IncidentView }) {
  return (
    <li>
      <button type="button" class="link-row" onClick={() => select(one.id)}>
        <PriorityTag priority={one.priority} label={term("kind", one.kind)} />
        <span>
          {one.outcome === null ? term("state", one.state) : term("outcome", one.outcome)}
          <small>{formatMoment(one.opened_at, tag())}</small>
        </span>
      </button>
    </li>
  );
}

/** What is planned first, then what was, the newest first. */
export function Visits() {
  return (
    <Panel name="visits" title={t("home.visits")} of={visits.value}>
      {(found) => (found.length === 0 ? <p class="quiet">{t("home.no_visits")}</p> : (
        <ul class="home-rows" tabIndex={0}>{[...found].sort(later).map((one) => <VisitRow key={one.id} one={one} />)}</ul>
      ))}
    </Panel>
  );
}

function whenOf(one: VisitView): string {
  return one.began_at ?? one.planned_at ?? one.due_at ?? "";
}

function later(a: VisitView, b: VisitView): number {
  return whenOf(b).localeCompare(whenOf(a));
}

function VisitRow({ one }: { one: VisitView }) {
  const at = whenOf(one);
  return (
    <li class="plain-row">
      <span class={`visit-state ${one.state}`}>{term("visit_state", one.state)}</span>
      <span>
        <b>{one.services.length === 0 ? term("visit_kind", one.kind) : listed(one.services.map((service) => term("service", service)))}</b> {one.staff ?? ""}
        <small>{at === "" ? t("home.no_time") : formatMoment(at, tag())}</small>
        {one.worries.length + one.worse.length > 0 && <small class="worry">{t("home.worries", { n: one.worries.length + one.worse.length })}</small>}
      </span>
    </li>
  );
}

/** Each with what it said last of itself; a battery below this is shown. */
const BATTERY_LOW = 20;
const SILENT_MS = 24 * 3_600_000;

export function Devices() {
  return (
    <Panel name="devices" title={t("home.devices")} of={card.value}>
      {(found) => (found.devices.length === 0 ? <p class="quiet">{t("home.no_devices")}</p> : (
        <ul class="home-rows" tabIndex={0}>
          {found.devices.map((device) => {
            const battery = found.readings.find((one) => one.device === device.name && one.quantity === "battery");
            const low = battery?.value !== undefined && battery.value !== null && battery.value <= BATTERY_LOW;
            const silent = device.last_at === null || nowMs.value - Date.parse(device.last_at) > SILENT_MS;
            return (
              <li key={device.name} class="plain-row">
                <span>
                  <b>{term("device", device.kind || "other")}</b> {device.room === "" ? "" : term("room", device.room)}
                  <small class={silent ? "worry" : ""}>
                    {device.last_at === null ? t("home.never_heard") : t("home.heard", { ago: formatAgo(device.last_at, nowMs.value, tag()) })}
                  </small>
                </span>
                {battery !== undefined && <small class={low ? "worry" : ""}>{t("evidence.battery", { value: formatValue(battery).replace(" %", "") })}</small>}
              </li>
            );
          })}
        </ul>
      ))}
    </Panel>
  );
}
