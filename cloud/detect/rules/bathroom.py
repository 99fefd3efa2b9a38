"""Situation 8: in the bathroom for longer than nearly ever. Pure.

A stay begins with the first sign there and ends with a sign anywhere else. It is told of only if the
bathroom says until then that somebody is in it: whoever went to bed unseen leaves a bathroom that says
nothing more, and who lies there in silence is the gateway's ``long_lie``, which asks first. Where a room of
rest has no sensor, nothing is judged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cloud.detect.rules.habits import FEWEST, minutes, quantile
from cloud.detect.rules.house import BATHROOM, Stay
from cloud.detect.rules.model import WATCHING, Finding, Known, Verdict
from cloud.incidents.model import Priority

_SHARE: Final = 0.99
SEEN: Final = timedelta(minutes=15)
"""So long before the wait is over somebody was seen there; silence there is the gateway's ``long_lie``,
which asks first. Chosen by ``benchmarks.margins``, which judges the choice on other homes."""
_MOST: Final = timedelta(minutes=90)
"""However long their own stays are. D."""


def bathroom_long(known: Known) -> Iterator[Verdict]:
    """In there, and nowhere else since."""
    house, bath = known.house, known.house.bath
    if not known.plan.watch.bathroom_long.armed or bath is None or house.out is not None:
        return
    if house.in_bed or house.present - {BATHROOM} or not sees_all(known):
        return
    wait = bath_wait(known, bath)
    since = max(bath.since, house.calm_at or bath.since)
    due = since + wait
    if known.at < due:
        yield due
    if known.at < due or not _is_there(known, due):
        return
    numbers = {"stay_min": minutes(known.at - bath.since), "wait_min": minutes(wait)}
    yield Finding(
        "bathroom_long", Priority.URGENT, since, numbers, (bath.sign,), device_id=bath.sign.device_id
    )


def _is_there(known: Known, due: datetime) -> bool:
    """Whether a sign of the bathroom itself says that the stay lasted until it was long, or lasts."""
    last = known.house.last_in(BATHROOM)
    return BATHROOM in known.house.present or (last is not None and last.at >= due - SEEN)


def sees_all(known: Known) -> bool:
    """Whether somebody who leaves the bathroom is seen wherever people stay, as at the gateway."""
    plan, rooms = known.plan, {device.room for device in known.devices.values()}
    stays = {*rooms, *plan.rest_rooms} - {"", *plan.soon_rooms}
    return stays <= {device.room for device in known.of_kinds(WATCHING)}


def bath_wait(known: Known, bath: Stay) -> timedelta:
    """Their own, within what the plan says and what is long for anybody."""
    rule, own = known.plan.watch.bathroom_long, known.habits.baths()
    by_night = rule.night.hold(known.plan.local(bath.since))
    least = timedelta(seconds=rule.wait_night_s if by_night else rule.wait_s)
    if len(own) < FEWEST:
        return least
    return max(least, min(timedelta(minutes=quantile(own, _SHARE)), _MOST))
