/** A button that dials. */
import { t } from "./words";
import { Icon } from "@/ui/icons";

export function Call({ phone, who, label }: { phone: string; who: string; label?: string }) {
  return (
    <a class="button call" href={`tel:${phone.replace(/[^+\d]/g, "")}`} aria-label={label === undefined ? t("action.call_who", { who }) : undefined}>
      <Icon name="phone" />
      {label && <span>{label}</span>}
    </a>
  );
}
