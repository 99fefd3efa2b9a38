/** Programs that read here by a token: which there are, a new one, which is shown once, and the way to shut one out. */
import { useSignal } from "@preact/signals";
import { formatDay } from "@/core/time";
import { explain } from "@/sign/send";
import { notify } from "@/ui/notices";
import { Button, Dialog } from "@/ui/parts";
import { Form } from "./form";
import { changes, Table, useList } from "./table";
import { tag } from "./tag";
import { t, term } from "./words";
import { http, type Schemas } from "./wire";

type Token = Schemas["TokenView"];

/** What a service may be allowed, as the server has it (`cloud.api_tokens`). */
const GRANTED = ["read_home", "read_figures", "read_audit", "read_wall"] as const;
const LONGEST_DAYS = 365;

export function standing(token: Token, now: number): "revoked" | "expired" | "in_force" {
  if (token.revoked_at !== null) return "revoked";
  return Date.parse(token.expires_at) <= now ? "expired" : "in_force";
}

export function Services() {
  const open = useSignal(false);
  const list = useList<Token>("/tokens", {}, "tokens");
  const revoke = (id: number) => http.command("DELETE", `/tokens/${id}`).then(() => { changes.value += 1; notify(t("token.is_revoked")); }, explain);
  return (
    <section class="panel block">
      <p class="quiet">{t("token.about")}</p>
      <div class="toolbar"><span class="spring" /><Button kind="primary" onClick={() => (open.value = true)}>{t("token.new")}</Button></div>
      <Table
        label={t("part.services")}
        list={list}
        keyOf={(token) => token.id}
        over={(token) => standing(token, Date.now()) !== "in_force"}
        columns={[
          { name: "name", show: (token) => token.name },
          { name: "allowed", show: (token) => token.permissions.map((one) => term("permission", one)).join(" · ") },
          { name: "until", show: (token) => formatDay(token.expires_at, tag()) },
          { name: "used", show: (token) => (token.used_at === null ? t("token.unused") : formatDay(token.used_at, tag())) },
          { name: "state", show: (token) => term("token_state", standing(token, Date.now())) },
        ]}
        actions={(token) => standing(token, Date.now()) === "in_force" && <Button label={t("token.revoke_one", { name: token.name })} onClick={() => void revoke(token.id)}>{t("token.revoke")}</Button>}
        empty={t("token.none")}
      />
      {open.value && <Draw onClose={() => (open.value = false)} />}
    </section>
  );
}

function Draw({ onClose }: { onClose: () => void }) {
  const drawn = useSignal<Schemas["DrawnToken"] | null>(null);
  if (drawn.value !== null) {
    return (
      <Dialog title={t("token.drawn")} onClose={onClose}>
        <form onSubmit={(event) => { event.preventDefault(); onClose(); }}>
          <p>{t("token.once")}</p>
          <input class="code" type="text" readOnly value={drawn.value.token} aria-label={t("token.drawn")} onFocus={(event) => event.currentTarget.select()} />
          <p class="quiet"><code>Authorization: Bearer …</code></p>
          <footer><Button kind="primary" type="submit">{t("token.kept")}</Button></footer>
        </form>
      </Dialog>
    );
  }
  return (
    <Form
      title={t("token.new")}
      fields={[
        { name: "name", is: "text", wide: true, hint: "hint.token_name" },
        { name: "permissions", is: "choices", of: GRANTED, words: "permission" },
        { name: "division", is: "division", optional: true, hint: "hint.wall_division" },
        { name: "days", is: "number", least: 1, most: LONGEST_DAYS, whole: true },
      ]}
      before={{ days: LONGEST_DAYS }}
      action={t("token.draw")}
      refusals={{ shown_once: "token.lost" }}
      save={async ({ division, ...values }) => {
        const body = { ...values, division: division === "" ? null : division };
        drawn.value = await http.command<Schemas["DrawnToken"]>("POST", "/tokens", body);
        changes.value += 1;
      }}
      onClose={() => drawn.value === null && onClose()}
    />
  );
}
