/** Small parts that every screen uses: priority tag, clocks, buttons, dialog, language switch. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { LANGUAGES, t, term, type Locale } from "@/core/i18n";
import { ageSeconds, formatDuration, secondsUntil } from "@/core/time";
import { Icon, rank, Shape, type IconName } from "./icons";

export function PriorityTag({ priority, label }: { priority: number; label?: string }) {
  return (
    <span class={`tag p${rank(priority)}`}>
      <Shape priority={priority} />
      {label ?? term("priority", String(rank(priority)))}
    </span>
  );
}

export function Age({ since, now }: { since: string; now: number }) {
  return <time dateTime={since}>{formatDuration(ageSeconds(since, now), t("unit.day"))}</time>;
}

export function Countdown({ to, now }: { to: string; now: number }) {
  return <time dateTime={to}>{formatDuration(secondsUntil(to, now), t("unit.day"))}</time>;
}

interface ButtonProps {
  readonly onClick?: () => void;
  readonly icon?: IconName;
  readonly kind?: "primary" | "plain" | "danger" | "quiet";
  readonly type?: "button" | "submit";
  readonly disabled?: boolean;
  readonly keys?: string;
  readonly pressed?: boolean;
  readonly label?: string;
  readonly children?: ComponentChildren;
}

export function Button({ onClick, icon, kind = "plain", type = "button", disabled, keys, pressed, label, children }: ButtonProps) {
  return (
    <button
      type={type}
      class={`button ${kind}`}
      onClick={onClick}
      disabled={disabled ?? false}
      aria-keyshortcuts={keys}
      aria-pressed={pressed}
      aria-label={label}
      title={label}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/**
 * A modal dialog: the browser's own, so that focus, Escape and the background behave. `cancel` comes with the
 * key, `close` a moment later; the next key must already find the dialog gone. A dialog that is taken away instead of closed
 * would leave the keyboard nowhere, so it gives the focus back itself: to what opened it, or to the page's title.
 */
export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    const opener = document.activeElement;
    dialog?.showModal();
    // Begin at what is to be answered, not at the button that closes.
    const first = dialog?.querySelector("form [type=radio]:checked") ?? dialog?.querySelector("form input, form select, form textarea");
    (first as HTMLElement | null | undefined)?.focus();
    return () => queueMicrotask(() => focusAgain(opener)); // while it stands, nothing else can have the focus
  }, []);
  return (
    <dialog ref={element} aria-labelledby={id} onCancel={onClose} onClose={onClose}>
      <header>
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" icon="close" label={t("action.cancel")} onClick={onClose} />
      </header>
      {children}
    </dialog>
  );
}

function focusAgain(opener: Element | null): void {
  const back = opener?.isConnected === true ? opener : document.querySelector("h1[tabindex]");
  (back as HTMLElement | null)?.focus();
}

export function LanguageSwitch({ value, onChange }: { value: Locale; onChange: (locale: Locale) => void }) {
  return (
    <select
      class="language"
      aria-label={t("app.language")}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as Locale)}
    >
      {Object.entries(LANGUAGES).map(([locale, language]) => (
        <option key={locale} value={locale} lang={language.tag}>
          {language.name}
        </option>
      ))}
    </select>
  );
}
