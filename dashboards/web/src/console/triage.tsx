/** The script beside the incident: one question, two answers, then an advice with its button. */
import { useState } from "preact/hooks";
import type { IncidentView } from "@/core/api";
import { nextTurn, scriptFor, type Advice, type Question } from "@/core/triage";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { session } from "@/sign/session";
import { act, busy, detail, dialog } from "./model";
import { t } from "./words";

export function Triage({ incident }: { incident: IncidentView }) {
  const [answers, setAnswers] = useState<readonly boolean[]>([]);
  const script = scriptFor(incident.kind);
  const turn = nextTurn(script, answers);
  const answer = async (question: Question, yes: boolean) => {
    await keep(incident, question, yes);
    setAnswers([...answers, yes]);
  };
  const step = Math.min(answers.length + 1, script.questions.length);
  return (
    <section class="block triage" aria-label={t("triage.title")}>
      <h3>
        {t("triage.title")}
        {"ask" in turn && script.questions.length > 1 && <small>{step} / {script.questions.length}</small>}
      </h3>
      {answers.length === 0 && (
        <p class="opening-line">{t(script.opening, { name: incident.resident, operator: session.value?.name ?? "" })}</p>
      )}
      {"ask" in turn ? (
        <>
          <p class="question" aria-live="polite">{t(turn.ask.key)}</p>
          <div class="answers">
            <Button onClick={() => void answer(turn.ask, true)}>{t("triage.yes")}</Button>
            <Button onClick={() => void answer(turn.ask, false)}>{t("triage.no")}</Button>
            {answers.length > 0 && <Back onBack={() => setAnswers(answers.slice(0, -1))} />}
          </div>
        </>
      ) : (
        <Conclusion incident={incident} advice={turn.advice}>
          {answers.length > 0 && <Back onBack={() => setAnswers(answers.slice(0, -1))} />}
        </Conclusion>
      )}
    </section>
  );
}

function Back({ onBack }: { onBack: () => void }) {
  return <Button kind="quiet" icon="undo" onClick={onBack}>{t("triage.back")}</Button>;
}

function Conclusion({ incident, advice, children }: { incident: IncidentView; advice: Advice; children: unknown }) {
  const allowed = detail.value?.actions ?? [];
  const possible = allowed.includes(advice.do) && !busy.value.has(incident.id);
  return (
    <div class="advice" role="status">
      <p class="question"><Icon name={advice.do === "emergency" ? "siren" : "flag"} />{t(advice.reason)}</p>
      {advice.do === "emergency" && (
        <a class="button danger" href={`tel:${advice.service}`}><Icon name="phone" />{advice.service}</a>
      )}
      <Button kind="primary" disabled={!possible} onClick={() => void follow(incident, advice, allowed)}>
        {t(`triage.do.${advice.do}`, advice.do === "emergency" ? { service: advice.service } : {})}
      </Button>
      {!possible && <small class="quiet">{t("triage.not_yet")}</small>}
      {children as never}
    </div>
  );
}

/** Keep the answer in the timeline, where that is possible; the script goes on in any case. */
async function keep(incident: IncidentView, question: Question, yes: boolean): Promise<void> {
  if (detail.value?.actions.includes("reply")) {
    await act(incident.id, "reply", { question: question.key.slice("triage.ask.".length), yes });
  }
}

/** Record the outcome of the script, then do what it advises. A public service is recorded first of all. */
async function follow(incident: IncidentView, advice: Advice, allowed: readonly string[]): Promise<void> {
  if (advice.do === "emergency") {
    await act(incident.id, "emergency", { service: advice.service });
    return;
  }
  if (allowed.includes("triage") && !(await act(incident.id, "triage", { priority: advice.priority }))) return;
  if (advice.do === "dispatch") dialog.value = "dispatch";
  else await act(incident.id, "monitor");
}
