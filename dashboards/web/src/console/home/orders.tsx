/** What comes again and again to this home: meals, a bath, cleaning; until when, on which days next, and how to begin or end it. */
import { useSignal, type Signal } from "@preact/signals";
import type { Session } from "@/core/api";
import type { OrderView } from "@/core/home-api";
import { send, sending } from "@/sign/send";
import { Button, Dialog } from "@/ui/parts";
import { homeApi, nowMs } from "../model";
import { dayIn, listed, tag, weekday } from "../names";
import { t, term } from "../words";
import { asked, clock, draftFrom, faultOf, KINDS, SERVICES, WEEKDAYS, type Draft, type Often } from "./order";
import { Panel } from "./panel";
import { card, orders, readOrders } from "./state";

const NEXT_SHOWN = 3;

export function Orders({ person }: { person: Session }) {
  const adding = useSignal(false);
  const ending = useSignal<OrderView | null>(null);
  const leads = person.permissions.includes("lead_visits");
  const resident = card.value.value?.resident?.id ?? null;
  return (
    <Panel
      name="orders"
      title={t("orders.title")}
      of={orders.value}
      aside={leads && resident !== null && <Button label={t("orders.add")} onClick={() => (adding.value = true)}>{t("orders.add_short")}</Button>}
    >
      {(found) => (
        <>
          {found.length === 0 ? <p class="quiet">{t("orders.none")}</p> : (
            <ul class="home-rows" tabIndex={0}>{found.map((one) => <Row key={one.id} one={one} end={leads ? () => (ending.value = one) : null} />)}</ul>
          )}
          {adding.value && resident !== null && <Add resident={resident} onClose={() => (adding.value = false)} />}
          {ending.value !== null && <End one={ending.value} onClose={() => (ending.value = null)} />}
        </>
      )}
    </Panel>
  );
}

function Row({ one, end }: { one: OrderView; end: (() => void) | null }) {
  const pauses = one.pauses.map(({ why, since, until }) =>
    t(until === null ? "orders.rests_from" : "orders.rests", { why: term("pause", why), since: dayIn(since, tag()), until: until === null ? "" : dayIn(until, tag()) }));
  return (
    <li class="plain-row">
      <span>
        <b>{what(one)}</b> {often(one)} <span class="digits">{clock(one.open_min)}–{clock(one.due_min)}</span>
        <small>{one.days.length === 0 ? t("orders.no_days") : t("orders.next", { days: listed(one.days.slice(0, NEXT_SHOWN).map((day) => dayIn(day, tag()))) })}</small>
        <small>{span(one)}</small>
        {pauses.map((said) => <small key={said} class="worry">{said}</small>)}
      </span>
      {end !== null && <Button label={t("orders.end_of", { what: what(one) })} onClick={end}>{t("orders.end")}</Button>}
    </li>
  );
}

/** `助餐、助浴`, or which visit it is. */
function what(one: OrderView): string {
  return one.kind === "service" ? listed(one.services.map((service) => term("service", service))) : term("visit_kind", one.kind);
}

function often(one: OrderView): string {
  if (one.every_days !== null) return one.every_days === 1 ? t("orders.daily") : t("orders.every", { n: one.every_days });
  return one.weekdays.length === WEEKDAYS.length ? t("orders.daily") : listed(one.weekdays.map((day) => weekday(day)));
}

function span(one: OrderView): string {
  const since = dayIn(one.since, tag());
  return one.until === null ? t("orders.since", { since }) : t("orders.span", { since, until: dayIn(one.until, tag()) });
}

