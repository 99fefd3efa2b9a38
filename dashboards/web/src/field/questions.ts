/**
 * A visit form while it is filled in: what is asked, what is missing, what worries.
 *
 * What this is: pure functions over the forms that the server names. What it is not: the judge: the server names the
 * faults of what it takes. The one idea: a form may be sent with gaps, and says beforehand which they are.
 */
import type { components } from "@/core/schema";

export type Form = components["schemas"]["FormView"];
export type Question = components["schemas"]["QuestionView"];
export type Answer = boolean | number | string | readonly string[];
export type Answers = Readonly<Record<string, Answer>>;

export interface Section {
  readonly area: string;
  readonly questions: readonly Question[];
}

/** Whether `question` is asked, as the others are answered. */
export function isAsked(question: Question, answers: Answers): boolean {
  return question.only === null || answers[question.only] === question.only_is;
}

/** What is asked now, by area, in the order of the form. */
export function sections(form: Form, answers: Answers): Section[] {
  const found: { area: string; questions: Question[] }[] = [];
  for (const question of form.questions.filter((one) => isAsked(one, answers))) {
    const last = found[found.length - 1];
    if (last?.area === question.area) last.questions.push(question);
    else found.push({ area: question.area, questions: [question] });
  }
  return found;
}

/** Asked, and not answered; that nothing of several holds is an answer. */
export function missing(form: Form, answers: Answers): Question[] {
  return form.questions.filter((one) => isAsked(one, answers) && one.shape !== "several" && !isAnswered(answers[one.key]));
}

function isAnswered(answer: Answer | undefined): boolean {
  return answer !== undefined && !(typeof answer === "string" && answer.trim() === "");
}

/** What is sent: only what is asked and answered. A question that closed again takes its answer along. */
export function filled(form: Form, answers: Answers): Record<string, Answer> {
  const told: Record<string, Answer> = {};
  for (const { key, shape } of form.questions.filter((one) => isAsked(one, answers))) {
    const answer = answers[key];
    if (shape === "several") told[key] = answer ?? [];
    else if (answer !== undefined && isAnswered(answer)) told[key] = answer;
  }
  return told;
}

export interface Progress {
  readonly answered: number;
  readonly asked: number;
}

export function progress(form: Form, answers: Answers): Progress {
  const asked = form.questions.filter((one) => isAsked(one, answers) && one.shape !== "several").length;
  return { answered: asked - missing(form, answers).length, asked };
}

/** Whether somebody must look at `answer`. */
export function worries(question: Question, answer: Answer | undefined): boolean {
  const { worry, options, shape } = question;
  if (answer === undefined) return false;
  switch (shape) {
    case "scale":
      return typeof worry === "string" && options.indexOf(String(answer)) >= options.indexOf(worry);
    case "yes_no":
      return answer === worry;
    case "count":
      return typeof worry === "number" && Number(answer) >= worry;
    case "several":
      return Array.isArray(answer) && answer.length > 0;
    case "words":
      return false;
  }
}
