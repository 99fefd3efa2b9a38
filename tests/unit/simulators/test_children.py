"""Child processes: reported when they die, stopped when we stop, and never left behind."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from simulators import children
from simulators.children import ChildError
from simulators.system import free_port, web_port


async def test_a_child_that_dies_is_reported_with_its_last_words(tmp_path: Path) -> None:
    child = await children.start("no_such_module", log=tmp_path / "log")
    with pytest.raises(ChildError, match=r"status 1\n.*No module named no_such_module"):
        await child.ended()


async def test_a_child_that_never_gets_ready_is_reported(tmp_path: Path) -> None:
    child = await children.start("no_such_module", log=tmp_path / "log", says_ready=True)
    with pytest.raises(ChildError, match="did not get ready"):
        await child.ready()
    await child.stop()


async def test_stopping_twice_is_fine(tmp_path: Path) -> None:
    child = await children.start("http.server", "0", "--bind", "127.0.0.1", log=tmp_path / "log")
    assert child.running
    await child.stop()
    await child.stop()
    assert not child.running


async def test_a_child_that_ignores_the_signal_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "STOP_S", 0.3)
    (tmp_path / "stubborn.py").write_text(
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('{\"ready\": true}', flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {"PYTHONPATH": str(tmp_path)}
    child = await children.start("stubborn", log=tmp_path / "log", environment=environment, says_ready=True)
    await child.ready()
    await child.stop()
    assert not child.running


async def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from simulators import children
        async def main():
            child = await children.start("http.server", "0", "--bind", "127.0.0.1", log=Path(sys.argv[1]))
            print(child.pid, flush=True)
            await asyncio.sleep(60)
        asyncio.run(main())
    """)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path / "log"), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout
    orphan = psutil.Process(int(await parent.stdout.readline()))
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(60):
        while psutil.pid_exists(orphan.pid) and orphan.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)


async def test_a_port_in_use_is_said_in_words() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(ValueError, match=f"port {port} is in use"):
        web_port(port)
    server.close()
    await server.wait_closed()
    assert web_port(free_port()) > 0
