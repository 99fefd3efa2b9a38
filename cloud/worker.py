"""What nobody asked for just now: timers that run out, ladders that go on, messages that are due.

What this is: one loop per kind of row with a ``due_at``. What it is not: a scheduler; the rows are the
schedule, so any number of workers may run and none remembers anything. The one idea: a notification from
the database wakes the loops at once and a short poll makes sure, of one idle hand for all of its kind; a row
that fails is set aside for a while and one that takes long has a hand of its own, so that neither holds up
the next.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import psycopg

from cloud import notify, trace
from cloud.db import Connection, Pool
from cloud.detect.routine import look as routine
from cloud.detect.routine import store as routine_store
from cloud.detect.rules import areas
from cloud.detect.rules import store as rules
from cloud.detect.vitals import store as vitals
from cloud.dispatch import ladder
from cloud.incidents import grants, store
from cloud.metrics import FAILED_ROWS, LOOPS, WORKED_ROWS
from cloud.notify import deliver, overdue, webpush
from cloud.notify.probe import Prober, by_channel
from cloud.notify.sms_modem import Port
from cloud.people import tenancy
from cloud.privacy import erase, retention, reviews
from cloud.privacy import tasks as consents
from cloud.releases import store as releases
from cloud.report import keeper as reports
from cloud.sealed import keyring
from cloud.series import keeper as series_keeper
from cloud.settings import Settings
from cloud.texts import store as texts
from cloud.trail import keeper
from cloud.visits.duties import keeper as duties
from cloud.visits.orders import keeper as orders
from cloud.visits.plans import job as plans
from cloud.visits.plans import mending
from cloud.visits.plans.router import Kind, Router

POLL_S: Final = 0.5
"""How late a timer fires at most when no notification comes."""
CALM_S: Final = 2.0
"""How late anything may be that raises no alarm, sends nobody and is waited for by nobody at a screen. D."""
SENDING: Final = 48
"""Messages under way at once: with a provider that takes two seconds for each, 24 a second. D."""
LONGEST_SET_ASIDE: Final = timedelta(seconds=30)
"""Short, because what ails a row may be the database (full, read-only): timers must not sleep on after it."""
_FIRST_SET_ASIDE: Final = timedelta(seconds=1)
STUCK_S: Final = 30.0
"""A loop that does not come round in this time stands still: readiness says so."""
_RETRY_S: Final = 1.0

_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of due row: which are due (without those set aside, at most so many), and what to do with one.

    ``hands``: loops that work it side by side. ``batch``: rows that a hand takes up before it asks again; 1
    where a row may take long, so that whatever became due meanwhile comes in its turn and not after the list.
    ``at_once``: rows that wait for others, such as a provider, each in a task of its own beside one hand that
    asks; 0: the hands work them themselves. ``woken``: whether a change that screens see may be work for it;
    if not, the poll is enough. ``poll_s``: how often is looked when nothing wakes it.
    """

    name: str
    due: Callable[[Connection, datetime, Sequence[int], int], Awaitable[list[int]]]
    work: Callable[[int, datetime], Awaitable[bool]]
    hands: int = 1
    batch: int = 100
    at_once: int = 0
    woken: bool = True
    poll_s: float = POLL_S


@dataclass(slots=True)
class SetAside:
    """Rows that nobody shall take up: those in hand, and those that failed, each for twice as long as the
    last time until it succeeds. Shared by the hands of one job, of which one asks at a time, and of those
    with nothing to do one looks out (``watching``) until there may be something (``wake``).
    """

    rows: dict[int, tuple[datetime, timedelta]] = field(default_factory=dict)
    in_hand: set[int] = field(default_factory=set)
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    watching: asyncio.Lock = field(default_factory=asyncio.Lock)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    healthy: bool = True

    def current(self, now: datetime) -> list[int]:
        """Rows that must not be tried at ``now``."""
        return [*self.in_hand, *(row for row, (until, _) in self.rows.items() if until > now)]

    def add(self, row: int, now: datetime) -> None:
        """``row`` has failed."""
        pause = self.rows[row][1] * 2 if row in self.rows else _FIRST_SET_ASIDE
        pause = min(pause, LONGEST_SET_ASIDE)
        self.rows[row] = (now + pause, pause)

    def clear(self, row: int) -> None:
        """``row`` is fine."""
        self.rows.pop(row, None)


