/**
 * The kinds of records of the register: their fields, and what a list shows of them.
 *
 * What this is: one row per kind. What it is not: a view, or a rule; the server's rules are asked when something is
 * sent. The one idea: all kinds are listed, added, changed and retired by the same routes, so one view serves all.
 */
import type { Field, Value, Values } from "./fields";
import type { Schemas } from "./wire";

export type Kept =
  | Schemas["KeptHome"] | Schemas["KeptResident"] | Schemas["KeptContact"] | Schemas["KeptGateway"] | Schemas["KeptDevice"]
  | Schemas["KeptPerson"] | Schemas["KeptTenant"] | Schemas["KeptCentre"];

export type KindName = "homes" | "residents" | "contacts" | "gateways" | "devices" | "staff" | "tenants" | "centres";

/** How a cell of a list is written. */
export type Cell = "text" | "code" | "flag" | "year" | "phone" | "home" | "place" | "division" | `word:${string}`;

export interface Kind {
  readonly name: KindName;
  readonly fields: readonly Field[];
  /** Field of the record, or `home`: of the home it belongs to; and how it is written. */
  readonly columns: readonly (readonly [string, Cell])[];
  readonly sorts: boolean;
  /** Whether the list can be asked in words; unset: yes. */
  readonly searches?: false;
  /** What a new one must be told that it belongs to. */
  readonly within?: "home_id" | "gateway_id";
  readonly adds: boolean;
  readonly retires: boolean;
  /** What stands in the form of a new one. */
  readonly start?: Values;
  /** Whether whoever administers may change this one. */
  readonly mayChange?: (record: Values) => boolean;
}

export const ROLES = ["operator", "supervisor", "admin", "caseworker", "responder", "family", "evaluator"] as const;
const ALL_ROLES = [...ROLES, "auditor", "city_admin", "city_evaluator"] as const;
export const LOCALES = ["zh-Hans", "zh-Hant", "en"] as const;
export const RELATIONS = ["family", "neighbour", "grid", "doctor", "centre", "guard", "caseworker", "volunteer"] as const;
/** Kinds of equipment, as a gateway's settings name them (`edge_agent.settings.DeviceKind`). */
export const EQUIPMENT = [
  "pendant", "sos_button", "cancel_button", "visitor_button", "pill_box", "wearable", "heart_rate", "pulse_oximeter", "blood_pressure", "thermometer",
  "scale", "glucose_meter", "mains", "gas_valve", "water_valve", "radar", "bed", "door", "window", "motion", "presence", "smoke", "gas",
  "carbon_monoxide", "water", "climate", "plug", "stove", "other",
] as const;
/** Rooms that have a word in every language; a gateway may name others, and those stay as they are. */
export const ROOMS = ["bedroom", "bathroom", "kitchen", "living_room", "hall", "yard"] as const;
const LEVELS = ["0", "1", "2", "3", "4"] as const; // GB/T 42195
const RANKS = { least: 1, most: 99, whole: true } as const;
const SHARDS = { least: 0, most: 255, whole: true } as const;

