/** The keyboard: one letter, one step. Never while somebody is typing, or a dialog is open. */
import { neighbour } from "@/core/queue";
import type { Action } from "@/core/api";
import { nextStep } from "@/core/steps";
import { take } from "./actions";
import { session } from "@/sign/session";
import { detail, dialog, goTo, incidentOf, openHome, page, select, selected, shown, view, type Page } from "./model";

const TYPING = "input:not([type=radio], [type=checkbox]), textarea, select";

const COMMANDS: Readonly<Record<string, () => void>> = {
  j: () => move(1),
  k: () => move(-1),
  a: () => perform("ack"),
  d: () => perform("dispatch"),
  n: () => perform("note"),
  h: openSelectedHome,
  "/": search,
  "?": () => (dialog.value = "help"),
};

const ELSEWHERE = { "/": search, "?": COMMANDS["?"], Escape: () => goTo("console") };
const COMMANDS_OF: Readonly<Record<Page, Readonly<Record<string, (() => void) | undefined>>>> = {
  console: COMMANDS, home: ELSEWHERE, map: ELSEWHERE, devices: ELSEWHERE, shift: ELSEWHERE, visits: ELSEWHERE, account: {},
};

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    const target = event.target as Element | null;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || target?.matches(TYPING)) return;
    if (!session.value || dialog.value !== null) return;
    const command = COMMANDS_OF[page.value][event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (command === undefined) return;
    event.preventDefault();
    command();
  });
}

function move(step: 1 | -1): void {
  const id = neighbour(shown.value.rows, selected.value, step);
  if (id === null) return;
  select(id);
  document.querySelector(`[data-incident="${id}"]`)?.scrollIntoView({ block: "nearest" });
}

/** Only what the state offers: a stray letter must not send what a button would not. */
function perform(action: Action): void {
  const incident = incidentOf(selected.value);
  if (incident === null) return;
  const allowed = detail.value?.incident.id === incident.id ? detail.value.actions : [];
  if (nextStep(incident.state) === action || allowed.includes(action)) take(incident, action);
}

function openSelectedHome(): void {
  const incident = incidentOf(selected.value);
  if (incident !== null) openHome(incident.home_id);
}

function search(): void {
  goTo("console");
  view.value = "homes";
  requestAnimationFrame(() => document.querySelector<HTMLInputElement>("#home-search")?.focus());
}
