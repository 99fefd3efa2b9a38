/** A list with its search, its order, and the way to the next page. */
import { signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Button } from "@/ui/parts";
import { listing, query, type Listing, type Params } from "./listing";
import { t, term, type Key } from "./words";

export type ColumnName = Key extends infer K ? (K extends `column.${infer Name}` ? Name : never) : never;

export interface Column<T> {
  readonly name: ColumnName;
  readonly show: (item: T) => ComponentChildren;
}

interface TableProps<T> {
  readonly label: string;
  readonly list: Listing<T>;
  readonly columns: readonly Column<T>[];
  readonly keyOf: (item: T) => string | number;
  readonly over?: (item: T) => boolean;
  readonly actions?: (item: T) => ComponentChildren;
  /** Why there may be nothing, in a sentence. */
  readonly empty: string;
}

export function Table<T>({ label, list, columns, keyOf, over, actions, empty }: TableProps<T>) {
  const items = list.items.value;
  useEffect(keepFocus, [items]);
  if (list.state.value === "failed") return <Failed list={list} />;
  if (items === null) return <p class="quiet" role="status">{t("app.loading")}</p>;
  if (items.length === 0) return <p class="none">{empty}</p>;
  return (
    <>
      <div class="table" role="region" aria-label={label} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => <th key={column.name} scope="col">{term("column", column.name)}</th>)}
              {actions && <th><span class="unseen">{t("column.actions")}</span></th>}
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={keyOf(item)} class={over?.(item) === true ? "over" : ""}>
                {columns.map((column, at) => (at === 0 ? <th key={column.name} scope="row">{column.show(item)}</th> : <td key={column.name}>{column.show(item)}</td>))}
                {actions && <td class="actions">{actions(item)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="pages">
        <span class="quiet" role="status">{t(list.next.value === null ? "list.all" : "list.some", { n: items.length })}</span>
        {list.next.value !== null && <Button disabled={list.state.value === "reading"} onClick={() => void list.more()}>{t("list.more")}</Button>}
      </p>
    </>
  );
}

/** The row from which somebody did something may be gone when the list is read anew: then the title has the focus. */
function keepFocus(): void {
  if (document.activeElement === document.body) document.getElementById("part-title")?.focus({ preventScroll: true });
}

function Failed<T>({ list }: { list: Listing<T> }) {
  return (
    <div class="none" role="alert">
      <p>{t("list.failed")}</p>
      <Button icon="undo" onClick={() => void list.read()}>{t("list.again")}</Button>
    </div>
  );
}

/** Grows with each change that is made here, so that every list of the page reads anew. */
export const changes = signal(0);

/** A list at `path` that is read when the part is opened, and anew when `params` change or something was changed. */
export function useList<T>(path: string, params: Params = {}, whole?: string): Listing<T> {
  const list = useMemo(() => listing<T>(whole), []);
  const asked = query(path, params);
  useEffect(() => void list.read(asked), [asked, changes.value]);
  return list;
}

export interface Search {
  readonly q: string;
  readonly sort: string;
  readonly retired: boolean;
}

const TYPING_MS = 250; // after the last key

interface ToolbarProps {
  readonly search: Search;
  /** Somebody asks for something else: only that is said, for the rest may have changed meanwhile. */
  readonly onSearch: (other: Partial<Search>) => void;
  readonly sorts?: readonly string[];
  readonly searches?: boolean;
  readonly children?: ComponentChildren;
}

/** What stands above a list of records. */
export function Toolbar({ search, onSearch, sorts = [], searches = true, children }: ToolbarProps) {
  const text = useSignal(search.q);
  useEffect(() => {
    const later = setTimeout(() => text.value.trim() !== search.q && onSearch({ q: text.value.trim() }), TYPING_MS);
    return () => clearTimeout(later);
  }, [text.value]);
  return (
    <div class="toolbar" role="search">
      {searches && (
        <label class="find">
          <span class="unseen">{t("list.search")}</span>
          <input type="search" placeholder={t("list.search")} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
        </label>
      )}
      {sorts.length > 0 && (
        <label class="sort">
          <span>{t("list.sort")}</span>
          <select value={search.sort} onChange={(event) => onSearch({ sort: event.currentTarget.value })}>
            {sorts.map((sort) => <option key={sort} value={sort}>{term("sort", sort)}</option>)}
          </select>
        </label>
      )}
      <label class="tick">
        <input type="checkbox" checked={search.retired} onChange={(event) => onSearch({ retired: event.currentTarget.checked })} />
        <span>{t("list.retired")}</span>
      </label>
      <span class="spring" />
      {children}
    </div>
  );
}
