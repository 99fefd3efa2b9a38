"""What several of the agent's unit tests are given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.edge_agent.lines import Line


@pytest.fixture
def line() -> Iterator[Line]:
    """A line that is pulled after the test."""
    made = Line()
    yield made
    made.unplug()
