/** One part of the page: a heading with its icon, a sentence on what it is about, and the content. */
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "@/ui/icons";
import { t } from "../words";

interface PartProps {
  readonly name: string;
  readonly icon: IconName;
  readonly title: string;
  readonly about: string;
  readonly children: ComponentChildren;
}

export function Part({ name, icon, title, about, children }: PartProps) {
  return (
    <section class={`panel part part-${name}`} aria-labelledby={`part-${name}`}>
      <h2 id={`part-${name}`}><Icon name={icon} size={22} />{title}</h2>
      <p class="quiet">{about}</p>
      {children}
    </section>
  );
}

/** What stands where a list will be once it is read. */
export function Reading() {
  return <p class="quiet" role="status">{t("app.loading")}</p>;
}
