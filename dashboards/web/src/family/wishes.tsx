/** When somebody wants to sleep, and whether this phone takes notices. */
import { useEffect } from "preact/hooks";
import { Refused } from "@/core/api";
import { asking, personal } from "@/sign/session";
import { notify } from "@/ui/notices";
import { Button } from "@/ui/parts";
import type { FamilyApi, Wishes } from "./api";
import { Part } from "./behind";
import { clockAt } from "./model";
import { isAble, isOn, turnOff, turnOn, type Trouble } from "./push";
import { t, term } from "./words";

const wishes = personal<Wishes | null>(null);
const on = personal(false);
const trouble = personal<Trouble | null>(null);
const questions = asking();
const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone;

async function read(api: FamilyApi): Promise<void> {
  const mayShow = questions.ask();
  const [found, here] = await Promise.all([api.wishes(), isOn()]).catch(() => [null, false] as const);
  if (mayShow()) [wishes.value, on.value] = [found, here]; // without an answer the page above says that there is no network
}

/** What a command answered: newer than anything that was asked for before. */
function take(found: Wishes): void {
  questions.drop();
  wishes.value = found;
}

export function WishesPart({ api }: { api: FamilyApi }) {
  useEffect(() => void read(api), []);
  const held = wishes.value;
  return (
    <Part title={t("family.wishes")}>
      {held === null ? <p>{t("family.loading")}</p> : <><Push api={api} held={held} /><Hours api={api} held={held} /></>}
    </Part>
  );
}

function Push({ api, held }: { api: FamilyApi; held: Wishes }) {
  async function start(): Promise<void> {
    const came = await turnOn(api, held.key);
    trouble.value = typeof came === "string" ? came : null;
    if (typeof came === "string") return;
    take(came);
    on.value = true;
  }
  async function stop(): Promise<void> {
    await turnOff();
    on.value = false;
  }
  async function remove(id: number): Promise<void> {
    await api.removePhone(id).catch(() => undefined);
    await read(api);
  }
  if (held.key === "") return <p>{t("family.push_none")}</p>;
  return (
    <section class="push">
      <h3>{t("family.push")}</h3>
      {!isAble() && <p>{t("family.push_cannot")}</p>}
      {isAble() && !on.value && <Button kind="primary" onClick={() => void start()}>{t("family.push_on")}</Button>}
      {on.value && <><p>{t("family.push_is_on")}</p><Button onClick={() => void stop()}>{t("family.push_off")}</Button></>}
      <p class="failure" role="alert">{trouble.value !== null && t(trouble.value)}</p>
      <p class="quiet">{t("family.push_unsure")}</p>
      {held.phones.length > 0 && <h3>{t("family.phones")}</h3>}
      <ul class="rows">
        {held.phones.map((one) => (
          <li key={one.id}>
            <span><b>{one.agent}</b> <small>{lastTold(one.told_at, one.told)}</small></span>
            <Button label={`${t("family.phone_remove")} ${one.agent}`} onClick={() => void remove(one.id)}>{t("family.phone_remove")}</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function lastTold(at: string | null, state: string): string {
  return at === null ? t("family.phone_never") : t("family.phone_told", { clock: clockAt(at, HERE), state: term("told", state) });
}

function Hours({ api, held }: { api: FamilyApi; held: Wishes }) {
  async function save(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    try {
      take(await api.putWishes({
        quiet_from: String(form.get("from")),
        quiet_until: String(form.get("until")),
        detail: form.get("detail") !== null,
      }));
      notify(t("family.saved"));
    } catch (error) {
      notify(t(error instanceof Refused ? "family.not_saved" : "notice.unreachable"), true);
    }
  }
  return (
    <form class="hours" onSubmit={(event) => void save(event)}>
      <h3>{t("family.quiet")}</h3>
      <p class="quiet">{t("family.quiet_about")}</p>
      <label class="field">{t("family.quiet_from")}<input type="time" name="from" value={held.quiet_from} /></label>
      <label class="field">{t("family.quiet_until")}<input type="time" name="until" value={held.quiet_until} /></label>
      <label class="tick">
        <input type="checkbox" name="detail" checked={held.detail} />
        <span>{t("family.detail")}<small>{t("family.detail_about")}</small></span>
      </label>
      <Button kind="primary" type="submit">{t("family.save")}</Button>
    </form>
  );
}
