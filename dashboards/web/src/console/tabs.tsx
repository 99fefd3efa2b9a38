/** Which of the three the side shows; on wide screens the map stays beside the incident. */
import { Button } from "@/ui/parts";
import { selected, view, type View } from "./model";
import { t } from "./words";

const ICONS = { incident: "file", map: "map", homes: "list" } as const;

export function Tabs() {
  const current = view.value === "incident" && selected.value === null ? "map" : view.value;
  return (
    <nav class="tabs" aria-label={t("tabs.label")}>
      {(Object.keys(ICONS) as View[]).map((name) => (
        <Button
          key={name}
          kind="quiet"
          icon={ICONS[name]}
          pressed={current === name}
          disabled={name === "incident" && selected.value === null}
          onClick={() => (view.value = name)}
        >
          {t(`tabs.${name}`)}
        </Button>
      ))}
    </nav>
  );
}
