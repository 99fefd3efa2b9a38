"""Telling people: one notifier per channel, found by the scheme of the address.

A new channel is one module and one line in ``NOTIFIERS``. Services that relay messages through a third party
are left out: what they carry is personal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cloud.notify.apprise import AppriseNotifier
from cloud.notify.model import Notifier, NotifyError, Outgoing, Receipt
from cloud.notify.sms_aliyun import AliyunSms
from cloud.settings import ConfigError

__all__ = ["NOTIFIERS", "Notifier", "NotifyError", "Outgoing", "Receipt", "build"]

Options = Mapping[str, str]
Factory = Callable[[Options], Notifier | None]
"""Makes a notifier of ``[notify.channels.SCHEME]``; ``None``: not configured. Raises ``ConfigError``."""

_APPRISE: Final = (
    *("json", "jsons", "ntfy", "ntfys", "mailto", "mailtos", "gotify", "gotifys", "matrix", "matrixs"),
    *("mqtt", "mqtts", "signal", "signals", "vapid", "hassio", "hassios", "bark", "barks"),
    *("dingtalk", "feishu", "lark", "wecom", "wecombot"),
)

NOTIFIERS: Final[Mapping[str, Factory]] = {
    **dict.fromkeys(_APPRISE, AppriseNotifier.configured),
    "sms": AliyunSms.configured,
}


def build(channels: Mapping[str, Options]) -> Mapping[str, Notifier]:
    """A notifier for every scheme that can be used with these options.

    Raises:
        ConfigError: options for a scheme that does not exist, or that its channel refuses.
    """
    unknown = set(channels) - set(NOTIFIERS)
    if unknown:
        raise ConfigError(
            f"notify.channels.{min(unknown)}: no such channel; known: {', '.join(sorted(NOTIFIERS))}"
        )
    made = {scheme: factory(channels.get(scheme, {})) for scheme, factory in NOTIFIERS.items()}
    return {scheme: notifier for scheme, notifier in made.items() if notifier is not None}
