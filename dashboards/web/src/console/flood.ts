/**
 * Floods on the console: which rows stand together, which are open, and taking all of one at once.
 *
 * What this is: the state around `core/flood`. What it is not: the rule. The one idea: while the pointer rests on the
 * queue nothing is gathered and nothing falls apart, as nothing else moves there either.
 */
import { effect, signal } from "@preact/signals";
import { createTransport, type IncidentView } from "@/core/api";
import { rows, type Row } from "@/core/flood";
import { upsert } from "@/core/store";
import type { components } from "@/core/schema";
import { notify } from "@/ui/notices";
import { board, held, incidentOf, nowMs, openIncidents, selected } from "./model";
import { t } from "./words";

/** A group where its first row stands, or one incident. */
export type Line = { readonly group: Row; readonly open: boolean } | { readonly id: number };

const MOST_AT_ONCE = 100; // of one request, as the server has it
const transport = createTransport();

const gathered = signal<ReadonlyMap<number, Row>>(new Map());
const opened = signal<ReadonlySet<string>>(new Set());
export const taking = signal(false);

effect(() => {
  const found = rows(openIncidents.value, nowMs.value);
  if (held.value) return;
  const next = new Map(found.filter((row) => row.homes > 1).flatMap((row) => row.incidents.map(({ id }) => [id, row] as const)));
  if (next.size > 0 || gathered.peek().size > 0) gathered.value = next;
});

/** What the queue draws for the incidents `ids`, from top to bottom. */
export function lines(ids: readonly number[]): Line[] {
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
  const actions = membersOf(group).filter((one) => one.state === "raised").map((one) => ({ action: "ack" as const, incident_id: one.id, version: one.version }));
  taking.value = true;
  try {
    let missed = 0;
    for (let from = 0; from < actions.length; from += MOST_AT_ONCE) {
      const said = await transport.command<components["schemas"]["ActionAnswers"]>("/incidents/actions", { actions: actions.slice(from, from + MOST_AT_ONCE) });
      for (const { incident } of said.answers) {
        if (incident) board.value = upsert(board.peek(), incident);
        else missed += 1;
      }
    }
    if (missed > 0) notify(t("group.missed", { n: missed }), true);
  } catch {
    notify(t("notice.unreachable"), true);
  } finally {
    taking.value = false;
  }
}
