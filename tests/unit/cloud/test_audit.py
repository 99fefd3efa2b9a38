"""The audit: every number a gateway gave out is accounted for, or it is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.audit import Lane, Range, audit, holes, judge, lines, main, newest, overlap
from cloud.db import Connection
from cloud.people import roster as people
from cloud.people import roster_store
from firmware_protocols.wire import topics
from firmware_protocols.wire.control import LaneState, State
from tests.harness import roster

LANE = Lane("gw-a", "e1", "t")
NOW = datetime(2026, 5, 1, tzinfo=UTC)

ranges = st.lists(
    st.tuples(st.integers(1, 40), st.integers(0, 9)).map(lambda one: Range(one[0], one[0] + one[1])),
    max_size=12,
)


def numbers(parts: list[Range]) -> list[int]:
    return [number for part in parts for number in range(part.first, part.last + 1)]


@given(parts=ranges, last=st.integers(0, 60))
def test_holes_and_parts_together_are_everything_and_nothing_twice(parts: list[Range], last: int) -> None:
    found = numbers(list(holes(parts, last)))
    assert found == sorted(set(range(1, last + 1)) - set(numbers(parts)))


@given(parts=ranges)
def test_overlap_counts_each_number_beyond_its_first_time(parts: list[Range]) -> None:
    covered = numbers(parts)
    assert overlap(parts) == len(covered) - len(set(covered))


@given(parts=ranges, count=st.integers(0, 60))
def test_the_newest_numbers_are_split_off(parts: list[Range], count: int) -> None:
    apart = list(holes(parts, 60))
    taken, rest = newest(apart, count)
    assert numbers(rest) + numbers(taken) == numbers(apart)
    assert len(numbers(taken)) == min(count, len(numbers(apart)))


def test_a_lane_without_holes_has_nothing_missing() -> None:
    finding = judge(LANE, [Range(1, 5), Range(6, 9)], [], sent=9, depth=0)
    assert (finding.missing, finding.waiting, finding.stored) == ((), (), 9)


def test_a_hole_is_missing_and_named_exactly() -> None:
    finding = judge(LANE, [Range(1, 3), Range(8, 9)], [], sent=12, depth=0)
    assert finding.missing == (Range(4, 7), Range(10, 12))


def test_what_waits_in_the_outbox_is_not_missing() -> None:
    finding = judge(LANE, [Range(1, 3)], [], sent=12, depth=5)
    assert (finding.waiting, finding.missing) == ((Range(8, 12),), (Range(4, 7),))


def test_what_the_gateway_says_it_dropped_is_not_missing() -> None:
    finding = judge(LANE, [Range(1, 3), Range(8, 9)], [(Range(4, 7), "full")], sent=9, depth=0)
    assert finding.missing == ()


def test_without_a_heartbeat_the_ledger_itself_is_the_measure() -> None:
    assert judge(LANE, [Range(3, 5)], [], sent=0, depth=0).missing == (Range(1, 2),)


async def enter(conn: Connection, *batches: tuple[str, str, int, int, int]) -> None:
    for gateway, lane, first, n, readings in batches:
        await conn.execute(
            "insert into batch (gateway_id, epoch, lane, first_seq, n, stored_at, readings)"
            " values (%s, 'e1', %s, %s, %s, %s, %s)",
            [gateway, lane, first, n, NOW, readings],
        )


async def test_the_report_names_gateway_lane_range_and_cause(conn: Connection) -> None:
    await roster_store.load(conn, people.parse(msgspec.json.encode(roster(2))))
    state = State(online=True, epoch="e1", lanes={topics.Lane.BULK: LaneState(next=21, depth=2)})
    await conn.execute(
        "update gateway set state = %s where id = 'gw-h001'", [msgspec.json.encode(state).decode()]
    )
    await enter(conn, ("gw-h001", "t", 1, 5, 0), ("gw-h001", "t", 9, 5, 0), ("gw-h002", "a", 1, 3, 0))
    await conn.execute("insert into gap values ('gw-h001', 'e1', 't', 14, 16, 'storage full', %s)", [NOW])
    report = await audit(conn)
    assert list(lines(report)) == [
        "gw-h001 e1 t: 10 stored of 20",
        "  14-16 dropped by the gateway: storage full",
        "  19-20 waiting in the outbox",
        "  6-8 MISSING",
        "  17-18 MISSING",
        "gw-h002 e1 a: 3 stored of 3",
        "5 missing of 23, 0 doubled",
    ]
    assert [one.lane.gateway for one in (await audit(conn, "gw-h002")).findings] == ["gw-h002"]


async def test_how_batches_arrived_is_told_by_home_and_lane_over_all_days(conn: Connection) -> None:
    await roster_store.load(conn, people.parse(msgspec.json.encode(roster(3))))
    for home, day, lane, *counts in (
        (1, "2026-04-30", "t", 90, 900, 0, 0, 7),
        (1, "2026-05-01", "t", 3, 100, 25, 1, 0),
        (1, "2026-05-01", "a", 4, 4, 0, 0, 0),
        (2, "2026-05-01", "t", 1_999, 19_990, 1, 0, 1),
    ):
        await conn.execute(
            "insert into delivery_day (home_id, day, lane, batches, records, late, refused, repeated)"
            " select home_id, %s, %s, %s, %s, %s, %s, %s from gateway where id = %s",
            [day, lane, *counts, f"gw-h00{home}"],
        )
    assert list(lines(await audit(conn))) == [
        "gw-h001 a since 2026-05-01: 0 % late, 0 % refused, 0 % came again",
        "gw-h001 t since 2026-04-30: 2.5 % late, 0.1 % refused, 7.0 % came again",
        "gw-h002 t since 2026-05-01: under 0.1 % late, 0 % refused, under 0.1 % came again",
        "0 missing of 0, 0 doubled",
    ]
    assert [road.gateways for road in (await audit(conn, "gw-h002")).roads] == ["gw-h002"]
    assert (await audit(conn, "gw-h003")).roads == ()


@pytest.mark.parametrize(("rows", "missing", "doubled"), [(3, 0, 0), (2, 1, 0), (5, 0, 2)])
async def test_tables_that_differ_from_the_ledger_are_found(
    conn: Connection, rows: int, missing: int, doubled: int
) -> None:
    await roster_store.load(conn, people.parse(msgspec.json.encode(roster(1))))
    await enter(conn, ("gw-h001", "t", 1, 3, 3))
    await conn.execute(
        "insert into reading select %s, 1, 1, min(id), 1, 0, 7 from device, generate_series(1, %s) g"
        " group by g",
        [NOW, rows],
    )
    report = await audit(conn)
    assert (report.missing, report.doubled) == (missing, doubled)


def test_the_command_says_in_words_and_in_its_exit_code_what_it_found(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--dsn", database]) == 0
    assert capsys.readouterr().out == "0 missing of 0, 0 doubled\n"
    with psycopg.connect(database) as conn:
        conn.execute("insert into batch values ('gw-a', 'e1', 't', 3, 2, %s)", [NOW])
    assert main(["--dsn", database, "--gateway", "gw-a"]) == 1
    assert "  1-2 MISSING" in capsys.readouterr().out


def test_a_database_that_is_not_there_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"anban audit: no embedded database below {tmp_path}\n"
    assert main(["--dsn", "host=127.0.0.1 port=1 connect_timeout=1"]) == 2
