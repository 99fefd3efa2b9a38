"""``python -m benchmarks.bench_agent``: the gateway's agent, with a source and a clock for benchmarks only.

What this is: ``anban-edge run`` whose drivers are replaced by one that subscribes to a broker (``--source``)
and whose wall clock may be set from outside (``--skew FILE``). What it is not: part of the product, or a
driver for real devices. The one idea: everything behind the driver (pipeline, outbox, uplink) is the
product's own, so what is measured is what a home has.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent import drivers
from edge_agent.app import run_until_signalled
from edge_agent.clock import Clock
from edge_agent.configuration import load
from edge_agent.drivers import Deliver, DriverSpec, Incoming
from edge_agent.drivers.beat import Beat
from edge_agent.settings import EdgeSettings
from firmware_protocols import registry
from firmware_protocols.codec import Codec, Decoded, Frame, PureCodec, Security
from firmware_protocols.errors import Replayed, UnknownFormat
from firmware_protocols.model import DeviceId, Event, EventKind, Quantity, Reading

CODEC: Final = "bench"
TAKEN: Final = "ANBAN_BENCH_TAKEN"
"""A file that is told of each message that the pipeline has taken: monotonic seconds, payload."""
BOOT: Final = "ANBAN_BENCH_BOOT"
"""The boot id to claim, so that a restart can pass for a reboot."""
FILTER: Final = "sensor/+/data"
SUBSCRIBED: Final = "source subscribed"
"""Said in the log once nothing that devices say can pass unseen."""
_WAITING: Final = 64
"""Messages between paho's thread and the loop; beyond that the thread waits, and so does the broker."""


_EVENTS: Final = {"e": EventKind.RESTARTED, "b": EventKind.BUTTON, "f": EventKind.FALL_SUSPECTED}
_QUANTITIES: Final = {
    "n": Quantity.DISTANCE,
    "x": Quantity.RR_INTERVAL,
    "y": Quantity.MEAN_ARTERIAL_PRESSURE,
}
"""Such that none is thinned out: the first differs each time, of the others each one counts."""


def decode(frame: Frame, security: Security) -> Decoded:
    """``n``, ``x`` and ``y`` are readings; with ``e``, ``b`` or ``f`` it is one event, whose detail is ``n``.
    ``c`` is a counter that only grows, as a pendant's that signs its frames.

    Raises:
        Replayed: the counter does not grow.
        UnknownFormat: not such a message.
    """
    try:
        said = json.loads(frame.payload)
        observations = tuple(_observations(said, frame))
        counter = said.get("c")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnknownFormat("not a message of the benchmark") from error
    if counter is not None and security.last_counter is not None and counter <= security.last_counter:
        raise Replayed("replayed counter", counter, security.last_counter)
    return Decoded(observations, counter)


def _observations(said: Mapping[str, Any], frame: Frame) -> Iterator[Reading | Event]:
    device, at = frame.device, frame.received_at
    kinds = [kind for mark, kind in _EVENTS.items() if mark in said]
    if kinds:
        yield Event(device, kinds[0], str(said.get("n", "")), at)
        return
    yield from (
        Reading(device, kind, float(said[key]), at) for key, kind in _QUANTITIES.items() if key in said
    )


@dataclass(slots=True)
class Source:
    """Takes what comes on ``FILTER`` and confirms each message once the pipeline has taken it."""

    port: int
    name: str = "bench/source"
    beat: Beat = field(default_factory=lambda: Beat(86_400.0))  # it waits for messages, however long

    async def run(self, deliver: Deliver) -> None:
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()
        waiting: queue.Queue[mqtt.MQTTMessage] = queue.Queue(_WAITING)
        stopping = threading.Event()

        def received(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
            while not stopping.is_set():
                with contextlib.suppress(queue.Full):
                    waiting.put(message, timeout=0.2)
                    loop.call_soon_threadsafe(arrived.set)
                    return

        client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench", clean_session=False, manual_ack=True)
        client.on_message = received
        client.on_connect = lambda client, *_: client.subscribe(FILTER, 1)
        client.on_subscribe = lambda *_: logging.getLogger(__name__).info(SUBSCRIBED)
        client.reconnect_delay_set(1, 1)
        client.connect_async("127.0.0.1", self.port)
        client.loop_start()
        try:
            while True:
                await arrived.wait()
                arrived.clear()
                with contextlib.suppress(queue.Empty):
                    while True:
                        message = waiting.get_nowait()
                        device = DeviceId(message.topic.split("/")[1])
                        deliver(Incoming(CODEC, Frame(device, bytes(message.payload), datetime.now(UTC))))
                        note_taken(message.payload)
                        client.ack(message.mid, message.qos)
                        if not waiting.qsize() % 16:
                            await asyncio.sleep(0)
        finally:
            stopping.set()
            client.disconnect()
            client.loop_stop()

    def health(self) -> Mapping[str, float]:
        return {}


def _noting() -> Callable[[bytes | bytearray], None]:
    if not (name := os.environ.get(TAKEN)):
        return lambda _: None
    file = Path(name).open("ab", buffering=0)  # noqa: SIM115 - open until the process is killed

    def note(payload: bytes | bytearray) -> None:
        file.write(b"%.3f %s\n" % (time.monotonic(), payload))

    return note


note_taken: Final = _noting()


class Skewed:
    """Wall time with an offset in seconds that stands in a file, read about once a second."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_s = -1.0
        self._offset = 0.0

    def __call__(self) -> float:
        now_s = time.monotonic()
        if now_s - self._read_s >= 1.0:
            self._read_s = now_s
            with contextlib.suppress(OSError, ValueError):
                self._offset = float(self._file.read_text(encoding="ascii"))
        return time.time() + self._offset

    def is_true(self) -> bool:
        """Whether it is set right: what the kernel would say of a synchronised clock."""
        self()
        return self._offset == 0.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the agent until it is told to stop."""
    parser = argparse.ArgumentParser(prog="benchmarks.bench_agent")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--source", action="store_true", help="devices are those of a broker, not real ones")
    parser.add_argument("--skew", type=Path, help="file with the offset of the wall clock, s")
    options = parser.parse_args(argv)
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if options.source:
        _only_the_source()
    clock = None
    if options.skew:
        wall = Skewed(options.skew)
        clock = Clock(wall, synchronised=wall.is_true, boot=os.environ.get(BOOT))
    asyncio.run(run_until_signalled(load(options.config), clock))
    return 0


def build(settings: EdgeSettings) -> Sequence[Source]:
    """The one driver; the radio's transport names the broker that devices publish to."""
    transport = settings.ble.transport if settings.ble else ""
    return [Source(int(transport.rpartition(":")[2]))]


def _only_the_source() -> None:
    """Put the source in the place of all drivers, and its codec beside the others."""
    table = cast("dict[str, DriverSpec]", drivers.DRIVERS)
    table.clear()
    table[CODEC] = DriverSpec("benchmarks.bench_agent", lambda _: True)
    cast("dict[str, Codec]", registry.CODECS)[CODEC] = PureCodec(decode)


if __name__ == "__main__":
    raise SystemExit(main())
