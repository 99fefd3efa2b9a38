/** The view of county and city: figures against their targets, what is behind them, and the month on paper. */
import { render } from "preact";
import "@/ui/tokens.css";
import "@/ui/base.css";
import "./kpi.css";
import { Gate } from "@/sign/gate";
import { beginSession } from "@/sign/session";
import { Breakdown } from "./breakdown";
import { Header } from "./header";
import { Headlines } from "./headlines";
import { Lacking } from "./lacking";
import { begin, forget, lack, month, paper, report } from "./model";
import { Overdue } from "./overdue";
import { Paper } from "./paper";
import { Rows } from "./rows";
import { Standing } from "./standing";
import { Tables } from "./tables";
import { Week } from "./week";
import { t } from "./words";

function Page() {
  return (
    <Gate title={t("kpi.title")} hint={t("kpi.hint")} needs={["read_figures"]}>
      {(person) => (
        <div class="kpi" data-month={month.value}>
          <Header person={person} />
          {report.value !== null && lack.value !== null && <Lacking why={lack.value === "away" ? "stale" : lack.value} />}
          {report.value === null ? <Waiting /> : paper.value ? <Paper report={report.value} /> : <Screen />}
        </div>
      )}
    </Gate>
  );
}

function Screen() {
  return (
    <main>
      <Standing />
      <Headlines />
      <Tables />
      <Breakdown />
      <Week />
      <Overdue />
      <Rows />
    </main>
  );
}

function Waiting() {
  return <main>{lack.value === null ? <p class="opening" role="status">{t("app.loading")}</p> : <Lacking why={lack.value} />}</main>;
}

beginSession({ title: () => t("kpi.title"), left: forget });
begin();
const root = document.getElementById("app");
if (root !== null) render(<Page />, root);
