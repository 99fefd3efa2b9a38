"""Telling people: one notifier per channel, found by the scheme of the address.

A new channel is one module and one line in ``NOTIFIERS``; a new provider of text messages or calls is one in
``PROVIDERS``. Services that relay messages through a third party are left out: what they carry is personal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cloud.notify import webpush
from cloud.notify.apprise import AppriseNotifier
from cloud.notify.model import Notifier, NotifyError, Outgoing, Receipt
from cloud.notify.ntfy import Ntfy
from cloud.notify.sms_aliyun import AliyunSms
from cloud.notify.sms_tencent import TencentSms
from cloud.notify.spare import Spared
from cloud.notify.voice_aliyun import AliyunVoice
from cloud.notify.voice_tencent import TencentVoice
from cloud.notify.webpush import WebPush
from cloud.settings import ConfigError

__all__ = ["NOTIFIERS", "PROVIDERS", "Notifier", "NotifyError", "Outgoing", "Receipt", "build"]

Options = Mapping[str, str]
Factory = Callable[[Options], Notifier | None]
"""Makes a notifier of ``[notify.channels.SCHEME]``; ``None``: not configured. Raises ``ConfigError``."""

_APPRISE: Final = (
    *("json", "jsons", "mailto", "mailtos", "gotify", "gotifys", "matrix", "matrixs"),
    *("mqtt", "mqtts", "signal", "signals", "hassio", "hassios", "bark", "barks"),
    *("dingtalk", "feishu", "lark", "wecom", "wecombot"),
)

Providers = Mapping[str, Mapping[str, Factory]]

PROVIDERS: Final[Providers] = {
    "sms": {"aliyun": AliyunSms.configured, "tencent": TencentSms.configured},
    "voice": {"aliyun": AliyunVoice.configured, "tencent": TencentVoice.configured},
}
"""Who carries what an address does not say: the option ``provider`` chooses, the first if there is none."""
SPARE: Final = "_spare"
"""``[notify.channels.sms_spare]``: who takes what the first provider did not."""

NOTIFIERS: Final[Mapping[str, Factory]] = {
    **dict.fromkeys(_APPRISE, AppriseNotifier.configured),
    **dict.fromkeys(("ntfy", "ntfys"), Ntfy.configured),
    webpush.SCHEME: WebPush.configured,
}


def build(channels: Mapping[str, Options], modem: Factory | None = None) -> Mapping[str, Notifier]:
    """A notifier for every scheme that can be used with these options. ``modem``: makes the one that texts by
    our own modem, which needs more than options.

    Raises:
        ConfigError: options for a scheme that does not exist, or that its channel refuses.
    """
    known = {*NOTIFIERS, *PROVIDERS, *(scheme + SPARE for scheme in PROVIDERS)}
    unknown = set(channels) - known
    if unknown:
        raise ConfigError(
            f"notify.channels.{min(unknown)}: no such channel; known: {', '.join(sorted(known))}"
        )
    made = {scheme: factory(channels.get(scheme, {})) for scheme, factory in NOTIFIERS.items()}
    providers = PROVIDERS if modem is None else {**PROVIDERS, "sms": {**PROVIDERS["sms"], "modem": modem}}
    made |= {scheme: _carried(scheme, channels, providers) for scheme in PROVIDERS}
    return {scheme: notifier for scheme, notifier in made.items() if notifier is not None}


def _carried(scheme: str, channels: Mapping[str, Options], known: Providers) -> Notifier | None:
    sections = (scheme, scheme + SPARE)
    found = [made for section in sections if (made := _provider(scheme, section, channels, known))]
    if channels.get(scheme + SPARE) and not channels.get(scheme):
        raise ConfigError(f"notify.channels.{scheme + SPARE}: a spare of nothing; configure {scheme} first")
    return Spared(tuple(found)) if len(found) > 1 else next(iter(found), None)


def _provider(
    scheme: str, section: str, channels: Mapping[str, Options], known: Providers
) -> Notifier | None:
    options, providers = channels.get(section, {}), known[scheme]
    name = options.get("provider", next(iter(providers)))
    if name not in providers:
        raise ConfigError(
            f"notify.channels.{section}: no provider {name}; known: {', '.join(sorted(providers))}"
        )
    return providers[name](options)
