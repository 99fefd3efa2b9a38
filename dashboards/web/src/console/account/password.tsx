/** A new password, on the page of one's own account. */
import { PasswordForm } from "@/sign/password-form";
import { Part } from "./part";
import { own, read } from "./state";
import { t } from "../words";

export function Password() {
  return (
    <Part name="password" icon="key" title={t("password.title")} about={t("password.about")}>
      <PasswordForm oldLabel={t("password.old")} done={() => own.value !== null && void read()} />
    </Part>
  );
}
