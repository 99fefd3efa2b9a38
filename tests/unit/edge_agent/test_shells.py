"""The shells around the pure parts: supervision, sound, the link, the command line. All real."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from edge_agent import link as link_module
from edge_agent import supervise as supervision
from edge_agent.__main__ import main
from edge_agent.app import _locked
from edge_agent.drivers import DriverError
from edge_agent.link import Identity, Link, Offline, Outgoing
from edge_agent.prompt import CommandPrompt, Phrase
from edge_agent.settings import UplinkSettings
from edge_agent.supervise import Backoff, supervise
from firmware_protocols.serial import micradar
from tests.unit.edge_agent.lines import Line, end, until, until_true

ROOT = Path(__file__).resolve().parents[3]


# -- supervise ---------------------------------------------------------------------------------------


async def test_a_failing_part_is_restarted_and_each_new_reason_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runs, done = [0], asyncio.Event()

    async def part() -> None:
        runs[0] += 1
        if runs[0] >= 8:
            done.set()
        if runs[0] < 5:
            raise ExceptionGroup("of a group of tasks", [DriverError("gone")])
        raise DriverError("in use")

    task = asyncio.create_task(supervise("radar", part, first_s=0.001, most_s=0.002))
    await until(done)
    await asyncio.sleep(0)
    await end(task)
    reasons = [r.getMessage().split("reason=")[1] for r in caplog.records if "restarting" in r.getMessage()]
    assert reasons == ["DriverError: gone", "DriverError: in use"]


async def test_a_part_that_waits_for_what_somebody_else_has_cancelled_is_begun_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runs: asyncio.Queue[int] = asyncio.Queue()

    async def part() -> None:
        runs.put_nowait(1)
        given_up = asyncio.get_running_loop().create_future()
        given_up.cancel()
        await given_up

    task = asyncio.create_task(supervise("radio", part, first_s=0.001, most_s=0.002))
    for _ in range(3):
        await asyncio.wait_for(runs.get(), 60)
    await end(task)
    assert caplog.text.count("something that it waited for was cancelled") == 1, "said once"


async def test_a_part_that_runs_long_enough_is_called_well_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "STABLE_S", 0.01)
    runs, done = [0], asyncio.Event()

    async def part() -> None:
        runs[0] += 1
        if runs[0] == 1:
            raise OSError("gone")
        await asyncio.sleep(0.05)
        done.set()
        await asyncio.Event().wait()

    with caplog.at_level(logging.INFO):
        task = asyncio.create_task(supervise("radar", part, first_s=0.001))
        await until(done)
        await end(task)
    assert [r.getMessage() for r in caplog.records][-1] == "running again part=radar"


def test_waits_double_to_a_limit_with_jitter_and_start_over() -> None:
    backoff = Backoff(1.0, 8.0)
    waits = [backoff.next_s() for _ in range(6)]
    for wait, nominal in zip(waits, (1, 2, 4, 8, 8, 8), strict=True):
        assert 0.75 * nominal <= wait <= 1.25 * nominal
    backoff.reset()
    assert backoff.next_s() <= 1.25


# -- sound -------------------------------------------------------------------------------------------


async def test_the_sound_command_is_run_for_each_phrase(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    script = f"import sys; open({str(heard)!r}, 'a').write(sys.argv[1] + chr(10))"
    prompt = CommandPrompt([sys.executable, "-c", script, "{phrase}.wav"])
    task = asyncio.create_task(prompt.run())
    prompt.play(Phrase.FIRE)
    prompt.play(Phrase.GAS)
    await until_true(lambda: heard.exists() and heard.read_text() == "fire.wav\ngas.wav\n")
    await end(task)


async def test_a_sound_command_that_is_missing_is_said_once_and_hurts_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    prompt = CommandPrompt(["/no/such/player", "{phrase}"])
    task = asyncio.create_task(prompt.run())
    for _ in range(20):
        prompt.play(Phrase.FIRE)
        await asyncio.sleep(0.005)
    assert not task.done()
    await end(task)
    assert len([r for r in caplog.records if "sound command" in r.getMessage()]) == 1


def test_many_phrases_at_once_keep_only_the_newest() -> None:
    prompt = CommandPrompt(["true"])
    for phrase in [Phrase.FIRE] * 50 + [Phrase.GAS]:
        prompt.play(phrase)
    assert prompt._phrases.qsize() == CommandPrompt.WAITING


# -- the link ----------------------------------------------------------------------------------------


async def test_a_dead_network_thread_ends_the_run_so_that_it_is_started_again() -> None:
    """paho refuses this will topic with an exception on the thread; nobody may wait for ever."""
    identity = Identity("gw-1", (), Outgoing("", b""))
    with pytest.raises(ValueError, match="topic"):
        async with asyncio.timeout(60):
            await Link(UplinkSettings("127.0.0.1", secret="s"), identity, lambda _event: None).run()


async def test_a_broker_that_accepts_and_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen broker's kernel still accepts connections."""
    monkeypatch.setattr(link_module, "CONNECT_S", 0.2)
    gave_up = asyncio.Event()
    events: list[object] = []

    def note(event: object) -> None:
        events.append(event)
        gave_up.set()

    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings = UplinkSettings("127.0.0.1", mute.getsockname()[1], secret="s")
        identity = Identity("gw-1", (), Outgoing("will", b""))
        task = asyncio.create_task(Link(settings, identity, note).run())
        await until(gave_up)
        await end(task)
    assert events == [Offline("no answer from the broker")]


