/**
 * What stands in for the page where it opens without a network: that nothing can be known, and what to do.
 *
 * What it is not: what shows while a page that is open loses its network; that one keeps what it read last and says how
 * old it is.
 */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { session } from "@/sign/session";
import { t } from "./words";

const offline = signal(!navigator.onLine);
window.addEventListener("online", () => {
  if (offline.value) location.reload();
});

export function Offline({ children }: { children: ComponentChildren }) {
  if (!offline.value || session.value) return <>{children}</>;
  return (
    <main class="family">
      <h1>{t("family.title")}</h1>
      <section class="stale" role="alert">
        <p>{t("family.offline")}</p>
        <p>{t("family.offline_do")}</p>
      </section>
      <a class="button danger" href="tel:120">{t("family.call_120")}</a>
    </main>
  );
}
