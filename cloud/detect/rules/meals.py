"""Situations 12 and 13: nothing happens in the kitchen at meal times; the kettle is not used as on other
days. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from cloud.detect.rules.habits import (
    FEWEST,
    MIDNIGHT,
    ONE_DAY,
    PLUGS,
    RISING,
    local_time,
    quantile,
    windows,
)
from cloud.detect.rules.model import INDOORS, Device, Finding, Known, Number, Verdict
from cloud.incidents.model import Priority

KITCHEN: Final = "kitchen"
_MISSED: Final = 2
"""Meals in a row (care domain, 12)."""
_URGENT: Final = timedelta(hours=24)
_OUT: Final = timedelta(minutes=30)
"""Whoever is out for so long of a meal may have eaten there. D."""
_EATS_HERE: Final = 0.5
"""A meal that is taken at home on fewer days is not missed. D."""
_EACH_MORNING: Final = 0.8
"""A plug that is used on fewer mornings has no usual time. D."""
_SHARE: Final = 0.9
_KITCHEN_KINDS: Final = INDOORS | PLUGS | {"door", "window"}


def not_eating(known: Known) -> Iterator[Verdict]:
    """At home through two meals in a row, and nobody in the kitchen since before the first."""
    house = known.house
    if not (known.plan.watch.meals.armed and house.someone_home and _kitchen(known)):
        return
    last = house.last_in(KITCHEN)
    if last is None:
        return
    missed = [window for window in _meals(known) if window[0] >= last.at and window[1] <= known.at]
    yield from (end for _, end in _meals(known) if end > known.at)
    if len(missed) < _MISSED:
        return
    urgent = max(last.at, house.deaf_until or last.at) + _URGENT
    if known.at < urgent:
        yield urgent
    priority = Priority.TODAY if known.at < urgent else Priority.URGENT
    numbers = {"meals": len(missed), "hours": int((known.at - last.at) // timedelta(hours=1))}
    yield Finding("not_eating", priority, missed[0][0], numbers, (last.sign,), device_id=last.sign.device_id)


def no_usual_use(known: Known) -> Iterator[Verdict]:
    """A plug that is used each morning was not, and nobody was seen either."""
    rule = known.plan.watch.usual_use
    if not rule.armed or known.house.out is not None:
        return
    for device in known.of_kinds(PLUGS):
        usual = _usual(known, device)
        if usual is None:
            continue
        due = usual + timedelta(seconds=rule.after_s)
        rising = local_time(known.plan, known.local.date(), RISING)
        if known.house.between(rising, known.at) or known.house.was_deaf(rising, known.at):
            continue
        if known.at < due:
            yield due
            continue
        clock = known.plan.local(usual).strftime("%H:%M")
        numbers: dict[str, Number] = {"usual": clock, "hours": int(rule.after_s // 3600)}
        yield Finding("no_usual_use", Priority.TODAY, usual, numbers, (), device.name, device.id)


def _meals(known: Known) -> Iterator[tuple[datetime, datetime]]:
    """The meals of the last two days and of today that this person takes at home."""
    today = known.local.date()
    for day in (today - 2 * ONE_DAY, today - ONE_DAY, today):
        for number, (begins, ends) in enumerate(windows(known.plan, day)):
            share = known.habits.eats_in(number)
            eats_here = share is None or share >= _EATS_HERE
            away = known.house.was_out(begins, ends, _OUT) or known.house.was_deaf(begins, ends)
            if eats_here and not away:
                yield begins, ends


def _kitchen(known: Known) -> bool:
    return any(device.room == KITCHEN for device in known.of_kinds(_KITCHEN_KINDS))


def _usual(known: Known, device: Device) -> datetime | None:
    """By when it is used today, as on other days; ``None``: there is no such time."""
    uses, days = known.habits.first_uses(device.name), len(known.habits.days)
    if len(uses) < max(FEWEST, _EACH_MORNING * days):
        return None
    midnight = local_time(known.plan, known.local.date(), MIDNIGHT)
    return midnight + timedelta(minutes=quantile(uses, _SHARE))
