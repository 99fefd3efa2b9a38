"""Installs, switches and goes back: as root, and always from the version that has proved itself.

What this is: the one writer of the program's folder. It runs before each start of the agent (``start``: only
links and the record, so it is fast) and now and then beside it (``look``). What it is not: it decides nothing
about time or health (``trial``) and asks no network. The one idea: the record says what is meant before the
link says what is, and every step can be done again; killed between any two, the next run ends it.

What the agent's user has written is a stranger's: every file is checked anew against the signature, after it
was copied to where only root writes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from edge_agent.clock import boot_id, uptime_s
from edge_agent.update import environment
from edge_agent.update.environment import InstallError, User
from edge_agent.update.places import Installed, Mark, Outcome, Places, Record, Request, point, read, write
from edge_agent.update.trial import WITHIN_S, Trial, Verdict, judge, seen
from edge_agent.version import version
from firmware_protocols.wire.release import BadRelease, Release, is_signed, objection, parse

log = logging.getLogger(__name__)

LOCKS: Final = Path("/run/anban-guard")
RESTART: Final = "systemctl restart anban-edge.service"
BY_HAND: Final = "by hand"
_SPARE_BYTES: Final = 64 * 1024 * 1024
_CHUNK: Final = 1024 * 1024


class AlarmOpenError(OSError):
    """The program must not be changed now."""


@dataclass(frozen=True, slots=True)
class Guard:
    """``restart``: the command that starts the agent anew. ``remount``: the program's folder is a mount of
    its own that is writable only while we write.
    """

    places: Places
    locks: Path = LOCKS
    within_s: float = WITHIN_S
    restart: str = RESTART
    remount: bool = False

    def start(self) -> None:
        """The agent is about to start: switch if it asked for it, judge a trial."""
        with self._alone("step"), self._writable():
            record = self._record()
            if record.trial is None:
                self._trust_what_runs()
                self._begin(record)
            else:
                self._go_on(record, seen(record.trial, boot_id(), uptime_s(), starting=True), starting=True)

    def look(self) -> None:
        """Install what the agent has fetched, judge a trial; start the agent anew when it must go back."""
        self._install_if_asked()
        with self._alone("step"):
            record = self._record()
            if record.trial is None:
                return
            with self._writable():
                trial = seen(record.trial, boot_id(), uptime_s(), starting=False)
                goes_back = self._go_on(record, trial, starting=False)
        if goes_back:
            subprocess.run(shlex.split(self.restart), check=False)

    def switch(self, env: str, new: str, *, anyway: bool = False) -> None:
        """Put ``env`` with version ``new``, which a person has installed, on trial at the next start.

        Raises:
            AlarmOpenError: somebody is asked or helped now, and it is not to be done ``anyway``.
        """
        if self.places.alarm.exists() and not anyway:
            raise AlarmOpenError("an alarm of this home is open: wait until it is over, or say --anyway")
        with self._alone("step"), self._writable():
            record = self._record()
            before = self.places.trusted if self.places.trusted.is_symlink() else self.places.current
            trial = Trial(
                f"{BY_HAND} {env}",
                new,
                env,
                before.resolve().name,
                record.serial,
                boot_id(),
                uptime_s(),
            )
            write(self.places.record, replace(record, installed=None, trial=trial))
            self.on_trial.touch()

    @property
    def on_trial(self) -> Path:
        """There while something is on trial, so that nobody looks in vain once a minute."""
        return self.locks / "trial"

    # -- the trial ---------------------------------------------------------------------------------

    def _begin(self, record: Record) -> None:
        go, found = read(Mark, self.places.go), record.installed
        if go is None or found is None or go.id != found.id:
            return
        before = self.places.current.resolve().name
        trial = Trial(
            found.id, found.version, found.env, before, found.serial, boot_id(), uptime_s(), starts=1
        )
        serial = max(record.serial, found.serial)
        write(self.places.record, replace(record, serial=serial, installed=None, trial=trial))
        self.on_trial.touch()
        point(self.places.current, trial.env)
        log.info("on trial version=%s", trial.version)

    def _go_on(self, record: Record, trial: Trial, *, starting: bool) -> bool:
        """Do what the trial calls for; return whether the agent must be started anew to go back."""
        mark = read(Mark, self.places.committed)
        committed = mark is not None and mark.id == trial.id
        verdict, reason = judge(trial, uptime_s(), committed=committed, within_s=self.within_s)
        if verdict is Verdict.KEEP:
            point(self.places.trusted, trial.env)
            point(self.places.current, trial.env)
            self._end(record, Outcome(trial.id, trial.version, "kept"))
        elif verdict is Verdict.BACK:
            trial = replace(trial, back=reason)
            self._keep(record, trial)
            point(self.places.current, trial.before)
            if not starting:
                return True
            refused = {**record.refused, trial.version: reason}
            self._end(replace(record, refused=refused), Outcome(trial.id, trial.version, "back", reason))
        else:
            self._keep(record, trial)
            self.on_trial.touch()
            if starting:
                point(self.places.current, trial.env)
        return False

    def _keep(self, record: Record, trial: Trial) -> None:
        if trial != record.trial:
            write(self.places.record, replace(record, trial=trial))

    def _end(self, record: Record, outcome: Outcome) -> None:
        write(self.places.record, replace(record, trial=None, last=outcome))
        self.on_trial.unlink(missing_ok=True)
        log.warning("trial over version=%s %s %s", outcome.version, outcome.state, outcome.reason)

    def _trust_what_runs(self) -> None:
        """The first start after the installation: there is one version, and it is the trusted one."""
        if not self.places.trusted.is_symlink() and self.places.current.is_symlink():
            point(self.places.trusted, self.places.current.resolve().name)

    # -- the installation --------------------------------------------------------------------------

    def _install_if_asked(self) -> None:
        request, staged, record = (
            read(Request, self.places.request), read(Mark, self.places.staged), self._record(),
        )  # fmt: skip
        if request is None or staged is None or staged.id != request.id or record.trial is not None:
            return
        if request.id in {record.last and record.last.id, record.installed and record.installed.id}:
            return
        with self._alone("install"), self._writable():
            try:
                self._installed(self._install(request, record))
            except (BadRelease, InstallError, OSError, ValueError) as error:
                log.warning("not installed version=%s reason=%s", request.version, error)
                self._failed(Outcome(request.id, request.version, "failed", str(error)))

    def _install(self, request: Request, record: Record) -> Installed:
        if not is_signed(request.document, request.signature, self.places.key.read_bytes()):
            raise BadRelease("not signed by our key")
        release = parse(request.document)
        refusal = objection(
            release,
            running=version(),
            serial=record.serial,
            refused=record.refused,
            again=request.again,
        )
        if refusal:
            raise BadRelease(refusal)
        kept = {record.installed.env} if record.installed else set()
        environment.forget_others(self.places.program, kept)
        _check_room(self.places.program, release)
        incoming = self.places.program / "incoming"
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(mode=0o755)
        try:
            for file in release.files:
                copy_checked(self.places.files / file.name, incoming / file.name, file.size, file.sha256)
            env = (
                f"{environment.PREFIX}{release.version}-{hashlib.sha256(request.id.encode()).hexdigest()[:8]}"
            )
            shutil.rmtree(self.places.program / env, ignore_errors=True)
            environment.make(self.places.program, env, incoming, release.version, self._agents_user())
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return Installed(request.id, release.version, env, release.serial)

    def _installed(self, installed: Installed) -> None:
        with self._alone("step"):
            write(self.places.record, replace(self._record(), installed=installed))
        log.info("installed version=%s", installed.version)

    def _failed(self, outcome: Outcome) -> None:
        with self._alone("step"):
            write(self.places.record, replace(self._record(), last=outcome))

    def _agents_user(self) -> User | None:
        """Whose the agent's folder is, when we may become that user."""
        folder = self.places.asked.stat()
        return User(folder.st_uid, folder.st_gid) if os.geteuid() == 0 else None

    # -- tools -------------------------------------------------------------------------------------

    def _record(self) -> Record:
        return read(Record, self.places.record) or Record()

    @contextlib.contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """One at a time does ``what``; the kernel lets go when it dies."""
        self.locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.locks / what).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _writable(self) -> Iterator[None]:
        """The program's folder can be written meanwhile."""
        if not self.remount:
            yield
            return
        with (self.locks / "writing").open("w") as writing:
            fcntl.flock(writing, fcntl.LOCK_SH)
            self._mount("rw")
            try:
                yield
            finally:
                with contextlib.suppress(BlockingIOError):  # another still writes, and closes behind itself
                    fcntl.flock(writing, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._mount("ro")

    def _mount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,bind,{how}", str(self.places.program)], check=True)


def copy_checked(source: Path, target: Path, size: int, sha256: str) -> None:
    """Copy a file that a stranger owns; it must be a plain file with just this content.

    Raises:
        InstallError: it is not.
        OSError: it cannot be read, or the copy not be written.
    """
    digest, left = hashlib.sha256(), size
    handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as reading, target.open("wb") as writing:  # noqa: PTH123 - a file descriptor
        while left and (part := reading.read(min(left, _CHUNK))):
            digest.update(part)
            writing.write(part)
            left -= len(part)
        if left or reading.read(1) or digest.hexdigest() != sha256:
            raise InstallError(f"{source.name} is not the file of the release")


def _check_room(folder: Path, release: Release) -> None:
    """Room for the wheels, for what is unpacked of them, and some to spare."""
    needed, free = 4 * release.size + _SPARE_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise InstallError(f"{free >> 20} MiB are free in {folder}, {needed >> 20} are needed")
