"""Text messages of the second provider: its published signature, and a server that checks it by itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cloud.notify import NotifyError, Outgoing
from cloud.notify.sms_templates import TEMPLATES
from cloud.notify.sms_tencent import VERSION, TencentSms
from cloud.notify.tencent import Api, Key, sign
from cloud.settings import ConfigError
from tests.scenario.webhook import Webhook, webhook

KEY = Key("AKID-test", "not-a-secret")
CODES = {name: f"{number}" for number, name in enumerate(TEMPLATES, start=1_000)}
NOW = datetime(2026, 1, 10, 19, 0, tzinfo=UTC)
VALUES = {"resident": "杨秀英", "time": "03:00", "what": "求助", "token": "x" * 22}


def verdict(code: str = "Ok", serial: str = "5000:1045710669157053657849499619") -> bytes:
    status = {"SerialNo": serial, "PhoneNumber": "+8613812345678", "Fee": 1, "SessionContext": "",
              "Code": code, "Message": "send success", "IsoCode": "CN"}  # fmt: skip
    return json.dumps({"Response": {"SendStatusSet": [status], "RequestId": "a0aabda6"}}).encode()


def fault(code: str) -> bytes:
    return json.dumps({"Response": {"Error": {"Code": code, "Message": "x"}, "RequestId": "1"}}).encode()


@pytest.fixture
def provider() -> Iterator[Webhook]:
    with webhook() as served:
        served.answer = verdict()
        yield served


def sms(provider: Webhook) -> TencentSms:
    api = Api(KEY, f"http://127.0.0.1:{provider.port}", "sms", VERSION, "ap-guangzhou", lambda: NOW)
    return TencentSms(api, "1400006666", "安伴", CODES, followed=True)


def message(template: str = "ask", address: str = "sms:13812345678") -> Outgoing:
    return Outgoing(address, template, "", "", VALUES)


def test_the_signature_is_the_one_of_the_published_example() -> None:
    """Of the provider's page on signature v3: stars are a part of the key that it prints."""
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    key = Key("AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******", "Gu5t9xGARNpq86cd98joQYCN3*******")
    moment = datetime.fromtimestamp(1_551_113_065, UTC)
    assert sign("cvm.tencentcloudapi.com", "cvm", body, key, moment)["Authorization"] == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******/2019-02-25/cvm/tc3_request,"
        " SignedHeaders=content-type;host,"
        " Signature=2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c"
    )


def verified(headers: dict[str, str], body: bytes, service: str) -> dict[str, Any]:
    """The request's body, if its signature is the one that the provider computes from what arrived."""
    given = {name.lower(): value for name, value in headers.items()}
    proof = dict(part.strip().split("=", 1) for part in given["authorization"].split(" ", 1)[1].split(","))
    key_id, date, *_ = proof["Credential"].split("/")
    lines = "".join(f"{name}:{given[name]}\n" for name in proof["SignedHeaders"].split(";"))
    request = f"POST\n/\n\n{lines}\n{proof['SignedHeaders']}\n{hashlib.sha256(body).hexdigest()}"
    secret = b"TC3" + KEY.secret_key.encode()
    for part in (date, service, "tc3_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{given['x-tc-timestamp']}\n{date}/{service}/tc3_request\n{digest}"
    assert proof["Signature"] == hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    assert key_id == KEY.secret_id
    document: dict[str, Any] = json.loads(body)
    return document


async def test_a_message_arrives_signed_with_its_variables_in_their_order(provider: Webhook) -> None:
    receipt = await sms(provider).deliver(message())
    assert (receipt.reference, receipt.provider, receipt.followed) == (
        "5000:1045710669157053657849499619",
        "tencent-sms",
        True,
    )
    _, headers, body = provider.seen[0]
    assert verified(headers, body, "sms") == {
        "PhoneNumberSet": ["+8613812345678"],
        "SmsSdkAppId": "1400006666",
        "SignName": "安伴",
        "TemplateId": CODES["ask"],
        "TemplateParamSet": ["杨秀英", "03:00", "求助", "x" * 22],
    }
    given = {name.lower(): value for name, value in headers.items()}
    assert (given["x-tc-action"], given["x-tc-version"]) == ("SendSms", "2021-01-11")


@pytest.mark.parametrize(
    ("code", "permanent"),
    [
        ("FailedOperation.TemplateIncorrectOrUnapproved", True),
        ("InvalidParameterValue.IncorrectPhoneNumber", True),
        ("AuthFailure.SignatureFailure", True),
        ("LimitExceeded.PhoneNumberThirtySecondLimit", False),
        ("InternalError.Timeout", False),
        ("RequestLimitExceeded", False),
        ("FailedOperation.InsufficientBalanceInSmsPackage", False),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
async def test_a_refusal_says_whether_trying_again_helps(
    provider: Webhook, code: str, permanent: bool, whole: bool
) -> None:
    """Of the whole request, or of the one telephone in it."""
    provider.answer = fault(code) if whole else verdict(code, "")
    with pytest.raises(NotifyError) as error:
        await sms(provider).deliver(message())
    assert (error.value.permanent, error.value.reason) == (permanent, f"refused: {code}")


@pytest.mark.parametrize(
    "answer", [b"<html>", b"[]", b"{}", b"", b'{"Response":{}}', b'{"Response":{"SendStatusSet":[{}]}}']
)
async def test_an_unreadable_answer_is_tried_again(provider: Webhook, answer: bytes) -> None:
    provider.answer, provider.status = answer, 502
    with pytest.raises(NotifyError) as error:
        await sms(provider).deliver(message())
    assert not error.value.permanent


async def test_an_answer_without_end_is_not_read_as_one(provider: Webhook) -> None:
    provider.answer = b"{" + b" " * 100_000 + b"}"
    with pytest.raises(NotifyError, match="too long"):
        await sms(provider).deliver(message())


def test_configuration_names_what_is_wrong() -> None:
    whole = {"provider": "tencent", "app": "14", "sign_name": "安伴"}
    whole |= {f"template_{name}": code for name, code in CODES.items()}
    secrets = {"TENCENTCLOUD_SECRET_ID": "a", "TENCENTCLOUD_SECRET_KEY": "bbb"}
    made = TencentSms.configured(whole, secrets)
    assert made is not None
    assert "bbb" not in repr(made)
    for options, environment, missing in (
        (whole | {"sgin_name": "x"}, secrets, "sgin_name"),
        (whole | {"template_ask": ""}, secrets, "template_ask"),
        (whole | {"app": ""}, secrets, "app"),
        (whole, {}, "TENCENTCLOUD_SECRET_KEY"),
    ):
        with pytest.raises(ConfigError, match=missing):
            TencentSms.configured(options, environment)
