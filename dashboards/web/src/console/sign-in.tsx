/** Who is on duty. */
import { signal } from "@preact/signals";
import { Refused } from "@/core/api";
import { locale, t, type Key } from "@/core/i18n";
import { Button, LanguageSwitch } from "@/ui/parts";
import { api, enter, useLocale } from "./model";

const failure = signal<Key | null>(null);
const sending = signal(false);

const REASONS: Readonly<Record<number, Key>> = {
  401: "sign_in.wrong",
  422: "sign_in.wrong",
  423: "sign_in.locked",
  429: "sign_in.locked",
};

async function send(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  if (sending.value) return;
  const form = new FormData(event.currentTarget as HTMLFormElement);
  sending.value = true;
  failure.value = null;
  try {
    enter(await api.signIn(String(form.get("username")).trim(), String(form.get("password"))));
  } catch (error) {
    failure.value = error instanceof Refused ? (REASONS[error.status] ?? "sign_in.failed") : "sign_in.unreachable";
  } finally {
    sending.value = false;
  }
}

export function SignIn() {
  return (
    <main class="sign-in">
      <div class="sign-in-top">
        <LanguageSwitch value={locale.value} onChange={useLocale} />
      </div>
      <form onSubmit={(event) => void send(event)}>
        <h1>
          <span class="wordmark" lang="zh-Hans">安伴</span>
          <small>{t("app.console")}</small>
        </h1>
        <label>
          {t("sign_in.username")}
          <input name="username" autocomplete="username" autocapitalize="none" required maxLength={100} />
        </label>
        <label>
          {t("sign_in.password")}
          <input name="password" type="password" autocomplete="current-password" required maxLength={200} />
        </label>
        <p class="failure" role="alert">{failure.value && t(failure.value)}</p>
        <Button kind="primary" type="submit" disabled={sending.value}>{t("action.sign_in")}</Button>
      </form>
      <p class="sign-in-foot">{t("sign_in.shift_hint")}</p>
    </main>
  );
}
