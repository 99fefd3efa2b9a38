/** Which view is shown: the part of the address after `#`, so that the telephone's own "back" goes back. */
import { signal } from "@preact/signals";
import { codeOf } from "./day";
import { tag } from "./model";

export type View = "today" | "visit" | "form" | "assess" | "find" | "out" | "me";

export interface Route {
  readonly view: View;
  /** The key of a visit, where the view is about one. */
  readonly visit: string;
}

const VIEWS: readonly string[] = ["visit", "form", "assess", "find", "out", "me"];
export const route = signal<Route>({ view: "today", visit: "" });

/** Show what the address says; a tag that was opened as an address is taken up, and gone from it. */
function arrive(): void {
  if (location.hash.startsWith("#tag=")) {
    tag.value = codeOf(location.hash);
    history.replaceState(null, "", location.pathname);
  }
  const [, view = "", visit = ""] = /^#\/(\w+)(?:\/(.+))?$/.exec(location.hash) ?? [];
  route.value = VIEWS.includes(view) ? { view: view as View, visit } : { view: "today", visit: "" };
  scrollTo(0, 0);
}

export function beginRoute(): void {
  addEventListener("hashchange", arrive);
  arrive();
}

export const hrefOf = (view: View, visit = "") => (view === "today" ? "#" : `#/${view}${visit === "" ? "" : `/${visit}`}`);

export function goTo(view: View, visit = ""): void {
  location.hash = hrefOf(view, visit);
}
