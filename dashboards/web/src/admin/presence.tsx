/** "Is it still you?": what cannot be taken back asks for the password, or for a code, of whoever is at the screen. */
import { signal } from "@preact/signals";
import { Refused } from "@/core/api";
import { Form } from "./form";
import { t } from "./words";
import { http } from "./wire";

/** What goes on once it is known who is here; `null`: nobody is asked. */
export const waiting = signal<(() => Promise<void>) | null>(null);

const NEEDED = "presence_needed";

/** Do `work`; where the server wants to know who is here, ask first and do it then. */
export async function present(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== NEEDED) throw error;
    waiting.value = work;
  }
}

/** Ask who is here, and go on then: for what no refusal can tell of, such as a file that is fetched. */
export function asked(work: () => Promise<void>): void {
  waiting.value = work;
}

export function Presence() {
  const work = waiting.value;
  if (work === null) return null;
  return (
    <Form
      title={t("presence.title")}
      about={t("presence.about")}
      fields={[
        { name: "own_password", is: "secret" },
        { name: "own_code", is: "text", code: true, optional: true, hint: "hint.own_code" },
      ]}
      action={t("presence.show")}
      refusals={{ presence_refused: "presence.wrong" }}
      save={async ({ own_password: password, own_code: code }) => {
        await http.ask("POST", "/session/presence", { password, code });
        await work();
      }}
      onClose={() => (waiting.value = null)}
    />
  );
}
