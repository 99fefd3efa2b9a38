/**
 * One's own account: where one is signed in, the second step, the password, and for administrators the services.
 *
 * What this is: the page and its strip. What it is not: any of the four parts. The one idea: the live link and its
 * sound go on behind this page, and the strip says how many people wait.
 */
import { useEffect } from "preact/hooks";
import type { Session } from "@/core/api";
import { locale } from "@/core/i18n";
import { Icon } from "@/ui/icons";
import { Button, LanguageSwitch } from "@/ui/parts";
import { LostBar } from "../header";
import { leave, useLocale } from "@/sign/session";
import { goTo, link, unacknowledged } from "../model";
import "./account.css";
import { Factor } from "./factor";
import { Password } from "./password";
import { Sessions } from "./sessions";
import { forget, mayAdminister, read } from "./state";
import { Tokens } from "./tokens";
import { t, term } from "../words";

export function Account({ person }: { person: Session }) {
  const watches = person.permissions.includes("read_queue");
  useEffect(() => {
    void read();
    document.getElementById("account-title")?.focus();
    return forget;
  }, []);
  return (
    <div class="account">
      <header class="account-band">
        <Button kind="quiet" icon="back" onClick={() => goTo("console")}>{t(watches ? "account.back" : "account.back_plain")}</Button>
        {watches && <Waiting />}
        <span class="spring" />
        <LanguageSwitch value={locale.value} onChange={useLocale} />
        <Button kind="quiet" icon="leave" label={t("action.sign_out")} onClick={() => void leave()} />
      </header>
      {watches && link.value === "lost" && <LostBar />}
      <main>
        <div class="account-who">
          <Icon name="user" size={40} />
          <div>
            <h1 id="account-title" tabIndex={-1}>{person.name}</h1>
            <p>{term("role", person.role)}</p>
          </div>
        </div>
        <Sessions />
        <Factor />
        <Password />
        {mayAdminister() && <Tokens />}
      </main>
    </div>
  );
}

/** Nobody who waits for help is forgotten while somebody changes a password. */
function Waiting() {
  const waiting = unacknowledged.value.length;
  return (
    <p class={`account-waiting ${waiting > 0 ? "hot" : ""}`} role="status">
      {waiting > 0 ? t("account.waiting", { n: waiting }) : t("account.nobody_waits")}
    </p>
  );
}

