"""``python -m benchmarks.fleet_load``: as many homes as wanted on one connection, until stdin says a line.

What this is: the messages of gateways (a batch and a sign of life a minute each, now and then an alarm), each
kept and sent again until the commit-ack names it. What it is not: their connections; what thousands of those
cost is another question. The one idea: it prints what it said, so that the tables can be held against it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    ClockState,
    DeviceId,
    GatewayId,
    Quantity,
    Reading,
)
from firmware_protocols.wire import control, envelope, topics
from firmware_protocols.wire.control import Ack, LaneState, State
from firmware_protocols.wire.envelope import Batch, Record
from firmware_protocols.wire.topics import Channel, Lane
from simulators.fleet import ulid

USER: Final = "fleet"
PERIOD_S: Final = 60.0
READINGS: Final = 6
"""A minute and home: 0.1 a second."""
ALARMS_A_DAY: Final = 20
RESEND_S: Final = 15.0
_TICK_S: Final = 0.05


def gateway_id(number: int) -> GatewayId:
    """The gateway of home ``number``."""
    return GatewayId(f"gw-{number:06}")


@dataclass(slots=True)
class _Kept:
    topic: str
    payload: bytes
    first_at: float
    sent_at: float


@dataclass(slots=True)
class Fleet:
    """The homes ``numbers``, spread over ``shards``."""

    client: Client
    numbers: range
    shards: range
    epoch: str
    next: dict[tuple[int, Lane], int] = field(default_factory=dict)
    kept: dict[tuple[str, Lane, int], _Kept] = field(default_factory=dict)
    settled_s: list[tuple[float, Lane, float]] = field(default_factory=list)
    """When a batch was named, of which lane, and how long after it was first sent."""
    records: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, ending: threading.Event) -> None:
        """Talk: every home in its own second of the minute."""
        count = len(self.numbers)
        began, said, beat = time.monotonic(), 0, 0
        chance = ALARMS_A_DAY * PERIOD_S / 86_400
        while not ending.wait(_TICK_S):
            due = int((time.monotonic() - began) / PERIOD_S * count)
            for index in range(said, due):
                number = self.numbers[index % count]
                self._say(number, Lane.BULK, self._readings())
                self._live(number)
                if random.random() < chance:
                    self._say(number, Lane.ALARM, [_alarm()])
            said, beat = due, beat + 1
            if beat % 20 == 0:
                self.resend()

    def resend(self, older_s: float = RESEND_S) -> None:
        """Send again what nobody has named for long."""
        now = time.monotonic()
        with self.lock:
            old = [one for one in self.kept.values() if now - one.sent_at >= older_s]
        for one in old:
            one.sent_at = now
            self._publish(one.topic, one.payload)

    def received(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        """A commit-ack."""
        gateway = message.topic.split("/")[-2]
        ack = control.parse(Ack, bytes(message.payload))
        now = time.monotonic()
        with self.lock:
            for first in ack.b:
                if (one := self.kept.pop((gateway, ack.st, first), None)) is not None:
                    self.settled_s.append((now, ack.st, now - one.first_at))

    def _say(self, number: int, lane: Lane, records: Sequence[Record]) -> None:
        first = self.next.get((number, lane), 1)
        self.next[number, lane] = first + len(records)
        gateway = gateway_id(number)
        batch = Batch(gateway, self.epoch, lane, first, "boot", ClockState.SYNCED, tuple(records))
        topic = topics.upward(self._shard(number), gateway, Channel(lane.value))
        payload, now = envelope.encode(batch), time.monotonic()
        with self.lock:
            self.kept[gateway, lane, first] = _Kept(topic, payload, now, now)
        self.records += len(records)
        self._publish(topic, payload)

    def _publish(self, topic: str, payload: bytes) -> None:
        for quality in topics.qualities(topics.parse_upward(topic).channel):
            self.client.publish(topic, payload, quality)

    def _live(self, number: int) -> None:
        lanes = {lane: LaneState(self.next.get((number, lane), 1), 0) for lane in Lane}
        state = State(online=True, at=time.time(), epoch=self.epoch, boot="boot", lanes=lanes)
        topic = topics.upward(self._shard(number), gateway_id(number), Channel.STATE)
        self.client.publish(topic, control.encode(state), qos=1, retain=True)

    def _shard(self, number: int) -> int:
        return self.shards[number % len(self.shards)]

    @staticmethod
    def _readings() -> list[Record]:
        now = datetime.now(UTC)
        return [
            Reading(
                DeviceId("radar"),
                Quantity.HEART_RATE,
                float(random.randint(55, 95)),
                now - timedelta(seconds=10 * n),
            )
            for n in range(READINGS, 0, -1)
        ]


def _alarm() -> Alarm:
    now = datetime.now(UTC)
    return Alarm(AlarmId(ulid(now)), AlarmKind.SOS, AlarmState.RAISED, DeviceId("pendant"), now)


def _connected(client: Client, port: int, secret: str) -> threading.Event:
    up = threading.Event()
    client.username_pw_set(USER, secret)
    client.reconnect_delay_set(1, 1)
    client.max_inflight_messages_set(1_000)

    def on_connect(mine: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            mine.subscribe(f"{topics.ROOT}/c/+/ack", 0)
            up.set()

    client.on_connect = on_connect
    client.connect_async("127.0.0.1", port, 10)
    client.loop_start()
    return up


def main(argv: Sequence[str] | None = None) -> int:
    """Talk until a line comes, wait until all is named, print what was said."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.fleet_load", description=(__doc__ or "").partition("\n")[0]
    )
    for name in ("port", "first", "homes", "first-shard", "shards"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--patience", type=float, default=120.0)
    options = parser.parse_args(argv)
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"{USER}-{options.first}", clean_session=True)
    numbers = range(options.first, options.first + options.homes)
    shards = range(options.first_shard, options.first_shard + options.shards)
    fleet = Fleet(client, numbers, shards, f"e{time.time_ns():x}")
    client.on_message = fleet.received
    if not _connected(client, options.port, options.secret).wait(60):
        sys.stderr.write("the broker does not let the fleet in\n")
        return 2
    ending = threading.Event()
    talking = threading.Thread(target=fleet.run, args=(ending,))
    talking.start()
    sys.stdin.readline()
    ending.set()
    talking.join()
    deadline = time.monotonic() + options.patience
    while fleet.kept and time.monotonic() < deadline:
        time.sleep(1)
        fleet.resend(5)
    json.dump(_told(fleet), sys.stdout)
    client.disconnect()
    client.loop_stop()
    return 0


def _told(fleet: Fleet) -> dict[str, Any]:
    waits = sorted(took for _, _, took in fleet.settled_s)
    alarms = sorted(took for _, lane, took in fleet.settled_s if lane is Lane.ALARM)
    times = sorted(at for at, _, _ in fleet.settled_s)
    pauses = [late - early for early, late in pairwise(times)]
    return {
        "records": fleet.records,
        "batches": len(fleet.settled_s) + len(fleet.kept),
        "unsettled": len(fleet.kept),
        "settled_p50_s": _at(waits, 0.5),
        "settled_p99_s": _at(waits, 0.99),
        "alarms": len(alarms),
        "alarm_most_s": _at(alarms, 1.0),
        "longest_pause_s": round(max(pauses, default=0.0), 3),
    }


def _at(values: Sequence[float], share: float) -> float:
    return round(values[min(len(values) - 1, int(share * len(values)))], 3) if values else 0.0


if __name__ == "__main__":
    raise SystemExit(main())
