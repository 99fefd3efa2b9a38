/** A new password, with the old one as proof. */
import { useSignal } from "@preact/signals";
import { t, type Key } from "@/core/i18n";
import { Button } from "@/ui/parts";
import { notify } from "@/ui/notices";
import { send, sending } from "./send";
import { api } from "./session";

const SHORTEST = 10; // characters, as the server has it
const LONGEST = 1_024;

const REFUSALS: Readonly<Record<string, Key>> = {
  password_refused: "password.refused",
  invalid: "password.invalid",
};

/** The three fields. `done`: it is changed. */
export function PasswordForm({ oldLabel, done }: { oldLabel: string; done: () => void }) {
  const failure = useSignal<Key | null>(null);
  async function change(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const [old, chosen, again] = ["old", "new", "again"].map((name) => String(new FormData(form).get(name))) as [string, string, string];
    failure.value = faultOf(old, chosen, again);
    if (failure.value !== null || sending.value) return;
    failure.value = await send(() => api.changePassword(old, chosen), REFUSALS);
    if (failure.value !== null) return;
    notify(t("password.changed"));
    form.reset();
    done();
  }
  return (
    <form class="password" onSubmit={(event) => void change(event)}>
      <Field name="old" label={oldLabel} complete="current-password" />
      <Field name="new" label={t("password.new")} complete="new-password" hint={t("password.hint", { n: SHORTEST })} />
      <Field name="again" label={t("password.again")} complete="new-password" />
      <p class="failure" role="alert">{failure.value && t(failure.value, { n: SHORTEST })}</p>
      <footer><Button kind="primary" type="submit" disabled={sending.value}>{t("password.change")}</Button></footer>
    </form>
  );
}

/** What is wrong before anything is sent; `null`: nothing. */
export function faultOf(old: string, chosen: string, again: string): Key | null {
  if ([...chosen].length < SHORTEST) return "password.short";
  if (chosen !== again) return "password.differs";
  return chosen === old ? "password.same" : null;
}

function Field({ name, label, complete, hint }: { name: string; label: string; complete: AutoFill; hint?: string }) {
  return (
    <div>
      <label class="field">
        {label}
        <input name={name} type="password" autocomplete={complete} required maxLength={LONGEST} aria-describedby={hint && `hint-${name}`} />
      </label>
      {hint && <small id={`hint-${name}`} class="quiet">{hint}</small>}
    </div>
  );
}

type AutoFill = "current-password" | "new-password";
