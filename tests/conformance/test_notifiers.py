"""Every line of the table of channels names something that exists and keeps the contract."""

from __future__ import annotations

import pytest

from cloud import notify
from cloud.notify import NOTIFIERS, Notifier, NotifyError, Outgoing
from cloud.notify.apprise import load
from cloud.notify.sms_aliyun import AliyunSms, Credentials

TEXT_MESSAGES = AliyunSms(Credentials("a", "b"), "安伴", {"raised": "SMS_1"}, "http://127.0.0.1:1")


def test_a_scheme_is_either_our_own_or_one_that_apprise_speaks() -> None:
    made = notify.build({})
    assert set(NOTIFIERS) - set(made) == {"sms"}
    services = load().Apprise().details()["schemas"]
    spoken = {
        scheme
        for service in services
        for scheme in (*(service["protocols"] or ()), *(service["secure_protocols"] or ()))
    }
    assert set(made) <= spoken


@pytest.mark.parametrize("scheme", NOTIFIERS)
async def test_an_address_that_says_nothing_is_a_permanent_error(scheme: str) -> None:
    notifier: Notifier = notify.build({}).get(scheme, TEXT_MESSAGES)
    with pytest.raises(NotifyError) as error:
        await notifier.deliver(Outgoing("nowhere", "raised", "title", "body", {}))
    assert error.value.permanent
