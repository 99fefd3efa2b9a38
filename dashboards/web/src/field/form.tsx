/** A visit form: one area after the other, kept with every answer, sent when the worker says so. */
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { course, type DayVisit } from "./day";
import { drafts, forms, own, saveDraft } from "./model";
import { filled, missing, progress, sections, worries, type Answer, type Answers, type Question } from "./questions";
import { form as sendForm } from "./say";
import { t, term } from "./words";
import { listed, option, question } from "./words-of";
import { goTo } from "./route";

/** What this device has sent of this form: what is changed afterwards begins there. */
function lastSent(at: DayVisit): Answers {
  const sent = own.value.filter((item) => item.visit === at.visit.key && item.what === "answers").at(-1);
  return (sent?.body.answers as Answers | undefined) ?? {};
}

/** The draft of a visit, changed. */
export function keepDraft(at: DayVisit, changes: Partial<Parameters<typeof saveDraft>[0]>): void {
  const before = drafts.peek().get(at.visit.key) ?? { answers: {}, note: "", points: {}, about: {} };
  void saveDraft({ ...before, ...changes, visit: at.visit.key, atMs: Date.now() });
}

export function FormPage({ at }: { at: DayVisit }) {
  const form = forms.value?.forms.find((one) => one.kind === at.visit.kind);
  if (form === undefined) return <main class="field"><p class="empty">{t("app.loading")}</p></main>;
  const answers = drafts.value.get(at.visit.key)?.answers ?? lastSent(at);
  const open = missing(form, answers);
  const { answered, asked } = progress(form, answers);
  const answer = (key: string, value: Answer) => keepDraft(at, { answers: { ...answers, [key]: value } });
  const finish = async () => {
    await sendForm(at, filled(form, answers));
    goTo("visit", at.visit.key);
  };
  return (
    <main class="field form">
      <div class="form-head">
        <h2>{at.visit.resident} · {term("visit_kind", at.visit.kind)}</h2>
        <progress max={asked} value={answered} aria-label={t("form.progress", { n: answered, of: asked })} />
        <p><strong>{t("form.progress", { n: answered, of: asked })}</strong> · <small>{t("form.saved")}</small></p>
      </div>
      {course(at, own.value).told && <p class="hint">{t("form.sent")}</p>}
      {sections(form, answers).map(({ area, questions }, i) => (
        <section key={`${area}${i}`} class="area">
          <h3>{term("area", area)}</h3>
          {questions.map((one) => <Field key={one.key} question={one} value={answers[one.key]} onAnswer={answer} />)}
        </section>
      ))}
      <footer class="form-foot">
        {open.length > 0 && answered > 0 && <p class="quiet">{t("form.left_open", { what: listed(open.map((one) => question(one.key))) })}</p>}
        <Button kind={open.length === 0 ? "primary" : "plain"} icon="check" disabled={answered === 0} onClick={() => void finish()}>
          {open.length === 0 ? t("form.finish") : t("form.with_gaps", { n: open.length })}
        </Button>
      </footer>
    </main>
  );
}

interface FieldProps {
  readonly question: Question;
  readonly value: Answer | undefined;
  readonly onAnswer: (key: string, value: Answer) => void;
}

function Field({ question: asked, value, onAnswer }: FieldProps) {
  const { key, shape, options } = asked;
  const bad = worries(asked, value);
  const name = question(key);
  if (shape === "words") {
    return (
      <label class="ask">
        <span>{name}</span>
        <textarea rows={3} maxLength={1_000} value={typeof value === "string" ? value : ""} onInput={(event) => onAnswer(key, event.currentTarget.value)} />
      </label>
    );
  }
  if (shape === "count") return <Count name={name} value={typeof value === "number" ? value : null} most={asked.most ?? 99} onChange={(n) => onAnswer(key, n)} />;
  const chosen = Array.isArray(value) ? value : [];
  const choices = shape === "yes_no" ? ["yes", "no"] : options;
  const isOn = (one: string) => (shape === "several" ? chosen.includes(one) : shape === "yes_no" ? value === (one === "yes") : value === one);
  const pick = (one: string) => {
    if (shape === "several") onAnswer(key, chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]);
    else onAnswer(key, shape === "yes_no" ? one === "yes" : one);
  };
  return (
    <fieldset class={bad ? "ask bad" : "ask"} data-question={key}>
      <legend>{name}</legend>
      <div class="picks">
        {choices.map((one) => (
          <label key={one} class="pick">
            <input type={shape === "several" ? "checkbox" : "radio"} name={key} checked={isOn(one)} onChange={() => pick(one)} />
            <span>{shape === "yes_no" ? t(one as "yes" | "no") : option(key, one)}</span>
          </label>
        ))}
      </div>
      {bad && <Icon name="flag" />}
    </fieldset>
  );
}

function Count({ name, value, most, onChange }: { name: string; value: number | null; most: number; onChange: (n: number) => void }) {
  return (
    <fieldset class={value !== null && value > 0 ? "ask bad" : "ask"}>
      <legend>{name}</legend>
      <div class="count">
        <Button label={`${name}: ${t("form.less")}`} onClick={() => onChange(Math.max(0, (value ?? 0) - 1))}>−</Button>
        <output>{value ?? "–"}</output>
        <Button label={`${name}: ${t("form.more")}`} onClick={() => onChange(Math.min(most, (value ?? 0) + 1))}>+</Button>
        {value === null && <Button onClick={() => onChange(0)}>{t("form.none")}</Button>}
      </div>
    </fieldset>
  );
}
