/** The frame around the map. The map's own code is loaded after the queue stands; without it the list remains. */
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { Button } from "@/ui/parts";
import { Shape } from "@/ui/icons";
import { term } from "@/core/i18n";
import { goTo, view } from "./model";
import { t } from "./words";

const failed = signal(false);

export function MapPanel() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let remove: (() => void) | undefined;
    let gone = false;
    import("./map").then(
      ({ drawMap }) => {
        if (!gone) remove = drawMap(element);
      },
      () => (failed.value = true),
    );
    return () => {
      gone = true;
      remove?.();
    };
  }, []);
  return (
    <section class="map panel" aria-labelledby="map-title">
      <header>
        <h2 id="map-title">{t("map.title")}</h2>
        <span class="spring" />
        <p class="legend">
          {[1, 2, 3, 4].map((p) => <span key={p} class={`legend-p${p}`}><Shape priority={p} />{term("priority", String(p))}</span>)}
        </p>
        <Button kind="quiet" icon="screen" label={t("map.open")} onClick={() => goTo("map")} />
      </header>
      {failed.value && (
        <p class="quiet map-failed">
          {t("map.failed")} <Button onClick={() => (view.value = "homes")}>{t("tabs.homes")}</Button>
        </p>
      )}
      <div class="map-canvas" ref={place} role="group" aria-label={t("map.label")} />
    </section>
  );
}
