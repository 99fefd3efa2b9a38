"""What waits at the broker for ingest, for the metrics: the one number that grows when no ingest is there.

What this is: asking a NATS at its monitoring port, or listening to what a mosquitto says of itself. What it
is not: part of ingest, which may be gone. The one idea: what is not known is left out, never told as 0.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import httpx
from paho.mqtt.client import MQTTMessage

from cloud.ingest.link import KEEPALIVE_S, client_of
from cloud.jetstream import PATH, Report, ReportError, merged, read
from cloud.metrics import BROKER_LAG
from cloud.settings import SYS, Broker

EVERY_S: Final = 10.0
"""How often the broker is asked; scrapers come every 15 s, and mosquitto counts every 10 s."""
ALL: Final = "all"
"""The lane of whoever cannot tell lanes apart."""
_ASK_S: Final = 5.0
_STORED: Final = "$SYS/broker/store/messages/count"
_RETAINED: Final = "$SYS/broker/retained messages/count"

_log = logging.getLogger(__name__)


def show(waiting: Mapping[str, int] | None) -> None:
    """Let the metrics tell ``waiting``, by lane; ``None``: nobody knows."""
    BROKER_LAG.clear()
    for lane, count in (waiting or {}).items():
        BROKER_LAG.labels(lane).set(count)


@asynccontextmanager
async def told(broker: Broker) -> AsyncIterator[None]:
    """For the length of the block the metrics tell what waits at ``broker``, if it says whom to ask."""
    if not broker.monitor:
        yield
        return
    telling = asyncio.create_task(_listen(broker) if broker.monitor == (SYS,) else _ask(broker.monitor))
    try:
        yield
    finally:
        telling.cancel()
        await asyncio.wait([telling])
        show(None)


async def _ask(addresses: Sequence[str]) -> None:
    """Ask the servers of a NATS for ever; those that are away are left out while another answers."""
    said = ""
    async with httpx.AsyncClient(timeout=_ASK_S) as client:
        while True:
            answers = await asyncio.gather(*(_report(client, address) for address in addresses))
            reports = [one for one in answers if isinstance(one, Report)]
            show(merged(reports) if reports else None)
            wrong = "; ".join(one for one in answers if isinstance(one, str))
            if wrong != said:
                said = wrong
                _log.warning("broker.monitor %s", wrong or "answers again")
            await asyncio.sleep(EVERY_S)


async def _report(client: httpx.AsyncClient, address: str) -> Report | str:
    """What the server there reports, or what was wrong."""
    try:
        answer = await client.get(f"{address.rstrip('/')}{PATH}")
        answer.raise_for_status()
        return read(answer.content)
    except (httpx.HTTPError, ReportError) as error:
        return f"{address}: {error or type(error).__name__}"


async def _listen(broker: Broker) -> None:
    """Hear what a mosquitto says of itself for ever.

    It counts the messages that it keeps: retained ones, and those that wait in any session. So this is what
    waits for ingest and, few beside them, for gateways.
    """
    with _counts(broker) as counts:
        while True:
            known = counts.keys() == {_STORED, _RETAINED}
            show({ALL: max(0, counts[_STORED] - counts[_RETAINED])} if known else None)
            await asyncio.sleep(EVERY_S)


@contextmanager
def _counts(broker: Broker) -> Iterator[Mapping[str, int]]:
    """The two numbers as they come, by topic; empty while the broker is away."""
    counts: dict[str, int] = {}

    def keep(_client: object, _data: object, message: MQTTMessage) -> None:
        counts[message.topic] = int(message.payload)

    client = client_of(broker, "", clean=True)  # the broker gives it a name that nobody else has
    client.on_connect = lambda client, *_: client.subscribe([(_STORED, 0), (_RETAINED, 0)])
    client.on_disconnect = lambda *_: counts.clear()
    client.on_message = keep
    client.connect_async(broker.host, broker.port, KEEPALIVE_S)
    client.loop_start()
    try:
        yield counts
    finally:
        client.disconnect()
        client.loop_stop()
