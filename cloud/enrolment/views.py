"""What the API says and hears of enrolment: claims, certificates, and what makes a gateway."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from cloud.access import Text
from cloud.enrolment import claims
from cloud.enrolment.claims import CertificateView, ClaimView

_MAX_PEM: Final = 8_192
_MAX_HOURS: Final = int(claims.LONGEST.total_seconds() // 3600)
_VALID_HOURS: Final = int(claims.VALID.total_seconds() // 3600)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewClaim(_Body):
    """For which gateway. Without ``gateway_id``: the home's only one, or a new one if it has none.

    ``hardware``: serial number of the only machine that may use it; empty: any.
    """

    home_id: int = Field(ge=1, lt=2**31)
    gateway_id: str | None = Field(default=None, min_length=2, max_length=48, pattern="^[A-Za-z0-9-]+$")
    hardware: Text = Field(default="", max_length=64)
    hours: int = Field(default=_VALID_HOURS, ge=1, le=_MAX_HOURS)


class DrawnClaim(BaseModel):
    """The new claim. ``code`` is shown this once; ``qr``: the same as an SVG picture, a ``data:`` address."""

    id: int
    code: str
    qr: str
    gateway_id: str
    expires_at: datetime


class Claims(BaseModel):
    """The newest claims, newest first."""

    claims: list[ClaimView]


class Certificates(BaseModel):
    """The newest certificates, newest first."""

    certificates: list[CertificateView]


class Enrolment(_Body):
    """A gateway's request: its claim, a PKCS #10 request in PEM, and its machine's serial number."""

    claim: Text = Field(min_length=1, max_length=64)
    csr: str = Field(min_length=1, max_length=_MAX_PEM)
    hardware: Text = Field(default="", max_length=64)


class Renewal(_Body):
    """A gateway's request for a successor of certificate ``serial`` (hex).

    ``signature``: ECDSA with SHA-256 by that certificate's key over ``anban renewal``, a line feed and
    ``csr``, DER in base 64.
    """

    serial: str = Field(min_length=1, max_length=64, pattern="^[0-9a-f]+$")
    csr: str = Field(min_length=1, max_length=_MAX_PEM)
    signature: Base64Bytes = Field(max_length=512)


class BrokerAddress(BaseModel):
    """Where gateways publish, and who vouches for it (PEM)."""

    host: str
    port: int
    authority: str


class Identity(BaseModel):
    """What makes a gateway: its id, its shard, its certificate (PEM), its broker, and the key (hex) that
    signs its text messages.
    """

    gateway_id: str
    shard: int
    certificate: str
    broker: BrokerAddress
    sms_key: str