async def run(settings: Settings, pool: Pool, *, clock: Clock) -> None:
    """Work until cancelled; outlives every failure of the database.

    Raises:
        ConfigError: a message channel is configured wrongly.
    """
    if not settings.web.public_url:
        _log.warning("web.public_url is empty: links in messages will not open")
    ring = keyring(settings)
    notifiers = notify.build(webpush.with_key(settings), Port(pool, ring, clock).configured)
    post = deliver.Post(notifiers, settings.web.public_url, ring)
    wakes = []
    async with asyncio.TaskGroup() as group:
        for job in jobs(pool, post, settings.routine.model, settings.notify.probes, _router(settings)):
            aside = SetAside()
            LOOPS.expect(job.name, within_s=STUCK_S)
            if job.woken:
                wakes.append(aside.wake)
            turn = _Spreading(pool, job, aside, group) if job.at_once else _Working(pool, job, aside)
            for _ in range(job.hands):
                group.create_task(_repeat(turn, job, aside, clock), name=job.name)
        group.create_task(_listen(pool, wakes), name="listen")
        group.create_task(keeper.run(settings, pool, clock=clock), name="audit")
        group.create_task(tenancy.run(pool, clock=clock), name="usage")
        group.create_task(series_keeper.run(pool, settings.storage, clock=clock), name="series")


def _router(settings: Settings) -> Router | None:
    plans = settings.plans
    return Router(Kind(plans.router), plans.router_url) if plans.router else None


def jobs(
    pool: Pool,
    post: deliver.Post,
    routine_model: str = "",
    probes: Sequence[str] = (),
    router: Router | None = None,
) -> tuple[Job, ...]:
    """The first three in the order in which one leads to the next; then what has time. ``routine_model``: a
    file in place of the shipped one. ``probes``: see ``notify.probes``. ``router``: knows the roads.

    Raises:
        ConfigError: a probe of a channel that is not there.
    """
    prober = Prober(pool, post.notifiers, by_channel(probes, post.notifiers))
    look_at_days = functools.partial(routine.work, pool, routine.model_of(routine_model))

    async def fire(incident_id: int, now: datetime) -> bool:
        async with pool.connection() as conn:
            with trace.span("timer.fire", incident_id):
                return await store.fire(conn, incident_id, now)

    async def climb(incident_id: int, now: datetime) -> bool:
        async with pool.connection() as conn:
            with trace.span("ladder.climb", incident_id):
                return await ladder.climb(conn, incident_id, now)

    async def send(message_id: int, now: datetime) -> bool:
        return await deliver.deliver(pool, post, message_id, now)

    async def give_up_waiting(message_id: int, now: datetime) -> bool:
        async with pool.connection() as conn:
            return await overdue.give_up_waiting(conn, message_id, now, tuple(post.notifiers))

    async def end(grant_id: int, now: datetime) -> bool:
        async with pool.connection() as conn:
            return await grants.end(conn, grant_id, now)

    async def miss(path_id: int, now: datetime) -> bool:
        async with pool.connection() as conn:
            return await texts.miss(conn, path_id, now)

    async def release(release_id: int, now: datetime) -> bool:
        async with pool.connection() as conn:
            return await releases.look_after(conn, release_id, now)

    return (
        Job("timers", store.due, fire),
        Job("ladders", ladder.due, climb, hands=4, batch=10),
        Job("messages", deliver.due, send, batch=1, at_once=SENDING),
        Job("words", overdue.due, give_up_waiting),
        Job("probes", prober.due, prober.work, woken=False, poll_s=CALM_S),
        Job("grants", grants.due, end, poll_s=CALM_S),
        Job("paths", texts.due, miss),
        Job("vitals", vitals.due, functools.partial(vitals.work, pool), batch=20, woken=False),
        Job("areas", areas.due, functools.partial(areas.work, pool), woken=False),
        Job("rules", rules.due, functools.partial(rules.work, pool), hands=2, batch=20, woken=False),
        Job("routine", routine_store.due, look_at_days, hands=2, batch=5, woken=False),
        Job("duties", duties.due, functools.partial(duties.work, pool), batch=20, woken=False, poll_s=CALM_S),
        Job(
            orders.NAME,
            orders.due,
            functools.partial(orders.work, pool),
            batch=20,
            woken=False,
            poll_s=CALM_S,
        ),
        Job(plans.NAME, plans.due, functools.partial(plans.work, pool, router), batch=1, woken=False),
        Job(mending.NAME, mending.due, functools.partial(mending.work, pool, router), batch=1, woken=False),
        Job("releases", releases.due, release, poll_s=CALM_S),
        Job("consents", consents.due, functools.partial(consents.work, pool)),
        Job("erasures", erase.due, functools.partial(erase.work, pool), poll_s=CALM_S),
        Job("retention", retention.due, functools.partial(retention.work, pool), poll_s=CALM_S),
        Job("reviews", reviews.due, functools.partial(reviews.work, pool), poll_s=CALM_S),
        Job(
            "reports", reports.due, functools.partial(reports.work, pool), batch=1, woken=False, poll_s=CALM_S
        ),
    )


