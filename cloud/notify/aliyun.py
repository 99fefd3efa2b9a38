"""Alibaba Cloud's RPC interface with its ACS3-HMAC-SHA256 signature, without its SDK.

What this is: the request, its signature and the meaning of the answer, for whichever product. What it is not:
a product; ``sms_aliyun`` and ``voice_aliyun`` are. Secrets come from the environment. Source:
https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlsplit

from cloud.notify import http
from cloud.notify.model import NotifyError

ALGORITHM: Final = "ACS3-HMAC-SHA256"
VERSION: Final = "2017-05-25"
"""Of both products: Dysmsapi and Dyvmsapi."""
SECRETS: Final = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
"""Variables of the environment that hold the access key."""

PERMANENT: Final = frozenset(
    {
        "InvalidAccessKeyId.NotFound",
        "SignatureDoesNotMatch",
        "isv.ACCOUNT_NOT_EXISTS",
        "isv.INVALID_JSON_PARAM",
        "isv.INVALID_PARAMETERS",
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.TEMPLATE_MISSING_PARAMETERS",
    }
)
"""Answers of either product that the same request will get again. Any refusal that is not listed may pass."""


def utc_now() -> datetime:
    """The wall clock: a signature is of its minute."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key; it may do nothing but send."""

    key_id: str
    key_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rpc:
    """One product at one address. ``permanent``: refusals of its own that no second try changes."""

    credentials: Credentials
    endpoint: str
    permanent: Collection[str] = ()
    clock: Callable[[], datetime] = utc_now

    async def call(self, action: str, parameters: Mapping[str, str]) -> Mapping[str, object]:
        """What ``action`` answers.

        Raises:
            NotifyError: no answer, or a refusal.
        """
        host = urlsplit(self.endpoint).netloc
        headers = sign(host, parameters, self.credentials, self.clock(), secrets.token_hex(16), action=action)
        url = f"{self.endpoint}/?{canonical_query(parameters)}"
        answer = http.document(await http.post(url, headers))
        code = answer.get("Code")
        if not isinstance(code, str):
            raise NotifyError("unreadable answer: no code", permanent=False)
        if code != "OK":
            raise NotifyError(f"refused: {code}", permanent=code in PERMANENT or code in self.permanent)
        return answer


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
    action: str,
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
