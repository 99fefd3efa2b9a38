/** How large the letters are: three steps, kept on this phone. */
import { signal } from "@preact/signals";
import { nextSize, SIZES, type Size } from "./sizes";
import { t } from "./words";

const KEY = "anban.text";
const size = signal<Size>(stored());

function stored(): Size {
  const kept = localStorage.getItem(KEY);
  return SIZES.find((one) => one === kept) ?? "large";
}

function apply(chosen: Size): void {
  size.value = chosen;
  document.documentElement.dataset["text"] = chosen;
  localStorage.setItem(KEY, chosen);
}
apply(size.value);

export function TextSize() {
  return (
    <button type="button" class="button quiet text-size" onClick={() => apply(nextSize(size.value))} aria-pressed={size.value !== "large"}>
      {t("family.bigger")}
    </button>
  );
}