async def tick(pool: Pool, job: Job, aside: SetAside, now: datetime) -> int:
    """One hand's turn: take up what is due at ``now``, at most ``job.batch`` rows; return how many it worked.

    A row that fails is logged and set aside.

    Raises:
        psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
    """
    async with aside.asking, _glance(pool) as conn:
        due = await job.due(conn, now, aside.current(now), job.batch)
        aside.in_hand.update(due)
    if len(due) == job.batch:  # perhaps more than one hand can do
        aside.wake.set()
    worked = 0
    try:
        for row in due:
            worked += await _attempt(job, row, aside, now)
            LOOPS.turned(job.name)  # a long list is no standstill
    finally:
        aside.in_hand.difference_update(due)
    return worked


@asynccontextmanager
async def _glance(pool: Pool) -> AsyncIterator[Connection]:
    """A connection for statements that are whole by themselves: no transaction around them, so half the
    journeys, of which an idle worker makes nearly all that are made.
    """
    async with pool.connection() as conn:
        await conn.set_autocommit(True)
        try:
            yield conn
        finally:
            try:
                await conn.set_autocommit(False)
            except psycopg.Error:  # nobody may get it as it is
                await conn.close()


async def _attempt(job: Job, row: int, aside: SetAside, now: datetime) -> bool:
    try:
        worked = await job.work(row, now)
    except Exception as error:  # noqa: BLE001 - supervised: whatever ails one row must not reach the next
        _log.error("row failed job=%s id=%d %s", job.name, row, _told(error))
        aside.add(row, now)
        FAILED_ROWS.labels(job.name).inc()
        return True
    aside.clear(row)
    WORKED_ROWS.labels(job.name).inc(worked)
    return worked


@dataclass(frozen=True, slots=True)
class _Working:
    """A turn of a hand that does its rows itself."""

    pool: Pool
    job: Job
    aside: SetAside

    async def __call__(self, now: datetime) -> int:
        return await tick(self.pool, self.job, self.aside, now)


@dataclass(frozen=True, slots=True)
class _Spreading:
    """A turn of a hand that gives each row to a task while there is room; each wakes it when it ends."""

    pool: Pool
    job: Job
    aside: SetAside
    group: asyncio.TaskGroup

    async def __call__(self, now: datetime) -> int:
        room = self.job.at_once - len(self.aside.in_hand)
        if not room:
            return 0
        async with _glance(self.pool) as conn:
            due = await self.job.due(conn, now, self.aside.current(now), room)
        self.aside.in_hand.update(due)
        for row in due:
            self.group.create_task(self._one(row, now), name=f"{self.job.name} {row}")
        return len(due)

    async def _one(self, row: int, now: datetime) -> None:
        try:
            await _attempt(self.job, row, self.aside, now)
        finally:
            self.aside.in_hand.discard(row)
            self.aside.wake.set()


async def _repeat(
    turn: Callable[[datetime], Awaitable[int]], job: Job, aside: SetAside, clock: Clock
) -> None:
    while True:
        try:
            worked = await turn(clock())
        except Exception as error:  # noqa: BLE001 - supervised: the database may be away for as long as it likes
            if aside.healthy:
                _log.error("job stands still name=%s %s", job.name, _told(error))
            aside.healthy = False
            await asyncio.sleep(_RETRY_S)
            continue
        if not aside.healthy:
            _log.warning("job goes on name=%s", job.name)
        aside.healthy = True
        LOOPS.turned(job.name)
        if not worked:
            async with aside.watching:
                await wait(aside.wake, job.poll_s)
                aside.wake.clear()


def _told(error: Exception) -> str:
    """What it was and where; never its message, which may quote a row or an address."""
    return f"error={type(error).__qualname__}\n{''.join(traceback.format_tb(error.__traceback__))}"


async def wait(wake: asyncio.Event, at_most_s: float) -> None:
    """Return when woken, at the latest after ``at_most_s``."""
    with suppress(TimeoutError):
        async with asyncio.timeout(at_most_s):  # wait_for of Python 3.11 may swallow a cancellation
            await wake.wait()


async def _listen(pool: Pool, wakes: Sequence[asyncio.Event]) -> None:
    """Wake every loop at each change; without this the poll alone carries on."""
    while True:
        try:
            async with pool.connection() as conn:
                await _wake_on_change(conn, wakes)
        except Exception as error:  # noqa: BLE001 - supervised: the poll covers for it
            _log.debug("not listening: %s", error)
            await asyncio.sleep(_RETRY_S)


async def _wake_on_change(conn: Connection, wakes: Sequence[asyncio.Event]) -> None:
    await conn.set_autocommit(True)
    try:
        await conn.execute("listen change")
        async for _ in conn.notifies():
            for wake in wakes:
                wake.set()
    finally:
        await conn.close()
