"""Every line of the table of channels names something that exists and keeps the contract."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from cloud import notify
from cloud.notify import NOTIFIERS, PROVIDERS, Notifier, NotifyError, Outgoing
from cloud.notify.aliyun import Credentials, Rpc
from cloud.notify.apprise import load
from cloud.notify.sms_aliyun import AliyunSms
from cloud.notify.sms_tencent import TencentSms
from cloud.notify.tencent import Api, Key
from cloud.notify.vapid import VapidKey
from cloud.notify.voice_aliyun import AliyunVoice
from cloud.notify.voice_tencent import TencentVoice
from cloud.notify.webpush import WebPush

_NOWHERE = "http://127.0.0.1:1"
_RPC = Rpc(Credentials("a", "b"), _NOWHERE)
_CODES = {"raised": "1"}
CARRIED: dict[str, Notifier] = {
    "sms aliyun": AliyunSms(_RPC, "安伴", _CODES),
    "sms tencent": TencentSms(Api(Key("a", "b"), _NOWHERE, "sms", "1", "r"), "1", "安伴", _CODES),
    "voice aliyun": AliyunVoice(_RPC, "0745", _CODES),
    "voice tencent": TencentVoice(Api(Key("a", "b"), _NOWHERE, "vms", "1", "r"), "1", _CODES),
}
OWN: dict[str, Notifier] = {
    "webpush": WebPush(VapidKey.of(ec.generate_private_key(ec.SECP256R1())), "mailto:duty@anban.test")
}
"""Our own channels that are off until they are configured."""


def test_a_scheme_is_either_our_own_or_one_that_apprise_speaks() -> None:
    made = notify.build({})
    assert not set(PROVIDERS) & set(made)
    services = load().Apprise().details()["schemas"]
    spoken = {
        scheme
        for service in services
        for scheme in (*(service["protocols"] or ()), *(service["secure_protocols"] or ()))
    }
    assert set(made) <= spoken


def test_every_provider_is_tried_here() -> None:
    assert set(CARRIED) == {f"{scheme} {name}" for scheme, names in PROVIDERS.items() for name in names}


@pytest.mark.parametrize("scheme", [*NOTIFIERS, *CARRIED])
async def test_an_address_that_says_nothing_is_a_permanent_error(scheme: str) -> None:
    notifier: Notifier = {**notify.build({}), **CARRIED, **OWN}[scheme]
    message = Outgoing("nowhere", "raised", "title", "body", {"resident": "x", "time": "01:02", "what": "x"})
    with pytest.raises(NotifyError) as error:
        await notifier.deliver(message)
    assert error.value.permanent
