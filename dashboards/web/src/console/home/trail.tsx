/** Who read or changed what of this home: for whoever leads them. */
import { Doings } from "../doings";
import { t } from "../words";
import { Panel } from "./panel";
import { trail } from "./state";

export function Trail() {
  return (
    <Panel name="trail" title={t("home.trail")} of={trail.value}>
      {(found) => (found.length === 0 ? <p class="quiet">{t("home.no_trail")}</p> : <Doings found={found} />)}
    </Panel>
  );
}
