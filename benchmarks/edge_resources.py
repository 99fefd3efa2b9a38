"""``python -m benchmarks.edge_resources``: a month without the cloud, and what wears the memory card.

What this is: thirty days of readings (three million) and a few alarms appended to a real outbox as fast as it
takes them, opened again by a real agent, and drained to a broker and a sink that commits; then an hour of one
record a second in compressed time, to count what it writes: by the outbox alone, and by the whole road of a
home with all rules, a plan, and the evidence of its alarms in force. What it is not: a Raspberry Pi; times
are this machine's. The one idea: bytes are what the kernel says that the process wrote (``write_bytes`` of
``/proc/self/io``, pages of 4 KiB handed to the block device), so the file must not lie on a tmpfs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.gateways import GATEWAY, Gateway, Mosquitto, OurSink, our_gateway, wait_for
from edge_agent.clock import Clock, Stamp
from edge_agent.drivers import Incoming
from edge_agent.health import written_bytes
from edge_agent.outbox import Outbox
from edge_agent.pipeline import Pipeline
from edge_agent.prompt import Announcer
from edge_agent.rules import RULES, Home, InForce
from edge_agent.settings import Device, DeviceKind
from edge_agent.ulid import Ulids
from firmware_protocols.codec import Frame
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    ClockState,
    DeviceId,
    Event,
    EventKind,
    Quantity,
    Reading,
)
from firmware_protocols.serial import micradar
from firmware_protocols.wire.envelope import Batch
from firmware_protocols.wire.plan import parse as parse_plan
from firmware_protocols.wire.topics import Lane

DAYS: Final = 30
A_DAY: Final = 100_000
"""Readings: a little more than one a second, from a dozen sensors."""
ALARMS: Final = 300
WEAR_S: Final = 3600
_RADAR: Final = DeviceId("radar")
_FALL_EVERY: Final = 900
"""Seconds between two falls: some hundred times what a home has."""
TARGETS: Final = {"written_mb_per_day": 100.0, "resident_mib": 60.0}
CARD_TB: Final = 8.0
"""[D] What a card of 8 GB bears that may be written 1,000 times from end to end, without any overhead."""
_OPEN_S: Final = 120.0
_DRAIN_S: Final = 900.0


class Watch(OurSink):
    """A sink that also remembers in which order the batches came."""

    def __init__(self, port: int, folder: Path) -> None:
        self.order: list[tuple[Lane, int, int]] = []
        super().__init__(port, folder)

    def stored(self, batch: Batch) -> None:
        self.order.append((batch.lane, batch.first, len(batch.records)))

    def records(self, lane: Lane) -> int:
        """Records of ``lane`` stored so far."""
        return sum(n for of, _, n in list(self.order) if of is lane)


def fill(path: Path, readings: int, alarms: int) -> dict[str, Any]:
    """Append ``readings`` with ``alarms`` spread over them, as the pipeline would, in compressed time."""
    box = Outbox(path, GATEWAY)
    began = datetime.now(UTC) - timedelta(days=DAYS)
    step = timedelta(days=1) / A_DAY
    every = readings // alarms
    started = time.monotonic()
    for number in range(readings):
        at = began + number * step
        stamp = Stamp("boot", ClockState.SYNCED, began.timestamp() - 60)
        quantity = (Quantity.HEART_RATE, Quantity.TEMPERATURE, Quantity.DISTANCE)[number % 3]
        box.append([Reading(DeviceId(f"dev{number % 10}"), quantity, float(number % 100), at)], stamp, at)
        if number % every == 0:
            box.append([_alarm(number // every, at)], stamp, at)
    box.flush(datetime.now(UTC))
    took_s = time.monotonic() - started
    state = box.lanes(datetime.now(UTC))
    box.close(datetime.now(UTC))
    return {
        "readings": readings,
        "alarms": alarms,
        "waiting": {lane.value: state[lane].depth for lane in Lane},
        "dropped": readings - state[Lane.BULK].depth,
        "took_s": round(took_s, 1),
        "readings_per_s": round(readings / took_s),
        "file_mib": round(path.stat().st_size / 2**20, 1),
    }


def _alarm(number: int, at: datetime) -> Alarm:
    return Alarm(
        AlarmId(f"01J{number:023d}"), AlarmKind.SOS, AlarmState.RAISED, DeviceId("dev0"), at, {"n": number}
    )


def reopen(gateway: Gateway) -> dict[str, Any]:
    """Start the agent on the full outbox: until it runs, and what it takes of memory."""
    log = gateway.folder / "gateway.log"
    started = time.monotonic()
    gateway.start()
    if not wait_for(lambda: log.exists() and "agent runs" in log.read_text(), _OPEN_S):
        raise RuntimeError(f"the agent does not open its outbox, see {log}")
    return {"open_s": round(time.monotonic() - started, 2), **gateway.figures()}


def drain(gateway: Gateway, sink: Watch, readings: int, alarms: int) -> dict[str, Any]:
    """Let the broker be there: until everything is stored, and in which order."""
    started, most_mib = time.monotonic(), 0.0
    alarms_s = 0.0
    while time.monotonic() - started < _DRAIN_S:
        most_mib = max(most_mib, gateway.figures()["resident_mib"])
        if not alarms_s and sink.records(Lane.ALARM) >= alarms:
            alarms_s = time.monotonic() - started
        if sink.records(Lane.BULK) >= readings and alarms_s:
            break
        time.sleep(0.25)
    took_s = time.monotonic() - started
    order = list(sink.order)
    last = max((place for place, (lane, _, _) in enumerate(order) if lane is Lane.ALARM), default=0)
    before = sum(n for lane, _, n in order[:last] if lane is Lane.BULK)
    firsts = [first for lane, first, _ in order if lane is Lane.ALARM]
    return {
        "stored": {lane.value: sink.records(lane) for lane in Lane},
        "took_s": round(took_s, 1),
        "records_per_s": round(sink.records(Lane.BULK) / took_s),
        "alarms_done_after_s": round(alarms_s, 2),
        "readings_stored_before_the_last_alarm": before,
        "alarms_in_order": firsts == sorted(firsts),
        "most_resident_mib": most_mib,
        "resent": sink.resent,
    }


def wear(folder: Path, seconds: int, *, kind: str) -> dict[str, float]:
    """One record a second for ``seconds``, each group settled at once as when the cloud is there."""
    box = Outbox(folder / f"wear-{kind}.sqlite", GATEWAY)
    now = datetime.now(UTC)
    stamp = Stamp("boot", ClockState.SYNCED, now.timestamp() - 60)
    before = written_bytes()
    for number in range(seconds):
        now += timedelta(seconds=1)
        record: Reading | Event = Reading(DeviceId("bed"), Quantity.HEART_RATE, 60.0 + number % 10, now)
        if kind == "event":
            record = Event(DeviceId("bed"), EventKind.RESTARTED, "", now)
        box.append([record], stamp, now)
        for lane in Lane:
            for frozen in box.take(lane, 8):
                box.settle(frozen.key.epoch, lane, [frozen.key.first])
        box.tick(now)
    written = written_bytes() - before
    box.close(now)
    return _a_day(written, seconds)


def _a_day(written: int, seconds: int) -> dict[str, float]:
    a_day = written / seconds * 86_400
    return {
        "bytes_per_record": round(written / seconds),
        "written_mb_per_day": round(a_day / 1e6, 1),
        "years_of_a_card": round(CARD_TB * 1e12 / a_day / 365, 1) if a_day else 0.0,
    }


class _Time:
    """A clock in step whose hands the benchmark moves."""

    def __init__(self) -> None:
        self.at_s = datetime.now(UTC).timestamp()
        self.clock = Clock(lambda: self.at_s, lambda: self.at_s, lambda: True, "boot", lambda: self.at_s)


def wear_of_a_home(folder: Path, seconds: int) -> dict[str, float]:
    """One frame a second from a radar through the whole road, and a fall each quarter of an hour.

    Each distance is far enough from the last one to be stored; each fall is asked about, raised, and carries
    the last minute's frames. What the cloud has is settled at once.
    """
    box, time_ = Outbox(folder / "wear-home.sqlite", GATEWAY), _Time()
    pipeline = _pipeline(box, time_.clock)
    before = written_bytes()
    for number in range(seconds):
        time_.at_s += 1
        for payload in _frames(number):
            frame = Frame(_RADAR, payload, time_.clock.now())
            pipeline.take(Incoming("micradar", frame))
        pipeline.tick()
        for lane in Lane:
            for frozen in box.take(lane, 8):
                box.settle(frozen.key.epoch, lane, [frozen.key.first])
    written = written_bytes() - before
    box.close(time_.clock.now())
    return _a_day(written, seconds)


def _frames(number: int) -> list[bytes]:
    """What the radar says in this second: a reading; now and then a fall, and the end of one."""
    said = [micradar.encode_distance((number * 37) % 1999)]
    if number % _FALL_EVERY in {0, _FALL_EVERY // 2}:
        said.append(micradar.encode_fall(number % _FALL_EVERY == 0))
    return said


def _pipeline(box: Outbox, clock: Clock) -> Pipeline:
    """A home with a dozen devices, all rules, and a plan."""
    kinds = [DeviceKind.RADAR, DeviceKind.PENDANT, DeviceKind.BED, DeviceKind.DOOR, DeviceKind.SMOKE]
    kinds += [DeviceKind.MOTION] * 5 + [DeviceKind.HEART_RATE, DeviceKind.MAINS]
    names = [_RADAR, *(DeviceId(f"device-{number}") for number in range(1, len(kinds)))]
    devices = {name: Device(name, kind, f"room-{name}") for name, kind in zip(names, kinds, strict=True)}
    in_force = InForce(parse_plan({"version": 3, "person": {"lives_alone": True, "wanders": True}}))
    home = Home(
        {name: str(device.kind) for name, device in devices.items()},
        Ulids(clock.now),
        20.0,
        {name: device.room for name, device in devices.items()},
        in_force,
    )
    rules = {name: make(home) for name, make in RULES.items()}
    return Pipeline(devices, box, rules, Announcer(), clock, in_force=in_force)


def measure(folder: Path, readings: int) -> dict[str, Any]:
    """All of it."""
    result: dict[str, Any] = {}
    result["wear"] = {kind: wear(folder, WEAR_S, kind=kind) for kind in ("reading", "event")}
    result["wear"]["home"] = wear_of_a_home(folder, WEAR_S)
    if not readings:
        return result
    with ExitStack() as stack:
        source, uplink = Mosquitto(folder / "source"), Mosquitto(folder / "uplink")
        stack.callback(source.stop)
        stack.callback(uplink.stop)
        uplink.stop()
        gateway = our_gateway(folder / "gateway", source, uplink, 10.0)
        result["fill"] = fill(folder / "gateway" / "data" / "outbox.sqlite", readings, ALARMS)
        result["reopen"] = reopen(gateway)
        stack.callback(gateway.kill)
        uplink.start()
        sink = Watch(uplink.port, folder)
        stack.callback(sink.close)
        result["drain"] = drain(gateway, sink, readings - result["fill"]["dropped"], ALARMS)
    return result


def misses(result: Mapping[str, Any]) -> list[str]:
    """Which targets were missed, in words."""
    found = []
    for kind in ("reading", "home"):
        written = result["wear"][kind]["written_mb_per_day"]
        if written > TARGETS["written_mb_per_day"]:
            found.append(f"{written} MB/day of a {kind} at one frame a second")
    if "fill" not in result:
        return found
    if result["fill"]["dropped"]:
        found.append(f"{result['fill']['dropped']} readings dropped while filling")
    drained = result["drain"]
    if drained["stored"] != {"a": ALARMS, "t": result["fill"]["waiting"]["t"]}:
        found.append(f"stored {drained['stored']} of {result['fill']['waiting']}")
    if drained["most_resident_mib"] > TARGETS["resident_mib"]:
        found.append(f"{drained['most_resident_mib']} MiB resident while draining")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 if every target was met."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.edge_resources", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.add_argument("--readings", type=int, default=DAYS * A_DAY)
    parser.add_argument("--wear-only", action="store_true", help="only what it writes")
    parser.add_argument("--dir", type=Path, default=Path("/var/tmp"), help="a folder on a real disk")
    options = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="anban-resources-", dir=options.dir))
    try:
        result = measure(folder, 0 if options.wear_only else options.readings)
    finally:
        shutil.rmtree(folder)
    missed = misses(result)
    if options.json:
        sys.stdout.write(json.dumps({**result, "missed": missed}, indent=1) + "\n")
    else:
        sys.stdout.writelines(_lines(result))
        sys.stdout.writelines(f"MISSED {what}\n" for what in missed)
    return 1 if missed else 0


def _lines(result: Mapping[str, Any]) -> list[str]:
    return [
        f"{part}: " + ", ".join(f"{name} {value}" for name, value in figures.items()) + "\n"
        for part, figures in result.items()
    ]


if __name__ == "__main__":
    raise SystemExit(main())
