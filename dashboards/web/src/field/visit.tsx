/** One visit: what to know before the door opens, and the four steps. */
import type { ComponentChildren } from "preact";
import { formatPhone } from "@/core/phone";
import { Icon, type IconName } from "@/ui/icons";
import { Concern } from "./concern";
import { course, isStrange, startOf, type Course, type DayVisit } from "./day";
import { Door } from "./at-door";
import { drafts, forms, own } from "./model";
import { More } from "./more";
import type { What } from "./outbox";
import { progress } from "./questions";
import { hrefOf } from "./route";
import { MapLink } from "./today";
import { t, term } from "./words";
import { clock, faults, listed, option, owed, question, shortDay } from "./words-of";

export function Visit({ at }: { at: DayVisit }) {
  const { visit } = at;
  const so = course(at, own.value);
  const start = startOf(at);
  return (
    <main class="field">
      <section class="who">
        <h2>{visit.resident}</h2>
        <p>
          {[t("day.age", { n: at.age }), at.lives_alone ? t("day.alone") : "", at.ability_level > 0 ? term("ability.level", String(at.ability_level)) : ""].filter(Boolean).join(" · ")}
        </p>
        <p><strong>{term("visit_kind", visit.kind)}</strong>{start !== null && <> · <time dateTime={start}>{clock(start)}</time></>} {at.minutes > 0 && ` · ${t("day.minutes", { n: at.minutes })}`}{at.people > 1 && ` · ${t("day.with")}`}</p>
        <p class="address">{visit.address}</p>
        <div class="ways">
          <MapLink at={at} />
          {at.phone !== "" && <a class="button" href={`tel:${at.phone}`}><Icon name="phone" />{formatPhone(at.phone)}</a>}
        </div>
        {visit.state === "cancelled" && <p class="hint warn">{t("visit.cancelled")}</p>}
      </section>
      <Know at={at} />
      <ol class="steps">
        <Step n={1} name={t("step.arrive")} done={so.arrived} what="arrive" at={at}>
          <AtDoor what="arrive" at={at} next open={!so.arrived} />
        </Step>
        <FormStep n={2} at={at} so={so} />
        <Step n={3} name={t("step.more")} done={false} at={at}><More at={at} /></Step>
        {visit.way === "home" && (
          <Step n={4} name={t("step.depart")} done={so.departed} what="depart" at={at}>
            <AtDoor what="depart" at={at} next={so.told} open={so.arrived && !so.departed} />
          </Step>
        )}
      </ol>
      <Whole at={at} so={so} />
      <Concern at={at} />
    </main>
  );
}

/** `open`: nobody has said it yet. Whoever showed the tag of another door may show again that they are here. */
function AtDoor({ open, ...door }: Parameters<typeof Door>[0] & { open: boolean }) {
  const strange = isStrange(door.at, own.value, door.what);
  return (
    <>
      {strange && <p class="hint warn" role="alert">{t("door.strange")}</p>}
      {(open || strange) && <Door {...door} />}
    </>
  );
}

function Know({ at }: { at: DayVisit }) {
  const why = owed(at);
  const worse = (at.last?.worse ?? []).map(question);
  const worries = (at.last?.worries ?? []).filter((key) => !at.last?.worse.includes(key)).map(question);
  return (
    <dl class="know">
      {why.length > 0 && (
        <Fact icon="flag" name={t("visit.why")}>
          {why.map((one) => <span key={one.text} class={one.overdue ? "overdue" : ""}>{one.text}{one.overdue && ` · ${t("owed.overdue")}`}</span>)}
        </Fact>
      )}
      {at.visit.services.length > 0 && <Fact icon="list" name={t("visit.services")}>{listed(at.visit.services.map((one) => option("done", one)))}</Fact>}
      {at.last !== null && (
        <Fact icon="eye" name={t("visit.last", { day: shortDay(at.last.at) })}>
          {worse.length > 0 && <span class="worry">{t("visit.worse", { what: listed(worse) })}</span>}
          {worries.length > 0 && <span class="worry">{t("visit.worries", { what: listed(worries) })}</span>}
          {worse.length + worries.length === 0 ? t("visit.last_well") : <small>{t("visit.ask_well")}</small>}
        </Fact>
      )}
      {at.notes !== "" && <Fact icon="note" name={t("visit.notes")}>{at.notes}</Fact>}
      {at.keys.length > 0 && (
        <Fact icon="key" name={t("visit.keys")}>
          {at.keys.map((one) => (
            <span key={one.phone} class="key-holder">
              {one.name} · {term("relation", one.relation)}
              {one.phone !== "" && <a class="button quiet" href={`tel:${one.phone}`}><Icon name="phone" />{formatPhone(one.phone)}</a>}
            </span>
          ))}
        </Fact>
      )}
      {at.skills.length > 0 && <Fact icon="shield" name={t("visit.skills", { what: listed(at.skills.map((one) => term("skill", one))) })} />}
    </dl>
  );
}

function Fact({ icon, name, children }: { icon: IconName; name: string; children?: ComponentChildren }) {
  return (
    <div>
      <dt><Icon name={icon} />{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface StepProps {
  readonly n: number;
  readonly name: string;
  readonly done: boolean;
  readonly at: DayVisit;
  readonly what?: What;
  readonly children?: ComponentChildren;
}

/** One step, with when it was said here and whether that is sent. */
function Step({ n, name, done, at, what, children }: StepProps) {
  const said = own.value.filter((item) => item.visit === at.visit.key && item.what === what && item.state !== "refused").at(-1);
  return (
    <li class={done ? "step done" : "step"} data-step={what ?? n}>
      <h3>
        <span class="step-n">{done ? <Icon name="check" size={18} /> : n}</span>
        {name}
        {said !== undefined && <small>{clock(said.saidMs)} · {t(`state.${said.state === "refused" ? "waiting" : said.state}`)}</small>}
      </h3>
      {children}
    </li>
  );
}

function FormStep({ n, at, so }: { n: number; at: DayVisit; so: Course }) {
  const form = forms.value?.forms.find((one) => one.kind === at.visit.kind);
  const answers = drafts.value.get(at.visit.key)?.answers ?? {};
  const begun = Object.keys(answers).length > 0;
  const { answered, asked } = form === undefined ? { answered: 0, asked: 0 } : progress(form, answers);
  return (
    <Step n={n} name={t("step.form")} done={so.told} what="answers" at={at}>
      <a class={so.arrived && !so.told ? "button primary" : "button"} href={hrefOf("form", at.visit.key)}>
        <Icon name="list" />{t(begun ? "go.continue" : "step.form")}
        {begun && <small>{t("form.progress", { n: answered, of: asked })}</small>}
      </a>
      {at.visit.kind === "assessment" && (
        <a class="button" href={hrefOf("assess", at.visit.key)}><Icon name="questions" />{t("step.assess")}</a>
      )}
    </Step>
  );
}

/** What the server says of the visit, once it has heard of it. */
function Whole({ at: { visit }, so }: { at: DayVisit; so: Course }) {
  if (visit.began_at === null || so.waiting > 0) return null;
  const missing = faults(visit.faults);
  return (
    <section class="whole">
      {visit.complete ? <p class="well"><Icon name="check" />{t("visit.whole")}</p> : missing.length > 0 && <p>{t("visit.missing", { what: listed(missing) })}</p>}
      {visit.worse.length > 0 && <p class="worry">{t("visit.worse", { what: listed(visit.worse.map(question)) })}</p>}
      {visit.conflicts.length > 0 && <p>{t("visit.conflicts", { what: listed(visit.conflicts.map((one) => term("conflict", one))) })}</p>}
    </section>
  );
}
