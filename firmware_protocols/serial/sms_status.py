"""What a network says later of a text that it took, and when a text was written (text mode of 27.005). Pure.

What this is: one line of a status report and one time stamp, read. What it is not: asking for reports
(``at``). The one idea: only "received by the short message entity" is a delivery; a centre that has passed a
text on and cannot say more has said nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from firmware_protocols.serial.sms_text import from_hex, is_number

RECEIVED: Final = 0x00
"""23.040, 9.2.3.15: received by the short message entity."""
STILL_TRYING: Final = range(0x20, 0x40)
"""Temporary error, the centre goes on; a later report will say more."""
GIVEN_UP: Final = range(0x40, 0x80)
"""Permanent error, or temporary and the centre does not go on."""
LARGEST_REFERENCE: Final = 0xFF
"""23.040, 9.2.3.6."""
_QUARTER: Final = timedelta(minutes=15)
_FIELD: Final = re.compile(r'"([^"]*)"|([^,]*)')
_STAMP: Final = re.compile(r'"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)"')


@dataclass(frozen=True, slots=True)
class Reported:
    """Word of the text that was given ``reference`` (0-255, reused) on its way to ``number`` (``""``: not
    said). ``delivered``: it arrived, or never will. ``status``: the network's own octet.
    """

    reference: int
    number: str
    delivered: bool
    status: int


def read_report(line: str) -> Reported | None:
    """Read ``+CDS: fo,mr,[ra],[tora],scts,dt,st``; ``None`` where it says neither yes nor no."""
    found = [quoted or plain.strip() for quoted, plain in _FIELD.findall(line.partition(":")[2])]
    fields = [each for each in found if each]
    numbers = [each for each in (fields[1:2] + fields[-1:]) if each.isdecimal()]
    match numbers:
        case [first, last] if fields[0].isdecimal():
            reference, status = int(first), int(last)
        case _:
            return None
    if reference > LARGEST_REFERENCE or not (status == RECEIVED or status in GIVEN_UP):
        return None
    number = next((each for each in map(_plain, fields[2:3]) if is_number(each)), "")
    return Reported(reference, number, status == RECEIVED, status)


def read_stamp(line: str) -> datetime | None:
    """The time in ``"yy/MM/dd,hh:mm:ss±zz"``, quarters of an hour from UTC; ``None`` if there is none."""
    found = _STAMP.search(line)
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = (int(each) for each in found.groups())
    try:
        at = datetime(2000 + year, month, day, hour, minute, second, tzinfo=timezone(zone * _QUARTER))
    except ValueError:
        return None
    return at.astimezone(UTC)


def _plain(field: str) -> str:
    return from_hex(field) or field
