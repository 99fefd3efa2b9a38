/**
 * Floods on the console: which rows stand together, which are open, and taking all of one at once.
 *
 * What this is: the state around `core/flood`. What it is not: the rule. The one idea: while the pointer rests on the
 * queue nothing is gathered and nothing falls apart, as nothing else moves there either.
 */
import { effect, signal } from "@preact/signals";
import type { IncidentView } from "@/core/api";
import { rows, type Row } from "@/core/flood";
import { upsert } from "@/core/store";
import { explain } from "@/sign/send";
import { notify } from "@/ui/notices";
import { picking } from "./bulk";
import { board, held, homeApi, incidentOf, queue, selected } from "./model";
import { t } from "./words";

/** A group where its first row stands, or one incident. */
export type Line = { readonly group: Row; readonly open: boolean } | { readonly id: number };

const MOST_AT_ONCE = 100; // of one request, as the server has it

const gathered = signal<ReadonlyMap<number, Row>>(new Map());
const opened = signal<ReadonlySet<string>>(new Set());
export const taking = signal(false);

effect(() => {
  const found = rows(queue.value);
  if (held.value) return;
  const next = new Map(found.filter((row) => row.homes > 1).flatMap((row) => row.incidents.map(({ id }) => [id, row] as const)));
  if (next.size > 0 || gathered.peek().size > 0) gathered.value = next;
});

/** What the queue draws for the incidents `ids`, from top to bottom; while some are picked, each on its own. */
export function lines(ids: readonly number[]): Line[] {
  if (picking.value) return ids.map((id) => ({ id }));
  const done = new Set<Row>();
  const shown = new Set(ids);
  return ids.flatMap((id): Line[] => {
    const group = gathered.value.get(id);
    if (group === undefined) return [{ id }];
    if (done.has(group)) return [];
    done.add(group);
    const open = isOpen(group);
    const members = group.incidents.filter((one) => shown.has(one.id)).map((one) => ({ id: one.id }));
    return [{ group, open }, ...(open ? members : [])];
  });
}

/** Opened by hand, or because one of them is what the pane shows. */
function isOpen(group: Row): boolean {
  return opened.value.has(nameOf(group)) || group.incidents.some(({ id }) => id === selected.value);
}

export function flip(group: Row): void {
  const next = new Set(opened.value);
  if (!next.delete(nameOf(group))) next.add(nameOf(group));
  opened.value = next;
}

/** The incidents of `group` as they are now: while the pointer rests, who stands together stays, not how they stand. */
export function membersOf(group: Row): IncidentView[] {
  return group.incidents.flatMap(({ id }) => incidentOf(id) ?? []);
}

/** The same while it grows and shrinks: what it is about, and where. */
export function nameOf(group: Row): string {
  const first = group.incidents[0];
  return `${group.cause} ${first?.area} ${first?.state === "raised"}`;
}

/** Take every incident of `group` that nobody has; what somebody took meanwhile stays theirs. */
export async function takeAll(group: Row): Promise<void> {
  const asked = membersOf(group).filter((one) => one.state === "raised").map(({ id, version }) => ({ incident_id: id, version, action: "ack" as const }));
  taking.value = true;
  try {
    for (let from = 0; from < asked.length; from += MOST_AT_ONCE) {
      const answers = await homeApi.actOnMany(asked.slice(from, from + MOST_AT_ONCE));
      for (const { incident } of answers) if (incident) board.value = upsert(board.peek(), incident);
      const left = answers.filter((answer) => !answer.incident).length;
      if (left > 0) notify(t("bulk.partly", { n: answers.length - left, left }), true);
    }
  } catch (error) {
    explain(error);
  } finally {
    taking.value = false;
  }
}
