/** What an action needs to know before it is done: who goes, what it was, what to remember. */
import { useState } from "preact/hooks";
import type { ActionDetail, Action, IncidentView, OutcomeCode } from "@/core/api";
import { Icon } from "@/ui/icons";
import { Button, Dialog, PriorityTag } from "@/ui/parts";
import { act, busy, detail, dialog, incidentOf, selected } from "./model";
import { t, term, type Key } from "./words";

const OUTCOMES: readonly (readonly [Key, readonly OutcomeCode[]])[] = [
  ["outcome_group.A", ["A1", "A2", "A3"]],
  ["outcome_group.B", ["B1", "B2"]],
  ["outcome_group.C", ["C1", "C2", "C3"]],
  ["outcome_group.D", ["D1", "D2"]],
  ["outcome_group.E", ["E1", "E2", "E3"]],
  ["outcome_group.F", ["F1"]],
];
const ETAS_MINUTES = [5, 10, 15, 20, 30, 45, 60] as const;
const DEFAULT_ETA_MINUTES = 15; // on site within 15 minutes in town
const SERVICES = ["120", "119", "110"] as const;
const KEYS: readonly (readonly [string, Key])[] = [
  ["J", "help.down"], ["K", "help.up"], ["A", "action.ack"], ["D", "action.dispatch"], ["N", "action.note"],
  ["/", "help.search"], ["?", "help.title"], ["Esc", "help.close"],
];

const close = () => (dialog.value = null);

export function Dialogs() {
  const name = dialog.value;
  if (name === "help") return <Help />;
  const incident = incidentOf(selected.value);
  if (name === null || incident === null) return null;
  const Form = FORMS[name];
  return (
    <Dialog key={name} title={t(`action.${name}`)} onClose={close}>
      <p class="about">
        <PriorityTag priority={incident.priority} />
        <b>{term("kind", incident.kind)}</b>
        <span>{t("person.name_age", { name: incident.resident, age: incident.age })}</span>
        <span class="quiet">{incident.address}</span>
      </p>
      <Form incident={incident} />
    </Dialog>
  );
}

const FORMS = { dispatch: Dispatch, close: Close, emergency: Emergency, note: Note } as const;

/** Send the command; the dialog stays when it was refused, with everything typed. */
async function submit(event: SubmitEvent, id: number, action: Action, what: ActionDetail): Promise<void> {
  event.preventDefault();
  if (await act(id, action, what)) close();
}

function Foot({ incident, label, ready = true }: { incident: IncidentView; label: string; ready?: boolean }) {
  return (
    <footer>
      <Button onClick={close}>{t("action.cancel")}</Button>
      <Button kind="primary" type="submit" disabled={!ready || busy.value.has(incident.id)}>{label}</Button>
    </footer>
  );
}

function Dispatch({ incident }: { incident: IncidentView }) {
  const rungs = detail.value?.ladder ?? [];
  const [chosen, choose] = useState(rungs.find((rung) => rung.state !== "declined" && rung.state !== "passed")?.name ?? "");
  const [minutes, setMinutes] = useState(DEFAULT_ETA_MINUTES);
  const responder = chosen.trim();
  return (
    <form onSubmit={(event) => void submit(event, incident.id, "dispatch", { responder, eta_minutes: minutes })}>
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
      <Foot incident={incident} label={t("dispatch.send")} ready={responder !== ""} />
    </form>
  );
}

function Close({ incident }: { incident: IncidentView }) {
  const [outcome, choose] = useState<OutcomeCode | null>(null);
  const [note, write] = useState("");
  return (
    <form
      onSubmit={(event) => {
        if (outcome !== null) void submit(event, incident.id, "close", { outcome, note: note.trim() });
        else event.preventDefault();
      }}
    >
      <div class="outcomes">
        {OUTCOMES.map(([group, codes]) => (
          <fieldset key={group}>
            <legend>{t(group)}</legend>
            {codes.map((code) => (
              <label key={code} class="choice">
                <input type="radio" name="outcome" checked={outcome === code} onChange={() => choose(code)} />
                <span class="code">{code}</span>
                <span>{term("outcome", code)}</span>
              </label>
            ))}
          </fieldset>
        ))}
      </div>
      <label class="field">
        {t("close.note")}
        <textarea rows={2} maxLength={2000} value={note} onInput={(event) => write(event.currentTarget.value)} />
      </label>
      <Foot incident={incident} label={t("action.close")} ready={outcome !== null} />
    </form>
  );
}

function Emergency({ incident }: { incident: IncidentView }) {
  const [service, choose] = useState<(typeof SERVICES)[number]>(incident.kind === "smoke" || incident.kind === "gas" ? "119" : "120");
  return (
    <form onSubmit={(event) => void submit(event, incident.id, "emergency", { service })}>
      <fieldset>
        <legend>{t("emergency.which")}</legend>
        {SERVICES.map((number) => (
          <label key={number} class="choice">
            <input type="radio" name="service" checked={service === number} onChange={() => choose(number)} />
            <b class="digits">{number}</b>
            <span>{t(`emergency.${number}`)}</span>
            <a class="button call" href={`tel:${number}`}><Icon name="phone" />{t("action.call")}</a>
          </label>
        ))}
      </fieldset>
      <p class="quiet">{t("emergency.hint")}</p>
      <Foot incident={incident} label={t("emergency.called")} />
    </form>
  );
}

function Note({ incident }: { incident: IncidentView }) {
  const [note, write] = useState("");
  return (
    <form onSubmit={(event) => void submit(event, incident.id, "note", { note: note.trim() })}>
      <label class="field">
        {t("note.text")}
        <textarea rows={4} maxLength={2000} value={note} onInput={(event) => write(event.currentTarget.value)} />
      </label>
      <Foot incident={incident} label={t("note.save")} ready={note.trim() !== ""} />
    </form>
  );
}

function Help() {
  return (
    <Dialog title={t("help.title")} onClose={close}>
      <dl class="keys">
        {KEYS.map(([key, meaning]) => (
          <div key={key}><dt><kbd>{key}</kbd></dt><dd>{t(meaning)}</dd></div>
        ))}
      </dl>
    </Dialog>
  );
}
