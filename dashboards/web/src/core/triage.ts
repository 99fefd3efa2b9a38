/**
 * The questions an operator asks, one at a time, and what follows from the answers.
 *
 * Pure tables and one function. Fire and gas ask nothing first: the fire brigade is called before anything is
 * verified. A fall is asked through with I-STUMBLE (Welsh Ambulance Service): one yes means an ambulance, and
 * nobody lifts the person. An illness is asked through with FAST (stroke: face, arm, speech, then it is time to
 * call), then for low sugar and new confusion. Who has left home is looked for before anything else. The words
 * are in the catalogues under `triage.`.
 */
import type { Key } from "./alarm-words";

export type Advice =
  | { readonly do: "emergency"; readonly service: "120" | "119" | "110"; readonly priority: 1; readonly reason: Key }
  | { readonly do: "dispatch"; readonly priority: 1 | 2 | 3; readonly reason: Key }
  | { readonly do: "monitor"; readonly priority: 3 | 4; readonly reason: Key };

export interface Question {
  readonly key: Key;
  /** What a yes leads to, if it ends the script. */
  readonly yes?: Advice;
  readonly no?: Advice;
}

export interface Script {
  /** What is said before the first question. */
  readonly opening: Key;
  readonly questions: readonly Question[];
  /** When no answer ended the script. */
  readonly otherwise: Advice;
}

const AMBULANCE: Advice = { do: "emergency", service: "120", priority: 1, reason: "triage.advice.ambulance" };
const FIRE_BRIGADE: Advice = { do: "emergency", service: "119", priority: 1, reason: "triage.advice.fire" };
const SEARCH: Advice = { do: "emergency", service: "110", priority: 1, reason: "triage.advice.search" };
const SUGAR: Advice = { do: "dispatch", priority: 2, reason: "triage.advice.sugar" };
const DOCTOR: Advice = { do: "dispatch", priority: 2, reason: "triage.advice.doctor" };
const POWER: Advice = { do: "dispatch", priority: 1, reason: "triage.advice.power" };
const SILENT: Advice = { do: "dispatch", priority: 1, reason: "triage.advice.silent" };
const HELP_AT_HOME: Advice = { do: "dispatch", priority: 2, reason: "triage.advice.help" };
const LOOK_IN: Advice = { do: "dispatch", priority: 3, reason: "triage.advice.look_in" };
const COLLEAGUE: Advice = { do: "dispatch", priority: 1, reason: "triage.advice.worker" };
const WATCH: Advice = { do: "monitor", priority: 3, reason: "triage.advice.watch" };

const ANSWERS: Question = { key: "triage.ask.answers", no: SILENT };
const danger = (key: Key): Question => ({ key, yes: AMBULANCE });

const I_STUMBLE: readonly Question[] = [
  danger("triage.ask.intense_pain"),
  danger("triage.ask.collapse"),
  danger("triage.ask.trauma"),
  danger("triage.ask.unusual"),
  danger("triage.ask.breathing"),
  danger("triage.ask.bleeding"),
  danger("triage.ask.consciousness"),
  danger("triage.ask.fracture"),
];

const FIRE: Script = { opening: "triage.open.fire", questions: [], otherwise: FIRE_BRIGADE };

/** A colleague is in danger: nobody of the home is asked anything. */
const WORKER: Script = { opening: "triage.open.worker", questions: [], otherwise: COLLEAGUE };

const GAS: Script = { ...FIRE, opening: "triage.open.gas" };

const FAST: readonly Question[] = [danger("triage.ask.face"), danger("triage.ask.arm"), danger("triage.ask.speech")];

/** Somebody who may be ill: what kills soonest is asked first. */
const ILL: Script = {
  opening: "triage.open.call",
  questions: [
    ANSWERS,
    danger("triage.ask.breathing"),
    ...FAST,
    { key: "triage.ask.sugar", yes: SUGAR },
    { key: "triage.ask.confusion", yes: DOCTOR },
    { key: "triage.ask.wants_help", yes: HELP_AT_HOME },
  ],
  otherwise: WATCH,
};

/** Somebody has left home, or has not come back. */
const WANDER: Script = {
  opening: "triage.open.wander",
  questions: [{ key: "triage.ask.found", yes: LOOK_IN }, { key: "triage.ask.exposed", yes: SEARCH }],
  otherwise: HELP_AT_HOME,
};

const CALL: Script = {
  opening: "triage.open.call",
  questions: [
    ANSWERS,
    danger("triage.ask.breathing"),
    danger("triage.ask.stroke"),
    danger("triage.ask.bleeding"),
    { key: "triage.ask.fire", yes: FIRE_BRIGADE },
    { key: "triage.ask.wants_help", yes: HELP_AT_HOME },
  ],
  otherwise: WATCH,
};

/** What may burn: whoever answers is asked for smoke first; silence sends somebody at once. */
const BURNING: Script = {
  opening: "triage.open.call",
  questions: [ANSWERS, { key: "triage.ask.fire", yes: FIRE_BRIGADE }, { key: "triage.ask.wants_help", yes: HELP_AT_HOME }],
  otherwise: WATCH,
};

const FALL: Script = { opening: "triage.open.call", questions: [ANSWERS, ...I_STUMBLE], otherwise: HELP_AT_HOME };

const DEVICE: Script = {
  opening: "triage.open.device",
  questions: [{ key: "triage.ask.answers" }],
  otherwise: LOOK_IN,
};

const SCRIPTS: Readonly<Record<string, Script>> = {
  sos: CALL,
  stillness: CALL,
  bed_exit: CALL,
  night_door: WANDER,
  wandering: WANDER,
  visitor: CALL,
  medicine: ILL,
  stove: BURNING,
  heat: BURNING,
  room_climate: CALL,
  not_worn: DEVICE,
  vitals: ILL,
  routine: ILL,
  fall: FALL,
  long_lie: FALL,
  smoke: FIRE,
  gas: GAS,
  carbon_monoxide: GAS,
  flood: {
    opening: "triage.open.call",
    questions: [ANSWERS, { key: "triage.ask.power", yes: POWER }, { key: "triage.ask.water", yes: HELP_AT_HOME }],
    otherwise: WATCH,
  },
  device_fault: DEVICE,
  sensor_silent: DEVICE,
  mains_lost: DEVICE,
  battery_low: DEVICE,
  tamper: DEVICE,
  not_up: CALL,
  not_returned: WANDER,
  bathroom_long: CALL,
  not_eating: CALL,
  no_usual_use: CALL,
  gateway_silent: DEVICE,
  area_outage: DEVICE,
  worker: WORKER,
};

/** The script for an alarm kind; the general one for a kind this page does not know. */
export function scriptFor(kind: string): Script {
  return SCRIPTS[kind] ?? CALL;
}

export type Turn = { readonly ask: Question } | { readonly advice: Advice };

/** What comes after `answers` (true: yes), oldest first: the next question, or the advice. */
export function nextTurn(script: Script, answers: readonly boolean[]): Turn {
  for (const [i, answer] of answers.entries()) {
    const ending = answer ? script.questions[i]?.yes : script.questions[i]?.no;
    if (ending !== undefined) return { advice: ending };
  }
  const ask = script.questions[answers.length];
  return ask === undefined ? { advice: script.otherwise } : { ask };
}
