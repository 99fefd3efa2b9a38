"""Tencent Cloud's API 3.0 with its TC3-HMAC-SHA256 signature, without its SDK.

What this is: the request, its signature and the meaning of the answer, for whichever product. What it is not:
a product; ``sms_tencent`` and ``voice_tencent`` are. Source:
https://cloud.tencent.com/document/api/382/52067 (signature v3)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec

from cloud.notify import http
from cloud.notify.aliyun import utc_now
from cloud.notify.model import NotifyError

ALGORITHM: Final = "TC3-HMAC-SHA256"
CONTENT_TYPE: Final = "application/json; charset=utf-8"
SECRETS: Final = ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY")
"""Variables of the environment that hold the key."""

MAY_PASS: Final = (
    "FailedOperation.InsufficientBalance",
    "InternalError",
    "LimitExceeded",
    "RequestLimitExceeded",
    "ResourceUnavailable",
    "UnauthorizedOperation.SerivceSuspend",  # as they spell it
    "UnauthorizedOperation.ServiceSuspend",
)
"""How refusals begin that a later request may not get: rate, balance, their fault. Any other is permanent."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key; it may do nothing but send."""

    secret_id: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Api:
    """One product (``service``) at one address."""

    key: Key
    endpoint: str
    service: str
    version: str
    region: str
    clock: Callable[[], datetime] = utc_now

    async def call(self, action: str, parameters: Mapping[str, object]) -> Mapping[str, object]:
        """What ``action`` answers.

        Raises:
            NotifyError: no answer, or a refusal.
        """
        body, now = msgspec.json.encode(parameters), self.clock()
        headers = sign(urlsplit(self.endpoint).netloc, self.service, body, self.key, now)
        asked = {"X-TC-Action": action, "X-TC-Version": self.version, "X-TC-Region": self.region}
        answer = http.document(await http.post(f"{self.endpoint}/", headers | asked, body))
        said = answer.get("Response")
        if not isinstance(said, dict):
            raise NotifyError("unreadable answer: no response", permanent=False)
        if isinstance(error := said.get("Error"), dict):
            raise refusal(str(error.get("Code", "")))
        return said


def refusal(code: str) -> NotifyError:
    """What a refusal means for us."""
    return NotifyError(f"refused: {code}", permanent=not code.startswith(MAY_PASS))


def sign(host: str, service: str, body: bytes, key: Key, now: datetime) -> dict[str, str]:
    """The headers of a POST of ``body``, ``Authorization`` among them."""
    headers = {"content-type": CONTENT_TYPE, "host": host}
    signed = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    payload = hashlib.sha256(body).hexdigest()
    request = f"POST\n/\n\n{lines}\n{signed}\n{payload}"
    moment = now.astimezone(UTC)
    stamp, date = str(int(moment.timestamp())), moment.strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    text = f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    derived = f"TC3{key.secret_key}".encode()
    for part in (date, service, "tc3_request"):
        derived = hmac.new(derived, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(derived, text.encode(), hashlib.sha256).hexdigest()
    proof = f"Credential={key.secret_id}/{scope}, SignedHeaders={signed}, Signature={signature}"
    return {**headers, "Authorization": f"{ALGORITHM} {proof}", "X-TC-Timestamp": stamp}
