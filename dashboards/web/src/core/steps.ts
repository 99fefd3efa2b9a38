/**
 * The one step that the queue offers for each state.
 *
 * A table, because the screen suggests and the server decides: what else may be done comes with the incident's
 * record (`actions`), and an action that no longer fits is refused there.
 */
import type { Action, IncidentState } from "./api";

export const NEXT: Readonly<Record<IncidentState, Action | null>> = {
  detected: null,
  cancelled_local: null,
  raised: "ack",
  acked: "voice",
  voice: "triage",
  triaged: "dispatch",
  dispatching: "dispatch",
  en_route: "arrive",
  on_site: "close",
  emergency_services: "close",
  monitoring: "close",
  outcome: "close",
  resolved: null,
  auto_resolved: null,
  follow_up: null,
  closed: null,
};

/** What the pane can show a button for, in the order of the buttons. */
export const ACTIONS: readonly Action[] = [
  "ack", "voice", "triage", "dispatch", "arrive", "enter", "emergency", "monitor", "note", "close", "follow_up",
  "reopen",
];

/** The suggested step; none for a state this page does not know. */
export function nextStep(state: IncidentState): Action | null {
  return (NEXT as Readonly<Record<string, Action | null>>)[state] ?? null;
}

/** The other actions the server allows, as far as this page can do them. Triage is done by its script. */
export function otherSteps(state: IncidentState, allowed: readonly string[], mine: boolean): Action[] {
  const left: ReadonlySet<Action> = new Set<Action>(mine ? ["triage", "ack"] : ["triage"]);
  const next = nextStep(state);
  return ACTIONS.filter((action) => action !== next && !left.has(action) && allowed.includes(action));
}
