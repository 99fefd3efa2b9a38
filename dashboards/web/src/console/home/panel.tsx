/** One block of the page: its title, and what stands there while, or because, there is nothing to show. */
import type { ComponentChildren } from "preact";
import { t } from "../words";
import type { Block } from "./state";

interface PanelProps<T> {
  readonly name: string;
  readonly title: string;
  readonly of: Block<T>;
  readonly children: (value: T) => ComponentChildren;
  /** Beside the title. */
  readonly aside?: ComponentChildren;
}

export function Panel<T>({ name, title, of, children, aside }: PanelProps<T>) {
  return (
    <section class={`panel home-${name}`} aria-labelledby={`home-${name}-title`}>
      <header><h2 id={`home-${name}-title`}>{title}</h2>{aside}</header>
      {of.value === null ? <Instead why={of.why} /> : children(of.value)}
      {of.value !== null && of.why === "failed" && <p class="home-stale" role="status">{t("home.stale")}</p>}
    </section>
  );
}

function Instead({ why }: { why: Block<unknown>["why"] }) {
  if (why === "loading") return <p class="quiet" role="status">{t("app.loading")}</p>;
  return <p class="quiet">{t(why === "failed" ? "home.failed" : "home.refused")}</p>;
}
