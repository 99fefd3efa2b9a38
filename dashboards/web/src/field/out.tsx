/** What was said here: what waits, what was not taken and why, what is sent. */
import { useState } from "preact/hooks";
import { notify } from "@/ui/notices";
import { Icon, type IconName } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { drop, own, sendAgain, standingNow, tryNow } from "./model";
import { wordsOf, type Item, type State } from "./outbox";
import { t } from "./words";
import { clock, dayName, whyOf } from "./words-of";

const ICON: Readonly<Record<State, IconName>> = { waiting: "up", sending: "up", refused: "flag", done: "check" };
const RANK: Readonly<Record<State, number>> = { refused: 0, sending: 1, waiting: 2, done: 3 };

export function Out() {
  const { waiting, lostMs } = standingNow.value;
  const shown = [...own.value].sort((a, b) => RANK[a.state] - RANK[b.state] || b.saidMs - a.saidMs);
  return (
    <main class="field">
      {lostMs !== null && <p class="hint warn" role="alert">{t("out.lost_at", { at: `${dayName(new Date(lostMs).toISOString())} ${clock(lostMs)}` })}</p>}
      {shown.length === 0 && <p class="empty">{t("out.none")}</p>}
      <ul class="cards">{shown.map((item) => <Row key={item.key} item={item} />)}</ul>
      {waiting > 0 && <Button kind="primary" icon="up" onClick={() => void tryNow()}>{t("out.try")}</Button>}
      <p class="quiet">{t("out.rule")}</p>
    </main>
  );
}

function Row({ item }: { item: Item }) {
  const [sure, setSure] = useState(false);
  const words = wordsOf(item);
  const copy = () => void navigator.clipboard.writeText(words).then(() => notify(t("out.copied")));
  return (
    <li class={`card out ${item.state}`} data-item={item.what} data-state={item.state}>
      <p><Icon name={ICON[item.state]} /><strong>{t(`what.${item.what}`)}</strong>{item.who !== "" && ` · ${item.who}`}</p>
      <p class="quiet">{clock(item.saidMs)} · {t(`state.${item.state}`)}</p>
      {item.state === "refused" && <p class="worry">{whyOf(item)}</p>}
      {item.state !== "done" && words !== "" && <blockquote>{words}</blockquote>}
      {item.state === "refused" && (
        <div class="row">
          <Button icon="undo" onClick={() => void sendAgain(item)}>{t("out.again")}</Button>
          {words !== "" && <Button icon="copy" onClick={copy}>{t("out.copy")}</Button>}
          <Button kind={sure ? "danger" : "quiet"} icon="close" onClick={() => (sure ? void drop(item.key) : setSure(true))}>{t(sure ? "out.drop_sure" : "out.drop")}</Button>
        </div>
      )}
    </li>
  );
}
