"""Text messages through Alibaba Cloud (Dysmsapi ``SendSms``, version 2017-05-25), without its SDK.

What this is: the request, its ACS3-HMAC-SHA256 signature, and the meaning of the answer. What it is not: a
place for free text; carriers accept only approved templates, listed in ``sms_templates``. Secrets come from
the environment. Sources:
https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature and
https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-sendsms
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from cloud.notify.model import NotifyError, Outgoing, Receipt
from cloud.notify.sms_templates import TEMPLATES, fill
from cloud.settings import ConfigError

ENDPOINT: Final = "https://dysmsapi.aliyuncs.com"
ACTION: Final = "SendSms"
VERSION: Final = "2017-05-25"
PATIENCE_S: Final = 10.0
ALGORITHM: Final = "ACS3-HMAC-SHA256"

PERMANENT: Final = frozenset(
    {
        "InvalidAccessKeyId.NotFound",
        "SignatureDoesNotMatch",
        "isv.ACCOUNT_NOT_EXISTS",
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.INVALID_JSON_PARAM",
        "isv.INVALID_PARAMETERS",
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.PARAM_LENGTH_LIMIT",
        "isv.PARAM_NOT_SUPPORT_URL",
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "isv.TEMPLATE_PARAMS_ILLEGAL",
    }
)
"""Answers that the same request will get again. Any other refusal (rate, balance, their fault) may pass."""

_SECRETS: Final = {
    "access_key_id": "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "access_key_secret": "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
}
_TEMPLATE_PREFIX: Final = "template_"
LATER: Final = frozenset({"review"})
"""Texts that may be approved later: nobody is in danger without them, and calls for help must go out."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key; it may do nothing but send text messages."""

    key_id: str
    key_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AliyunSms:
    """``sign_name``: the approved signature. ``codes``: our template name → the provider's template code."""

    credentials: Credentials
    sign_name: str
    codes: Mapping[str, str]
    endpoint: str = ENDPOINT
    clock: Callable[[], datetime] = _utc_now

    @classmethod
    def configured(
        cls, options: Mapping[str, str], environment: Mapping[str, str] = os.environ
    ) -> AliyunSms | None:
        """Read ``[notify.channels.sms]``: ``sign_name``, ``endpoint`` and one ``template_NAME`` per template,
        of which ``LATER`` may be missing.

        Raises:
            ConfigError: an unknown or missing option, or no access key in the environment.
        """
        if not options:
            return None
        codes = {name: options.get(_TEMPLATE_PREFIX + name, "") for name in TEMPLATES}
        known = {"sign_name", "endpoint", *(_TEMPLATE_PREFIX + name for name in TEMPLATES)}
        missing = [_TEMPLATE_PREFIX + name for name, code in codes.items() if not code and name not in LATER]
        missing += [] if options.get("sign_name") else ["sign_name"]
        missing += [variable for variable in _SECRETS.values() if not environment.get(variable)]
        unknown = set(options) - known
        if unknown:
            raise ConfigError(
                f"notify.channels.sms: unknown {min(unknown)}; known: {', '.join(sorted(known))}"
            )
        if missing:
            raise ConfigError(f"notify.channels.sms: missing {', '.join(sorted(missing))}")
        credentials = Credentials(*(environment[variable] for variable in _SECRETS.values()))
        approved = {name: code for name, code in codes.items() if code}
        return cls(credentials, options["sign_name"], approved, options.get("endpoint", ENDPOINT))

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``."""
        parameters = {
            "PhoneNumbers": number(message.address),
            "SignName": self.sign_name,
            "TemplateCode": self._code(message.template),
            "TemplateParam": json.dumps(fill(message.template, message.variables), ensure_ascii=False),
        }
        host = urlsplit(self.endpoint).netloc
        headers = sign(host, parameters, self.credentials, self.clock(), secrets.token_hex(16))
        try:
            async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
                response = await client.post(
                    f"{self.endpoint}/?{canonical_query(parameters)}", headers=headers
                )
        except httpx.HTTPError as error:
            raise NotifyError(f"no answer: {type(error).__name__}", permanent=False) from error
        return _read(response)

    def _code(self, template: str) -> str:
        if template not in self.codes:
            raise NotifyError(f"no approved text for {template}", permanent=True)
        return self.codes[template]


def number(address: str) -> str:
    """``sms:+8613812345678`` → ``13812345678``; abroad the country code stays, without the plus.

    Raises:
        NotifyError: not a telephone number.
    """
    digits = address.partition(":")[2].strip().replace(" ", "")
    plain = digits.removeprefix("+86").removeprefix("+")
    if not (plain.isascii() and plain.isdigit()):
        raise NotifyError("not a telephone number", permanent=True)
    return plain


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Sorted, RFC 3986 encoded, exactly as it is signed."""
    return "&".join(f"{quote(key, safe='')}={quote(parameters[key], safe='')}" for key in sorted(parameters))


def sign(
    host: str,
    parameters: Mapping[str, str],
    credentials: Credentials,
    now: datetime,
    nonce: str,
    *,
    action: str = ACTION,
    version: str = VERSION,
) -> dict[str, str]:
    """The headers of an empty-bodied POST with ``parameters`` in its query, ``Authorization`` among them."""
    payload = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": payload,
        "x-acs-date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    signed = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join(["POST", "/", canonical_query(parameters), lines, signed, payload])
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = credentials.key_secret.encode()
    signature = hmac.new(key, f"{ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()
    proof = f"Credential={credentials.key_id},SignedHeaders={signed},Signature={signature}"
    return {**headers, "Authorization": f"{ALGORITHM} {proof}"}


def _read(response: httpx.Response) -> Receipt:
    try:
        answer = response.json()
        code = str(answer["Code"])
    except (ValueError, KeyError, TypeError) as error:
        raise NotifyError(f"unreadable answer, HTTP {response.status_code}", permanent=False) from error
    if code != "OK":
        raise NotifyError(f"refused: {code}", permanent=code in PERMANENT)
    return Receipt(str(answer.get("BizId", "")))
