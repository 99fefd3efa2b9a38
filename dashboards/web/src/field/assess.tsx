/** GB/T 42195 at the door: 26 items, what moved the level, and two signatures. */
import { useEffect } from "preact/hooks";
import { asking, personal } from "@/sign/session";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { domainsOf, sum, type AbilityForm, type AbilityItem, type Points } from "./ability";
import type { DayVisit } from "./day";
import { keepDraft } from "./form";
import { day, drafts, forms, own, staff } from "./model";
import { assessment as sendAssessment, second } from "./say";
import { readAbility, type Assessment } from "./server";
import { t, term } from "./words";
import { clock, dayName, listed, option } from "./words-of";

const INFORMANTS = ["self", "family", "carer", "other"] as const;
const ICD = /[A-Za-z]\d{2}(?:\.\d{1,4})?/g;
/** The assessments of the person who was asked about last; `null`: not read. */
const known = personal<{ readonly resident: number; readonly all: readonly Assessment[] } | null>(null);
const questions = asking();

async function read(resident: number): Promise<void> {
  const mayShow = questions.ask(resident);
  const answer = await readAbility(resident);
  if (answer?.status === 200 && mayShow()) known.value = { resident, all: answer.body.assessments };
}

export function Assess({ at }: { at: DayVisit }) {
  const form = forms.value?.ability;
  const said = own.value.filter((item) => item.visit === at.visit.key && (item.what === "assessment" || item.what === "second"));
  const unsent = said.find((item) => item.what === "assessment" && item.state !== "done" && item.state !== "refused");
  const sent = said.filter((item) => item.state === "done").length;
  useEffect(() => void read(at.visit.resident_id), [at.visit.resident_id, sent]);
  if (form === undefined) return <main class="field"><p class="empty">{t("app.loading")}</p></main>;
  const mine = known.value?.resident === at.visit.resident_id ? known.value.all.find((one) => one.visit_id === at.visit.id) : undefined;
  return (
    <main class="field form">
      <h2>{at.visit.resident} · {t("ability.title")}</h2>
      {unsent !== undefined && <Unsent points={unsent.body.points as Points} form={form} />}
      {mine !== undefined && <Result one={mine} form={form} at={at} />}
      {mine === undefined && unsent === undefined && known.value === null && <p class="quiet">{t("ability.unread")}</p>}
      {mine === undefined && unsent === undefined && <Fill form={form} at={at} />}
    </main>
  );
}

