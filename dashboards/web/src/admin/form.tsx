/**
 * A dialog with a form: what the server refuses stands beside its field, and what somebody else did meanwhile is shown.
 *
 * What this is: one view for every form of the page. What it is not: what is sent where (`save` knows). The one idea:
 * nothing that somebody typed is lost by a refusal; the dialog closes only when it is done.
 */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Refused } from "@/core/api";
import { explain, sending } from "@/sign/send";
import { Button, Dialog } from "@/ui/parts";
import { Control } from "./control";
import { differing, faultsOf, textsOf, unchosen, valuesOf, type Field, type FieldName, type Texts, type Values } from "./fields";
import { explainRule } from "./rules";
import { t, term, type Key } from "./words";

interface FormProps {
  readonly title: string;
  readonly fields: readonly Field[];
  /** What stands in it at first. */
  readonly before?: Values;
  /** Of the record that is changed; `null`: it has none, or is new. */
  readonly version?: number | null;
  /** Above the fields. */
  readonly about?: string;
  readonly action: string;
  readonly danger?: boolean;
  /** Refusals that this form can explain, by their code. */
  readonly refusals?: Readonly<Record<string, Key>>;
  readonly save: (values: Values, version: number) => Promise<unknown>;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}

interface Kept {
  readonly version: number;
  readonly record: Values;
}

const CONFLICT = 409;
const NOT_CHOSEN = "not_chosen"; // a rule of ours: the server would say that the number is missing

export function Form({ title, fields, before = {}, version = null, about, action, danger, refusals = {}, save, onClose, children }: FormProps) {
  const texts = useSignal<Texts>(textsOf(fields, before));
  const from = useSignal(version ?? 0);
  const faults = useSignal<Readonly<Record<string, string>>>({});
  const theirs = useSignal<Texts | null>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus(), [faults.value]);

  function take(error: unknown): void {
    if (!(error instanceof Refused)) return void explain(error);
    const kept = keptIn(error);
    const known = refusals[error.code] ?? REFUSALS[error.code];
    if (kept !== null) {
      from.value = kept.version;
      theirs.value = textsOf(fields, kept.record);
    } else if (error.fields.length > 0) faults.value = faultsOf(fields, error.fields);
    else if (error.status >= 500 || error.status === 401) explain(error);
    else faults.value = { "": known === undefined ? error.detail : t(known) };
  }

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (sending.value) return;
    const left = unchosen(fields, texts.value);
    faults.value = Object.fromEntries(left.map((name) => [name, NOT_CHOSEN]));
    if (left.length > 0) return;
    sending.value = true;
    try {
      await save(valuesOf(fields, texts.value), from.value);
      onClose();
    } catch (error) {
      take(error);
    } finally {
      sending.value = false;
    }
  }

  const whole = faults.value[""];
  const saidOf = (rule: string | undefined, field?: Field): string | undefined => {
    if (rule === undefined) return undefined;
    const own = refusals[rule];
    return own === undefined ? explainRule(rule, field?.is) : t(own);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form ref={form} class="record" noValidate onSubmit={(event) => void submit(event)}>
        {about !== undefined && <p class="wide">{about}</p>}
        {children}
        {fields.map((field) => (
          <Control
            key={field.name}
            field={field}
            locked={field.fixed === true && version !== null}
            text={texts.value[field.name] ?? ""}
            fault={saidOf(faults.value[field.name], field)}
            onText={(text) => (texts.value = { ...texts.value, [field.name]: text })}
          />
        ))}
        {theirs.value !== null && (
          <Meanwhile
            names={differing(fields, texts.value, theirs.value)}
            theirs={theirs.value}
            onTheirs={(name) => (texts.value = { ...texts.value, [name]: theirs.value?.[name] ?? "" })}
          />
        )}
        <p class="failure wide" role="alert">{saidOf(whole)}</p>
        <footer class="wide">
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button kind={danger === true ? "danger" : "primary"} type="submit" disabled={sending.value}>
            {theirs.value === null ? action : t("conflict.save")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

const REFUSALS: Readonly<Record<string, Key>> = {
  taken: "refused.taken",
  retired: "refused.retired",
  oneself: "refused.oneself",
  role_reserved: "refused.role_reserved",
  division_reserved: "refused.division_reserved",
  incident_open: "refused.incident_open",
  occupied: "refused.occupied",
  quota_reached: "refused.quota_reached",
  not_found: "refused.not_found",
  not_permitted: "refused.not_permitted",
  module_off: "refused.module_off",
  in_progress: "refused.in_progress",
};

/** The record that somebody else has changed meanwhile; `null`: that is not what happened. */
function keptIn(error: Refused): Kept | null {
  if (error.status !== CONFLICT || error.code !== "conflict") return null;
  const current = error.current as unknown as Partial<Kept> | null;
  return current?.record === undefined || current.version === undefined ? null : (current as Kept);
}

/** What somebody else has changed meanwhile, field by field. */
function Meanwhile({ names, theirs, onTheirs }: { names: readonly FieldName[]; theirs: Texts; onTheirs: (name: FieldName) => void }) {
  const shown = useRef<HTMLElement>(null);
  useEffect(() => shown.current?.scrollIntoView({ block: "nearest" }), []); // a long form begins above it
  return (
    <section ref={shown} class="meanwhile wide" role="alert">
      <h3>{t("conflict.title")}</h3>
      <p>{t(names.length === 0 ? "conflict.same" : "conflict.about")}</p>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <span><b>{term("field", name)}</b> {t("conflict.theirs", { text: theirs[name] || "—" })}</span>
            <Button onClick={() => onTheirs(name)}>{t("conflict.take")}</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
