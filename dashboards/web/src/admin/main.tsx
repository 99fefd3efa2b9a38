/** Administration. */
import { render } from "preact";
import "@/ui/tokens.css";
import "@/ui/base.css";
import { Gate } from "@/sign/gate";
import { beginSession } from "@/sign/session";
import { t } from "./words";

function Page() {
  return (
    <Gate title={t("admin.title")} hint="" needs={["administer", "manage_tenants"]}>
      {(person) => <main><h1>{t("admin.title")}</h1><p>{person.name}</p></main>}
    </Gate>
  );
}

beginSession({ title: () => t("admin.title") });
const root = document.getElementById("app");
if (root !== null) render(<Page />, root);
