"""A real mosquitto, the gateway's driver on it, and a simulated bridge."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from simulators.local_devices import Bridge
from tests.scenario.edge_home import Broker
from tests.scenario.local_mqtt.gateway import (
    Gateway,
    running,
    settings,
)
from tests.unit.edge_agent.lines import until_true


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker("mosquitto", tmp_path)
    yield made
    made.stop()


@pytest.fixture
async def gateway(tmp_path: Path, broker: Broker) -> AsyncIterator[Gateway]:
    made = Gateway(settings(tmp_path, broker.port))
    yield made
    made.outbox.close(made.clock.now())


@pytest.fixture
async def bridge(broker: Broker) -> AsyncIterator[Bridge]:
    made = Bridge(broker.port, "cloud", "cloud")
    async with running(made):
        await until_true(lambda: made.is_connected)
        yield made
