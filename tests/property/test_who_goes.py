"""Random callouts: people answer, turn back, stand still and arrive in any order; the policy stays sane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cloud.respond.model import Ask, Callout, Candidate, Kind, Orders, Party, Said, Surroundings, Trip
from cloud.respond.policy import RULES, accountable, carry_out, decide, is_late

START: Final = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)
PEOPLE: Final = st.lists(
    st.tuples(st.sampled_from(Kind), st.integers(30, 1_500), st.integers(50, 4_000), st.booleans()),
    max_size=9,
)


class Emergency(RuleBasedStateMachine):
    """One callout, looked at after everything that happens, as the shell does."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.callout = Callout(START, Surroundings.TOWN, night=False, candidates=())
        self.before = self.callout
        self.orders = Orders()

    def look(self) -> None:
        self.before, self.orders = self.callout, decide(self.callout, self.now)
        self.callout = carry_out(self.callout, self.orders, self.now)

    @initialize(people=PEOPLE, night=st.booleans(), surroundings=st.sampled_from(Surroundings))
    def begins(
        self, people: list[tuple[Kind, int, int, bool]], night: bool, surroundings: Surroundings
    ) -> None:
        candidates = tuple(
            Candidate(number, kind, timedelta(seconds=seconds), metres, has_key=has_key)
            for number, (kind, seconds, metres, has_key) in enumerate(people)
        )
        self.callout = Callout(START, surroundings, night, candidates)
        self.look()

    @precondition(lambda self: self.orders.due_at is not None)
    @rule(overslept_s=st.just(0) | st.integers(0, 600))
    def time_passes(self, overslept_s: int) -> None:
        due_at = self.orders.due_at
        assert due_at is not None
        assert due_at > self.now
        for sixteenth in range(16):
            earlier = self.now + (due_at - self.now) * sixteenth / 16
            assert _nothing(decide(self.callout, earlier)), "nothing changes before the time to look again"
        self.now = due_at + timedelta(seconds=overslept_s)
        self.look()

    @rule(data=st.data(), no=st.booleans(), slow_s=st.integers(0, 900))
    def somebody_answers(self, data: st.DataObject, no: bool, slow_s: int) -> None:
        there_at = self.now + timedelta(seconds=slow_s)
        self._change(
            data,
            lambda ask: ask.answer is Said.NOTHING,
            lambda ask: (
                Said.NO if no else Trip(self.now, self.now + ask.who.travel, there_at + ask.who.travel)
            ),
        )

    @rule(data=st.data())
    def somebody_sets_out(self, data: st.DataObject) -> None:
        self._trip(data, lambda trip: replace(trip, moved_at=trip.moved_at or self.now))

    @rule(data=st.data())
    def somebody_arrives(self, data: st.DataObject) -> None:
        self._trip(data, lambda trip: replace(trip, arrived_at=self.now))

    @rule(data=st.data())
    def somebody_turns_back(self, data: st.DataObject) -> None:
        self._trip(data, lambda _trip: Said.NO)

    @rule(data=st.data(), slow_s=st.integers(-600, 900))
    def somebody_is_estimated_anew(self, data: st.DataObject, slow_s: int) -> None:
        later = timedelta(seconds=slow_s)
        self._trip(data, lambda trip: replace(trip, expected_at=max(self.now, trip.expected_at + later)))

    def _trip(self, data: st.DataObject, change: Callable[[Trip], Trip | Said]) -> None:
        def changed(ask: Ask) -> Trip | Said:
            assert isinstance(ask.answer, Trip)
            return change(ask.answer)

        self._change(data, lambda ask: isinstance(ask.answer, Trip) and not ask.on_site, changed)

    def _change(
        self, data: st.DataObject, which: Callable[[Ask], bool], answer: Callable[[Ask], Said | Trip]
    ) -> None:
        """Let one of those who fit do something, if there is one, and look."""
        fitting = [ask for ask in self.callout.asks if which(ask)]
        if fitting:
            one = data.draw(st.sampled_from(fitting))
            asks = (replace(ask, answer=answer(ask)) if ask is one else ask for ask in self.callout.asks)
            self.callout = replace(self.callout, asks=tuple(asks))
            self.look()

    @invariant()
    def the_same_orders_twice_change_nothing(self) -> None:
        assert _nothing(decide(self.callout, self.now))

    @invariant()
    def nobody_is_forgotten_or_asked_after_a_no_or_twice_at_once(self) -> None:
        known = {ask.who.id for ask in self.before.asks}
        assert known <= {ask.who.id for ask in self.callout.asks}
        assert len({ask.who.id for ask in self.callout.asks}) == len(self.callout.asks)
        may_be_asked = {ask.who.id for ask in self.before.asks if ask.answer is Said.RELIEVED}
        assert {person.id for person in self.orders.ask} & known <= may_be_asked

    @invariant()
    def who_could_still_be_the_first_is_not_called_back(self) -> None:
        """Nor anybody while too few are surely on the way."""
        if any(ask.on_site for ask in self.before.of(Party.STAFF)):
            return
        for ask in self.before.asks:
            if ask.who.id in self.orders.relieve and ask.answer is Said.NOTHING:
                sure = self._sure(ask.who.party)
                assert sum(there <= self.now + ask.who.travel for there in sure) >= RULES[ask.who.party].keep

    @invariant()
    def no_more_than_enough_are_surely_on_the_way(self) -> None:
        for party, bound in RULES.items():
            arrived = sum(ask.on_site for ask in self.callout.of(party))
            keys = 1  # who brings the only key goes on
            assert len(self._sure(party)) <= max(bound.keep, arrived) + keys

    @invariant()
    def the_only_key_is_not_sent_home(self) -> None:
        before, after = self._keys(self.before), self._keys(self.callout)
        assert not before or after

    @invariant()
    def somebody_is_always_waited_for_or_everything_has_been_done(self) -> None:
        if self.orders.due_at is None:
            there = any(ask.on_site for ask in self.callout.asks)
            assert there or len(self.callout.done) == 4

    @invariant()
    def who_answers_for_the_resident_has_said_yes(self) -> None:
        one = accountable(self.callout, self.now)
        assert (one is None) == (not any(isinstance(ask.answer, Trip) for ask in self.callout.asks))

    def _keys(self, callout: Callout) -> list[int]:
        """Who surely brings a key."""
        holders = [(ask.who.id, ask.answer) for ask in callout.asks if ask.who.has_key]
        return [
            number
            for number, trip in holders
            if isinstance(trip, Trip) and not is_late(callout, trip, self.now)
        ]

    def _sure(self, party: Party) -> list[datetime]:
        trips = [ask.answer for ask in self.callout.of(party) if isinstance(ask.answer, Trip)]
        return [trip.there_at(self.now) for trip in trips if not is_late(self.callout, trip, self.now)]


def _nothing(orders: Orders) -> bool:
    return replace(orders, due_at=None) == Orders()


TestEmergency = Emergency.TestCase
TestEmergency.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
