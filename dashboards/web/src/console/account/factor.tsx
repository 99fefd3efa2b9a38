/** The second step of signing in: whether there is one, what is left of the recovery codes, and a new one. */
import { formatDay } from "@/core/time";
import { Icon } from "@/ui/icons";
import { Button } from "@/ui/parts";
import { enrolling } from "@/sign/session";
import { Part, Reading } from "./part";
import { own, tag } from "./state";
import { t } from "../words";

const FEW = 3; // recovery codes; from here on it is time for new ones

export function Factor() {
  const state = own.value;
  return (
    <Part name="factor" icon="shield" title={t("factor.title")} about={t("factor.about")}>
      {state === null ? <Reading /> : <State since={state.second_factor_since} left={state.recovery_codes_left} />}
    </Part>
  );
}

function State({ since, left }: { since: string | null; left: number }) {
  if (since === null) {
    return (
      <>
        <p class="factor-state off">{t("factor.off")}</p>
        <footer><Button kind="primary" icon="shield" onClick={() => (enrolling.value = "first")}>{t("second_factor.enrol")}</Button></footer>
      </>
    );
  }
  return (
    <>
      <p class="factor-state on"><Icon name="check" />{t("factor.on", { at: formatDay(since, tag()) })}</p>
      <p class={`factor-codes ${left <= FEW ? "few" : ""}`}>{t(left <= FEW ? "factor.few" : "factor.left", { n: left })}</p>
      <footer><Button onClick={() => (enrolling.value = "replace")}>{t("factor.replace")}</Button></footer>
    </>
  );
}
