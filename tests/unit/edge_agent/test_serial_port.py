"""Serial lines that are cut, pulled, shared, mistaken and flooded: on real ptys and real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import serial

from edge_agent.drivers import DriverError, Incoming
from edge_agent.drivers.serial_port import (
    GARBLED_BYTES,
    GARBLED_S,
    KEEP_ALIVE,
    Legibility,
    SerialPort,
    _Reader,
    keep_alive,
    waiting,
)
from edge_agent.settings import SerialSettings
from edge_agent.supervise import supervise
from firmware_protocols.registry import BAUDS
from firmware_protocols.serial import ld2410, micradar
from tests.unit.edge_agent.lines import Heard, Line, end, until, until_true

FALL, HERE = micradar.encode_fall(True), micradar.encode_presence(True)


def port(name: str, codec: str = "micradar", baud: int | None = None) -> SerialPort:
    return SerialPort(SerialSettings("radar", codec, name, baud))


async def opened(driver: SerialPort) -> None:
    await until_true(lambda: driver.health()["open"])


@contextlib.asynccontextmanager
async def running(driver: SerialPort, heard: Heard) -> AsyncIterator[None]:
    """The driver as the agent runs it: started again whenever it ends."""
    task = asyncio.create_task(supervise(driver.name, lambda: driver.run(heard), first_s=0.01, most_s=0.05))
    try:
        yield
    finally:
        await end(task)


# -- what comes through ------------------------------------------------------------------------------


async def test_frames_come_through_however_they_are_cut_and_garbage_is_counted(line: Line) -> None:
    driver, heard = port(line.name), Heard(3)
    task = asyncio.create_task(driver.run(heard))
    await opened(driver)
    frames = [micradar.encode_heart_rate(60 + n) for n in range(3)]
    stream = b"\x00\xffgarbage" + b"".join(frames)
    for cut in range(0, len(stream), 7):
        os.write(line.far, stream[cut : cut + 7])
        await asyncio.sleep(0.002)
    await until(heard.enough)
    assert heard.payloads == frames
    assert {(i.codec, i.frame.device) for i in heard.frames} == {("micradar", "radar")}
    expected = {"open": 1.0, "openings": 1.0, "frames": 3.0, "discarded": 9.0, "garbled": 0.0}
    assert driver.health() == expected
    await end(task)
    assert driver.health() == expected | {"open": 0.0}


@pytest.mark.parametrize("codec", ["ld2410", "ld6002"])
async def test_rates_beyond_the_standard_ones_are_taken(line: Line, codec: str) -> None:
    """256,000 and 1,382,400 baud, on a line that has no modem lines."""
    driver = port(line.name, codec)
    task = asyncio.create_task(driver.run(Heard(1)))
    await opened(driver)
    await end(task)


# -- what cannot be had ------------------------------------------------------------------------------


async def test_a_port_that_is_not_there_is_said_in_words() -> None:
    with pytest.raises(DriverError, match="/dev/ttyNOPE is not there: is the device plugged in"):
        await port("/dev/ttyNOPE").run(Heard(1))


async def test_a_port_in_use_is_said_in_words_and_had_when_it_is_free(line: Line) -> None:
    first, second, heard = port(line.name), port(line.name), Heard(1)
    task = asyncio.create_task(first.run(Heard(1)))
    await opened(first)
    with pytest.raises(DriverError, match="is in use by another program"):
        await second.run(Heard(1))
    async with running(second, heard):
        await end(task)
        await opened(second)
        os.write(line.far, FALL)
        await until(heard.enough)


async def test_a_file_that_is_no_line_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DriverError, match=r"is lost: .*Inappropriate ioctl"):
        await port(str(tmp_path / "file")).run(Heard(1))


async def test_a_kind_of_address_that_does_not_exist_is_said_in_words() -> None:
    with pytest.raises(DriverError, match=r"cannot be used so: .*check port and baud"):
        await port("sockets://127.0.0.1:1").run(Heard(1))


async def test_a_server_that_does_not_listen_is_said_in_words() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(DriverError, match="refuses the connection"):
            await port(f"socket://127.0.0.1:{closed.getsockname()[1]}").run(Heard(1))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_reader_that_dies_of_what_nobody_foresaw_is_started_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_reader: _Reader, _port: object) -> None:
        raise RuntimeError("not foreseen")

    driver, heard = port(line.name), Heard(1)
    with monkeypatch.context() as broken:
        broken.setattr(_Reader, "_read", dies)
        with pytest.raises(DriverError, match="is no longer read"):
            await driver.run(heard)
    async with running(driver, heard):
        await opened(driver)
        os.write(line.far, FALL)
        await until(heard.enough)


# -- pulled and plugged in again ---------------------------------------------------------------------


@pytest.fixture
def by_id(tmp_path: Path) -> Iterator[Callable[[], Line]]:
    """Plugs in a device; ``/dev/serial/by-id`` has one name for it, whatever number the kernel gives."""
    lines: list[Line] = []
    link = tmp_path / "usb-radar-if00"

    def plug() -> Line:
        lines.append(Line())
        link.unlink(missing_ok=True)
        link.symlink_to(lines[-1].name)
        return lines[-1]

    yield plug
    for each in lines:
        each.unplug()


async def test_an_unplugged_line_ends_the_run_with_its_name(line: Line) -> None:
    driver = port(line.name)
    task = asyncio.create_task(driver.run(Heard(1)))
    await opened(driver)
    line.unplug()
    with pytest.raises(DriverError, match=line.name):
        await task


async def test_a_cable_pulled_in_the_middle_of_a_frame_costs_that_frame(
    by_id: Callable[[], Line], tmp_path: Path
) -> None:
    link, heard = tmp_path / "usb-radar-if00", Heard(2)
    first = by_id()
    driver = port(str(link))
    async with running(driver, heard):
        await opened(driver)
        os.write(first.far, HERE + FALL[:5])
        await until_true(lambda: driver.health()["frames"])
        first.unplug()
        link.unlink()
        await until_true(lambda: not driver.health()["open"])
        second = by_id()
        await until_true(lambda: driver.health()["openings"] == 2)
        os.write(second.far, FALL[5:] + FALL)
        await until(heard.enough)
    assert heard.payloads == [HERE, FALL]
    assert driver.health()["discarded"] == len(FALL) - 5


async def test_a_link_that_leads_elsewhere_is_followed_although_the_old_line_is_only_silent(
    by_id: Callable[[], Line], tmp_path: Path
) -> None:
    heard = Heard(1)
    by_id()
    driver = port(str(tmp_path / "usb-radar-if00"))
    async with running(driver, heard):
        await opened(driver)
        other = by_id()  # the first device is still there, and says nothing
        await until_true(lambda: driver.health()["openings"] == 2)
        os.write(other.far, FALL)
        await until(heard.enough)


async def test_a_link_that_vanishes_from_a_silent_line_is_noticed(
    by_id: Callable[[], Line], tmp_path: Path
) -> None:
    by_id()
    driver = port(str(tmp_path / "usb-radar-if00"))
    task = asyncio.create_task(driver.run(Heard(1)))
    await opened(driver)
    (tmp_path / "usb-radar-if00").unlink()
    with pytest.raises(DriverError, match="is not there: is the device plugged in"):
        await task


async def test_a_line_that_is_only_silent_stays_open(line: Line) -> None:
    driver, heard = port(line.name), Heard(1)
    async with running(driver, heard):
        await opened(driver)
        await asyncio.sleep(1.2)  # two reads in vain
        os.write(line.far, FALL)
        await until(heard.enough)
    assert driver.health()["openings"] == 1


# -- over the network --------------------------------------------------------------------------------


class Server:
    """A serial server: what it is told to send goes to whoever is connected."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []
        self.connected = asyncio.Event()
        self.connections = self.gone = 0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.connections += 1
        self.connected.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()
        self.gone += 1

    async def send(self, data: bytes) -> None:
        self._writers[-1].write(data)
        await self._writers[-1].drain()

    def drop(self) -> None:
        self._writers[-1].transport.abort()

    def hang_up(self) -> None:
        self._writers[-1].close()


