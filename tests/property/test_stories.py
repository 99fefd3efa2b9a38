"""A few hundred random stories of alarms keep every promise, and each broken promise is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from cloud.incidents.errors import Reason, Refused
from cloud.incidents.machine import Detail, Incident, Trigger, advance, opened
from cloud.incidents.model import IncidentState, OutcomeCode, Priority
from cloud.incidents.timers import Effect
from tests.property import stories
from tests.property.stories import Stories

Step = tuple[Incident, tuple[Effect, ...]]
Rule = Callable[[Incident, Trigger, datetime, Detail], Step]


def tell(many: int) -> None:
    """So many stories, the same in each run; the first broken promise is raised as it is found."""
    told = settings(
        max_examples=many,
        stateful_step_count=40,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(Stories, settings=told)


def test_random_stories_keep_every_promise() -> None:
    tell(200)


def _lowers(incident: Incident, trigger: Trigger, now: datetime, detail: Detail) -> Step:
    after, effects = advance(incident, trigger, now, detail)
    if trigger is Trigger.ALARM and detail.priority is not None:
        after = replace(after, priority=detail.priority)
    return after, effects


def _settles_by_itself(incident: Incident, trigger: Trigger, now: datetime, detail: Detail) -> Step:
    after, effects = advance(incident, trigger, now, detail)
    if trigger is Trigger.CANCEL and incident.state is IncidentState.RAISED:
        after = replace(after, state=IncidentState.AUTO_RESOLVED, closed_at=now, due_at=None)
    return after, effects


def _forgets_to_look_again(incident: Incident, trigger: Trigger, now: datetime, detail: Detail) -> Step:
    after, effects = advance(incident, trigger, now, detail)
    return (replace(after, due_at=None) if trigger is Trigger.ACK else after), effects


def _rings_twice(incident: Incident, trigger: Trigger, now: datetime, detail: Detail) -> Step:
    after, effects = advance(incident, trigger, now, detail)
    stays = trigger is Trigger.TIMER and after.state is incident.state
    return (replace(after, due_at=incident.due_at) if stays else after), effects


def _puts_off(incident: Incident, trigger: Trigger, now: datetime, detail: Detail) -> Step:
    after, effects = advance(incident, trigger, now, detail)
    if trigger is Trigger.UPDATE and after.state is incident.state and after.due_at is not None:
        after = replace(after, due_at=after.due_at + stories.LONGEST_SILENCE)
    return after, effects


def _talks_after_a_death(incident: Incident, trigger: Trigger, now: datetime, detail: Detail) -> Step:
    after, effects = advance(incident, trigger, now, detail)
    died = trigger is Trigger.CLOSE and detail.outcome is OutcomeCode.F1
    return after, (*effects, Effect.TELL_FAMILY) if died else effects


def _refuses_what_is_due(incident: Incident, trigger: Trigger, now: datetime, detail: Detail) -> Step:
    if trigger is Trigger.TIMER and incident.state is IncidentState.ACKED:
        raise Refused(reason=Reason.NOT_DUE)
    return advance(incident, trigger, now, detail)


BROKEN: Final = (
    _lowers,
    _settles_by_itself,
    _forgets_to_look_again,
    _rings_twice,
    _puts_off,
    _talks_after_a_death,
    _refuses_what_is_due,
)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda rule: rule.__name__.strip("_"))
def test_a_rule_that_breaks_a_promise_is_found(broken: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories, "advance", broken)
    with pytest.raises((AssertionError, ExceptionGroup)):
        tell(300)


def test_whoever_was_told_to_stay_and_is_asked_all_the_same_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_all(_self: Stories, step: int, template: str) -> None:
        _self.messages.append(stories.Message(step, template))

    monkeypatch.setattr(Stories, "_tell", ask_all)
    with pytest.raises((AssertionError, ExceptionGroup)):
        tell(300)


def test_a_muted_home_that_calls_somebody_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def calling(priority: Priority, now: datetime, until: datetime | None) -> Step:
        incident, effects = opened(priority, now, until)
        return incident, (*effects, Effect.PAGE_SUPERVISOR)

    monkeypatch.setattr(stories, "opened", calling)
    with pytest.raises((AssertionError, ExceptionGroup)):
        tell(300)
