/** Who looked at this incident and who did what, in a dialog: read when it is opened. */
import { useEffect, useState } from "preact/hooks";
import type { IncidentView } from "@/core/api";
import type { DoingView } from "@/core/home-api";
import { explain } from "@/sign/send";
import { Doings } from "./doings";
import { homeApi } from "./model";
import { t } from "./words";

export function IncidentTrail({ incident }: { incident: IncidentView }) {
  const [found, put] = useState<readonly DoingView[] | null>(null);
  useEffect(() => {
    let gone = false;
    put(null);
    homeApi.trail(incident.home_id, incident.id).then((all) => gone || put(all), explain);
    return () => void (gone = true);
  }, [incident.home_id, incident.id]);
  if (found === null) return <p class="quiet" role="status">{t("app.loading")}</p>;
  return <div class="trail-dialog">{found.length === 0 ? <p class="quiet">{t("home.no_trail")}</p> : <Doings found={found} />}</div>;
}
