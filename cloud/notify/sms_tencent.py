"""Text messages through Tencent Cloud (``SendSms``, version 2021-01-11).

What it is not: a place for free text; see ``sms_templates``. Its templates number their variables: the order
is that of our table, which ``docs/messages.md`` prints as they are handed in. Source:
https://cloud.tencent.com/document/product/382/55981
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloud.notify.model import NotifyError, Outgoing, Receipt
from cloud.notify.options import checked, code_of
from cloud.notify.phone import international
from cloud.notify.sms_templates import TEMPLATES, fill
from cloud.notify.tencent import SECRETS, Api, Key, refusal

NAME: Final = "tencent-sms"
ENDPOINT: Final = "https://sms.tencentcloudapi.com"
VERSION: Final = "2021-01-11"
REGION: Final = "ap-guangzhou"


@dataclass(frozen=True, slots=True)
class TencentSms:
    """``app``: the application's number (SmsSdkAppId). ``sign_name``, ``codes``, ``followed``: as in
    ``AliyunSms``.
    """

    api: Api
    app: str
    sign_name: str
    codes: Mapping[str, str]
    followed: bool = False

    @classmethod
    def configured(
        cls, options: Mapping[str, str], environment: Mapping[str, str] = os.environ
    ) -> TencentSms | None:
        """Read ``[notify.channels.sms]`` with ``provider = "tencent"``.

        Raises:
            ConfigError: an unknown or missing option, or no key in the environment.
        """
        if not options:
            return None
        codes = checked(
            "notify.channels.sms",
            options,
            environment,
            needed=("app", "sign_name"),
            optional=("endpoint", "region", "reports"),
            secrets=SECRETS,
            templates=TEMPLATES,
        )
        key = Key(*(environment[variable] for variable in SECRETS))
        api = Api(key, options.get("endpoint", ENDPOINT), "sms", VERSION, options.get("region", REGION))
        return cls(api, options["app"], options["sign_name"], codes, options.get("reports") == "yes")

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``."""
        parameters = {
            "PhoneNumberSet": [international(message.address)],
            "SmsSdkAppId": self.app,
            "SignName": self.sign_name,
            "TemplateId": code_of(self.codes, message.template),
            "TemplateParamSet": list(fill(message.template, message.variables).values()),
        }
        return Receipt(_one(await self.api.call("SendSms", parameters)), NAME, self.followed)


def _one(answer: Mapping[str, object]) -> str:
    """The number (SerialNo) of the one text in the answer, which has a verdict for each telephone.

    Raises:
        NotifyError: it was refused, or there is no verdict.
    """
    match answer.get("SendStatusSet"):
        case [{"Code": "Ok", "SerialNo": str(serial)}]:
            return serial
        case [{"Code": str(code)}]:
            raise refusal(code)
        case _:
            raise NotifyError("unreadable answer: no verdict", permanent=False)
