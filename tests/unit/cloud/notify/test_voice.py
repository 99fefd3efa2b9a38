"""Calls: what is asked of each provider, and what a telephone says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest

from cloud.notify import NotifyError, Outgoing
from cloud.notify.aliyun import Rpc
from cloud.notify.tencent import Api
from cloud.notify.voice_aliyun import AliyunVoice
from cloud.notify.voice_templates import ASKING, KEYS, TEMPLATES, fill
from cloud.notify.voice_tencent import VERSION, TencentVoice
from cloud.settings import ConfigError
from tests.scenario.webhook import Webhook, webhook
from tests.unit.cloud.notify import test_sms_aliyun as aliyun
from tests.unit.cloud.notify import test_sms_tencent as tencent

CODES = {name: f"TTS_{number}" for number, name in enumerate(TEMPLATES)}
VALUES = {"resident": "杨秀英", "what": "求助", "time": "03:00"}


def message(template: str = "ask") -> Outgoing:
    return Outgoing("voice:+8613812345678", template, "", "", VALUES)


@pytest.fixture
def provider() -> Iterator[Webhook]:
    with webhook() as served:
        yield served


def at_aliyun(provider: Webhook) -> AliyunVoice:
    provider.answer = json.dumps({"Code": "OK", "CallId": "1169^1001", "Message": "OK"}).encode()
    rpc = Rpc(aliyun.KEY, f"http://127.0.0.1:{provider.port}", clock=lambda: aliyun.NOW)
    return AliyunVoice(rpc, "07451234567", CODES, followed=True)


def at_tencent(provider: Webhook) -> TencentVoice:
    answer = {"Response": {"SendStatus": {"CallId": "e5e3f9ec", "SessionContext": ""}, "RequestId": "1"}}
    provider.answer = json.dumps(answer).encode()
    url = f"http://127.0.0.1:{provider.port}"
    api = Api(tencent.KEY, url, "vms", VERSION, "ap-guangzhou", lambda: tencent.NOW)
    return TencentVoice(api, "1400006666", CODES, followed=True)


async def test_whoever_is_asked_hears_the_text_and_may_press_a_key(provider: Webhook) -> None:
    receipt = await at_aliyun(provider).deliver(message())
    assert (receipt.reference, receipt.provider, receipt.followed) == ("1169^1001", "aliyun-voice", True)
    path, headers, _ = provider.seen[0]
    query = dict(parse_qsl(aliyun._verify(path, headers)))
    assert headers["x-acs-action"] == "IvrCall"
    assert json.loads(query["StartTtsParams"]) == {"resident": "杨秀英", "what": "求助"}
    assert query["StartCode"] == CODES["ask"]
    assert (query["CalledShowNumber"], query["CalledNumber"]) == ("07451234567", "13812345678")
    assert [query[f"MenuKeyMap.{place}.Key"] for place in (1, 2)] == list(KEYS)
    assert {query[f"MenuKeyMap.{place}.Code"] for place in (1, 2)} == {CODES["thanks"]}


async def test_whoever_is_told_hears_it_without_a_key(provider: Webhook) -> None:
    await at_aliyun(provider).deliver(message("relieved"))
    path, headers, _ = provider.seen[0]
    query = dict(parse_qsl(aliyun._verify(path, headers)))
    assert headers["x-acs-action"] == "SingleCallByTts"
    assert (query["TtsCode"], json.loads(query["TtsParam"])) == (CODES["relieved"], {"resident": "杨秀英"})


async def test_the_second_provider_reads_the_same(provider: Webhook) -> None:
    receipt = await at_tencent(provider).deliver(message())
    assert (receipt.reference, receipt.provider) == ("e5e3f9ec", "tencent-voice")
    _, headers, body = provider.seen[0]
    assert tencent.verified(headers, body, "vms") == {
        "TemplateId": CODES["ask"],
        "CalledNumber": "+8613812345678",
        "VoiceSdkAppid": "1400006666",
        "TemplateParamSet": ["杨秀英", "求助"],
        "PlayTimes": 3,
    }


async def test_a_call_that_has_no_number_cannot_be_followed_and_is_tried_again(provider: Webhook) -> None:
    caller = at_tencent(provider)
    provider.answer = b'{"Response":{"SendStatus":{"CallId":""}}}'
    with pytest.raises(NotifyError, match="no call") as error:
        await caller.deliver(message())
    assert not error.value.permanent


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_is_said_is_short_and_names_a_key_only_where_one_is_wanted(template: str) -> None:
    text = TEMPLATES[template].text
    assert len(text) <= 60  # a quarter of a minute
    assert ("按1" in text) == (template in ASKING)


def test_a_name_is_made_sayable() -> None:
    assert fill("raised", {"resident": "杨秀英（二楼）", "what": "求助"})["resident"] == "杨秀英二楼"


def test_configuration_names_what_is_wrong() -> None:
    whole = {f"template_{name}": code for name, code in CODES.items()}
    ali = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "a", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "b"}
    ten = {"TENCENTCLOUD_SECRET_ID": "a", "TENCENTCLOUD_SECRET_KEY": "b"}
    made = AliyunVoice.configured({"caller": "0745", "reports": "yes"} | whole, ali)
    assert made is not None
    assert made.followed
    with pytest.raises(ConfigError, match="caller"):
        AliyunVoice.configured(whole, ali)
    with pytest.raises(ConfigError, match="app"):
        TencentVoice.configured(whole, ten)
    without = {name: code for name, code in whole.items() if name != "template_thanks"}
    assert TencentVoice.configured(without | {"app": "14"}, ten) is not None
