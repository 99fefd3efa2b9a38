/** What a button for an action looks like, and what pressing it starts. */
import type { Action, IncidentView } from "@/core/api";
import type { IconName } from "@/ui/icons";
import { act, dialog, select, view, type DialogName } from "./model";

export const STEP_ICON: Readonly<Record<Action, IconName>> = {
  ack: "check", voice: "phone", reply: "questions", triage: "questions", dispatch: "send", arrive: "door", enter: "door", follow_up: "eye", emergency: "siren",
  monitor: "eye", note: "note", close: "flag", reopen: "undo",
};

const DIALOG_FOR: Readonly<Partial<Record<Action, DialogName>>> = {
  dispatch: "dispatch", close: "close", emergency: "emergency", note: "note",
};

/** Do `action` on the incident, asking first where it needs words. */
export function take(incident: IncidentView, action: Action): void {
  const asks = DIALOG_FOR[action];
  if (action === "ack" || action === "voice" || action === "triage") select(incident.id);
  if (action === "triage") view.value = "incident";
  else if (asks === undefined) void act(incident.id, action);
  else {
    select(incident.id);
    dialog.value = asks;
  }
}

