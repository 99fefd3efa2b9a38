/** Who is on duty. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Refused } from "@/core/api";
import { locale, t, type Key } from "@/core/i18n";
import { Icon } from "@/ui/icons";
import { Button, LanguageSwitch } from "@/ui/parts";
import { api, enter, turnedAway, useLocale } from "./session";

const failure = signal<Key | null>(null);
const sending = signal(false);

const REASONS: Readonly<Record<number, Key>> = {
  401: "sign_in.wrong",
  422: "sign_in.wrong",
  423: "sign_in.locked",
  429: "sign_in.locked",
};

/** What the identity provider is called; `null`: there is none, or nobody has said yet. */
const elsewhere = signal<string | null>(null);
const ELSEWHERE = "/api/v1/session/oidc";

const TURNED_AWAY: Readonly<Record<string, Key>> = {
  sign_in_refused: "sign_in.elsewhere_refused",
  provider_unavailable: "sign_in.elsewhere_away",
  too_many_attempts: "sign_in.locked",
};

/** The way with a password stands, whatever becomes of this question. */
function askForWays(): void {
  api.waysToSignIn().then((ways) => (elsewhere.value = ways.oidc), () => undefined);
}

async function send(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  if (sending.value) return;
  const form = new FormData(event.currentTarget as HTMLFormElement);
  sending.value = true;
  failure.value = null;
  turnedAway.value = null;
  try {
    enter(await api.signIn(String(form.get("username")).trim(), String(form.get("password"))));
  } catch (error) {
    failure.value = error instanceof Refused ? (REASONS[error.status] ?? "sign_in.failed") : "sign_in.unreachable";
  } finally {
    sending.value = false;
  }
}

/** `title`: what this page is; `hint`: what whoever signs in should know. */
export function SignIn({ title, hint }: { title: string; hint: string }) {
  useEffect(askForWays, []);
  const why = failure.value ?? (turnedAway.value === null ? null : (TURNED_AWAY[turnedAway.value] ?? "sign_in.failed"));
  return (
    <main class="sign-in">
      <div class="sign-in-top">
        <LanguageSwitch value={locale.value} onChange={useLocale} />
      </div>
      <form onSubmit={(event) => void send(event)}>
        <h1>
          <span class="wordmark" lang="zh-Hans">安伴</span>
          <small>{title}</small>
        </h1>
        <label>
          {t("sign_in.username")}
          <input name="username" autocomplete="username" autocapitalize="none" required maxLength={100} />
        </label>
        <label>
          {t("sign_in.password")}
          <input name="password" type="password" autocomplete="current-password" required maxLength={200} />
        </label>
        <p class="failure" role="alert">{why && t(why)}</p>
        <Button kind="primary" type="submit" disabled={sending.value}>{t("action.sign_in")}</Button>
        {elsewhere.value !== null && (
          <>
            <p class="or"><span>{t("sign_in.or")}</span></p>
            <a class="button" href={ELSEWHERE}><Icon name="key" />{t("sign_in.elsewhere", { name: elsewhere.value })}</a>
          </>
        )}
      </form>
      <p class="sign-in-foot">{hint}</p>
    </main>
  );
}
