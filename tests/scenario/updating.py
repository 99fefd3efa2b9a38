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

_READ_ONLY = """\
set -e
mount --make-rprivate /
for kept in agent locks program; do mount --bind {folder}/$kept {folder}/$kept; done
mount -o remount,bind,ro {folder}/program
for shared in /tmp /var/tmp /dev/shm; do
    if mountpoint -q $shared; then mount -o remount,bind,ro $shared; fi
done
mount -o remount,bind,ro /
if touch {folder}/probe /etc/probe /var/tmp/probe 2>/dev/null; then echo "not read-only" >&2; exit 9; fi
exec "$@"
"""


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
    remount: bool = False
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _agent: subprocess.Popen[bytes] | None = None
    _guard: subprocess.Popen[bytes] | None = None

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

    def make_read_only(self) -> None:
        """From now on each command sees a machine of which only the data and the guard's locks can be
        written: not even the program, unless the guard mounts it anew.
        """
        for folder in ("agent", "locks"):
            (self.folder / folder).mkdir(exist_ok=True)
        script = self.folder / "read-only"
        script.write_text(_READ_ONLY.format(folder=self.folder))
        self.around = ("unshare", "--mount", "sh", str(script))
        self.remount = True

    def guarding(self, what: str) -> list[str]:
        """The command of the guard, from the version it is to be run from."""
        trusted = self.places.trusted if self.places.trusted.is_symlink() else self.places.current
        options = {
            "program": self.program, "data": self.folder / "agent", "key": self.key,
            "locks": self.folder / "locks", "within": self.within_s, "restart": f"sh {self.folder}/restart",
        }  # fmt: skip
        said = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        python = str(trusted / "bin" / "python")
        remount = ["--remount"] if self.remount else []
        return [*self.around, python, "-m", "edge_agent.update", *said, *remount, what]

    @property
    def environments(self) -> int:
        """How many there are, whole or not."""
        return sum(not path.is_symlink() for path in self.program.glob("env-*"))

    def kill_guard(self) -> None:
        """End the guard and what it runs, as the end of a unit does; it is run again."""
        if self._guard is not None and self._guard.poll() is None:
            os.killpg(self._guard.pid, signal.SIGKILL)

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
            subprocess.run(self.guarding("start"), check=False)
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
        """As systemd does: when the agent's folder has changed, and again and again during a trial."""
        seen = 0
        while not self._stopping.wait(0.1):
            asked, on_trial = self.places.asked, (self.folder / "locks" / "trial").exists()
            changed = asked.stat().st_mtime_ns if asked.exists() else 0
            if changed == seen and not on_trial:
                continue
            seen = changed
            self._guard = subprocess.Popen(self.guarding("look"), start_new_session=True)
            if self._guard.wait() == -signal.SIGKILL:
                seen = 0
            self._stopping.wait(0.5)


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
