/** One field of a form: its label, its control, what it is for, and what is wrong with it. */
import { Division } from "@/ui/division";
import type { Field } from "./fields";
import { Finder, Finders } from "./finder";
import { t, term } from "./words";
import { http } from "./wire";

interface ControlProps {
  readonly field: Field;
  readonly text: string;
  readonly locked: boolean;
  readonly fault: string | undefined;
  readonly onText: (text: string) => void;
}

export function Control({ field, text, locked, fault, onText }: ControlProps) {
  const id = `field-${field.name}`;
  const described = [field.hint && `${id}-hint`, fault !== undefined && `${id}-fault`].filter(Boolean).join(" ");
  const common = { id, "aria-describedby": described || undefined, "aria-invalid": fault !== undefined, readOnly: locked };
  const below = (
    <>
      {field.hint && <small id={`${id}-hint`} class="quiet">{t(field.hint)}</small>}
      {fault !== undefined && <small id={`${id}-fault`} class="fault">{fault}</small>}
    </>
  );
  if (field.is === "flag") {
    return (
      <div class="control flag">
        <label class="tick">
          <input id={id} type="checkbox" checked={text === "yes"} onChange={(event) => onText(event.currentTarget.checked ? "yes" : "")} />
          <span>{term("field", field.name)}</span>
        </label>
        {below}
      </div>
    );
  }
  if (field.is === "choices") return <Choices field={field} text={text} onText={onText}>{below}</Choices>;
  return (
    <div class={`control ${field.wide === true || WIDE.has(field.is) ? "wide" : ""}`}>
      <label for={id}>{term("field", field.name)}{field.optional === true && <small class="quiet"> {t("field_optional")}</small>}</label>
      {input(field, common, text, onText)}
      {below}
    </div>
  );
}

const WIDE: ReadonlySet<string> = new Set(["long", "lines", "named", "keys"]);

const TYPES: Readonly<Partial<Record<Field["is"], "password" | "datetime-local" | "date" | "time">>> = { secret: "password", moment: "datetime-local", day: "date", clock: "time" };

type Attributes = Readonly<Record<string, string | boolean | undefined>>;

function input(field: Field, common: Attributes, text: string, onText: (text: string) => void) {
  if (field.is === "long" || field.is === "lines") {
    return <textarea {...common} rows={3} value={text} onInput={(event) => onText(event.currentTarget.value)} />;
  }
  if (field.is === "choice") {
    return (
      <select {...common} value={text} onChange={(event) => onText(event.currentTarget.value)}>
        {field.optional === true && <option value="">—</option>}
        {[...field.of, ...unlisted(field.of, text)].map((one) => <option key={one} value={one}>{term(field.words, one)}</option>)}
      </select>
    );
  }
  if (field.is === "division") return <Division attributes={common} text={text} onText={onText} ask={(path) => http.ask("GET", path)} />;
  if (field.is === "named") return <Finder attributes={common} among={field.among} onText={onText} />;
  if (field.is === "keys") return <Finders attributes={common} among={field.among} text={text} onText={onText} />;
  return (
    <input
      {...common}
      type={(TYPES[field.is] ?? "text") as "text"} // the attributes have a type of their own for each of them
      inputMode={field.is === "number" ? "decimal" : undefined}
      autocomplete={field.is === "secret" ? "new-password" : "off"}
      spellcheck={false}
      class={field.is === "text" && field.code === true ? "code" : ""}
      value={text}
      onInput={(event) => onText(event.currentTarget.value)}
    />
  );
}

/** What a record holds already stays a choice, though this page does not know it. */
function unlisted(of: readonly string[], text: string): readonly string[] {
  return text === "" || of.includes(text) ? [] : [text];
}

interface ChoicesProps {
  readonly field: Extract<Field, { is: "choices" }>;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly children: preact.ComponentChildren;
}

function Choices({ field, text, onText, children }: ChoicesProps) {
  const chosen = new Set(text.split("\n"));
  const flip = (one: string) => field.of.filter((other) => (other === one ? !chosen.has(one) : chosen.has(other))).join("\n");
  return (
    <fieldset class="control wide picks">
      <legend>{term("field", field.name)}</legend>
      {field.of.map((one) => (
        <label key={one} class="pick">
          <input type="checkbox" checked={chosen.has(one)} onChange={() => onText(flip(one))} />
          <span>{term(field.words, one)}</span>
        </label>
      ))}
      {children}
    </fieldset>
  );
}
