/** The family's page: is all as it should be today, and whom to ring. */
import { render } from "preact";
import { Gate } from "@/sign/gate";
import { beginSession } from "@/sign/session";
import "@/ui/tokens.css";
import "@/ui/base.css";
import "./family.css";
import { forget } from "./model";
import { Offline } from "./offline";
import { FamilyPage } from "./page";
import { register, turnOff } from "./push";
import { t } from "./words";

beginSession({
  title: () => t("family.title"),
  leaving: () => void turnOff().catch(() => undefined),
  left: forget,
});
void register();
const root = document.getElementById("app");
if (root !== null) {
  render(
    <Offline>
      <Gate title={t("family.title")} hint={t("family.hint")} needs={["follow_home"]}>
        {() => <FamilyPage />}
      </Gate>
    </Offline>,
    root,
  );
}
