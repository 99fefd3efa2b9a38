"""Text messages: the signature against the provider's own example and a server that checks it by itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from cloud.notify import NotifyError, Outgoing
from cloud.notify.aliyun import Credentials, Rpc, canonical_query, sign
from cloud.notify.phone import international, national
from cloud.notify.sms_aliyun import PERMANENT, AliyunSms
from cloud.notify.sms_modem import LONGEST_SIGN
from cloud.notify.sms_templates import ASK_FOR_TEXT, BY_MODEM, TEMPLATES, Kind, fill, preview, units
from cloud.settings import ConfigError
from tests.scenario.webhook import Webhook, webhook

KEY = Credentials("AK-test", "not-a-secret")
CODES = {name: f"SMS_{number}" for number, name in enumerate(TEMPLATES)}
NOW = datetime(2026, 1, 10, 19, 0, tzinfo=UTC)
VALUES = {"resident": "杨秀英", "time": "03:00", "what": "疑似跌倒", "token": "x" * 22}


@pytest.fixture
def provider() -> Iterator[Webhook]:
    with webhook() as served:
        served.answer = json.dumps({"Code": "OK", "BizId": "9006^0", "Message": "OK"}).encode()
        yield served


def sms(provider: Webhook) -> AliyunSms:
    rpc = Rpc(KEY, f"http://127.0.0.1:{provider.port}", PERMANENT, lambda: NOW)
    return AliyunSms(rpc, "安伴", CODES)


def message(template: str = "ask", address: str = "sms:+8613812345678") -> Outgoing:
    return Outgoing(address, template, "", "", VALUES)


def test_the_signature_is_the_one_of_the_published_example() -> None:
    headers = sign(
        "ecs.cn-shanghai.aliyuncs.com",
        {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"},
        Credentials("YourAccessKeyId", "YourAccessKeySecret"),
        datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        "3156853299f313e23d1673dc12e1703d",
        action="RunInstances",
        version="2014-05-26",
    )
    assert headers["Authorization"].endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def _verify(path: str, headers: dict[str, str]) -> str:
    """The signature as the provider computes it from what arrived."""
    given = {name.lower(): value for name, value in headers.items()}
    fields = dict(part.split("=", 1) for part in given["authorization"].split(" ", 1)[1].split(","))
    lines = "".join(f"{name}:{given[name].strip()}\n" for name in fields["SignedHeaders"].split(";"))
    parts = urlsplit(path)
    body = given["x-acs-content-sha256"]
    request = f"POST\n{parts.path}\n{parts.query}\n{lines}\n{fields['SignedHeaders']}\n{body}"
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(request.encode()).hexdigest()
    assert fields["Signature"] == hmac.new(KEY.key_secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert fields["Credential"] == KEY.key_id
    return parts.query


async def test_a_message_arrives_signed_with_its_variables(provider: Webhook) -> None:
    receipt = await sms(provider).deliver(message())
    assert receipt.reference == "9006^0"
    path, headers, body = provider.seen[0]
    query = dict(parse_qsl(_verify(path, headers)))
    assert body == b""
    assert headers["x-acs-action"] == "SendSms"
    assert headers["x-acs-date"] == "2026-01-10T19:00:00Z"
    assert query["PhoneNumbers"] == "13812345678"
    assert (query["SignName"], query["TemplateCode"]) == ("安伴", CODES["ask"])
    assert json.loads(query["TemplateParam"]) == VALUES


async def test_no_two_requests_share_a_nonce(provider: Webhook) -> None:
    await sms(provider).deliver(message())
    await sms(provider).deliver(message())
    assert len({headers["x-acs-signature-nonce"] for _, headers, _ in provider.seen}) == 2


@pytest.mark.parametrize(
    ("code", "permanent"),
    [("isv.MOBILE_NUMBER_ILLEGAL", True), ("isv.BUSINESS_LIMIT_CONTROL", False), ("isp.SYSTEM_ERROR", False)],
)
async def test_a_refusal_says_whether_trying_again_helps(
    provider: Webhook, code: str, permanent: bool
) -> None:
    provider.answer = json.dumps({"Code": code, "Message": "x"}).encode()
    with pytest.raises(NotifyError) as error:
        await sms(provider).deliver(message())
    assert (error.value.permanent, error.value.reason) == (permanent, f"refused: {code}")


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b""])
async def test_an_unreadable_answer_is_tried_again(provider: Webhook, answer: bytes) -> None:
    provider.answer, provider.status = answer, 502
    with pytest.raises(NotifyError) as error:
        await sms(provider).deliver(message())
    assert not error.value.permanent


async def test_a_provider_that_is_away_is_tried_again() -> None:
    away = AliyunSms(Rpc(KEY, "http://127.0.0.1:1"), "安伴", CODES)
    with pytest.raises(NotifyError) as error:
        await away.deliver(message())
    assert not error.value.permanent


@pytest.mark.parametrize("address", ["sms:", "sms:abc", "sms:+86１３８", "sms:+86138;rm"])
async def test_what_is_no_number_is_never_sent(provider: Webhook, address: str) -> None:
    with pytest.raises(NotifyError) as error:
        await sms(provider).deliver(message(address=address))
    assert error.value.permanent
    assert provider.seen == []


def test_numbers_abroad_keep_their_country() -> None:
    assert (national("sms:+85291234567"), national("sms: 138 1234 5678")) == ("85291234567", "13812345678")
    assert (international("sms:+85291234567"), international("sms:13812345678")) == (
        "+85291234567",
        "+8613812345678",
    )


def test_a_query_is_encoded_as_it_is_signed() -> None:
    assert canonical_query({"b": "a b*~", "a": "{}"}) == "a=%7B%7D&b=a%20b%2A~"


def _longest(template: str) -> dict[str, str]:
    samples = {Kind.NAME: "杨", Kind.WHAT: "漏", Kind.TOKEN: "x", Kind.COUNT: "9", Kind.CODE: "A"}
    kinds = TEMPLATES[template].variables
    return {
        name: samples[kind] * kind.longest if kind in samples else "23:59" for name, kind in kinds.items()
    }


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_text_is_short_with_its_longest_values(template: str) -> None:
    text = preview(template, _longest(template), "安伴养老", "https://anban.example.cn")
    assert units(text) == (2 if template == "ask" else 1)
    assert "$" not in text
    assert "{" not in text


def test_an_ask_that_is_answered_by_text_takes_no_more_units_than_one_by_link() -> None:
    assert ASK_FOR_TEXT.variables == TEMPLATES["ask"].variables
    text = preview("ask", _longest("ask"), "安伴养老", "https://anban.example.cn", ASK_FOR_TEXT)
    assert units(text) == 2


@pytest.mark.parametrize("template", TEMPLATES)
def test_our_own_modem_needs_one_segment_for_each_text(template: str) -> None:
    text = preview(template, _longest(template), "安" * LONGEST_SIGN, "", BY_MODEM.get(template))
    assert units(text) == 1
    assert "http" not in text
    assert "{" not in text


def test_length_is_charged_by_the_unit() -> None:
    assert [units("字" * length) for length in (1, 70, 71, 134, 135)] == [1, 1, 2, 2, 3]
    assert [units("【安伴】" + "字" * length) for length in (66, 67)] == [1, 2]


def test_a_rare_character_counts_as_the_two_that_it_is_sent_as() -> None:
    assert [units("𠮷" + "字" * length) for length in (68, 69)] == [1, 2]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("杨秀英（二楼）", "杨秀英二楼"),
        ("O'Brien-Smith", "OBrienSmit"),
        ("阿依古丽·买买提·努尔江", "阿依古丽·买买提·努"),
        ("【】", "住户"),
        ("", "住户"),
    ],
)
def test_no_name_keeps_a_call_for_help_from_being_sent(name: str, sent: str) -> None:
    assert fill("ask", VALUES | {"resident": name})["resident"] == sent


@pytest.mark.parametrize(("name", "value"), [("token", "a/b"), ("token", ""), ("time", "soon")])
def test_a_value_that_carriers_refuse_is_refused_here(name: str, value: str) -> None:
    with pytest.raises(NotifyError) as refused:
        fill("ask", VALUES | {name: value})
    assert refused.value.permanent


def test_configuration_names_what_is_wrong() -> None:
    whole = {"sign_name": "安伴", **{f"template_{name}": code for name, code in CODES.items()}}
    secrets = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b"}
    assert AliyunSms.configured({}, secrets) is None
    made = AliyunSms.configured(whole, secrets)
    assert made is not None
    assert "'b'" not in repr(made)
    for options, environment, missing in (
        (whole | {"sgin_name": "x"}, secrets, "sgin_name"),
        ({"template_ask": "SMS_1"}, secrets, "sign_name"),
        (whole, {}, "ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    ):
        with pytest.raises(ConfigError, match=missing):
            AliyunSms.configured(options, environment)
