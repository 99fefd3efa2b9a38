/** Large text: for whoever reads in the sun, or without their glasses. Kept on this device. */
import { signal } from "@preact/signals";

const KEY = "anban.large";

export const large = signal(false);

export function setLarge(on: boolean): void {
  large.value = on;
  document.documentElement.classList.toggle("large", on);
  localStorage.setItem(KEY, on ? "1" : "");
}

export function beginSize(): void {
  setLarge(localStorage.getItem(KEY) === "1");
}