function End({ one, onClose }: { one: OrderView; onClose: () => void }) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const refused = await send(async () => {
      await homeApi.endOrder(one.id);
      readOrders();
    });
    if (refused === null) onClose();
  };
  return (
    <Dialog title={t("orders.end_of", { what: what(one) })} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p>{t("orders.end_about")}</p>
        <footer>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button kind="danger" type="submit" disabled={sending.value}>{t("orders.end")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

function Add({ resident, onClose }: { resident: number; onClose: () => void }) {
  const draft = useSignal<Draft>(draftFrom(nowMs.peek()));
  const told = useSignal(false);
  const fault = told.value ? faultOf(draft.value) : null;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    told.value = true;
    if (faultOf(draft.peek()) !== null) return;
    const refused = await send(async () => {
      await homeApi.addOrder(asked(resident, draft.peek()));
      readOrders();
    });
    if (refused === null) onClose();
  };
  return (
    <Dialog title={t("orders.add")} onClose={onClose}>
      <form class="order-form" noValidate onSubmit={(event) => void submit(event)}>
        <What draft={draft} />
        <When draft={draft} />
        <div class="order-span">
          {(["open", "due"] as const).map((name) => <Field key={name} draft={draft} name={name} type="time" />)}
          {(["since", "until"] as const).map((name) => <Field key={name} draft={draft} name={name} type="date" />)}
        </div>
        <p class="quiet">{t("orders.about")}</p>
        <p class="failure" role="alert">{fault !== null && t(fault)}</p>
        <footer>
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button kind="primary" type="submit" disabled={sending.value}>{t("orders.add")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

const put = (draft: Signal<Draft>, change: Partial<Draft>) => (draft.value = { ...draft.peek(), ...change });

/** The set with `one` in it, or out of it. */
function flipped<T>(all: ReadonlySet<T>, one: T): ReadonlySet<T> {
  const next = new Set(all);
  if (!next.delete(one)) next.add(one);
  return next;
}

function What({ draft }: { draft: Signal<Draft> }) {
  return (
    <>
      <fieldset class="etas">
        <legend>{t("orders.what")}</legend>
        {KINDS.map((one) => <Pick key={one} name="kind" on={draft.value.kind === one} word={term("visit_kind", one)} choose={() => put(draft, { kind: one })} />)}
      </fieldset>
      {draft.value.kind === "service" && (
        <fieldset class="etas">
          <legend>{t("orders.services")}</legend>
          {SERVICES.map((one) => (
            <Pick key={one} on={draft.value.services.has(one)} word={term("service", one)} choose={() => put(draft, { services: flipped(draft.peek().services, one) })} />
          ))}
        </fieldset>
      )}
    </>
  );
}

function When({ draft }: { draft: Signal<Draft> }) {
  const { often: chosen, weekdays, every } = draft.value;
  return (
    <fieldset class="etas">
      <legend>{t("orders.often")}</legend>
      {(["weekdays", "every"] as Often[]).map((one) => (
        <Pick key={one} name="often" on={chosen === one} word={t(`orders.often_${one}`)} choose={() => put(draft, { often: one })} />
      ))}
      <span class="order-days">
        {chosen === "weekdays" ? WEEKDAYS.map((day) => (
          <Pick key={day} on={weekdays.has(day)} word={weekday(day)} choose={() => put(draft, { weekdays: flipped(weekdays, day) })} />
        )) : (
          <label>
            {t("orders.every_n")}
            <input type="number" min={1} max={366} value={every} onInput={(event) => put(draft, { every: event.currentTarget.valueAsNumber })} />
          </label>
        )}
      </span>
    </fieldset>
  );
}

/** One of several that shut each other out (`name`), or one that stands for itself. */
function Pick({ name, on, word, choose }: { name?: string; on: boolean; word: string; choose: () => void }) {
  return (
    <label class="pick">
      <input type={name === undefined ? "checkbox" : "radio"} name={name ?? word} checked={on} onChange={choose} />
      <span>{word}</span>
    </label>
  );
}

function Field({ draft, name, type }: { draft: Signal<Draft>; name: "open" | "due" | "since" | "until"; type: "time" | "date" }) {
  return (
    <label class="field">
      {t(name === "since" ? "orders.first" : `orders.${name}`)}
      <input type={type} value={draft.value[name]} onInput={(event) => put(draft, { [name]: event.currentTarget.value })} />
    </label>
  );
}
