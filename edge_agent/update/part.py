"""The agent's part in an update: take the cloud's word, fetch, wait until nobody is in danger, and leave.

What this is not: it installs nothing and switches nothing (``guard``). The one idea: where an update stands
is read from the files of ``places`` each time, so a kill at any moment costs at most the part of a download;
and a version on trial proves itself by a batch of its own that the cloud has committed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
import secrets
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge_agent.clock import Clock
from edge_agent.identity import Cloud
from edge_agent.outbox import Outbox
from edge_agent.rules.sight import GATEWAY_DEVICE
from edge_agent.update.calm import OpenAlarms, hold
from edge_agent.update.fetch import FetchError, fetch
from edge_agent.update.places import Mark, Places, Record, Request, read, write
from edge_agent.version import version
from firmware_protocols.model import Event, EventKind
from firmware_protocols.wire.control import Update
from firmware_protocols.wire.release import BadRelease, Release, is_signed, objection, parse
from firmware_protocols.wire.topics import Lane

log = logging.getLogger(__name__)

LOOK_S: Final = 2.0
FETCH_AGAIN_S: Final = 60.0
"""[D] After a fetch that failed for a reason that may pass; the cloud of a whole city has been away then."""


class UpdateRefused(Exception):  # noqa: N818 - an answer to the cloud, not a failure
    """The release is not taken; ``str()`` says why."""


@dataclass(slots=True)
class Updates:
    """Run it. ``leave`` ends the agent; ``settled`` is told of every commit-ack."""

    places: Places
    cloud: Cloud
    outbox: Outbox
    clock: Clock
    alarms: OpenAlarms
    is_online: Callable[[], bool]
    wake: Callable[[], None] = lambda: None
    leave: Callable[[], None] = lambda: None
    look_s: float = LOOK_S
    _update: Update = field(default_factory=Update)
    _trial: str = ""
    _made_from: dict[Lane, int] = field(default_factory=dict)
    _fetch_at_s: float = 0.0

    def state(self) -> Update:
        """For the heartbeat."""
        return self._update

    def order(self, args: Mapping[str, Any]) -> str:
        """``{document, signature, again?}``: take up a release; both texts are base 64.

        Raises:
            UpdateRefused: it is not ours, too old, or was taken back before; or the disk takes nothing.
        """
        document, signature = _bytes(args, "document"), _bytes(args, "signature")
        again = args.get("again") is True
        release = self._checked(document, signature, again=again)
        if release.version == version():
            return f"{release.version} runs"
        before = read(Request, self.places.request)
        if before is not None and before.document == document and not again:
            return f"{release.version} is under way"
        try:
            self.places.asked.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._forget_marks()
            write(
                self.places.request,
                Request(secrets.token_hex(8), release.version, document, signature, again),
            )
        except OSError as error:
            raise UpdateRefused(f"cannot be noted: {error.strerror}") from error
        self._fetch_at_s, self._update = 0.0, Update(release.version, "fetching")
        log.info("update asked for version=%s", release.version)
        return f"{release.version} is taken up"

    async def run(self) -> None:
        """Carry on with whatever is under way, until cancelled."""
        self._begin_proof()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_showing_alarm())
            group.create_task(self._keep_looking())

    def settled(self, epoch: str, lane: Lane, firsts: Iterable[int]) -> None:
        """The cloud has committed these batches: on trial, one that we have made is the proof."""
        if not self._trial or epoch != self.outbox.epoch:
            return
        if any(first >= self._made_from[lane] for first in firsts):
            try:
                write(self.places.committed, Mark(self._trial))
            except OSError as error:
                log.warning("proof cannot be noted reason=%s", error.strerror)
                return
            log.info("the cloud has committed a batch of this version")
            self._trial = ""

    # -- on trial ----------------------------------------------------------------------------------

    def _begin_proof(self) -> None:
        """If this very program is on trial: send something that the cloud can commit."""
        trial = self._record().trial
        if trial is None or Path(sys.prefix).resolve().name != trial.env or self._made_from:
            return
        now, stamp = self.clock.moment()
        self.outbox.flush(now)
        self._made_from = {lane: state.next for lane, state in self.outbox.lanes(now).items()}
        self._trial = trial.id
        self.outbox.append([Event(GATEWAY_DEVICE, EventKind.RESTARTED, trial.version, now)], stamp, now)
        self.wake()

    # -- on the way there --------------------------------------------------------------------------

    async def _keep_showing_alarm(self) -> None:
        """Beside all else: a download may take hours."""
        while True:
            self._show_alarm()
            await asyncio.sleep(self.look_s)

    async def _keep_looking(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(self.look_s)

    def _show_alarm(self) -> None:
        """For whoever wants to change the program by hand."""
        is_open = self.alarms.count(self.clock.now()) > 0
        if is_open == self.places.alarm.exists():
            return
        with contextlib.suppress(OSError):
            if is_open:
                self.places.asked.mkdir(mode=0o700, parents=True, exist_ok=True)
                write(self.places.alarm, Mark("open"))
            else:
                self.places.alarm.unlink()

    async def _look(self) -> None:
        record, request = self._record(), read(Request, self.places.request)
        if record.trial is not None:
            self._update = Update(record.trial.version, "trial")
        elif record.last is not None and (request is None or request.id == record.last.id):
            self._update = Update(record.last.version, record.last.state, record.last.reason)
            if request is not None:
                self._tidy()
        elif request is not None:
            await self._carry_on(record, request)

    async def _carry_on(self, record: Record, request: Request) -> None:
        staged = read(Mark, self.places.staged)
        if record.installed is not None and record.installed.id == request.id:
            self._go_when_calm(request)
        elif staged is not None and staged.id == request.id:
            self._update = Update(request.version, "installing")
        elif self._update.state != "failed" or self._update.version != request.version:
            await self._fetch(request)

    async def _fetch(self, request: Request) -> None:
        if self.clock.elapsed_s() < self._fetch_at_s:
            return
        if self._update.state != "fetching":
            self._update = Update(request.version, "fetching")
        try:
            release = self._checked(request.document, request.signature, again=request.again)
            await self._fetch_files(release)
            write(self.places.staged, Mark(request.id))
        except FetchError as error:
            self._not_fetched(request, str(error), final=error.final)
        except UpdateRefused as error:
            self._not_fetched(request, str(error), final=True)
        except OSError as error:
            self._not_fetched(request, str(error.strerror), final=False)
        else:
            self._update = Update(request.version, "installing")

    async def _fetch_files(self, release: Release) -> None:
        """In a thread, which must not outlive us: the agent may have to end at any moment."""
        over = threading.Event()
        try:
            await asyncio.to_thread(fetch, self.cloud, release, self.places.files, over.is_set)
        finally:
            over.set()

    def _not_fetched(self, request: Request, reason: str, *, final: bool) -> None:
        if self._update.reason != reason:
            log.warning("update not fetched version=%s reason=%s", request.version, reason)
        self._update = Update(request.version, "failed" if final else "fetching", reason)
        self._fetch_at_s = self.clock.elapsed_s() + FETCH_AGAIN_S

    def _go_when_calm(self, request: Request) -> None:
        now = self.clock.now()
        reason = hold(
            alarms=self.alarms.count(now),
            online=self.is_online(),
            waiting=self.outbox.lanes(now)[Lane.ALARM].depth,
        )
        self._update = Update(request.version, "waiting", reason)
        if reason:
            return
        try:
            write(self.places.go, Mark(request.id))
        except OSError as error:
            self._update = Update(request.version, "waiting", f"cannot be noted: {error.strerror}")
            return
        log.info("nobody is in danger: leaving for the update version=%s", request.version)
        self.leave()

    # -- tools -------------------------------------------------------------------------------------

    def _checked(self, document: bytes, signature: bytes, *, again: bool) -> Release:
        """The release, if we may take it.

        Raises:
            UpdateRefused: we may not.
        """
        record = self._record()
        try:
            if not is_signed(document, signature, self.places.key.read_bytes()):
                raise UpdateRefused("not signed by the key of this gateway")
            release = parse(document)
        except OSError as error:
            raise UpdateRefused(f"this gateway has no key of releases: {self.places.key}") from error
        except (BadRelease, ValueError) as error:
            raise UpdateRefused(str(error)) from error
        refusal = objection(
            release, running=version(), serial=record.serial, refused=record.refused, again=again
        )
        if refusal:
            raise UpdateRefused(refusal)
        return release

    def _record(self) -> Record:
        return read(Record, self.places.record) or Record()

    def _tidy(self) -> None:
        """What is decided needs no files."""
        self._forget_marks()
        self.places.request.unlink(missing_ok=True)
        shutil.rmtree(self.places.files, ignore_errors=True)

    def _forget_marks(self) -> None:
        for mark in (self.places.staged, self.places.go, self.places.committed):
            mark.unlink(missing_ok=True)


def _bytes(args: Mapping[str, Any], name: str) -> bytes:
    value = args.get(name)
    if not isinstance(value, str) or not value:
        raise UpdateRefused(f"needs a text {name!r}")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UpdateRefused(f"{name!r} is not base 64") from error
