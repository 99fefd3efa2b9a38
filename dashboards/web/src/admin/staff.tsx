/** What an administrator may do about somebody's sign-in. */
import { useSignal } from "@preact/signals";
import { notify } from "@/ui/notices";
import { Button, Dialog } from "@/ui/parts";
import { explain } from "@/sign/send";
import { nameOf } from "./records";
import type { Kept } from "./kinds";
import { t, type Key } from "./words";
import { http } from "./wire";

const STEPS: readonly (readonly [string, Key, Key])[] = [
  ["sessions", "staff.sign_out", "staff.signed_out"],
  ["second-factor", "staff.forget_factor", "staff.factor_forgotten"],
];

export function OfStaff({ kept }: { kept: Kept }) {
  const open = useSignal(false);
  const step = (what: string, done: Key) => http.command("DELETE", `/staff/${kept.id}/${what}`).then(() => notify(t(done)), explain);
  if ((kept.retired_at ?? null) !== null) return null;
  return (
    <>
      <Button label={t("staff.of", { name: nameOf(kept) })} onClick={() => (open.value = true)}>{t("staff.title")}</Button>
      {open.value && (
        <Dialog title={t("staff.of", { name: nameOf(kept) })} onClose={() => (open.value = false)}>
          <div class="rights">
            {STEPS.map(([what, ask, done]) => (
              <section key={what}><Button onClick={() => void step(what, done)}>{t(ask)}</Button></section>
            ))}
            <p class="quiet">{t("staff.about")}</p>
          </div>
        </Dialog>
      )}
    </>
  );
}
