/** A control for a place: its code, found by its name. */
import { useSignal } from "@preact/signals";
import { useEffect, useId, useMemo } from "preact/hooks";
import { Newest } from "@/core/newest";
import type { components } from "@/core/schema";

type Page = components["schemas"]["DivisionPage"];

interface DivisionProps {
  /** Of the control itself: its id, what describes it. */
  readonly attributes?: Readonly<Record<string, string | boolean | undefined>>;
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Asks the server for `path`. */
  readonly ask: (path: string) => Promise<Page>;
}

const MOST = 50; // places that are offered

export function Division({ attributes, text, onText, ask }: DivisionProps) {
  const places = useSignal<Page["items"]>([]);
  const list = useId();
  const questions = useMemo(() => new Newest(), []);
  const find = (q: string) => {
    const path = `/register/divisions?limit=${MOST}${q === "" ? "" : `&q=${encodeURIComponent(q)}`}`;
    const mayShow = questions.ask(path);
    const take = (found: Page) => {
      if (mayShow()) places.value = found.items;
    };
    ask(path).then(take, () => undefined); // the code can be typed
  };
  useEffect(() => find(text), []);
  const name = places.value.find((one) => one.id === text)?.record.name;
  return (
    <>
      <input
        {...attributes}
        type="text"
        class="code"
        list={list}
        autocomplete="off"
        value={text}
        onInput={(event) => {
          onText(event.currentTarget.value);
          find(event.currentTarget.value);
        }}
      />
      <datalist id={list}>
        {places.value.map((one) => <option key={one.id} value={String(one.id)}>{one.record.name}</option>)}
      </datalist>
      {name !== undefined && <small class="found">{name}</small>}
    </>
  );
}
