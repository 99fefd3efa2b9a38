/** What a worker noticed and what cannot wait for the next visit. */
import { useState } from "preact/hooks";
import { Button, Dialog } from "@/ui/parts";
import type { DayVisit } from "./day";
import { concern } from "./say";
import { t } from "./words";

export function Concern({ at }: { at: DayVisit }) {
  const [open, setOpen] = useState(false);
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    const words = String(new FormData(event.currentTarget as HTMLFormElement).get("words")).trim();
    if (words === "") return;
    await concern(at, words);
    setOpen(false);
  };
  return (
    <>
      <Button icon="flag" onClick={() => setOpen(true)}>{t("concern.title")}</Button>
      {open && (
        <Dialog title={t("concern.title")} onClose={() => setOpen(false)}>
          <p>{t("concern.about", { name: at.visit.resident })}</p>
          <form onSubmit={(event) => void send(event)}>
            <label class="ask"><span>{t("concern.words")}</span><textarea name="words" rows={4} maxLength={1_000} required /></label>
            <footer><Button kind="primary" type="submit">{t("concern.send")}</Button></footer>
          </form>
        </Dialog>
      )}
    </>
  );
}
