/**
 * The fields of a form: what may stand in them, as text in a control and as a value for the server.
 *
 * What this is: a table's row per field, and the way there and back. What it is not: a view (`form.tsx`), or a rule
 * of the server's, which alone decides. The one idea: a control holds text; it becomes a value once, when it is sent.
 */
import type { InvalidField } from "@/core/api";
import type { Among } from "./finder";
import type { Key } from "./words";

type Suffix<K, P extends string> = K extends `${P}.${infer Name}` ? Name : never;
export type FieldName = Suffix<Key, "field">;

export type Value = string | number | boolean | null | readonly string[] | readonly number[];
export type Values = Readonly<Record<string, Value>>;
export type Texts = Readonly<Record<string, string>>;

interface Common {
  readonly name: FieldName;
  /** A sentence below it. */
  readonly hint?: Key;
  readonly optional?: boolean;
  /** It takes a line of the form alone; what holds several lines does so anyway. */
  readonly wide?: true;
  /** It names the record outside: given once. */
  readonly fixed?: boolean;
  /** Only when something is added, or only when it is changed. */
  readonly only?: "new" | "change";
}

export type Field = Common & (
  | { readonly is: "text"; readonly most?: number; readonly code?: boolean }
  | { readonly is: "long"; readonly most?: number }
  | { readonly is: "secret"; readonly least?: number }
  | { readonly is: "number"; readonly least: number; readonly most: number; readonly whole?: boolean }
  | { readonly is: "flag" }
  | { readonly is: "choice"; readonly of: readonly string[]; readonly words: string; readonly number?: boolean }
  | { readonly is: "choices"; readonly of: readonly string[]; readonly words: string; readonly number?: boolean }
  | { readonly is: "lines" }
  | { readonly is: "moment" }
  | { readonly is: "day" }
  | { readonly is: "clock" }
  | { readonly is: "division" }
  /** One thing that has a number, and several that have a key. */
  | { readonly is: "named"; readonly among: Among }
  | { readonly is: "keys"; readonly among: Among }
);

const MINUTES_OF_HOUR = 60;

/** What stands in the control for `value`. */
export function textOf(field: Field, value: Value | undefined): string {
  if (value === undefined || value === null) return field.is === "flag" ? "" : "";
  if (field.is === "flag") return value === true ? "yes" : "";
  if (field.is === "clock") return clockOf(Number(value));
  if (field.is === "moment") return localMoment(String(value));
  if (Array.isArray(value)) return value.join("\n");
  return String(value);
}

/** What is sent for the text of the control. */
export function valueOf(field: Field, text: string): Value {
  switch (field.is) {
    case "flag": return text === "yes";
    case "number": case "named": return text.trim() === "" ? null : Number(text);
    case "choice": return field.number === true ? Number(text) : text;
    case "choices": return field.number === true ? lines(text).map(Number) : lines(text);
    case "lines": case "keys": return lines(text);
    case "moment": return text === "" ? null : new Date(text).toISOString();
    case "clock": return minutesOf(text);
    case "secret": return text;
    default: return text.trim();
  }
}

/** What stands in every control at first. `before`: the record that is changed; `start`: of a new one. */
export function textsOf(fields: readonly Field[], before: Values): Texts {
  return Object.fromEntries(fields.map((field) => [field.name, textOf(field, before[field.name]) || first(field)]));
}

function first(field: Field): string {
  return field.is === "choice" && field.optional !== true ? (field.of[0] ?? "") : "";
}

/** Everything that is sent. An empty control of an optional field that takes no empty text is left out. */
export function valuesOf(fields: readonly Field[], texts: Texts): Values {
  const given = fields.map((field) => [field.name, valueOf(field, texts[field.name] ?? "")] as const);
  return Object.fromEntries(given.filter(([name, value]) => value !== null || keepsNull(fields, name)));
}

function keepsNull(fields: readonly Field[], name: string): boolean {
  return fields.some((field) => field.name === name && (field.is === "number" || field.is === "named") && field.optional === true);
}

/** Fields that need a choice which nobody made: what is typed there is no number yet. */
export function unchosen(fields: readonly Field[], texts: Texts): FieldName[] {
  return fields.filter((field) => field.is === "named" && field.optional !== true && !texts[field.name]).map((field) => field.name);
}

/** The names of the fields whose values differ. */
export function differing(fields: readonly Field[], one: Texts, other: Texts): FieldName[] {
  return fields.map((field) => field.name).filter((name) => one[name] !== other[name]);
}

/** Which rule each field breaks, by its name; what belongs to no field is under the empty name. */
export function faultsOf(fields: readonly Field[], refused: readonly InvalidField[]): Readonly<Record<string, string>> {
  const names = new Set<string>(fields.map((field) => field.name));
  const found: Record<string, string> = {};
  for (const { where, rule } of refused) {
    const name = [...where].reverse().find((step) => typeof step === "string" && names.has(step));
    found[String(name ?? "")] ??= rule;
  }
  return found;
}

function lines(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

export function clockOf(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(minutes / MINUTES_OF_HOUR))}:${two(minutes % MINUTES_OF_HOUR)}`;
}

function minutesOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * MINUTES_OF_HOUR + minutes;
}

/** As `datetime-local` wants it: the reader's clock, to the minute. */
function localMoment(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
