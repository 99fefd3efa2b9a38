/** Somebody who may be sent, as a form holds them and as the server takes them. Pure. */
import type { Values } from "./fields";
import type { Schemas } from "./wire";

export type Worker = Schemas["WorkerView"];

/** What services and assessments ask for, as the server has it (`cloud.visits.tasks`). */
export const ABLE = ["bathing", "nursing", "doctor", "assessor"] as const;
/** A township is the beginning of a division's code, which is filled with zeros. */
const [TOWNSHIP, WHOLE] = [9, 12];
/** Eight to half past five, with a rest: what most have. */
const USUAL: Values = { begin_min: 480, end_min: 1_050, rests: true };

export function valuesBefore(of: Worker | null): Values {
  return of === null ? USUAL : { ...of, township: of.township.padEnd(WHOLE, "0") };
}

export function bodyOf({ staff_id: _, ...values }: Values): Values {
  return { ...values, township: String(values["township"] ?? "").slice(0, TOWNSHIP) };
}
