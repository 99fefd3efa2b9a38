/** What stands above every view: where one is, the way to help, and what is sent and what is not. */
import { computed } from "@preact/signals";
import { session } from "@/sign/session";
import { Icon, type IconName } from "@/ui/icons";
import { day, online, own, signedOut, standingNow, today } from "./model";
import { goTo, hrefOf, route } from "./route";
import { asking } from "./sos";
import { t, term } from "./words";
import { clock } from "./words-of";

export function Header() {
  const { view, visit } = route.value;
  const up = view === "form" || view === "assess" ? hrefOf("visit", visit) : hrefOf("today");
  return (
    <header class="field-head">
      {view === "today" ? (
        <a class="button quiet" href={hrefOf("me")} aria-label={t("me.title")}><Icon name="user" /></a>
      ) : (
        <a class="button quiet" href={up} aria-label={t("go.back")}><Icon name="back" /></a>
      )}
      <h1>{title(view, today.value?.visits.find((one) => one.visit.key === visit)?.visit.kind)}</h1>
      <button type="button" class="button danger" onClick={() => (asking.value = true)}>
        <Icon name="siren" />{t("sos.open")}
      </button>
    </header>
  );
}

const TITLES = { today: "day.title", out: "out.title", me: "me.title", find: "find.title", form: "step.form", assess: "step.assess" } as const;

/** Where one is; at a visit, what kind it is. */
function title(view: keyof typeof TITLES | "visit", kind: string | undefined): string {
  return view !== "visit" ? t(TITLES[view]) : kind === undefined ? t("day.title") : term("visit_kind", kind);
}

type Tone = "well" | "busy" | "warn" | "bad";

/** One sentence on what is sent, the most urgent first. */
const state = computed((): { readonly tone: Tone; readonly icon: IconName; readonly text: string } => {
  const { waiting, refused } = standingNow.value;
  if (signedOut.value) return { tone: "bad", icon: "key", text: t("out.sign_in", { n: waiting }) };
  if (refused > 0) return { tone: "bad", icon: "flag", text: t("out.refused", { n: refused }) };
  if (!online.value) return { tone: "warn", icon: "offline", text: waiting > 0 ? t("out.offline", { n: waiting }) : t("out.offline_none") };
  if (own.value.some((item) => item.state === "sending")) return { tone: "busy", icon: "up", text: t("out.sending", { n: waiting }) };
  if (waiting > 0) return { tone: "warn", icon: "up", text: t("out.waiting", { n: waiting }) };
  return { tone: "well", icon: "check", text: t("out.all_sent") };
});

export function Strip() {
  const { tone, icon, text } = state.value;
  const read = day.value;
  const press = () => (signedOut.value ? (session.value = null) : goTo("out"));
  return (
    <button type="button" class={`strip ${tone}`} data-strip={tone} onClick={press}>
      <Icon name={icon} />
      <span role="status">{text}</span>
      {read !== null && <small>{t("out.data_at", { at: clock(read.atMs) })}</small>}
    </button>
  );
}
