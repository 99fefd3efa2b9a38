/** What an action needs to know before it is done: who goes, what it was, what to remember. */
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { IncidentView, OutcomeCode } from "@/core/api";
import { Icon } from "@/ui/icons";
import { Dialog, PriorityTag } from "@/ui/parts";
import { stepOnPicked } from "./bulk";
import { closeDialog, Foot, stepOn, submit, type Step } from "./dialog-form";
import { Dispatch } from "./dispatch";
import { IncidentTrail } from "./incident-trail";
import { dialog, incidentOf, selected, type DialogName } from "./model";
import { t, term, type Key } from "./words";

const OUTCOMES: readonly (readonly [Key, readonly OutcomeCode[]])[] = [
  ["outcome_group.A", ["A1", "A2", "A3"]],
  ["outcome_group.B", ["B1", "B2"]],
  ["outcome_group.C", ["C1", "C2", "C3"]],
  ["outcome_group.D", ["D1", "D2"]],
  ["outcome_group.E", ["E1", "E2", "E3"]],
  ["outcome_group.F", ["F1"]],
];
const SERVICES = ["120", "119", "110"] as const;
const KEYS: readonly (readonly [string, Key])[] = [
  ["J", "help.down"], ["K", "help.up"], ["A", "action.ack"], ["D", "action.dispatch"], ["N", "action.note"],
  ["H", "home.open"], ["/", "help.search"], ["?", "help.title"], ["Esc", "help.close"],
];

export function Dialogs() {
  const name = dialog.value;
  if (name === "help") return <Help />;
  if (name === "bulk_close") return <Dialog title={t("action.close")} onClose={closeDialog}><Close step={stepOnPicked()} /></Dialog>;
  if (name === "bulk_note") return <Dialog title={t("action.note")} onClose={closeDialog}><Note step={stepOnPicked()} /></Dialog>;
  const incident = incidentOf(selected.value);
  return name === null || incident === null ? null : <OnIncident key={name} name={name} incident={incident} />;
}

type OfIncident = Exclude<DialogName, "help" | "bulk_close" | "bulk_note">;

function OnIncident({ name, incident }: { name: OfIncident; incident: IncidentView }) {
  return (
    <Dialog title={t(`action.${name}`)} onClose={closeDialog}>
      <p class="about">
        <PriorityTag priority={incident.priority} />
        <b>{term("kind", incident.kind)}</b>
        <span>{t("person.name_age", { name: incident.resident, age: incident.age })}</span>
        <span class="quiet">{incident.address}</span>
      </p>
      {FORMS[name](incident)}
    </Dialog>
  );
}

const FORMS: Readonly<Record<OfIncident, (incident: IncidentView) => ComponentChildren>> = {
  dispatch: (incident) => <Dispatch incident={incident} />,
  close: (incident) => <Close step={stepOn(incident.id)} />,
  emergency: (incident) => <Emergency incident={incident} />,
  note: (incident) => <Note step={stepOn(incident.id)} />,
  trail: (incident) => <IncidentTrail incident={incident} />,
};

function Close({ step }: { step: Step }) {
  const [outcome, choose] = useState<OutcomeCode | null>(null);
  const [note, write] = useState("");
  return (
    <form
      onSubmit={(event) => {
        if (outcome !== null) void submit(event, step, "close", { outcome, note: note.trim() });
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
      <Foot step={step} label={t("action.close")} ready={outcome !== null} />
    </form>
  );
}

function Emergency({ incident }: { incident: IncidentView }) {
  const [service, choose] = useState<(typeof SERVICES)[number]>(incident.kind === "smoke" || incident.kind === "gas" ? "119" : "120");
  const step = stepOn(incident.id);
  return (
    <form onSubmit={(event) => void submit(event, step, "emergency", { service })}>
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
      <Foot step={step} label={t("emergency.called")} />
    </form>
  );
}

function Note({ step }: { step: Step }) {
  const [note, write] = useState("");
  return (
    <form onSubmit={(event) => void submit(event, step, "note", { note: note.trim() })}>
      <label class="field">
        {t("note.text")}
        <textarea rows={4} maxLength={2000} value={note} onInput={(event) => write(event.currentTarget.value)} />
      </label>
      <Foot step={step} label={t("note.save")} ready={note.trim() !== ""} />
    </form>
  );
}

function Help() {
  return (
    <Dialog title={t("help.title")} onClose={closeDialog}>
      <dl class="keys">
        {KEYS.map(([key, meaning]) => (
          <div key={key}><dt><kbd>{key}</kbd></dt><dd>{t(meaning)}</dd></div>
        ))}
      </dl>
    </Dialog>
  );
}