function Fill({ form, at }: { form: AbilityForm; at: DayVisit }) {
  const draft = drafts.value.get(at.visit.key);
  const points: Points = draft?.points ?? {};
  const about = draft?.about ?? {};
  const so = sum(form, points);
  const tell = (key: string, value: string | boolean) => keepDraft(at, { about: { ...about, [key]: value } });
  const sign = () => {
    const codes = String(about.diagnoses ?? "").match(ICD) ?? [];
    const diagnoses = codes.map((code) => ({ code: code.toUpperCase(), by_psychiatrist: about.psychiatrist === true }));
    const reason = at.owed.find((one) => one.reason === "assessment")?.name || "regular";
    const informant = String(about.informant ?? "self");
    void sendAssessment(at, day.peek()?.value.day ?? "", { reason, informant, points, coma: about.coma === true, diagnoses });
  };
  return (
    <>
      <p class="quiet">{t("ability.standard")}</p>
      {domainsOf(form).map(({ domain, items }, i) => (
        <section key={domain} class="area">
          <h3>{term("domain", domain)} <small>{so.domains[i]?.points}/{so.domains[i]?.most}</small></h3>
          {items.map((item) => (
            <Item key={item.key} item={item} value={points[item.key]} onChange={(n) => keepDraft(at, { points: { ...points, [item.key]: n } })} />
          ))}
        </section>
      ))}
      <section class="area">
        <h3>{t("ability.about")}</h3>
        <fieldset class="ask">
          <legend>{term("q", "informant")}</legend>
          <div class="picks">
            {INFORMANTS.map((one) => (
              <label key={one} class="pick">
                <input type="radio" name="informant" checked={(about.informant ?? "self") === one} onChange={() => tell("informant", one)} />
                <span>{option("informant", one)}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <label class="ask"><span>{t("ability.diagnoses")}</span><input type="text" value={String(about.diagnoses ?? "")} maxLength={100} onInput={(event) => tell("diagnoses", event.currentTarget.value)} /></label>
        <label class="check"><input type="checkbox" checked={about.psychiatrist === true} onChange={(event) => tell("psychiatrist", event.currentTarget.checked)} />{t("ability.psychiatrist")}</label>
        <label class="check"><input type="checkbox" checked={about.coma === true} onChange={(event) => tell("coma", event.currentTarget.checked)} />{t("ability.coma")}</label>
        <p class="quiet">{t("ability.events", { n: form.events_that_worsen })}</p>
      </section>
      <footer class="form-foot">
        <p><strong>{t("ability.sum", { n: so.total, of: so.most })}</strong> · {t("ability.answered", { n: so.answered, of: form.items.length })}</p>
        {so.level !== null && <p>{t("ability.by_points", { level: term("ability.level", String(so.level)) })}</p>}
        <p class="quiet">{t("ability.sign_about")}</p>
        <Button kind="primary" icon="check" disabled={so.level === null} onClick={sign}>{t("ability.sign")}</Button>
      </footer>
    </>
  );
}

function Item({ item, value, onChange }: { item: AbilityItem; value: number | undefined; onChange: (points: number) => void }) {
  const steps = Array.from({ length: item.best + 1 }, (_, i) => item.best - i);
  return (
    <fieldset class="ask" data-item={item.key}>
      <legend>{term("item", item.key)}</legend>
      <div class="picks points">
        {steps.map((points) => (
          <label key={points} class="pick">
            <input type="radio" name={item.key} checked={value === points} onChange={() => onChange(points)} />
            <span>{points}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** What was signed here and nobody has judged: where its points lead, and that they may not be all. */
function Unsent({ points, form }: { points: Points; form: AbilityForm }) {
  const so = sum(form, points);
  return (
    <section class="result">
      <h3>{t("ability.result")}</h3>
      <p class="level">{t("ability.by_points", { level: term("ability.level", String(so.level)) })}</p>
      <p>{t("ability.sum", { n: so.total, of: so.most })}</p>
      <ul class="domains">{so.domains.map((one) => <li key={one.domain}>{term("domain", one.domain)} <strong>{one.points}</strong></li>)}</ul>
      <p class="hint" role="status">{t("ability.waiting_here")}</p>
    </section>
  );
}

/** What the server made of it, and whose signature is missing. */
function Result({ one, form, at }: { one: Assessment; form: AbilityForm; at: DayVisit }) {
  return (
    <section class="result" data-level={one.level}>
      <h3>{t("ability.result")}</h3>
      <p class="level">{term("ability.level", String(one.level))}</p>
      <p>{t("ability.sum", { n: one.total, of: sum(form, one.points).most })} · {t("ability.by_points", { level: term("ability.level", String(one.by_points)) })}</p>
      {one.overrides.length > 0 && <p class="worry">{t("ability.moved", { what: listed(one.overrides.map((why) => term("override", why))) })}</p>}
      <ul class="domains">{domainsOf(form).map(({ domain }) => <li key={domain}>{term("domain", domain)} <strong>{one.domains[domain]}</strong></li>)}</ul>
      <p>{t("ability.first_by", { name: one.first_by ?? "", at: `${dayName(one.first_signed_at)} ${clock(one.first_signed_at)}` })}</p>
      {one.second_signed_at !== null && <p class="well"><Icon name="check" />{t("ability.second_by", { name: one.second_by ?? "", at: `${dayName(one.second_signed_at)} ${clock(one.second_signed_at)}` })}</p>}
      {one.refused_at !== null && <p class="worry">{t("ability.refused", { why: one.refused_why })}</p>}
      {one.second_id === null && (one.first_id === staff.value ? <p class="hint">{t("ability.waits")}</p> : <Second one={one} at={at} />)}
    </section>
  );
}

function Second({ one, at }: { one: Assessment; at: DayVisit }) {
  const refuse = (event: SubmitEvent) => {
    event.preventDefault();
    const words = String(new FormData(event.currentTarget as HTMLFormElement).get("why")).trim();
    void second(at, one.id, false, words);
  };
  return (
    <div class="second">
      <h3>{t("ability.second_title")}</h3>
      <p>{t("ability.second_about")}</p>
      <Button kind="primary" icon="check" onClick={() => void second(at, one.id, true, "")}>{t("ability.agree")}</Button>
      <details>
        <summary>{t("ability.disagree")}</summary>
        <form onSubmit={refuse}>
          <label class="ask"><span>{t("ability.why")}</span><textarea name="why" rows={2} maxLength={1_000} required /></label>
          <Button type="submit">{t("ability.disagree")}</Button>
        </form>
      </details>
    </div>
  );
}
