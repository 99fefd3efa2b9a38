/** The worker's own call for help: two presses, and always the telephone beside it. */
import { signal } from "@preact/signals";
import { Icon } from "@/ui/icons";
import { Button, Dialog } from "@/ui/parts";
import { current, type DayVisit } from "./day";
import { place } from "./door";
import { items, own, today } from "./model";
import { sos } from "./say";
import { t } from "./words";
import { clock } from "./words-of";

/** Whether the dialog is open. */
export const asking = signal(false);
/** The call that was made; `null`: none yet. */
const called = signal<string | null>(null);
const sending = signal(false);
/** A telephone that takes longer to find itself is not waited for. */
const PLACE_MS = 4_000;

async function call(at: DayVisit | null): Promise<void> {
  if (sending.value) return;
  sending.value = true;
  try {
    called.value = await sos(at, await place(PLACE_MS));
  } finally {
    sending.value = false;
  }
}

function close(): void {
  asking.value = false;
  called.value = null;
}

export function SosDialog() {
  if (!asking.value) return null;
  const at = current(today.value, own.value);
  return (
    <Dialog title={t("sos.title")} onClose={close}>
      <div class="sos">
        {called.value === null ? (
          <>
            <p>{t("sos.about")}</p>
            {at !== null && <p class="about"><Icon name="door" />{t("sos.at", { name: at.visit.resident })}</p>}
            <button type="button" class="button danger huge" disabled={sending.value} onClick={() => void call(at)}>
              <Icon name="siren" size={28} />{sending.value ? t("sos.sending") : t("sos.send")}
            </button>
          </>
        ) : (
          <Standing id={called.value} />
        )}
        <div class="row">
          <a class="button" href="tel:110"><Icon name="phone" />{t("sos.police")}</a>
          <a class="button" href="tel:120"><Icon name="phone" />{t("sos.ambulance")}</a>
        </div>
        {called.value !== null && <Button onClick={close}>{t("sos.close")}</Button>}
      </div>
    </Dialog>
  );
}

function Standing({ id }: { id: string }) {
  const item = items.value.find((one) => one.key === id);
  const state = item?.state ?? "done";
  return (
    <p class={`sos-state ${state}`} role="alert">
      {state === "done" && t("sos.heard", { at: clock(item?.doneMs ?? Date.now()) })}
      {state === "refused" && t("sos.refused")}
      {state === "sending" && t("sos.sending")}
      {state === "waiting" && (item?.tries === 0 ? t("sos.sending") : t("sos.unsent"))}
    </p>
  );
}
