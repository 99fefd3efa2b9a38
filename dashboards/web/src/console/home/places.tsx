/** Where somebody was last noticed in this home. */
import { Plan } from "../plan";
import { t } from "../words";
import { Panel } from "./panel";
import { places } from "./state";

export function Places() {
  return (
    <Panel name="places" title={t("home.places")} of={places.value}>
      {(found) => (found.places.length === 0 ? <p class="quiet">{t("home.no_places")}</p> : <Plan found={found.places} />)}
    </Panel>
  );
}
