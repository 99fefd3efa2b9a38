/** Services of one's tenant: their tokens, a new one, which is shown once, and the way to shut one out. */
import { signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { DrawnToken, Permission, TokenView } from "@/core/api";
import { formatAgo, formatDay } from "@/core/time";
import { Division } from "@/ui/division";
import { Icon } from "@/ui/icons";
import { Button, Dialog } from "@/ui/parts";
import { api } from "@/sign/session";
import { nowMs } from "../model";
import { notify } from "@/ui/notices";
import { Part, Reading } from "./part";
import { read, send, sending, tag, tokens } from "./state";
import { t, term, type Key } from "../words";

/** What a service may be allowed, as the server has it. */
const GRANTED = ["read_home", "read_figures", "read_audit", "read_wall"] as const satisfies readonly Permission[];
/** What a token has to itself: a wall hangs where anybody can take it out of the browser. */
const ALONE: ReadonlySet<Permission> = new Set<Permission>(["read_wall"]);
const REFUSALS: Readonly<Record<string, Key>> = { shown_once: "tokens.lost", division_unknown: "tokens.no_place" };
const DAYS = [30, 90, 365] as const;

/** What is open over the page. */
type Open = { readonly is: "new" } | { readonly is: "drawn"; readonly drawn: DrawnToken; readonly name: string } | { readonly is: "revoke"; readonly token: TokenView };
const open = signal<Open | null>(null);
const close = () => (open.value = null);

export function Tokens() {
  const found = tokens.value;
  return (
    <Part name="tokens" icon="plug" title={t("tokens.title")} about={t("tokens.about")}>
      {found === null ? <Reading /> : found.length === 0 ? <p class="none">{t("tokens.none")}</p> : (
        <ul class="entries">{found.map((token) => <Row key={token.id} token={token} />)}</ul>
      )}
      <footer><Button kind="primary" icon="plug" onClick={() => (open.value = { is: "new" })}>{t("tokens.new")}</Button></footer>
      <Opened />
    </Part>
  );
}

function Row({ token }: { token: TokenView }) {
  const over = token.revoked_at !== null ? "revoked" : Date.parse(token.expires_at) <= nowMs.value ? "expired" : null;
  const used = token.used_at === null ? t("tokens.unused") : t("sessions.seen", { ago: formatAgo(token.used_at, nowMs.value, tag()) });
  return (
    <li class={over === null ? "" : "over"}>
      <Icon name="plug" size={24} />
      <div>
        <p class="entry-name"><b>{token.name}</b>{over !== null && <span class="chip">{term("tokens", over)}</span>}</p>
        <p class="entry-facts">
          <span>{new Intl.ListFormat(tag()).format(token.permissions.map((one) => term("permission", one)))}</span>
          {token.division !== null && <span>{t("tokens.place_of", { place: token.division })}</span>}
          <span>{t("tokens.until", { at: formatDay(token.expires_at, tag()) })}</span>
          <span>{used}</span>
        </p>
      </div>
      {over === null && (
        <Button label={t("tokens.revoke_one", { name: token.name })} disabled={sending.value} onClick={() => (open.value = { is: "revoke", token })}>
          {t("tokens.revoke")}
        </Button>
      )}
    </li>
  );
}

function Opened() {
  const what = open.value;
  if (what === null) return null;
  if (what.is === "new") return <New />;
  return what.is === "drawn" ? <Drawn drawn={what.drawn} name={what.name} /> : <Revoke token={what.token} />;
}

function New() {
  const days = useSignal<number>(DAYS[2]);
  const allowed = useSignal<readonly Permission[]>([]);
  const name = useSignal("");
  const place = useSignal("");
  const isWall = allowed.value.includes("read_wall");
  const flip = (one: Permission) => (allowed.value = flipped(allowed.value, one));
  const draw = async (event: SubmitEvent) => {
    event.preventDefault();
    const called = name.value.trim();
    const refused = await send(async () => {
      open.value = { is: "drawn", drawn: await api.drawToken(called, allowed.value, days.value, (isWall && place.value.trim()) || null), name: called };
    }, null, REFUSALS);
    if (refused !== "tokens.lost" && refused !== "tokens.no_place") return;
    notify(t(refused), true);
    if (refused === "tokens.no_place") return;
    close();
    await read();
  };
  return (
    <Dialog title={t("tokens.new")} onClose={close}>
      <form onSubmit={(event) => void draw(event)}>
        <label class="field">
          {t("tokens.name")}
          <input type="text" maxLength={100} required value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        </label>
        <fieldset class="picks">
          <legend>{t("tokens.allowed")}</legend>
          {GRANTED.map((one) => (
            <label key={one} class="pick">
              <input type="checkbox" checked={allowed.value.includes(one)} onChange={() => flip(one)} />
              <span>{term("permission", one)}</span>
            </label>
          ))}
        </fieldset>
        {isWall && (
          <label class="field">
            {t("tokens.place")}
            <Division text={place.value} onText={(text) => (place.value = text)} ask={api.divisions} />
            <small class="quiet">{t("tokens.place_hint")}</small>
          </label>
        )}
        <fieldset class="picks">
          <legend>{t("tokens.days")}</legend>
          {DAYS.map((n) => (
            <label key={n} class="pick">
              <input type="radio" name="days" checked={days.value === n} onChange={() => (days.value = n)} />
              <span>{t("unit.days", { n })}</span>
            </label>
          ))}
        </fieldset>
        <footer>
          <Button onClick={close}>{t("action.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={sending.value || name.value.trim() === "" || allowed.value.length === 0}>{t("tokens.make")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

/** `allowed` with `one` taken back or added; what stands alone sends the others away. */
function flipped(allowed: readonly Permission[], one: Permission): readonly Permission[] {
  if (allowed.includes(one)) return allowed.filter((other) => other !== one);
  return ALONE.has(one) ? [one] : [...allowed.filter((other) => !ALONE.has(other)), one];
}

/** The only time that the token is seen. */
function Drawn({ drawn, name }: { drawn: DrawnToken; name: string }) {
  const field = useRef<HTMLInputElement>(null);
  const copied = useSignal(false);
  const copy = () => {
    field.current?.select();
    // Missing on pages that came by http; what is selected can still be copied by hand.
    navigator.clipboard?.writeText(drawn.token).then(() => (copied.value = true), () => undefined);
  };
  return (
    <Dialog title={t("tokens.drawn", { name })} onClose={close}>
      <form onSubmit={(event) => { event.preventDefault(); close(); }}>
        <p>{t("tokens.once")}</p>
        <div class="drawn">
          <input ref={field} type="text" readOnly value={drawn.token} aria-label={t("tokens.token")} onFocus={(event) => event.currentTarget.select()} />
          <Button icon={copied.value ? "check" : "copy"} onClick={copy}>{t(copied.value ? "tokens.copied" : "tokens.copy")}</Button>
        </div>
        <p class="quiet"><code>Authorization: Bearer …</code></p>
        <footer><Button kind="primary" type="submit">{t("tokens.kept")}</Button></footer>
      </form>
    </Dialog>
  );
}

function Revoke({ token }: { token: TokenView }) {
  const revoke = (event: SubmitEvent) => {
    event.preventDefault();
    void send(() => api.revokeToken(token.id), "tokens.is_revoked").then((failure) => failure === null && close());
  };
  return (
    <Dialog title={t("tokens.revoke_one", { name: token.name })} onClose={close}>
      <form onSubmit={revoke}>
        <p>{t("tokens.revoke_sure")}</p>
        <footer>
          <Button onClick={close}>{t("action.cancel")}</Button>
          <Button kind="danger" type="submit" disabled={sending.value}>{t("tokens.revoke")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