export const KINDS: Readonly<Record<KindName, Kind>> = {
  homes: {
    name: "homes",
    fields: [
      { name: "key", is: "text", code: true, fixed: true, hint: "hint.key" },
      { name: "division", is: "division", hint: "hint.division" },
      { name: "address", is: "text", wide: true },
      { name: "latitude", is: "number", least: -90, most: 90, optional: true, hint: "hint.wgs84" },
      { name: "longitude", is: "number", least: -180, most: 180, optional: true },
    ],
    columns: [["key", "home"], ["address", "text"], ["division", "division"], ["latitude", "place"]],
    sorts: true,
    adds: true,
    retires: true,
  },
  residents: {
    name: "residents",
    fields: [
      { name: "name", is: "text" },
      { name: "birth_year", is: "number", least: 1890, most: 2100, whole: true },
      { name: "sex", is: "choice", of: ["f", "m"], words: "sex" },
      { name: "lives_alone", is: "flag" },
      { name: "ability_level", is: "choice", of: LEVELS, words: "ability", number: true },
      { name: "phone", is: "text", optional: true },
      { name: "id_number", is: "text", code: true, optional: true, hint: "hint.id_number" },
      { name: "notes", is: "long", optional: true, hint: "hint.notes" },
    ],
    columns: [["name", "text"], ["home", "home"], ["birth_year", "year"], ["sex", "word:sex"], ["lives_alone", "flag"], ["ability_level", "word:ability"]],
    sorts: true,
    start: { lives_alone: true },
    within: "home_id",
    adds: true,
    retires: true,
  },
  contacts: {
    name: "contacts",
    fields: [
      { name: "rank", is: "number", ...RANKS, hint: "hint.rank" },
      { name: "name", is: "text" },
      { name: "relation", is: "choice", of: RELATIONS, words: "relation" },
      { name: "phone", is: "text", optional: true },
      { name: "has_key", is: "flag" },
      { name: "locale", is: "choice", of: LOCALES, words: "locale" },
      { name: "channels", is: "lines", optional: true, hint: "hint.channels" },
    ],
    columns: [["rank", "text"], ["name", "text"], ["relation", "word:relation"], ["phone", "phone"], ["has_key", "flag"]],
    sorts: true,
    within: "home_id",
    adds: true,
    retires: true,
  },
  gateways: {
    name: "gateways",
    fields: [
      { name: "id", is: "text", code: true, fixed: true, hint: "hint.gateway_id" },
      { name: "shard", is: "number", ...SHARDS, hint: "hint.shard" },
      { name: "secret", is: "secret", optional: true, hint: "hint.secret" },
      { name: "phone", is: "text", optional: true, hint: "hint.modem" },
    ],
    columns: [["id", "code"], ["home", "home"], ["shard", "text"], ["phone", "phone"]],
    sorts: false,
    within: "home_id",
    adds: true,
    retires: true,
  },
  devices: {
    name: "devices",
    fields: [
      { name: "name", is: "text", code: true, fixed: true, hint: "hint.device_name" },
      { name: "kind", is: "choice", of: EQUIPMENT, words: "device", optional: true },
      { name: "room", is: "choice", of: ROOMS, words: "room", optional: true, hint: "hint.room" },
    ],
    columns: [["name", "code"], ["home", "home"], ["kind", "word:device"], ["room", "word:room"], ["gateway", "code"]],
    sorts: true,
    within: "gateway_id",
    adds: true,
    retires: true,
  },
  staff: {
    name: "staff",
    fields: [
      { name: "username", is: "text", code: true, fixed: true },
      { name: "name", is: "text" },
      { name: "role", is: "choice", of: ROLES, words: "role", hint: "hint.role" },
      { name: "locale", is: "choice", of: LOCALES, words: "locale" },
      { name: "homes", is: "keys", among: "homes", optional: true, hint: "hint.homes" },
      { name: "password", is: "secret", least: 8, hint: "hint.password" },
    ],
    columns: [["name", "text"], ["username", "code"], ["role", "word:role"], ["homes", "text"]],
    sorts: true,
    mayChange: (record) => (ROLES as readonly Value[]).includes(record["role"] ?? ""),
    adds: true,
    retires: true,
  },
  centres: {
    name: "centres",
    fields: [
      { name: "name", is: "text", wide: true },
      { name: "latitude", is: "number", least: -90, most: 90, hint: "hint.wgs84" },
      { name: "longitude", is: "number", least: -180, most: 180 },
    ],
    columns: [["name", "text"], ["latitude", "text"], ["longitude", "text"]],
    sorts: false,
    searches: false,
    adds: true,
    retires: true,
  },
  tenants: {
    name: "tenants",
    fields: [
      { name: "code", is: "text", code: true, fixed: true },
      { name: "name", is: "text" },
      { name: "division", is: "division", fixed: true },
      { name: "time_zone", is: "text", code: true },
      { name: "duty_channels", is: "lines", optional: true, hint: "hint.duty_channels" },
      { name: "duty_locale", is: "choice", of: LOCALES, words: "locale" },
      { name: "second_factor_roles", is: "choices", of: ALL_ROLES, words: "role", hint: "hint.second_factor_roles" },
    ],
    columns: [["name", "text"], ["code", "code"], ["division", "division"], ["time_zone", "code"]],
    sorts: false,
    adds: false,
    retires: false,
  },
};

/** The columns that say where a record is are not shown where that is known already. */
export function columnsWithin(kind: Kind, home: boolean): readonly (readonly [string, Cell])[] {
  return home ? kind.columns.filter(([name]) => name !== "home") : kind.columns;
}
