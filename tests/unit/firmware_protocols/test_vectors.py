"""Every golden frame says what its file says, or is refused the way its file says."""

from __future__ import annotations

from typing import Any

import pytest

from firmware_protocols import errors
from firmware_protocols.registry import CODECS
from tests.vectors import Vector, describe, load_all

VECTORS = load_all()
UNDERSTOOD = [vector for vector in VECTORS if vector.refused is None]
REFUSED = [vector for vector in VECTORS if vector.refused is not None]


def _kinds_of_value(described: list[dict[str, Any]]) -> list[type]:
    return [type(one.get("value")) for one in described]


@pytest.mark.parametrize("vector", UNDERSTOOD, ids=str)
def test_a_golden_frame_says_what_its_file_says(vector: Vector) -> None:
    decoded = CODECS[vector.codec].decode(vector.frame, vector.security)
    described = [describe(observation, vector.received_at) for observation in decoded.observations]
    assert described == vector.fields["expect"]
    # ``1 == True`` in Python, but a state and a number are not the same on the wire.
    assert _kinds_of_value(described) == _kinds_of_value(vector.fields["expect"])
    assert decoded.counter == vector.fields.get("counter")
    assert decoded.packet_id == vector.fields.get("packet_id")
    assert decoded.heard == vector.fields.get("heard", True)
    assert (decoded.once is not None) == ("once" in vector.fields)
    assert vector.fields.get("once") in {None, decoded.once}


@pytest.mark.parametrize("vector", REFUSED, ids=str)
def test_a_bad_frame_is_refused_with_the_named_reason(vector: Vector) -> None:
    with pytest.raises(getattr(errors, vector.refused or "")) as caught:
        CODECS[vector.codec].decode(vector.frame, vector.security)
    assert type(caught.value).__name__ == vector.refused
    assert str(caught.value)
