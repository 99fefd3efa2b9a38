/** The strip on top of a page that is not the queue: the way back, and how many people wait meanwhile. */
import type { ComponentChildren } from "preact";
import type { Session } from "@/core/api";
import { locale } from "@/core/i18n";
import { t } from "./words";
import { Button, LanguageSwitch } from "@/ui/parts";
import { LostBar } from "./header";
import { leave, useLocale } from "@/sign/session";
import { goTo, link, unacknowledged } from "./model";
import "./band.css";

export function PageBand({ person, children }: { person: Session; children?: ComponentChildren }) {
  const watches = person.permissions.includes("read_queue");
  return (
    <>
      <header class="page-band">
        <Button kind="quiet" icon="back" onClick={() => goTo("console")}>{t(watches ? "account.back" : "account.back_plain")}</Button>
        {watches && <Waiting />}
        <span class="spring" />
        {children}
        <LanguageSwitch value={locale.value} onChange={useLocale} />
        <Button kind="quiet" icon="leave" label={t("action.sign_out")} onClick={() => void leave()} />
      </header>
      {watches && link.value === "lost" && <LostBar />}
    </>
  );
}

/** Nobody who waits for help is forgotten while somebody changes a password. */
function Waiting() {
  const waiting = unacknowledged.value.length;
  return (
    <p class={`page-waiting ${waiting > 0 ? "hot" : ""}`} role="status">
      {waiting > 0 ? t("account.waiting", { n: waiting }) : t("account.nobody_waits")}
    </p>
  );
}
