"""A machine with environments, a service manager and releases: what an update needs around an agent.

The wheels are built from this checkout with other version numbers; the environments find what the program
needs in the environment that runs the tests. The service manager is forty lines: the guard before each start,
the agent, and the guard now and then beside it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cloud.releases.command import describe
from edge_agent.update.places import Places, Record, read
from tests.harness import ROOT, System
from tests.scenario.edge_home import Radar

_PACKAGES = ("firmware_protocols", "edge_agent")
_MUTE = ("for frozen in chosen:", "for frozen in [one for one in chosen if one.key.lane is Lane.BULK]:")
"""In ``edge_agent/uplink.py``: a version that never sends an alarm or event."""


@dataclass
class Press:
    """Makes wheels and releases; its secret key never goes anywhere else."""

    folder: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public_key.write_bytes(pem)

    @property
    def public_key(self) -> Path:
        return self.folder / "release.pub"

    def wheel(self, version: str, *, mute: bool = False) -> Path:
        """The program's wheel as ``version``; ``mute``: it starts and says READY, and delivers nothing."""
        source, out = self.folder / f"source-{version}", self.folder / version
        source.mkdir()
        for package in _PACKAGES:
            shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("README.md", "LICENSE", "anban.py"):
            shutil.copy(ROOT / name, source)
        project = (ROOT / "pyproject.toml").read_text()
        project = project.replace('version = "0.1.0"', f'version = "{version}"')
        packages = '"firmware_protocols", "edge_agent", "cloud", "dashboards", "simulators"'
        assert packages in project
        (source / "pyproject.toml").write_text(
            project.replace(packages, '"firmware_protocols", "edge_agent"')
        )
        if mute:
            uplink = source / "edge_agent" / "uplink.py"
            text = uplink.read_text()
            assert _MUTE[0] in text
            uplink.write_text(text.replace(*_MUTE))
        run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
            cwd=source, env={**os.environ, "HATCH_BUILD_NO_HOOKS": "true"},
        )  # fmt: skip
        return out / f"anban-{version}-py3-none-any.whl"

    def release(self, version: str, serial: int, *, downgrade: bool = False) -> Path:
        """The signed document of a wheel that was made; the signature lies beside it."""
        document = self.folder / version / "release.json"
        document.write_text(describe(document.parent, version, serial, downgrade))
        document.with_name("release.sig").write_bytes(self.key.sign(document.read_bytes()))
        return document


@dataclass
class Machine:
    """The gateway's computer below ``folder``: ``program``, ``data`` and whoever starts the agent."""

    folder: Path
    config: Path
    key: Path
    radar: Radar
    within_s: float = 300.0
    around: Sequence[str] = ()
    """What each command is run by: a namespace of its own, say."""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _agent: subprocess.Popen[bytes] | None = None

    @property
    def program(self) -> Path:
        return self.folder / "program"

    @property
    def log(self) -> Path:
        return self.folder / "agent" / "agent.log"

    def said(self) -> str:
        """The agent's log."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def places(self) -> Places:
        return Places(self.program, self.folder / "agent" / "update", self.key)

    @property
    def record(self) -> Record:
        return read(Record, self.places.record) or Record()

    @property
    def runs(self) -> str:
        """Which environment the link leads to."""
        return self.places.current.resolve().name

    def install(self, wheel: Path, name: str = "env-first") -> None:
        """What ``deploy/gateway/install`` does, without a network."""
        env = self.program / name
        self.program.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-m", "venv", "--without-pip", str(env)])
        packages = next(env.glob("lib/python*/site-packages"))
        (packages / "needs.pth").write_text(sysconfig.get_path("purelib") + "\n")
        run(
            [str(env / "bin" / "python"), "-m", "pip", "install", "-q", "--no-index", "--no-deps", str(wheel)]
        )
        self.places.current.symlink_to(name)

    def guard(self, *words: str, python: str = "", wrap: str = "") -> subprocess.CompletedProcess[str]:
        """One run of the guard, from the version it is to be run from."""
        trusted = self.places.trusted if self.places.trusted.is_symlink() else self.places.current
        interpreter = python or str(trusted / "bin" / "python")
        module = ["-c", wrap] if wrap else ["-m", "edge_agent.update"]
        options = {
            "program": self.program, "data": self.folder / "agent", "key": self.key,
            "locks": self.folder / "locks", "within": self.within_s, "restart": f"sh {self.folder}/restart",
        }  # fmt: skip
        said = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        return subprocess.run(
            [*self.around, interpreter, *module, *said, *words], capture_output=True, text=True, check=False
        )

    @contextmanager
    def on(self) -> Iterator[None]:
        """The machine is switched on for the length of a block."""
        self._stopping.clear()
        (self.folder / "agent").mkdir(exist_ok=True)
        self._threads = [threading.Thread(target=self._keep_running), threading.Thread(target=self._look)]
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self.kill()
            for thread in self._threads:
                thread.join()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End the agent; it is started again."""
        agent = self._agent
        if agent is not None and agent.poll() is None:
            os.killpg(agent.pid, number)

    def _keep_running(self) -> None:
        while not self._stopping.is_set():
            self.guard("start")
            command = [*self.around, str(self.places.current / "bin" / "anban-edge"), "run", "--config"]
            with self.log.open("ab") as log:
                self._agent = subprocess.Popen(
                    [*command, str(self.config)], stdout=log, stderr=log, start_new_session=True
                )
            (self.folder / "restart").write_text(f"kill -KILL -{self._agent.pid}\n")
            if self._stopping.is_set():
                self.kill()
            self._agent.wait()
            self._stopping.wait(0.2)

    def _look(self) -> None:
        while not self._stopping.wait(0.5):
            done = self.guard("look")
            if done.stderr:
                with (self.folder / "guard.log").open("a") as log:
                    log.write(done.stderr)


def run(command: Sequence[str], **options: object) -> None:
    """Run ``command``; what it says is shown when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr


def release(system: System, *words: str) -> str:
    """``anban-cloud release`` on the running cloud."""
    what, *rest = words
    done = subprocess.run(
        [sys.executable, "-m", "cloud", "release", what, "--data", str(system.data), *rest],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
