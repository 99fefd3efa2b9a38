"""Text messages through Alibaba Cloud (Dysmsapi ``SendSms``) and its reports of their delivery.

What it is not: a place for free text; carriers accept only approved templates, listed in ``sms_templates``.
Sources: https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms and, for the
reports, https://help.aliyun.com/zh/sms/developer-reference/smsreport-2
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloud.notify import aliyun
from cloud.notify.aliyun import SECRETS, Credentials, Rpc
from cloud.notify.model import Outgoing, Receipt
from cloud.notify.options import checked, code_of
from cloud.notify.phone import national
from cloud.notify.sms_templates import TEMPLATES, fill

NAME: Final = "aliyun-sms"
ENDPOINT: Final = "https://dysmsapi.aliyuncs.com"
PERMANENT: Final = frozenset(
    {
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.PARAM_LENGTH_LIMIT",
        "isv.PARAM_NOT_SUPPORT_URL",
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.TEMPLATE_PARAMS_ILLEGAL",
    }
)


@dataclass(frozen=True, slots=True)
class AliyunSms:
    """``sign_name``: the approved signature. ``codes``: our template name → the provider's template code.
    ``followed``: they know where to send their reports.
    """

    rpc: Rpc
    sign_name: str
    codes: Mapping[str, str]
    followed: bool = False

    @classmethod
    def configured(
        cls, options: Mapping[str, str], environment: Mapping[str, str] = os.environ
    ) -> AliyunSms | None:
        """Read ``[notify.channels.sms]``: ``sign_name``, ``endpoint``, ``reports`` and one ``template_NAME``
        per template, of which ``options.LATER`` may be missing.

        Raises:
            ConfigError: an unknown or missing option, or no access key in the environment.
        """
        if not options:
            return None
        codes = checked(
            "notify.channels.sms",
            options,
            environment,
            needed=("sign_name",),
            optional=("endpoint", "reports"),
            secrets=SECRETS,
            templates=TEMPLATES,
        )
        credentials = Credentials(*(environment[variable] for variable in SECRETS))
        rpc = Rpc(credentials, options.get("endpoint", ENDPOINT), PERMANENT, aliyun.utc_now)
        return cls(rpc, options["sign_name"], codes, options.get("reports") == "yes")

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``."""
        parameters = {
            "PhoneNumbers": national(message.address),
            "SignName": self.sign_name,
            "TemplateCode": code_of(self.codes, message.template),
            "TemplateParam": json.dumps(fill(message.template, message.variables), ensure_ascii=False),
        }
        answer = await self.rpc.call("SendSms", parameters)
        return Receipt(str(answer.get("BizId", "")), NAME, self.followed)
