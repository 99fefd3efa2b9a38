/** Enrolment of gateways: a claim with its square code to print, the claims there are, and the certificates. */
import { useSignal } from "@preact/signals";
import { formatMoment } from "@/core/time";
import { notify } from "@/ui/notices";
import { Button, Dialog } from "@/ui/parts";
import { explain } from "@/sign/send";
import { Form } from "./form";
import { changes, Table, useList } from "./table";
import { tag } from "./tag";
import { t } from "./words";
import { http, type Schemas } from "./wire";

/** `gateway`: `null`: the home's only one, or a new one. */
export function DrawClaim({ home, gateway, onClose }: { home: number; gateway: string | null; onClose: () => void }) {
  const drawn = useSignal<Schemas["DrawnClaim"] | null>(null);
  if (drawn.value !== null) return <Paper drawn={drawn.value} onClose={onClose} />;
  return (
    <Form
      title={t("claim.draw")}
      about={t("claim.about")}
      fields={[
        { name: "hours", is: "number", least: 1, most: 720, whole: true },
        { name: "hardware", is: "text", code: true, optional: true, hint: "hint.hardware" },
      ]}
      before={{ hours: 72 }}
      action={t("claim.draw")}
      refusals={{ enrolment_off: "claim.off", which_gateway: "claim.which" }}
      save={async (values) => {
        drawn.value = await http.command<Schemas["DrawnClaim"]>("POST", "/claims", { home_id: home, gateway_id: gateway, ...values });
        changes.value += 1;
      }}
      onClose={() => drawn.value === null && onClose()}
    />
  );
}

/** The only time that the code is seen; it prints as one sheet of paper. */
function Paper({ drawn, onClose }: { drawn: Schemas["DrawnClaim"]; onClose: () => void }) {
  return (
    <Dialog title={t("claim.drawn")} onClose={onClose}>
      <div class="paper">
        <img src={drawn.qr} alt={t("claim.picture")} />
        <p class="claim-code">{drawn.code}</p>
        <dl>
          <dt>{t("column.gateway")}</dt><dd><code>{drawn.gateway_id}</code></dd>
          <dt>{t("column.until")}</dt><dd>{formatMoment(drawn.expires_at, tag())}</dd>
        </dl>
        <p>{t("claim.once")}</p>
        <p class="digits"><code>anban-edge enrol {drawn.code}</code></p>
      </div>
      <form onSubmit={(event) => { event.preventDefault(); onClose(); }}>
        <footer>
          <Button icon="note" onClick={() => print()}>{t("print")}</Button>
          <Button kind="primary" type="submit">{t("claim.kept")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

type Claim = Schemas["ClaimView"];

/** What became of a claim, in one word. */
export function standing(claim: Claim, now: number): "used" | "withdrawn" | "expired" | "open" {
  if (claim.used_at !== null) return "used";
  if (claim.withdrawn_at !== null) return "withdrawn";
  return Date.parse(claim.expires_at) <= now ? "expired" : "open";
}

const WORDS = { used: "claim.used", withdrawn: "claim.withdrawn", expired: "claim.expired", open: "claim.open" } as const;

export function Enrolment() {
  const claims = useList<Claim>("/claims", {}, "claims");
  const papers = useList<Schemas["CertificateView"]>("/certificates", {}, "certificates");
  const withdraw = (id: number) => http.command("DELETE", `/claims/${id}`).then(() => { changes.value += 1; notify(t("claim.is_withdrawn")); }, explain);
  return (
    <>
      <section class="panel block">
        <h3>{t("claim.title")}</h3>
        <p class="quiet">{t("claim.where")}</p>
        <Table
          label={t("claim.title")}
          list={claims}
          keyOf={(claim) => claim.id}
          over={(claim) => standing(claim, Date.now()) !== "open"}
          columns={[
            { name: "gateway", show: (claim) => <code>{claim.gateway_id}</code> },
            { name: "made_at", show: (claim) => formatMoment(claim.made_at, tag()) },
            { name: "until", show: (claim) => formatMoment(claim.expires_at, tag()) },
            { name: "hardware", show: (claim) => claim.hardware || "—" },
            { name: "state", show: (claim) => t(WORDS[standing(claim, Date.now())]) },
          ]}
          actions={(claim) => standing(claim, Date.now()) === "open" && (
            <Button label={t("claim.withdraw_one", { name: claim.gateway_id })} onClick={() => void withdraw(claim.id)}>{t("claim.withdraw")}</Button>
          )}
          empty={t("claim.none")}
        />
      </section>
      <section class="panel block">
        <h3>{t("certificate.title")}</h3>
        <Table
          label={t("certificate.title")}
          list={papers}
          keyOf={(paper) => paper.serial}
          over={(paper) => paper.revoked_at !== null}
          columns={[
            { name: "gateway", show: (paper) => <code>{paper.gateway_id}</code> },
            { name: "made_at", show: (paper) => formatMoment(paper.issued_at, tag()) },
            { name: "until", show: (paper) => formatMoment(paper.expires_at, tag()) },
            { name: "state", show: (paper) => (paper.revoked_at === null ? t("certificate.in_force") : t("certificate.revoked")) },
          ]}
          empty={t("certificate.none")}
        />
      </section>
    </>
  );
}
