/** What the forms of the dialogs share: how they are sent, to one incident or to several, and their foot. */
import type { Action, ActionDetail } from "@/core/api";
import { Button } from "@/ui/parts";
import { act, busy, dialog } from "./model";
import { t } from "./words";

/** How a form's step is done. `waiting`: one is under way. */
export interface Step {
  readonly send: (action: Action, what: ActionDetail) => Promise<boolean>;
  readonly waiting: boolean;
}

/** A step on one incident. */
export function stepOn(incident: number): Step {
  return { send: (action, what) => act(incident, action, what), waiting: busy.value.has(incident) };
}

export const closeDialog = () => (dialog.value = null);

/** Send the step; the dialog stays when it was refused, with everything typed. */
export async function submit(event: SubmitEvent, step: Step, action: Action, what: ActionDetail): Promise<void> {
  event.preventDefault();
  if (await step.send(action, what)) closeDialog();
}

export function Foot({ step, label, ready = true }: { step: Step; label: string; ready?: boolean }) {
  return (
    <footer>
      <Button onClick={closeDialog}>{t("action.cancel")}</Button>
      <Button kind="primary" type="submit" disabled={!ready || step.waiting}>{label}</Button>
    </footer>
  );
}
