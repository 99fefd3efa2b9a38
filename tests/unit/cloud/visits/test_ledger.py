"""The time bank: nothing is made of nothing, nobody overdraws, every bound holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud import sealed
from cloud.visits.hours.certificate import Certificate, code, is_right
from cloud.visits.hours.ledger import (
    CHANGNING,
    HOUR_MIN,
    NANJING,
    ROADS,
    Account,
    Earned,
    Entry,
    Kind,
    Refusal,
    Refused,
    Rules,
    Served,
    Sort,
    balances,
    earned,
    entries_of,
    minutes_of,
    moved,
    undone,
)

FREE = Rules(None, None, donates=True)
NINE = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
SERVICES, POOL = Account(1, Sort.SERVICES), Account(2, Sort.POOL, 600)
YANG, SHI = Account(3, Sort.PERSON, 600), Account(4, Sort.PERSON, 30)
SCHOOL = Account(5, Sort.GROUP, 600)


def served(minutes: float, since: datetime = NINE) -> Served:
    return Served(since, since + timedelta(minutes=minutes))


def refusal(
    kind: Kind, giver: Account, taker: Account, minutes: int = 60, rules: Rules = FREE
) -> Refusal | None:
    try:
        moved(kind, giver, taker, minutes, rules)
    except Refused as error:
        return error.why
    return None


@pytest.mark.parametrize(("lasted", "minutes"), [(1, 1), (59.9, 59), (60, 60), (720, 720)])
def test_a_visit_is_worth_its_whole_minutes(lasted: float, minutes: int) -> None:
    assert minutes_of(served(lasted)) == minutes


@pytest.mark.parametrize("lasted", [0.9, 0, -30, 721])
def test_what_cannot_be_a_visit_is_worth_nothing_and_is_said(lasted: float) -> None:
    with pytest.raises(Refused, match="not_a_visit"):
        minutes_of(served(lasted))


def test_nobody_is_at_two_doors_at_once_but_goes_from_one_to_the_next() -> None:
    assert minutes_of(
        served(60), [served(60, NINE - timedelta(hours=1)), served(60, NINE + timedelta(hours=1))]
    )
    for began in (-59, 0, 10, 59):
        with pytest.raises(Refused, match="overlaps"):
            minutes_of(served(60), [served(60, NINE + timedelta(minutes=began))])


@pytest.mark.parametrize(
    ("rules", "balance_h", "today_h", "worked_h", "worth_h"),
    [
        (NANJING, 0, 0, 10, (10, 0, 0)),
        (NANJING, 1_499, 0, 1, (1, 0, 0)),
        (NANJING, 1_499, 0, 3, (1, 2, 0)),
        (NANJING, 1_500, 0, 3, (0, 3, 0)),
        (CHANGNING, 0, 0, 2, (2, 0, 0)),
        (CHANGNING, 0, 0, 3, (2, 0, 1)),
        (CHANGNING, 0, 2, 3, (0, 0, 3)),
        (CHANGNING, 599, 0, 2, (1, 0, 1)),
        (CHANGNING, 600, 0, 2, (0, 0, 2)),
        (FREE, 9_999, 9, 9, (9, 0, 0)),
    ],
)
def test_a_person_keeps_what_their_town_lets_them_keep(
    rules: Rules, balance_h: int, today_h: int, worked_h: int, worth_h: tuple[int, int, int]
) -> None:
    person = Account(9, Sort.PERSON, balance_h * HOUR_MIN)
    worth = earned(person, worked_h * HOUR_MIN, today_h * HOUR_MIN, rules)
    assert worth == Earned(*(hours * HOUR_MIN for hours in worth_h))


def test_a_group_is_many_and_has_no_bound_of_one() -> None:
    assert earned(SCHOOL, 3_000, 9_000, CHANGNING) == Earned(3_000, 0, 0)


@given(
    st.integers(1, 720), st.integers(0, 720), st.integers(0, 100_000),
    st.sampled_from([NANJING, CHANGNING, FREE]),
)  # fmt: skip
def test_what_was_served_is_kept_donated_or_said_not_to_count(
    worked: int, today: int, balance: int, rules: Rules
) -> None:
    worth = earned(Account(9, Sort.PERSON, balance), worked, today, rules)
    assert worth.kept_min + worth.donated_min + worth.uncounted_min == worked
    assert min(worth.kept_min, worth.donated_min, worth.uncounted_min) >= 0
    assert rules.held_min is None or worth.kept_min == 0 or balance + worth.kept_min <= rules.held_min


@pytest.mark.parametrize(
    ("worth", "held"),
    [
        (Earned(60, 0, 0), {1: -60, 3: 60}),
        (Earned(60, 30, 5), {1: -90, 3: 60, 2: 30}),
        (Earned(0, 30, 0), {1: -30, 3: 0, 2: 30}),
        (Earned(0, 0, 30), {}),
    ],
)
def test_a_visit_is_booked_to_whoever_made_it_and_its_surplus_to_the_pool(
    worth: Earned, held: dict[int, int]
) -> None:
    assert balances(entries_of(worth, SERVICES.id, YANG.id, POOL.id)) == held


@pytest.mark.parametrize("kind", ROADS)
def test_hours_go_only_where_their_kind_goes(kind: Kind) -> None:
    accounts = (SERVICES, POOL, YANG, SHI, SCHOOL)
    givers, takers = ROADS[kind]
    for giver in accounts:
        for taker in accounts:
            may = giver.sort in givers and taker.sort in takers
            assert (refusal(kind, giver, taker, 10) is Refusal.NO_ROAD) is not may


def test_a_group_may_only_donate() -> None:
    roads = {kind for kind, (givers, _) in ROADS.items() if Sort.GROUP in givers}
    assert roads == {Kind.DONATE}


@pytest.mark.parametrize(
    ("giver", "taker", "minutes", "why"),
    [
        (YANG, SHI, 600, None),
        (YANG, SHI, 601, Refusal.OVERDRAWN),
        (YANG, SHI, 0, Refusal.NOTHING),
        (YANG, SHI, -5, Refusal.NOTHING),
        (YANG, YANG, 5, Refusal.SAME_ACCOUNT),
        (replace(YANG, closed=True), SHI, 5, Refusal.CLOSED),
        (YANG, replace(SHI, closed=True), 5, Refusal.CLOSED),
    ],
)
def test_a_transfer_is_refused_for_one_reason(
    giver: Account, taker: Account, minutes: int, why: Refusal | None
) -> None:
    assert refusal(Kind.TRANSFER, giver, taker, minutes) is why


def test_a_gift_does_not_lift_anybody_over_what_they_may_hold() -> None:
    rules = Rules(None, 90, donates=True)
    assert refusal(Kind.TRANSFER, YANG, SHI, 60, rules) is None
    assert refusal(Kind.TRANSFER, YANG, SHI, 61, rules) is Refusal.OVER_CAP
    assert refusal(Kind.GRANT, POOL, SHI, 61, rules) is Refusal.OVER_CAP
    assert refusal(Kind.DONATE, YANG, POOL, 600, rules) is None


def test_only_the_account_of_services_goes_below_zero() -> None:
    assert refusal(Kind.EARN, SERVICES, YANG, 60) is None
    assert refusal(Kind.GRANT, replace(POOL, balance_min=59), SHI, 60) is Refusal.OVERDRAWN
    assert refusal(Kind.REDEEM, SHI, SERVICES, 31) is Refusal.OVERDRAWN


def test_an_entry_is_taken_back_whole_and_once_and_not_after_its_hours_are_gone() -> None:
    entry = moved(Kind.TRANSFER, YANG, SHI, 60, FREE)
    after = replace(SHI, balance_min=90)
    assert undone(entry, YANG, after) == Entry(Kind.UNDO, SHI.id, YANG.id, 60)
    with pytest.raises(Refused, match="overdrawn"):
        undone(entry, YANG, replace(SHI, balance_min=59))
    with pytest.raises(Refused, match="no_road"):
        undone(undone(entry, YANG, after), after, YANG)
    with pytest.raises(Refused, match="no_road"):
        undone(entry, SHI, YANG)


STEPS = st.lists(
    st.tuples(st.sampled_from(list(ROADS)), st.integers(1, 5), st.integers(1, 5), st.integers(-10, 5_000)),
    max_size=60,
)


def played(steps: Iterable[tuple[Kind, int, int, int]], rules: Rules) -> list[Entry]:
    """What of ``steps`` was let through, each judged by the balances before it."""
    sorts = {1: Sort.SERVICES, 2: Sort.POOL, 3: Sort.PERSON, 4: Sort.PERSON, 5: Sort.GROUP}
    entries: list[Entry] = []
    for kind, giver, taker, minutes in steps:
        held = balances(entries)
        one, other = (Account(id_, sorts[id_], held.get(id_, 0)) for id_ in (giver, taker))
        try:
            entries.append(moved(kind, one, other, minutes, rules))
        except Refused:
            continue
    return entries


@given(STEPS)
def test_whatever_is_tried_the_books_balance_and_nobody_is_in_debt_or_over_the_cap(
    steps: list[tuple[Kind, int, int, int]],
) -> None:
    rules = Rules(None, 2_000, donates=True)
    entries = played(steps, rules)
    for upto in range(len(entries) + 1):
        held = balances(entries[:upto])
        assert sum(held.values()) == 0
        assert all(minutes >= 0 for account, minutes in held.items() if account != SERVICES.id)
        assert all(held.get(person, 0) <= 2_000 for person in (YANG.id, SHI.id))


@given(STEPS)
def test_the_order_of_entries_does_not_change_what_is_held(steps: list[tuple[Kind, int, int, int]]) -> None:
    entries = played(steps, FREE)
    assert balances(reversed(entries)) == balances(entries)


PAPER = Certificate(
    7, "鹤城区", "杨秀英", 5_400, 31, date(2026, 1, 1), date(2026, 11, 26), date(2026, 11, 26)
)
RING = sealed.parse(f"k1 aes {'A' * 43}=")
NEWER = sealed.parse(f"k2 aes {'B' * 43}=\nk1 aes {'A' * 43}=")


def code_of(paper: Certificate) -> str:
    mark = RING.mark(paper.text)
    assert mark is not None
    return code(mark)


def test_a_code_has_four_groups_of_four_without_letters_that_look_like_digits() -> None:
    groups = code_of(PAPER).split("-")
    assert [len(group) for group in groups] == [4, 4, 4, 4]
    assert not set("ILOU") & set(code_of(PAPER))
    assert (code(bytes(10)), code(b"\xff" * 32)) == ("0000-0000-0000-0000", "ZZZZ-ZZZZ-ZZZZ-ZZZZ")


@pytest.mark.parametrize(
    "forged",
    [
        replace(PAPER, number=8),
        replace(PAPER, tenant="中方县"),
        replace(PAPER, holder="杨秀芳"),
        replace(PAPER, served_min=54_000),
        replace(PAPER, visits=32),
        replace(PAPER, since=date(2025, 1, 1)),
        replace(PAPER, until=date(2026, 11, 27)),
        replace(PAPER, issued_on=date(2026, 11, 27)),
    ],
)
def test_another_word_on_the_paper_is_another_code(forged: Certificate) -> None:
    assert is_right(code_of(PAPER), RING.marks(PAPER.text))
    assert not is_right(code_of(PAPER), RING.marks(forged.text))


def test_a_code_is_read_as_people_write_it() -> None:
    marks = [bytes([0, 67, 33]) + bytes(7)]
    assert code(marks[0]).startswith("011J-2")
    for written in ("011j200000000000", "O1IJ-2OOO-0000-0000", "0 1 L J 2000 0000 0000"):
        assert is_right(written, marks)
    for written in ("", "011J-2000-0000-0001", "011J-2000-0000", "字"):
        assert not is_right(written, marks)


def test_a_code_outlives_the_key_it_was_made_with_and_dies_with_its_loss() -> None:
    assert is_right(code_of(PAPER), NEWER.marks(PAPER.text))
    assert not is_right(code_of(PAPER), sealed.parse(f"k2 aes {'B' * 43}=").marks(PAPER.text))
