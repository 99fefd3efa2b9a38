/** The strip on top: which month, as what file, and who reads. */
import type { Session } from "@/core/api";
import { LANGUAGES, locale } from "@/core/i18n";
import { leave, useLocale } from "@/sign/session";
import { Icon } from "@/ui/icons";
import { PagesMenu } from "@/ui/pages";
import { Button, LanguageSwitch } from "@/ui/parts";
import { formatMonth } from "./figures";
import { fileAddress, known, month, paper, show, turn } from "./model";
import { t } from "./words";

export function Header({ person }: { person: Session }) {
  return (
    <header class="band">
      <PagesMenu person={person} />
      <h1><span class="wordmark" lang="zh-Hans">安伴</span><small>{t("kpi.page")}</small></h1>
      <Months />
      <span class="spring" />
      {month.value !== null && <Forms first={month.value} />}
      <LanguageSwitch value={locale.value} onChange={useLocale} />
      <Button kind="quiet" icon="leave" label={`${t("action.sign_out")} · ${person.name}`} onClick={() => void leave()} />
    </header>
  );
}

function Months() {
  const tag = LANGUAGES[locale.value].tag;
  const first = month.value;
  if (first === null) return null;
  const all = known.value.includes(first) ? known.value : [first, ...known.value];
  return (
    <select class="month" aria-label={t("kpi.month")} value={first} onChange={(event) => show(event.currentTarget.value)}>
      {all.map((one) => <option key={one} value={one}>{formatMonth(one, tag)}</option>)}
    </select>
  );
}

function Forms({ first }: { first: string }) {
  if (paper.value) {
    return (
      <>
        <Button kind="quiet" icon="back" onClick={() => turn(false)}>{t("paper.back")}</Button>
        <Button kind="quiet" icon="file" onClick={() => print()}>{t("paper.print")}</Button>
      </>
    );
  }
  return (
    <>
      <Button kind="quiet" icon="file" onClick={() => turn(true)}>{t("paper.open")}</Button>
      {(["xlsx", "csv"] as const).map((form) => (
        <a key={form} class="button quiet" href={fileAddress(first, form, locale.value)} download>
          <Icon name="copy" />{form.toUpperCase()}
        </a>
      ))}
    </>
  );
}