async def test_an_alarm_that_waits_does_not_sit_out_a_long_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "HURRIED_RETRY_S", 0.05)
    monkeypatch.setattr(Backoff, "next_s", lambda _self: 600.0)
    attempts: asyncio.Queue[object] = asyncio.Queue()
    identity = Identity("gw-1", (), Outgoing("will", b""))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens: every attempt is refused at once
        settings = UplinkSettings("127.0.0.1", closed.getsockname()[1], secret="s")
        link = Link(settings, identity, attempts.put_nowait)
        task = asyncio.create_task(link.run())
        await attempts.get()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await attempts.get()
        link.hurry()
        async with asyncio.timeout(60):
            await attempts.get()
        await end(task)


# -- the command line --------------------------------------------------------------------------------

CONFIG = """
[gateway]
id = "gw-1"
shard = 3
data_dir = "{folder}"
[uplink]
host = "127.0.0.1"
secret = "s"
[[serial]]
name = "radar-bath"
codec = "micradar"
port = "{port}"
room = "bathroom"
"""


def config(folder: Path, text: str = CONFIG, port_name: str = "/dev/null") -> list[str]:
    file = folder / "edge.toml"
    file.write_text(text.format(folder=folder / "data", port=port_name))
    return ["--config", str(file)]


def test_check_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *config(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "gateway gw-1, shard 3" in out
    assert "WITHOUT TLS" in out
    assert "radar radar-bath in bathroom" in out
    assert "serial port /dev/null for radar-bath: micradar at 115200 baud" in out
    assert "drivers: serial/radar-bath" in out
    assert "BAD" not in out


def test_check_fails_for_a_port_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *config(tmp_path, port_name="/dev/ttyNOPE")]) == 2
    assert "BAD  serial port /dev/ttyNOPE for radar-bath" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["run", "check", "listen"])
def test_a_wrong_configuration_is_one_line_and_exit_code_2(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, *config(tmp_path, CONFIG.replace("room =", "romm ="))]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "unknown key 'romm' in [serial]; did you mean 'room'?" in error


async def test_listen_prints_what_a_device_says(tmp_path: Path, line: Line) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "edge_agent", "listen", *config(tmp_path, port_name=line.name)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            while b"serial port open" not in await process.stderr.readline():
                continue
            os.write(line.far, micradar.encode_heart_rate(65))
            text = (await process.stdout.readline()).decode()
        assert "radar-bath micradar heart_rate 65 beat/min (good)" in text
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_what_the_agent_keeps_is_for_no_other_eyes(tmp_path: Path) -> None:
    lock = _locked(tmp_path / "var" / "agent")
    os.close(lock)
    assert stat.S_IMODE((tmp_path / "var" / "agent").stat().st_mode) == 0o700
