"""An alarm as one text message from a gateway to the alarm centre: the second path of `anban/1`.

``ANBAN1 gateway alarm kind state mode device copy time mac``, words between single spaces, all of them
letters, digits and ``-``: what every alphabet, modem and provider passes on unchanged.
``docs/protocols/sms.md`` says it to somebody who has no Python. The one idea: the text proves itself.
Whoever's number it comes from, it counts exactly if its MAC was made with the gateway's key.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, NewType

from firmware_protocols.errors import BadMessage, Unauthentic
from firmware_protocols.model import AlarmId, AlarmKind, AlarmState, DeviceId, GatewayId
from firmware_protocols.wire.topics import valid_gateway_id

SmsKey = NewType("SmsKey", bytes)
"""What a gateway signs with: derived from its secret, so that the cloud can keep it although of the secret
itself it keeps only a hash."""

VERSION: Final = "ANBAN1"
LONGEST: Final = 160
"""Characters: one segment of the GSM alphabet, none of them from its extension table."""
MOST_COPIES: Final = 99
MAC_LENGTH: Final = 16
"""Characters of base 32, so 80 bits of HMAC-SHA-256: the least that RFC 2104, section 5, advises. (It also
advises half of the hash, against collisions; nobody but the gateway chooses what is signed, so there is none
to look for.) A forged text can only be tried by sending it: at one a second for a century, the chance of one
hit is 2^-48. Ten more characters for 128 bits would cost the device, which says where to look first."""

_PURPOSE: Final = b"anban sms 1"
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base 32, as in the alarm's id
_NO_DEVICE: Final = "-"
_MODES: Final[Mapping[bool, str]] = {False: "call", True: "test"}
_KINDS: Final[Mapping[str, AlarmKind]] = {kind.replace("_", "-"): kind for kind in AlarmKind}
_STATES: Final[Mapping[str, AlarmState]] = {state.value: state for state in AlarmState}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_DEVICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_TEXT: Final = re.compile(
    r"(?P<signed>ANBAN(?P<version>[0-9]{1,2}) (?P<gateway>[A-Za-z0-9-]{2,48}) (?P<alarm>[0-9A-Z]{26})"
    r" (?P<kind>[a-z0-9-]{1,24}) (?P<state>[a-z]{1,12}) (?P<mode>call|test)"
    r" (?P<device>-|[A-Za-z0-9][A-Za-z0-9-]{0,47}) (?P<copy>[1-9][0-9]?) (?P<time>[0-9]{1,15}))"
    r" (?P<mac>[0-9A-HJKMNP-TV-Z]{16})"
)


@dataclass(frozen=True, slots=True)
class Sms:
    """One text. ``test``: it proves the path and calls nobody. ``copy``: 1 for the first text of an alarm,
    then counted on, so that a repeat can be told from a text that somebody plays back. ``observed_at``: whole
    milliseconds.
    """

    gateway: GatewayId
    alarm: AlarmId
    kind: AlarmKind
    state: AlarmState
    device: DeviceId | None
    observed_at: datetime
    copy: int = 1
    test: bool = False


def key_of(secret: str) -> SmsKey:
    """The key of the gateway whose secret this is. It opens nothing else: the secret cannot be had back from
    it."""
    return SmsKey(hmac.digest(secret.encode(), _PURPOSE, "sha256"))


def encode(sms: Sms, key: SmsKey) -> str:
    """Return the text, at most ``LONGEST`` characters.

    The device is left out where it does not fit or is not spelled in letters, digits and ``-``: where to look
    first is worth much, but not the call itself.

    Raises:
        ValueError: not a gateway id, not a ULID, or a copy outside 1-99.
    """
    whole = _signed(_body(sms, sms.device or _NO_DEVICE), key)
    if len(whole) > LONGEST or (sms.device and _DEVICE.fullmatch(sms.device) is None):
        whole = _signed(_body(sms, _NO_DEVICE), key)
    if len(whole) > LONGEST or _TEXT.fullmatch(whole) is None or not valid_gateway_id(sms.gateway):
        raise ValueError("gateway, alarm or copy is not what a text can say")
    return whole


@dataclass(frozen=True, slots=True)
class Signed:
    """A text that reads well and is not yet believed: ``sms`` is worth something once ``check`` has
    passed."""

    sms: Sms
    body: str
    mac: str


def parse(text: str) -> Signed:
    """Read ``text``; white space around it is the carrier's and is not looked at.

    Raises:
        BadMessage: it is not such a text, or of another version. The reason quotes nothing of it.
    """
    found = _TEXT.fullmatch(text.strip(" \r\n"))
    if found is None:
        raise BadMessage("the text is not an alarm")
    if f"ANBAN{found['version']}" != VERSION:
        raise BadMessage("the text is of another version")
    kind, state = _KINDS.get(found["kind"]), _STATES.get(found["state"])
    if kind is None or state is None or not valid_gateway_id(found["gateway"]):
        raise BadMessage("the text holds a word that is not known here")
    try:
        at = _EPOCH + int(found["time"]) * _MS
    except OverflowError as error:
        raise BadMessage("a time is outside the calendar") from error
    device = None if found["device"] == _NO_DEVICE else DeviceId(found["device"])
    sms = Sms(
        GatewayId(found["gateway"]), AlarmId(found["alarm"]), kind, state, device, at, int(found["copy"]),
        found["mode"] == _MODES[True],
    )  # fmt: skip
    return Signed(sms, found["signed"], found["mac"])


def check(signed: Signed, key: SmsKey) -> Sms:
    """Return what the text says if it was made with ``key``.

    Raises:
        Unauthentic: it was not, or it was changed on its way.
    """
    if not hmac.compare_digest(_mac(signed.body, key), signed.mac):
        raise Unauthentic("the text's MAC does not fit")
    return signed.sms


def _body(sms: Sms, device: str) -> str:
    milliseconds = round((sms.observed_at - _EPOCH) / _MS)
    kind, mode = sms.kind.replace("_", "-"), _MODES[sms.test]
    return f"{VERSION} {sms.gateway} {sms.alarm} {kind} {sms.state} {mode} {device} {sms.copy} {milliseconds}"


def _signed(body: str, key: SmsKey) -> str:
    return f"{body} {_mac(body, key)}"


def _mac(body: str, key: SmsKey) -> str:
    bits = MAC_LENGTH * 5
    number = int.from_bytes(hmac.digest(key, body.encode(), sha256)) >> (256 - bits)
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(MAC_LENGTH)))
