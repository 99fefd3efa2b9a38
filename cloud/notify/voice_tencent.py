"""A telephone call through Tencent Cloud (``SendTtsVoice``, version 2020-09-02) that reads a text.

What it is not: a conversation. The key that was pressed comes by call-back (``reports``). Source:
https://cloud.tencent.com/document/product/1128/51558
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloud.notify.model import NotifyError, Outgoing, Receipt
from cloud.notify.options import checked, code_of
from cloud.notify.phone import international
from cloud.notify.tencent import SECRETS, Api, Key
from cloud.notify.voice_templates import TEMPLATES, THANKS, fill

NAME: Final = "tencent-voice"
ENDPOINT: Final = "https://vms.tencentcloudapi.com"
VERSION: Final = "2020-09-02"
REGION: Final = "ap-guangzhou"
PLAYED: Final = 3
"""How often the text is read; their most."""


@dataclass(frozen=True, slots=True)
class TencentVoice:
    """``app``: the application's number (VoiceSdkAppid). ``codes``: our template → theirs."""

    api: Api
    app: str
    codes: Mapping[str, str]
    followed: bool = False

    @classmethod
    def configured(
        cls, options: Mapping[str, str], environment: Mapping[str, str] = os.environ
    ) -> TencentVoice | None:
        """Read ``[notify.channels.voice]`` with ``provider = "tencent"``.

        Raises:
            ConfigError: an unknown or missing option, or no key in the environment.
        """
        if not options:
            return None
        codes = checked(
            "notify.channels.voice",
            options,
            environment,
            needed=("app",),
            optional=("endpoint", "region", "reports"),
            secrets=SECRETS,
            templates=[name for name in TEMPLATES if name != THANKS],
        )
        key = Key(*(environment[variable] for variable in SECRETS))
        api = Api(key, options.get("endpoint", ENDPOINT), "vms", VERSION, options.get("region", REGION))
        return cls(api, options["app"], codes, options.get("reports") == "yes")

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``."""
        parameters = {
            "TemplateId": code_of(self.codes, message.template),
            "CalledNumber": international(message.address),
            "VoiceSdkAppid": self.app,
            "TemplateParamSet": list(fill(message.template, message.variables).values()),
            "PlayTimes": PLAYED,
        }
        match (await self.api.call("SendTtsVoice", parameters)).get("SendStatus"):
            case {"CallId": str(call)} if call:
                return Receipt(call, NAME, self.followed)
            case _:
                raise NotifyError("unreadable answer: no call", permanent=False)