@contextlib.asynccontextmanager
async def serving(number: int = 0) -> AsyncIterator[tuple[Server, int]]:
    server = Server()
    async with await asyncio.start_server(server.take, "127.0.0.1", number) as listening:
        yield server, listening.sockets[0].getsockname()[1]
        await until_true(lambda: server.gone == server.connections)


async def test_a_line_over_the_network_is_opened_again_when_the_server_drops_it() -> None:
    async with serving() as (server, number):
        driver, heard = port(f"socket://127.0.0.1:{number}"), Heard(2)
        async with running(driver, heard):
            await opened(driver)
            await until(server.connected)
            await server.send(HERE)
            await until_true(lambda: len(heard.frames) == 1)
            server.drop()
            await until_true(lambda: server.connections == 2 and driver.health()["openings"] == 2)
            await server.send(FALL)
            await until(heard.enough)
    assert heard.payloads == [HERE, FALL]


async def test_what_the_server_says_before_it_hangs_up_is_heard() -> None:
    async with serving() as (server, number):
        driver, heard = port(f"socket://127.0.0.1:{number}"), Heard(501)
        task = asyncio.create_task(driver.run(heard))
        await until(server.connected)
        await opened(driver)
        await server.send(HERE * 500 + FALL)
        server.hang_up()
        with pytest.raises(DriverError):
            await task
    assert heard.payloads[-1] == FALL
    assert len(heard.frames) == 501


