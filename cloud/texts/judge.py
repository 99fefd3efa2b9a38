"""Whether a text is believed, and what it then says. Pure.

The one idea: a text is worth exactly what its MAC is worth. Who sent it, by which card or provider, is never
asked: a sender's number can be forged. A clock is no reason to refuse: the home whose power failed has lost
its time first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud.ingest.admit import AHEAD, EARLIEST, UNNAMED, stranger
from cloud.ingest.model import Gateway
from firmware_protocols.errors import BadMessage, Unauthentic
from firmware_protocols.model import Alarm, GatewayId, JsonValue
from firmware_protocols.wire import sms
from firmware_protocols.wire.sms import Signed, Sms, SmsKey

DOUBLED: Final = timedelta(hours=1)
"""D. Networks and providers deliver a text twice within minutes. The same text later was played back by
somebody."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text counts for nothing. ``gateway``: only one that is enrolled. ``same``: what repeats have in
    common, so that nobody can fill the quarantine by texting."""

    reason: str
    same: str
    gateway: GatewayId | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A gateway, and the key of its texts if it has one."""

    gateway: Gateway
    key: SmsKey | None


def read(text: str) -> Signed | Refusal:
    """What the text claims to be."""
    try:
        return sms.parse(text)
    except BadMessage as error:
        return Refusal(error.reason, "text unreadable")


@dataclass(frozen=True, slots=True)
class Believed:
    """What a text says, and the gateway that signed it."""

    said: Sms
    gateway: Gateway


def believe(signed: Signed, known: Known | None) -> Believed | Refusal:
    """What the text says, if its gateway is ours and signed it."""
    reason = stranger(known.gateway if known else None)
    if known is None or reason:
        return Refusal(reason, f"text {reason}")
    gateway = known.gateway.id
    if known.key is None:
        reason = "no key for texts: load the roster again"
        return Refusal(reason, f"text {gateway} {reason}", gateway)
    try:
        return Believed(sms.check(signed, known.key), known.gateway)
    except Unauthentic as error:
        return Refusal(str(error), f"text {gateway} not authentic", gateway)


def replayed(said: Sms, first_at: datetime, now: datetime) -> Refusal | None:
    """What to make of a text that came before, first at ``first_at``: nothing, or a replay."""
    if now - first_at <= DOUBLED:
        return None
    reason = f"replayed: the same text came {first_at.isoformat()}"
    return Refusal(reason, f"text {said.gateway} replayed", said.gateway)


def as_alarm(said: Sms, now: datetime) -> Alarm:
    """The alarm record that the text is a copy of. An impossible time is replaced by ``now``, as on the first
    path."""
    possible = EARLIEST <= said.observed_at <= now + AHEAD
    evidence: dict[str, JsonValue] = {"path": "sms"}
    if not possible:
        evidence["reported_at"] = said.observed_at.isoformat()
    at = said.observed_at if possible else now
    return Alarm(said.alarm, said.kind, said.state, said.device or UNNAMED, at, evidence, ("sms",))
