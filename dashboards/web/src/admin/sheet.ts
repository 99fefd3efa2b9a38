/**
 * A sheet of residents on its way to the server: as a file in base 64, and as a template to fill in.
 *
 * What this is: plain functions. What it is not: what a row means; the server reads and judges. The one idea: the
 * template's headings are the words of the catalogue, which the server knows in every language.
 */
import { t, type Key } from "./words";

export type Form = "csv" | "xlsx";

/** Bytes of a file that the server takes. */
export const MOST_BYTES = 4_000_000;

/** The columns of the template, in order. */
export const COLUMNS = [
  "key", "division", "address", "name", "sex", "birth_year", "id_number", "lives_alone", "ability_level", "phone", "notes", "latitude", "longitude",
  "contact1_name", "contact1_relation", "contact1_phone", "contact1_has_key", "contact2_name", "contact2_relation", "contact2_phone", "contact2_has_key",
] as const satisfies readonly (Key extends infer K ? (K extends `sheet_column.${infer Name}` ? Name : never) : never)[];

const MARK = "\ufeff"; // without it spreadsheets read the Chinese of a CSV as another character set

/** How a file is written, by its name; `null`: no way that is read. */
export function formOf(name: string): Form | null {
  const end = /\.(csv|xlsx)$/i.exec(name)?.[1]?.toLowerCase();
  return end === "csv" || end === "xlsx" ? end : null;
}

/** Headings to fill in below. */
export function template(): string {
  return `${MARK}${COLUMNS.map((column) => t(`sheet_column.${column}`)).join(",")}\r\n`;
}

const PIECE = 0x8000; // arguments of one call

/** Base 64 of the bytes. */
export function encode(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
