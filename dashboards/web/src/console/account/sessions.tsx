/** Where one is signed in, and the way to end it there. */
import { describeAgent } from "@/core/agent";
import type { OwnSession } from "@/core/api";
import { formatAgo, formatMoment } from "@/core/time";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { api } from "@/sign/session";
import { nowMs } from "../model";
import { Part, Reading } from "./part";
import { own, send, sending, tag } from "./state";
import { t } from "../words";

export function Sessions() {
  const found = own.value?.sessions;
  const others = found?.filter((one) => !one.current).length ?? 0;
  return (
    <Part name="sessions" icon="screen" title={t("sessions.title")} about={t("sessions.about")}>
      {found === undefined ? <Reading /> : (
        <ul class="entries">
          {[...found].sort((a, b) => Number(b.current) - Number(a.current)).map((one) => <Row key={one.id} one={one} />)}
        </ul>
      )}
      <footer>
        <Button disabled={others === 0 || sending.value} onClick={() => void send(api.endOtherSessions, "sessions.ended_all")}>
          {t("sessions.end_others")}
        </Button>
      </footer>
    </Part>
  );
}

function Row({ one }: { one: OwnSession }) {
  const agent = describeAgent(one.agent);
  const name = agent.name || t("sessions.unknown");
  return (
    <li class={one.current ? "current" : ""}>
      <Icon name={agent.handheld ? "telephone" : "screen"} size={24} />
      <div>
        <p class="entry-name"><b>{name}</b>{one.current && <span class="chip">{t("sessions.this")}</span>}</p>
        <p class="entry-facts">
          <span>{t("sessions.since", { at: formatMoment(one.created_at, tag()) })}</span>
          <span>{t("sessions.seen", { ago: formatAgo(one.seen_at, nowMs.value, tag()) })}</span>
          {one.origin !== "" && <span class="digits">{t("sessions.from", { origin: one.origin })}</span>}
        </p>
      </div>
      {!one.current && (
        <Button
          label={t("sessions.end_there", { name, at: formatMoment(one.created_at, tag()) })}
          disabled={sending.value}
          onClick={() => void send(() => api.endSession(one.id), "sessions.ended")}
        >
          {t("sessions.end")}
        </Button>
      )}
    </li>
  );
}
