/** The wall of a centre: what is open, where, and whether any of it is current. Nobody touches it. */
import { batch, computed, effect, signal } from "@preact/signals";
import { render } from "preact";
import "@/ui/tokens.css";
import "@/ui/base.css";
import "./wall.css";
import { chooseLocale, LANGUAGES, locale } from "@/core/i18n";
import { formatClock, ServerClock } from "@/core/time";
import { Icon } from "@/ui/icons";
import { Button, LanguageSwitch } from "@/ui/parts";
import { Danger, Places, Rows, Strip } from "./board";
import { openWall, WallLink, type WallState, type WallView } from "./link";
import { passedFour, shift, turn } from "./turn";
import { t } from "./words";

const TOKEN_KEY = "anban.wall";
const LOCALE_KEY = "anban.locale";
const BUILD_MS = 60_000;

const clock = new ServerClock();
const token = signal<string | null>(null);
const state = signal<WallState>("connecting");
const view = signal<WallView | null>(null);
const nowMs = signal(clock.nowMs());
/** Where the turning of pages was stopped, ms; `null`: it goes on. */
const heldAt = signal<number | null>(null);
const shown = computed(() => (view.value === null ? null : turn(view.value.rows, view.value.more, heldAt.value ?? nowMs.value)));

function Wall() {
  const now = view.value;
  if (state.value === "refused") return <SetUp />;
  if (now === null || shown.value === null) return state.value === "old" ? <Cover /> : <p class="opening" role="status">{t("app.opening")}</p>;
  const { danger, dangers, dangerNumber, ...list } = shown.value;
  const { x, y } = shift(nowMs.value);
  return (
    <div class="wall" style={{ transform: `translate(${x}px, ${y}px)` }}>
      <header>
        <h1>{now.name}<small>{t("wall.title")}</small></h1>
        <p class={now.numbers.unacknowledged > 0 ? "count hot" : "count"}>{t("wall.new")} <b>{now.numbers.unacknowledged}</b></p>
        <p class="count">{t("wall.in_progress")} <b>{now.numbers.in_progress}</b></p>
        <span class="spring" />
        <p class="lamp" data-link={state.value}><span class="dot" aria-hidden="true" />{t("wall.at", { at: formatClock(now.now) })}</p>
        <time class="now">{formatClock(nowMs.value).slice(0, 5)}</time>
      </header>
      <main>
        <section class="side" aria-label={t("wall.places")}>
          {danger === null ? <Places places={now.places} /> : <Danger row={danger} nowMs={nowMs.value} number={dangerNumber} of={dangers} />}
        </section>
        <section class="list" aria-labelledby="open-title">
          <h2 id="open-title">
            {t("wall.open")}
            <small>{list.pages > 1 && t("wall.page", { n: list.page, of: list.pages })} {list.more > 0 && t("wall.more", { n: list.more })}</small>
            {list.pages > 1 && (
              <Button kind="quiet" pressed={heldAt.value !== null} onClick={() => (heldAt.value = heldAt.value === null ? nowMs.value : null)}>
                {t(heldAt.value === null ? "wall.hold" : "wall.go_on")}
              </Button>
            )}
          </h2>
          <Rows rows={list.rows} nowMs={nowMs.value} />
        </section>
      </main>
      <Strip view={now} />
      {state.value === "old" && <Cover />}
    </div>
  );
}

/** Over everything: a wall that stays green while its line is dead lies to a whole room. */
function Cover() {
  const last = view.value;
  return (
    <div class="cover" role="alert">
      <Icon name="offline" size={160} />
      <b>{t("wall.old")}</b>
      <p>{last === null ? t("wall.nothing_yet") : t("wall.until", { at: formatClock(last.now) })}</p>
      <small>{t("wall.old_hint")}</small>
    </div>
  );
}

function SetUp() {
  return (
    <main class="set-up">
      <LanguageSwitch value={locale.value} onChange={speak} />
      <h1>{t("wall.title")}</h1>
      <p>{t(token.value === null ? "wall.no_token" : "wall.token_refused")}</p>
      <form onSubmit={(event) => { event.preventDefault(); take(String(new FormData(event.currentTarget).get("token")).trim()); }}>
        <label class="field">{t("wall.token")}<input name="token" required autocomplete="off" spellcheck={false} /></label>
        <Button kind="primary" type="submit">{t("wall.use")}</Button>
      </form>
      <p class="quiet">{t("wall.how")}</p>
    </main>
  );
}

function speak(chosen: keyof typeof LANGUAGES): void {
  locale.value = chosen;
  localStorage.setItem(LOCALE_KEY, chosen);
}

/** Keep the device's token in this browser, and begin anew with it. */
function take(given: string): void {
  localStorage.setItem(TOKEN_KEY, given);
  location.reload();
}

/** A link may bring the token behind `#`, where no server sees it; it does not stay in the address. */
function tokenOfAddress(): string | null {
  const brought = new URLSearchParams(location.hash.slice(1)).get("token");
  if (brought !== null) {
    localStorage.setItem(TOKEN_KEY, brought);
    history.replaceState(null, "", location.pathname);
  }
  return brought ?? localStorage.getItem(TOKEN_KEY);
}

/** Begin anew when the server has another build, and once a night. */
function renewWithTheBuild(): void {
  let built: string | null = null;
  let before = Date.now();
  setInterval(() => {
    const now = Date.now();
    if (passedFour(before, now)) location.reload();
    before = now;
    fetch("/console/wall", { method: "HEAD", cache: "no-store" }).then(
      (answer) => {
        const found = answer.ok ? answer.headers.get("ETag") : null;
        if (found !== null && built !== null && found !== built) location.reload();
        built = found ?? built;
      },
      () => undefined, // the wall says by itself when the server is away
    );
  }, BUILD_MS);
}

const stored = localStorage.getItem(LOCALE_KEY);
locale.value = chooseLocale(stored === null ? navigator.languages : [stored]);
effect(() => {
  document.documentElement.lang = LANGUAGES[locale.value].tag;
  document.title = t("wall.title");
});
token.value = tokenOfAddress();
const link = new WallLink(openWall(token.value), {
  view: (seen) => batch(() => {
    clock.hear(seen.now);
    view.value = seen;
    nowMs.value = clock.nowMs();
  }),
  state: (turned) => (state.value = turned),
});
link.start();
setInterval(() => (nowMs.value = clock.nowMs()), 1_000);
renewWithTheBuild();
const root = document.getElementById("app");
if (root !== null) render(<Wall />, root);
