/**
 * The same step on many incidents: in a flood nobody has time for one at a time.
 *
 * What this is: which are picked, the bar above the queue, and what became of each. What it is not: one transaction; each
 * is answered for itself and told at its row, and what was picked stays so for the next step. The one idea: nothing is sent for
 * an incident that the screen has not shown.
 */
import { computed, signal } from "@preact/signals";
import type { ActionDetail, Action } from "@/core/api";
import type { ItemAnswer } from "@/core/home-api";
import { upsert } from "@/core/store";
import { explain } from "@/sign/send";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import type { Step } from "./dialog-form";
import { board, dialog, homeApi, incidentOf, shown } from "./model";
import { t, term } from "./words";

const MOST = 100; // items of one request, as the platform has it

export const picking = signal(false);
const picked = signal<ReadonlySet<number>>(new Set());
const sending = signal(false);
/** What became of each that was sent last. */
const answered = signal<ReadonlyMap<number, ItemAnswer>>(new Map());
/** Those picked that are still there to act on, from top to bottom. */
const chosen = computed(() => shown.value.rows.filter((id) => picked.value.has(id) && incidentOf(id)?.closed_at === null).slice(0, MOST));

export function begin(): void {
  picking.value = true;
}

function end(): void {
  picking.value = false;
  picked.value = new Set();
  answered.value = new Map();
}

function toggle(id: number): void {
  const next = new Set(picked.peek());
  if (!next.delete(id)) next.add(id);
  picked.value = next;
}

/** The step on all that are picked. */
export function stepOnPicked(): Step {
  return { send: act, waiting: sending.value };
}

async function act(action: Action, what: ActionDetail = {}): Promise<boolean> {
  const asked = chosen.peek().flatMap((id) => incidentOf(id) ?? []);
  if (asked.length === 0 || sending.peek()) return false;
  sending.value = true;
  try {
    const answers = await homeApi.actOnMany(asked.map(({ id, version }) => ({ incident_id: id, version, action, ...what })));
    for (const { incident } of answers) if (incident) board.value = upsert(board.peek(), incident);
    answered.value = new Map(answers.map((answer) => [answer.incident_id, answer]));
    const refused = answers.filter((answer) => !answer.incident).map((answer) => answer.incident_id);
    notify(t(refused.length === 0 ? "bulk.done" : "bulk.partly", { n: answers.length - refused.length, left: refused.length }), refused.length > 0);
    if (refused.length > 0) picked.value = new Set(refused);
    return refused.length === 0;
  } catch (error) {
    explain(error);
    return false;
  } finally {
    sending.value = false;
  }
}

/** Stands where the queue's title is while incidents are picked. */
export function Bar() {
  const n = chosen.value.length;
  const none = n === 0 || sending.value;
  return (
    <div class="bulk" role="group" aria-label={t("bulk.title")}>
      <b role="status">{t("bulk.picked", { n })}</b>
      <Button onClick={() => (picked.value = new Set(shown.value.rows))}>{t("bulk.all")}</Button>
      <span class="spring" />
      <Button kind="primary" icon="check" disabled={none} onClick={() => void act("ack")}>{t("action.ack")}</Button>
      <Button icon="note" disabled={none} onClick={() => (dialog.value = "bulk_note")}>{t("action.note")}</Button>
      <Button icon="flag" disabled={none} onClick={() => (dialog.value = "bulk_close")}>{t("action.close")}</Button>
      <Button kind="quiet" icon="close" label={t("action.cancel")} onClick={end} />
    </div>
  );
}

/** The box before a row. */
export function Pick({ id }: { id: number }) {
  const incident = picking.value ? incidentOf(id) : null;
  if (incident === null) return null;
  return (
    <label class="pick-row">
      <input
        type="checkbox"
        checked={picked.value.has(id)}
        disabled={incident.closed_at !== null}
        aria-label={t("bulk.pick", { what: term("kind", incident.kind), name: incident.resident })}
        onChange={() => toggle(id)}
      />
    </label>
  );
}

/** At a row: what became of the last step on it. */
export function Outcome({ id }: { id: number }) {
  const answer = answered.value.get(id);
  if (!picking.value || answer === undefined) return null;
  return <b class={`outcome ${answer.incident ? "well" : "bad"}`}>{said(answer)}</b>;
}

function said({ incident, problem }: ItemAnswer): string {
  if (incident) return t("bulk.row_done");
  const owner = problem?.current?.["owner"];
  if (typeof owner === "string" && owner !== "") return t("bulk.row_taken", { who: owner });
  return t(problem?.code === "conflict" ? "bulk.row_changed" : "bulk.row_refused");
}
