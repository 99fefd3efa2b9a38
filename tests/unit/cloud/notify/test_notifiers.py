"""The table of channels, the library behind most of them, and what messages say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING, cast

import pytest

from cloud import notify
from cloud.incidents import worker
from cloud.notify import NOTIFIERS, NotifyError, Outgoing, wording
from cloud.notify.sms_modem import ModemSms, Port
from cloud.notify.sms_templates import TEMPLATES as SMS
from cloud.notify.voice_templates import TEMPLATES as VOICE
from cloud.notify.voice_templates import THANKS
from cloud.sealed import NO_KEYS
from cloud.settings import ConfigError
from firmware_protocols.model import AlarmKind
from tests.scenario.webhook import Webhook, webhook

if TYPE_CHECKING:
    from cloud.db import Pool

PARAMS = {
    "resident": "杨秀英",
    "kind": "fall",
    "address": "迎丰路 12 号",
    "room": "bathroom",
    "observed_at": "2026-01-10T19:00:00+00:00",
    "time_zone": "Asia/Shanghai",
}


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as served:
        yield served


def outgoing(address: str) -> Outgoing:
    return Outgoing(address, "raised", "标题", "正文", {})


async def test_a_webhook_really_receives_the_message(hook: Webhook) -> None:
    await notify.build({})["json"].deliver(outgoing(hook.address("x")))
    assert hook.texts("x") == ["正文"]


async def test_a_service_that_refuses_is_tried_again(hook: Webhook) -> None:
    hook.status = 500
    with pytest.raises(NotifyError) as error:
        await notify.build({})["json"].deliver(outgoing(hook.address("x")))
    assert not error.value.permanent


@pytest.mark.parametrize("address", ["json://", "json", "", "mailto://nobody"])
async def test_an_address_that_cannot_be_read_is_given_up(address: str) -> None:
    with pytest.raises(NotifyError) as error:
        await notify.build({})["json"].deliver(outgoing(address))
    assert error.value.permanent


def test_text_messages_calls_and_pushes_are_off_until_configured() -> None:
    assert set(notify.build({})) == set(NOTIFIERS) - {"webpush"}


@pytest.mark.parametrize(
    "channels",
    [
        {"smms": {"a": "b"}},
        {"ntfy": {"token": "b"}},
        {"webpush": {"subject": "mailto:a@b"}},
        {"webpush": {"key_file": "push.pem"}},
        {"webpush": {"subject": "a@b", "key_file": "push.pem"}},
        {"webpush": {"subject": "mailto:a@b", "key_file": "push.pem", "host": "x"}},
        {"sms": {"a": "b"}},
        {"sms": {"provider": "carrier-pigeon"}},
        {"sms_spare": {"provider": "tencent"}},
        {"voice": {"provider": "tencent", "caller": "0745"}},
    ],
)
def test_a_wrong_option_is_an_error_that_names_it(channels: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ConfigError, match=r"notify\.channels"):
        notify.build(channels)


def test_our_own_modem_carries_texts_where_somebody_has_its_queue() -> None:
    channels = {"sms": {"provider": "modem", "sign_name": "安伴"}}
    port = Port(cast("Pool", None), NO_KEYS, lambda: datetime.now(UTC))
    assert isinstance(notify.build(channels, port.configured)["sms"], ModemSms)
    with pytest.raises(
        ConfigError, match="sign_name has 13 characters, at most 12"
    ):  # else no text fits at night
        notify.build({"sms": {"provider": "modem", "sign_name": "安" * 13}}, port.configured)
    with pytest.raises(ConfigError, match="no provider modem"):
        notify.build(channels)


ABOUT_A_HOME = sorted(set(wording.TEMPLATES) - {"review", "digest", "probe", "channel"})


def test_every_alarm_kind_has_a_name_in_every_language() -> None:
    for kinds in wording.WHAT.values():
        assert set(kinds) == {*(kind.value for kind in AlarmKind), worker.KIND}


@pytest.mark.parametrize("locale", wording.WHAT)
def test_a_message_about_a_review_says_when_and_nothing_of_whom(locale: str) -> None:
    title, body = wording.render("review", locale, wording.facts(PARAMS, locale, "https://x/a/1"))
    assert "03:00" in body
    assert "https://x/a/1" in body
    assert not re.search(r"杨秀英|迎丰路|[{}]", title + body)


@pytest.mark.parametrize(("template", "locale"), list(product(ABOUT_A_HOME, wording.WHAT)))
def test_every_message_says_who_and_where_in_every_language(template: str, locale: str) -> None:
    title, body = wording.render(template, locale, wording.facts(PARAMS, locale, "https://x/a/1"))
    assert "杨秀英" in title
    assert "杨秀英" in body
    room = {"zh-Hans": "卫生间", "zh-Hant": "衛生間", "en": "bathroom"}[locale]
    assert f"迎丰路 12 号 {room}" in body
    assert ("https://x/a/1" in body) == (template in {"ask", "page", "send_colleague", "call_police"})
    assert not re.search(r"[{}]", title + body)


def test_text_messages_and_calls_exist_for_every_message() -> None:
    assert set(SMS) == set(wording.TEMPLATES)
    assert set(VOICE) == {*wording.TEMPLATES, THANKS}


HEALTH = re.compile("跌倒|体征|药|进餐|卫生间|起床|徘徊|离床|作息|无活动|不起")


@pytest.mark.parametrize("kind", [kind.value for kind in AlarmKind])
def test_no_text_or_call_says_anything_of_a_persons_health(kind: str) -> None:
    assert not HEALTH.search(wording.discreet(PARAMS | {"kind": kind})["what"])
    assert wording.discreet(PARAMS | {"kind": kind})["what"] in wording.WHAT["zh-Hans"].values()


def test_time_is_the_homes_wall_clock() -> None:
    assert wording.facts(PARAMS, "en", "")["time"] == "03:00"
    assert wording.facts(PARAMS | {"time_zone": "Mars/Base"}, "en", "")["time"] == "19:00 UTC"


def test_a_resident_named_like_a_placeholder_is_only_a_name() -> None:
    words = wording.facts(PARAMS | {"resident": "{link}"}, "en", "secret")
    assert "secret" not in wording.render("raised", "en", words)[0]


@pytest.mark.parametrize(
    ("locale", "spoken"),
    [
        ("zh-TW", "zh-Hant"),
        ("zh_HK", "zh-Hant"),
        ("zh-CN", "zh-Hans"),
        ("en-GB", "en"),
        ("mww", "zh-Hans"),
        ("", "zh-Hans"),
    ],
)
def test_the_nearest_language_is_spoken(locale: str, spoken: str) -> None:
    assert wording.language(locale) == spoken
