/**
 * The second step of signing in: a code, or an authenticator to be enrolled first.
 *
 * What this is: two forms and the page of recovery codes. What it is not: the first step (`sign-in`). The one
 * idea: the codes are shown once, so the page opens only after somebody says that they were written down.
 */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Refused, type NewFactor, type Session } from "@/core/api";
import { locale, t, type Key } from "@/core/i18n";
import { Button, LanguageSwitch } from "@/ui/parts";
import { PasswordForm } from "./password-form";
import { api, enrolling, enter, leave, useLocale } from "./session";
import type { ComponentChildren } from "preact";

const failure = signal<Key | null>(null);
const sending = signal(false);
const factor = signal<NewFactor | null>(null);
const done = signal<{ readonly me: Session; readonly codes: readonly string[] } | null>(null);

const REFUSED = 403;

async function send(work: () => Promise<void>): Promise<void> {
  if (sending.value) return;
  sending.value = true;
  failure.value = null;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) failure.value = "sign_in.unreachable";
    else if (error.status === REFUSED) failure.value = "second_factor.wrong";
    else await leave();
  } finally {
    sending.value = false;
  }
}

function codeOf(event: SubmitEvent): string {
  event.preventDefault();
  return String(new FormData(event.currentTarget as HTMLFormElement).get("code")).trim();
}

/** Whoever has an authenticator shows a code of it. */
export function SecondFactor() {
  return (
    <Frame title={t("second_factor.title")}>
      <form onSubmit={(event) => { const code = codeOf(event); void send(async () => enter(await api.completeSignIn(code))); }}>
        <Field label={t("second_factor.code")} />
        <Foot label={t("action.sign_in")} />
      </form>
      <p class="sign-in-foot">{t("second_factor.lost")}</p>
    </Frame>
  );
}

/** Whoever has none enrols one; whoever has one shows a code of it first. */
export function Enrol() {
  const replacing = enrolling.value === "replace";
  useEffect(() => {
    failure.value = null;
    if (!replacing && factor.value === null && done.value === null) void send(async () => { factor.value = await api.beginSecondFactor(null); });
  }, []);
  if (done.value !== null) return <Codes />;
  const made = factor.value;
  const title = t(replacing ? "factor.replace" : "second_factor.enrol");
  if (replacing && made === null) return <Show />;
  return (
    <Frame title={title}>
      <form
        onSubmit={(event) => {
          const code = codeOf(event);
          void send(async () => {
            const proved = await api.proveSecondFactor(code);
            done.value = { me: proved.me, codes: proved.recovery_codes };
            factor.value = null;
          });
        }}
      >
        {!replacing && <p>{t("second_factor.why")}</p>}
        <p>{t("second_factor.scan")}</p>
        {made && <img class="qr" src={made.qr} alt={t("second_factor.image")} />}
        <code class="factor-key">{made?.secret.match(/.{1,4}/g)?.join(" ")}</code>
        <Field label={t("second_factor.first_code")} />
        <Foot label={title} />
      </form>
    </Frame>
  );
}

/** Proof that it is not somebody at an open screen, or with a stolen password. */
function Show() {
  return (
    <Frame title={t("factor.replace")}>
      <form onSubmit={(event) => { const code = codeOf(event); void send(async () => { factor.value = await api.beginSecondFactor(code); }); }}>
        <p>{t("factor.show_first")}</p>
        <Field label={t("second_factor.code")} />
        <Foot label={t("action.continue")} />
      </form>
    </Frame>
  );
}

/** Whoever was given a one-time password chooses their own before anything else. */
export function ChoosePassword() {
  return (
    <Frame title={t("password.one_time")}>
      <p>{t("password.one_time_about")}</p>
      <PasswordForm oldLabel={t("password.one_time_old")} done={() => void api.whoAmI().then(enter, () => leave())} />
      <Button kind="quiet" onClick={() => void leave()}>{t("action.cancel")}</Button>
    </Frame>
  );
}

function Codes() {
  const shown = done.value;
  if (shown === null) return null;
  return (
    <Frame title={t("second_factor.recovery")}>
      <form onSubmit={(event) => { event.preventDefault(); done.value = null; enrolling.value = null; enter(shown.me); }}>
        <p>{t("second_factor.keep")}</p>
        <ol class="recovery">{shown.codes.map((code) => <li key={code}><code>{code}</code></li>)}</ol>
        <Button kind="primary" type="submit">{t("second_factor.kept")}</Button>
      </form>
    </Frame>
  );
}

function Field({ label }: { label: string }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []); // `autofocus` counts once per document
  return (
    <label>
      {label}
      <input ref={input} name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck={false} required minLength={6} maxLength={40} />
    </label>
  );
}

function Foot({ label }: { label: string }) {
  return (
    <>
      <p class="failure" role="alert">{failure.value && t(failure.value)}</p>
      <Button kind="primary" type="submit" disabled={sending.value}>{label}</Button>
      <Button kind="quiet" onClick={() => { factor.value = null; if (enrolling.value !== null) enrolling.value = null; else void leave(); }}>{t("action.cancel")}</Button>
    </>
  );
}

function Frame({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <main class="sign-in second-factor">
      <div class="sign-in-top"><LanguageSwitch value={locale.value} onChange={useLocale} /></div>
      <section>
        <h1><span class="wordmark" lang="zh-Hans">安伴</span><small>{title}</small></h1>
        {children}
      </section>
    </main>
  );
}
