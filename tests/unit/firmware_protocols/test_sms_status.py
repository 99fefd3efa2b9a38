"""Status reports and time stamps in text mode, as 27.005 shows them and 23.040 counts them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocols.serial.sms_status import Reported, read_report, read_stamp
from firmware_protocols.serial.sms_text import to_hex

ANNA = "+8613800138000"
AT = '"26/11/25,23:31:35+32"'


def cds(status: int, reference: int = 7, number: str = ANNA) -> str:
    return f'+CDS: 6,{reference},"{number}",145,{AT},{AT},{status}'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (cds(0), Reported(7, ANNA, True, 0)),
        (cds(0, 255, to_hex(ANNA)), Reported(255, ANNA, True, 0)),
        (cds(0x40), Reported(7, ANNA, False, 0x40)),
        (cds(0x63), Reported(7, ANNA, False, 0x63)),
        (f"+CDS: 6,7,,,{AT},{AT},0", Reported(7, "", True, 0)),
    ],
    ids=["received", "number in UCS2", "remote procedure error", "given up", "no number"],
)
def test_a_report_says_that_it_arrived_or_never_will(line: str, told: Reported) -> None:
    assert read_report(line) == told


@pytest.mark.parametrize(
    "line", [cds(0x01), cds(0x02), cds(0x20), cds(0x30), cds(0x80), cds(0, 256), "+CDS: 25"]
)
def test_what_says_neither_is_waited_on(line: str) -> None:
    assert read_report(line) is None


@given(st.text(max_size=80))
def test_no_line_breaks_the_reader(line: str) -> None:
    read_report(f"+CDS:{line}")
    read_stamp(line)


@pytest.mark.parametrize(
    ("line", "at"),
    [
        (f'+CMGR: "REC UNREAD","1",,{AT}', datetime(2026, 11, 25, 15, 31, 35, tzinfo=UTC)),
        ('"26/01/01,00:00:00-04"', datetime(2026, 1, 1, 1, 0, tzinfo=UTC)),
        ('"26/13/01,00:00:00+00"', None),
        ("", None),
    ],
)
def test_a_stamp_counts_quarters_of_an_hour_from_utc(line: str, at: datetime | None) -> None:
    assert read_stamp(line) == at
