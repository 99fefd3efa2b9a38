"""May this claim be used now? A pure answer; the shell reads the claim and does what follows.

The one idea: a lost answer must not burn the claim, so whoever comes again with the same key within
``AGAIN_WITHIN`` gets the same certificate again; a second key never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

AGAIN_WITHIN: Final = timedelta(minutes=15)
"""How long an enrolment may be asked for again by the key that got it [D]: a technician's second try."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it is stored. ``key_hash``: the key that has used it."""

    hardware: str
    expires_at: datetime
    used_at: datetime | None = None
    withdrawn_at: datetime | None = None
    key_hash: bytes | None = None
    revoked: bool = False
    """The certificate that it gave was revoked since."""


class Verdict(StrEnum):
    """What is to be done about it."""

    ISSUE = "issue"
    AGAIN = "again"
    UNKNOWN = "claim_unknown"
    WITHDRAWN = "claim_withdrawn"
    USED = "claim_used"
    EXPIRED = "claim_expired"
    OTHER_HARDWARE = "claim_other_hardware"


def judge(claim: Claim | None, hardware: str, key_hash: bytes, now: datetime) -> Verdict:
    """The verdict on ``claim``, used by the machine ``hardware`` with the key ``key_hash``."""
    if claim is None:
        return Verdict.UNKNOWN
    if claim.withdrawn_at is not None:
        return Verdict.WITHDRAWN
    if claim.hardware and claim.hardware != hardware:
        return Verdict.OTHER_HARDWARE
    if claim.used_at is not None:
        same = claim.key_hash == key_hash and not claim.revoked
        return Verdict.AGAIN if same and now - claim.used_at <= AGAIN_WITHIN else Verdict.USED
    return Verdict.EXPIRED if now >= claim.expires_at else Verdict.ISSUE