async def test_of_a_socket_it_is_known_how_many_bytes_wait() -> None:
    """pyserial alone says only that some do, and a burst would be fetched two by two."""
    async with serving() as (server, number):
        with serial.serial_for_url(f"socket://127.0.0.1:{number}", timeout=1) as line:
            await until(server.connected)
            await server.send(bytes(1000))
            await until_true(lambda: waiting(line) == 1000)
            assert line.in_waiting == 1


async def test_a_burst_over_the_network_loses_nothing() -> None:
    count = 20_000
    async with serving() as (server, number):
        driver, heard = port(f"socket://127.0.0.1:{number}"), Heard(count)
        async with running(driver, heard):
            await opened(driver)
            await until(server.connected)
            await server.send(HERE * count)
            await until(heard.enough)
    assert driver.health()["discarded"] == 0


def watched_by_the_kernel(number: int) -> bool:
    """Whether a connection to port ``number`` has a keep-alive timer (``tr`` 02 of ``/proc/net/tcp``)."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(row[2].endswith(f":{number:04X}") and row[5].startswith("02:") for row in rows)


async def test_a_line_over_the_network_is_watched_by_the_kernel_while_it_is_silent() -> None:
    async with serving() as (server, number):
        driver = port(f"socket://127.0.0.1:{number}")
        async with running(driver, Heard(1)):
            await until(server.connected)
            await opened(driver)
            await until_true(lambda: watched_by_the_kernel(number))


async def test_a_port_without_a_file_descriptor_is_read_too() -> None:
    driver = port("loop://")
    task = asyncio.create_task(driver.run(Heard(1)))
    await opened(driver)
    await end(task)


def test_a_far_end_that_loses_its_power_is_noticed_within_a_minute() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as connection:
        connection.connect(server.getsockname())
        keep_alive(connection.fileno())
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle, interval, count = KEEP_ALIVE.values()
        assert idle + interval * count <= 60
        for option, value in KEEP_ALIVE.items():
            assert connection.getsockopt(socket.IPPROTO_TCP, option) == value


# -- bytes that make no sense ------------------------------------------------------------------------


def test_bytes_without_a_frame_for_half_a_minute_are_garbled_until_the_next_frame() -> None:
    legibility = Legibility()
    assert not legibility.note(GARBLED_BYTES, 0, 100.0)
    assert not legibility.note(1, 0, 99.9 + GARBLED_S)
    assert legibility.note(1, 0, 100.0 + GARBLED_S)
    assert not legibility.note(1, 0, 200.0)
    assert legibility.garbled
    assert legibility.note(10, 1, 201.0)
    assert not legibility.garbled
    assert not legibility.note(GARBLED_BYTES, 0, 500.0)


def test_a_disturbance_now_and_then_is_not_a_garbled_line() -> None:
    legibility = Legibility()
    for hour in range(GARBLED_BYTES - 1):
        assert not legibility.note(1, 0, hour * 3600.0)


def test_frames_among_garbage_are_a_legible_line() -> None:
    legibility = Legibility()
    for second in range(600):
        assert not legibility.note(1000, second % 20 == 0, float(second))


async def test_a_line_at_a_wrong_rate_says_what_to_check_and_once(
    line: Line, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_agent.drivers.serial_port.GARBLED_S", 0.05)
    driver, heard = port(line.name, "ld2410", 115_200), Heard(1)
    report = ld2410.encode(ld2410.Report(ld2410.Target.STILL, still_cm=200))
    with caplog.at_level(logging.INFO):
        async with running(driver, heard):
            await opened(driver)
            for tick in itertools.count():
                os.write(line.far, bytes((tick % 256, 0x80, 0x00, 0xFE)) * 20)
                await asyncio.sleep(0.01)
                if driver.health()["garbled"] and tick > 40:
                    break
            os.write(line.far, report * 4)
            await until(heard.enough)
            await until_true(lambda: not driver.health()["garbled"])
    said = [record.getMessage() for record in caplog.records if "serial line" in record.getMessage()]
    assert len(said) == 2
    assert said[0].startswith("serial line unreadable name=radar: bytes but no ld2410 frame")
    assert "check codec and baud (now 115200)" in said[0]
    assert said[1] == "serial line readable again name=radar"


# -- a flood -----------------------------------------------------------------------------------------


class Flood(threading.Thread):
    """Sends garbage as fast as the kernel takes it."""

    def __init__(self, far: int, garbage: bytes) -> None:
        super().__init__(daemon=True)
        self._far = far
        self._garbage = garbage
        self.stopping = threading.Event()
        self.sent = 0

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while not self.stopping.is_set():
                self.sent += os.write(self._far, self._garbage)


NOISE = bytes(range(256)) * 16
FALSE_STARTS = (micradar.START + bytes.fromhex("80 01 00 40")) * 700


@pytest.mark.parametrize(
    ("stream", "work_s"),
    [(NOISE, 0.0), (FALSE_STARTS, 0.0), (HERE * 400, 0.002)],
    ids=["noise", "starts that come to nothing", "frames that each take a while to store"],
)
async def test_a_flood_leaves_room_for_everybody(line: Line, stream: bytes, work_s: float) -> None:
    def store(_incoming: Incoming) -> None:
        time.sleep(work_s)

    driver, flood = port(line.name), Flood(line.far, stream)
    task = asyncio.create_task(driver.run(store))
    await opened(driver)
    flood.start()
    await until_true(lambda: sum(driver.health().values()) > 100)
    turns: list[float] = []
    began_s = time.thread_time()  # of the processor: what else the machine does is no fault of the driver
    async with asyncio.timeout(60):
        while len(turns) < 100:
            before = driver.health()
            await asyncio.sleep(0)
            now = driver.health()
            if now != before:
                turns.append(now["frames"] - before["frames"])
    each_s = (time.thread_time() - began_s) / len(turns)
    flood.stopping.set()
    await end(task)
    assert (max(turns) <= 1, each_s < 0.025) == (True, True), "everybody else waits for the flood"


async def test_a_flood_that_nobody_takes_waits_in_the_kernel_and_not_in_memory(line: Line) -> None:
    reader = _Reader(SerialSettings("radar", "micradar", line.name), asyncio.get_running_loop())
    flood = Flood(line.far, NOISE)
    reader.start()
    await until_true(lambda: reader.is_open)
    flood.start()
    await until_true(reader._chunks.full)
    await asyncio.sleep(0.3)  # and nothing more comes
    assert sum(map(len, reader._chunks.queue)) <= 64 * 4096
    assert flood.sent < 1_000_000
    flood.stopping.set()
    line.unplug()
    await asyncio.to_thread(reader.stop)
    assert not reader.is_alive()


async def test_after_a_flood_of_garbage_the_next_frame_is_heard(line: Line) -> None:
    driver, heard, flood = port(line.name), Heard(1), Flood(line.far, FALSE_STARTS)
    async with running(driver, heard):
        await opened(driver)
        flood.start()
        await until_true(lambda: driver.health()["discarded"] > 300_000)
        flood.stopping.set()
        await until_true(lambda: not flood.is_alive())
        os.write(line.far, FALL * 10)
        await until(heard.enough)
    assert set(heard.payloads) == {FALL}


def test_a_line_speaks_at_the_rate_its_device_is_sold_with_unless_told_otherwise() -> None:
    for codec, baud in BAUDS.items():
        assert SerialSettings("radar", codec, "/dev/ttyUSB0").rate == baud
        assert SerialSettings("radar", codec, "/dev/ttyUSB0", 9600).rate == 9600
