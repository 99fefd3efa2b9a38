/** Controls for what has a number or a key: somebody types what it is called, and chooses from what is found. */
import { useSignal } from "@preact/signals";
import { useEffect, useId, useMemo } from "preact/hooks";
import { Button } from "@/ui/parts";
import { CLOSED, exactly, stepped } from "./finding";
import { listing, query, type Listing } from "./listing";
import { t } from "./words";
import type { Schemas } from "./wire";

export type Named = Schemas["Named"];
/** What names are looked for among; also the last step of the path. */
export type Among = "homes" | "staff" | "residents" | "accounts";

const TYPING_MS = 250; // after the last key
const MOST = 20; // that the server tells of

interface FinderProps {
  /** Of the control itself: its id, what describes it. */
  readonly attributes: Readonly<Record<string, string | boolean | undefined>>;
  readonly among: Among;
}

/** One of them; what is sent is its number. Whatever is typed afterwards takes the choice back. */
export function Finder({ attributes, among, onText }: FinderProps & { readonly onText: (text: string) => void }) {
  const chosen = useSignal<Named | null>(null);
  const put = (one: Named | null) => {
    chosen.value = one;
    onText(one === null ? "" : String(one.id));
  };
  return (
    <>
      <Typing attributes={attributes} among={among} onChosen={put} />
      {chosen.value !== null && <small class="found" role="status">{t("find.chosen", { name: [chosen.value.name, chosen.value.about].filter(Boolean).join(" · ") })}</small>}
    </>
  );
}

/** Several of them; what is sent is their names, which are keys. */
export function Finders({ attributes, among, text, onText }: FinderProps & { readonly text: string; readonly onText: (text: string) => void }) {
  const names = text.split("\n").filter(Boolean);
  const put = (all: readonly string[]) => onText([...new Set(all)].join("\n"));
  return (
    <>
      {names.length > 0 && (
        <ul class="several">
          {names.map((name) => (
            <li key={name}>
              <span>{name}</span>
              <Button kind="quiet" icon="close" label={t("find.drop", { name })} onClick={() => put(names.filter((one) => one !== name))} />
            </li>
          ))}
        </ul>
      )}
      <Typing attributes={attributes} among={among} empties onChosen={(one) => one !== null && put([...names, one.name])} />
    </>
  );
}

interface TypingProps extends FinderProps {
  /** After a choice another may follow. */
  readonly empties?: true;
  /** `null`: what was chosen before is not any more. */
  readonly onChosen: (one: Named | null) => void;
}

function Typing({ attributes, among, empties, onChosen }: TypingProps) {
  const typed = useSignal("");
  const standing = useSignal(CLOSED);
  const list = useMemo(() => listing<Named>("items"), []);
  const id = useId();
  const { open, at } = standing.value;
  const found = list.items.value ?? [];
  const asked = () => query(`/names/${among}`, { q: typed.value.trim() });
  useEffect(() => {
    if (!open) return undefined;
    const later = setTimeout(() => void list.read(asked()), TYPING_MS);
    return () => clearTimeout(later);
  }, [typed.value, open]);

  const choose = (one: Named | null | undefined) => {
    standing.value = CLOSED;
    if (one === null || one === undefined) return;
    typed.value = empties ? "" : one.name;
    onChosen(one);
  };
  const press = (event: KeyboardEvent) => {
    const next = stepped(event.key, standing.value, found.length);
    if (next === null && !(event.key === "Enter" && open)) return;
    event.preventDefault(); // neither the form is sent nor the dialog closed
    if (next !== null) standing.value = next;
    else if (list.state.value === "done" && list.path() === asked()) choose(found[at]); // not of what was typed before
  };
  return (
    <div class="finder">
      <input
        {...attributes}
        type="text"
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-activedescendant={open && at < found.length ? `${id}-${at}` : undefined}
        autocomplete="off"
        spellcheck={false}
        placeholder={t("find.type")}
        value={typed.value}
        onKeyDown={press}
        onBlur={() => choose(open ? exactly(typed.value, found) : null)}
        onInput={(event) => {
          typed.value = event.currentTarget.value;
          standing.value = { open: true, at: 0 };
          onChosen(null);
        }}
      />
      {open && <Offers id={id} list={list} at={at} onChoose={choose} />}
    </div>
  );
}

interface OffersProps {
  readonly id: string;
  readonly list: Listing<Named>;
  readonly at: number;
  readonly onChoose: (one: Named) => void;
}

function Offers({ id, list, at, onChoose }: OffersProps) {
  const found = list.items.value ?? [];
  useEffect(() => document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" }), [at]);
  return (
    <>
      <ul role="listbox" id={`${id}-list`} aria-label={t("find.found")} hidden={found.length === 0}>
        {found.map((one, n) => (
          <li
            key={one.id} id={`${id}-${n}`} role="option" aria-selected={n === at}
            onPointerDown={(event) => event.preventDefault()} // the control keeps the focus
            onClick={() => onChoose(one)}
          >
            <b>{one.name}</b> <span class="quiet">{one.about}</span>
          </li>
        ))}
      </ul>
      <small class="quiet" role="status">{said(list)}</small>
    </>
  );
}

function said(list: Listing<Named>): string {
  const count = list.items.value?.length ?? 0;
  if (list.state.value === "failed") return t("find.failed");
  if (list.state.value === "reading") return t("app.loading");
  if (count === 0) return t("find.nothing");
  return count < MOST ? t("find.count", { n: count }) : t("find.first", { n: count });
}
