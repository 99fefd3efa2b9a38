"""A limit as it is typed."""

from __future__ import annotations

import pytest

from cloud.detect.vitals.record import RecordError, Wanted, limit
from firmware_protocols.model import Quantity


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("spo2:86:", Wanted(Quantity.SPO2, 86, None)),
        ("systolic:95:175", Wanted(Quantity.SYSTOLIC, 95, 175)),
        ("body_weight::64.5", Wanted(Quantity.BODY_WEIGHT, None, 64.5)),
        ("spo2::", Wanted(Quantity.SPO2, None, None)),
    ],
)
def test_a_limit_is_read(text: str, wanted: Wanted) -> None:
    assert limit(text) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("spo2:86", "QUANTITY:LOW:HIGH"),
        ("humidity:1:2", "QUANTITY:LOW:HIGH"),
        ("spo2:low:", "50-100 %"),
        ("spo2:nan:", "50-100 %"),
        ("body_temperature:98:", "30-43 Cel"),
        ("systolic:175:95", "low must be below high"),
    ],
)
def test_what_is_no_limit_says_what_would_be_one(text: str, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        limit(text)
