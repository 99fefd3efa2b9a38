/** A view whose code is fetched after the page is shown, because most readers never open it. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { t } from "@/core/i18n";

/** What `load` gives, and until then, in a `Place`, that it is being read; a fetch that failed is tried again when it is next shown. */
export function later<P extends object>(load: () => Promise<ComponentType<P>>, Place: "main" | "div" = "main"): ComponentType<P> {
  const View = signal<ComponentType<P> | null>(null);
  let asked = false;
  const ask = () => {
    if (asked) return;
    asked = true;
    load().then((found) => (View.value = found), () => (asked = false));
  };
  return function Later(props: P) {
    const Shown = View.value;
    if (Shown !== null) return <Shown {...props} />;
    ask();
    return <Place class="field"><p class="empty" role="status">{t("app.loading")}</p></Place>;
  };
}
