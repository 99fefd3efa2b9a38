"""The outbox: the cases with a name; ``tests/property/test_outbox.py`` has the orders nobody thought of."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from edge_agent import store
from edge_agent.clock import Stamp
from edge_agent.outbox import GROUP_MOST, Outbox
from edge_agent.salvage import salvage
from edge_agent.store import RESERVE_BYTES
from firmware_protocols.model import (
    Alarm,
    AlarmId,
    AlarmKind,
    AlarmState,
    ClockState,
    Quantity,
    Reading,
)
from firmware_protocols.wire import envelope
from firmware_protocols.wire.envelope import Gap
from firmware_protocols.wire.topics import Lane
from tests.unit.edge_agent.household import GATEWAY, NOON, PENDANT, RADAR, STAMP, after, press


def reading(n: int = 1) -> Reading:
    return Reading(RADAR, Quantity.DISTANCE, float(n), after(n / 1000))


def alarm(name: str = "A") -> Alarm:
    return Alarm(AlarmId(name), AlarmKind.SOS, AlarmState.RAISED, PENDANT, NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "outbox.sqlite"


def box_at(path: Path, **options: float) -> Outbox:
    return Outbox(path, GATEWAY, **options)


def records(box: Outbox, lane: Lane) -> list[envelope.Record]:
    return [record for frozen in box.take(lane, 10_000) for record in envelope.parse(frozen.payload).records]


def test_an_alarm_is_on_disk_on_return_and_needs_no_reading(path: Path) -> None:
    box = box_at(path)
    box.append([reading()], STAMP, NOON)
    box.append([alarm(), press(PENDANT)], STAMP, NOON)
    with sqlite3.connect(path) as other:
        assert other.execute("select lane, first, n from batch").fetchall() == [("a", 1, 2)]
    box.close(NOON)


def test_readings_are_committed_after_ten_seconds_or_a_hundred(path: Path) -> None:
    box = box_at(path)
    box.append([reading()], STAMP, NOON)
    box.tick(after(9.9))
    assert records(box, Lane.BULK) == []
    box.tick(after(10))
    assert len(records(box, Lane.BULK)) == 1
    box.append([reading(n) for n in range(GROUP_MOST + 1)], STAMP, after(10))
    assert len(records(box, Lane.BULK)) == 1 + GROUP_MOST
    box.close(after(11))


def test_a_batch_never_mixes_clock_states(path: Path) -> None:
    box = box_at(path)
    box.append([reading(1)], Stamp("b", ClockState.UNSYNCED), NOON)
    box.append([reading(2)], Stamp("b", ClockState.SYNCED), NOON)
    box.flush(NOON)
    states = [envelope.parse(frozen.payload).clock for frozen in box.take(Lane.BULK, 10)]
    assert states == [ClockState.UNSYNCED, ClockState.SYNCED]
    box.close(NOON)


def test_numbers_go_on_when_everything_was_settled_and_the_agent_restarted(path: Path) -> None:
    box = box_at(path)
    box.append([alarm()], STAMP, NOON)
    box.settle(box.epoch, Lane.ALARM, [1])
    box.close(NOON)
    again = box_at(path)
    again.append([alarm("B")], STAMP, NOON)
    assert again.take(Lane.ALARM, 1)[0].key == (box.epoch, Lane.ALARM, 2)
    again.close(NOON)


def test_a_note_is_durable_no_later_than_the_event_after_it(path: Path) -> None:
    box = box_at(path)
    box.note("replay/pendant", "7")
    box.append([press(PENDANT)], STAMP, NOON)
    again = box_at(path)  # the first was never closed: as after kill -9
    assert again.recall("replay/pendant") == "7"
    assert again.recall("nothing") is None
    again.close(NOON)


def test_over_the_quota_the_oldest_readings_go_with_the_word_of_it_and_alarms_stay(path: Path) -> None:
    box = box_at(path, quota_mib=1)
    box.append([alarm()], STAMP, NOON)
    for n in range(1, 20_001):
        box.append([reading(n)], STAMP, NOON)
    gaps = [record for record in records(box, Lane.ALARM) if isinstance(record, Gap)]
    kept = [int(r.value) for r in records(box, Lane.BULK) if isinstance(r, Reading) and r.value is not None]
    missing = [n for gap in gaps for n in range(gap.first, gap.last + 1)]
    assert gaps
    assert {(gap.epoch, gap.lane, gap.reason) for gap in gaps} == {(box.epoch, Lane.BULK, "quota")}
    assert missing + kept == list(range(1, 20_001))
    assert any(isinstance(record, Alarm) for record in records(box, Lane.ALARM))
    assert box.lanes(NOON)[Lane.BULK].depth == len(kept)
    box.close(NOON)


def test_a_file_that_is_no_database_is_set_aside_under_a_new_epoch(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, for certain" * 400)
    box = box_at(path)
    assert box.replaced
    box.append([alarm()], STAMP, NOON)
    assert len(records(box, Lane.ALARM)) == 1
    assert len(list(path.parent.glob("outbox.sqlite.corrupt-*"))) == 1
    box.close(NOON)


def test_what_can_be_read_of_a_damaged_file_moves_over_with_its_old_identity(path: Path) -> None:
    box = box_at(path)
    box.note("replay/pendant", "7")
    for n in range(3):
        box.append([alarm(str(n))], STAMP, NOON)
    box.close(NOON)
    damage_an_index(path)
    again = box_at(path)
    assert again.replaced
    assert again.epoch != box.epoch
    assert [frozen.key.epoch for frozen in again.take(Lane.ALARM, 10)] == [box.epoch] * 3
    assert again.recall("replay/pendant") == "7"
    again.append([alarm("new")], STAMP, NOON)
    assert again.take(Lane.ALARM, 10)[-1].key == (again.epoch, Lane.ALARM, 1)
    again.close(NOON)


def test_a_damaged_file_whose_successor_finds_no_room_is_tried_again_until_it_does(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = box_at(path)
    box.append([alarm("before")], STAMP, NOON)
    box.close(NOON)
    damage_an_index(path)
    opened = store._opened

    def full(file: Path) -> sqlite3.Connection:
        if file == path and path.stat().st_size > 0:
            return opened(file)
        file.write_bytes(b"")  # a name is made, and no room for more
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store, "_opened", full)
    again = box_at(path)
    again.append([alarm("meanwhile")], STAMP, NOON)
    for tick in range(9):
        again.tick(after(tick))
    assert "full" in again.fault
    monkeypatch.setattr(store, "_opened", opened)
    again.tick(after(10))
    assert (again.fault, bool(again.replaced)) == ("", True)
    assert [one.id for one in records(again, Lane.ALARM) if isinstance(one, Alarm)] == ["before", "meanwhile"]
    assert len(list(path.parent.glob("outbox.sqlite.corrupt-*[0-9]"))) == 1
    again.close(NOON)


def test_readings_of_a_damaged_file_may_find_no_room_and_its_alarms_still_do(path: Path) -> None:
    box = box_at(path)
    for n in range(20):
        box.append([reading(n * GROUP_MOST + k) for k in range(GROUP_MOST)], STAMP, after(n))
    box.append([alarm("before")], STAMP, NOON)
    box.close(NOON)
    other = store._opened(path.with_name("successor"))
    other.execute("pragma max_page_count = 30")
    assert salvage(path, other) == 1
    assert other.execute("select lane from batch").fetchall() == [("a",)]
    other.close()


def test_killed_between_two_names_the_successor_is_found(path: Path) -> None:
    box = box_at(path)
    box.append([alarm()], STAMP, NOON)
    box.close(NOON)
    path.rename(path.with_name("outbox.sqlite.fresh"))
    again = box_at(path)
    assert len(again.take(Lane.ALARM, 9)) == 1
    again.close(NOON)


def test_what_damage_left_of_a_row_keeps_nobody_from_starting(path: Path) -> None:
    box = box_at(path)
    box.append([alarm()], STAMP, NOON)
    box.close(NOON)
    with sqlite3.connect(path) as other:
        row = "insert into batch (epoch, lane, first, n, at, payload) values (?, ?, ?, ?, ?, ?)"
        other.execute(row, ("e", "q", 1, 1, 0.0, b""))
        other.execute(row, ("e", "a", 1, 1, "then", b""))
        other.execute("insert into lane values ('q', 7)")
        other.execute("insert or replace into meta values ('needs', 'x')")
    damage_an_index(path)
    again = box_at(path)
    assert [(one.key.epoch, one.key.lane) for one in again.take(Lane.ALARM, 9)] == [
        (box.epoch, "a"),
        ("e", "a"),
    ]
    assert again.lanes(NOON)[Lane.ALARM].depth == 2
    again.close(NOON)
    with sqlite3.connect(path) as other:
        other.execute("insert into batch (epoch, lane, first, n, at, payload) values ('e','q',9,1,0.0,'')")
    last = box_at(path)
    assert last.lanes(NOON)[Lane.ALARM].depth == 2
    last.close(NOON)


def test_a_reserve_that_was_cut_short_is_filled_again(path: Path) -> None:
    box_at(path).close(NOON)
    reserve = path.with_name("outbox.sqlite.reserve")
    reserve.write_bytes(b"a disk that was full")
    box_at(path).close(NOON)
    assert reserve.stat().st_size == RESERVE_BYTES


def damage_an_index(path: Path) -> None:
    """Overwrite the root page of ``batch_lane``; the tables stay readable."""
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute(
            "select rootpage from sqlite_schema where name = 'batch_lane'"
        ).fetchone()
        (size,) = connection.execute("pragma page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))


def test_a_folder_that_cannot_be_made_costs_the_disk_but_not_the_alarm(path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    box = box_at(path)
    box.append([alarm(), reading()], STAMP, NOON)
    box.flush(NOON)
    assert box.fault
    (in_memory,) = box.take(Lane.ALARM, 10)
    assert len(records(box, Lane.BULK)) == 1
    path.parent.unlink()
    box.tick(after(1))
    assert not box.fault
    assert box.take(Lane.ALARM, 10) == [in_memory]  # the same bytes under the same identity
    with sqlite3.connect(path) as other:
        assert other.execute("select count(*) from batch").fetchone() == (2,)
    box.close(NOON)


def test_a_file_that_goes_bad_while_running_is_replaced_and_the_alarm_is_kept(path: Path) -> None:
    box = box_at(path)
    box.append([alarm("before")], STAMP, NOON)
    for suffix in ("", "-wal"):
        file = path.with_name(path.name + suffix)
        file.write_bytes(os.urandom(file.stat().st_size))
    box.append([alarm("after")], STAMP, NOON)
    box.tick(after(1))
    box.tick(after(2))
    assert "after" in {record.id for record in records(box, Lane.ALARM) if isinstance(record, Alarm)}
    box.close(NOON)


def test_space_is_held_back_for_an_alarm_and_given_up_only_for_one(path: Path) -> None:
    box = box_at(path)
    reserve = path.with_name("outbox.sqlite.reserve")
    assert reserve.stat().st_size == RESERVE_BYTES
    limit_pages(box)
    for n in range(20):
        box.append([reading(k) for k in range(GROUP_MOST)], STAMP, after(n))
    assert box.fault
    assert reserve.exists()
    box.append([alarm(str(n) * 5_000) for n in range(9)], STAMP, NOON)
    assert not reserve.exists()
    box._store.connection.execute("pragma max_page_count = 100000")
    box.tick(after(60))
    assert not box.fault
    assert reserve.exists()
    box.close(NOON)


def test_a_full_disk_is_not_worn_out_by_trying(path: Path) -> None:
    box = box_at(path)
    limit_pages(box)
    for n in range(20):
        box.append([reading(k) for k in range(GROUP_MOST)], STAMP, after(n))
    assert box.fault
    tried = list[str]()
    box._store.connection.set_trace_callback(tried.append)
    for fifth in range(5 * 60):
        box.tick(after(60 + fifth / 5))
    assert tried.count("begin immediate") == 6, "every ten seconds of a minute"
    box._store.connection.execute("pragma max_page_count = 100000")
    box.tick(after(120))
    assert not box.fault
    box.close(NOON)


def limit_pages(box: Outbox) -> None:
    (pages,) = box._store.connection.execute("pragma page_count").fetchone()
    box._store.connection.execute(f"pragma max_page_count = {pages + 2}")


def test_more_readings_than_memory_may_hold_are_dropped_oldest_first_with_the_word_of_it(path: Path) -> None:
    path.parent.write_text("no folder here")
    box = box_at(path)
    for n in range(300):
        box.append([reading(n)], STAMP, after(n))
        box.flush(after(n))
    gaps = [record for record in records(box, Lane.ALARM) if isinstance(record, Gap)]
    kept = [record.value for record in records(box, Lane.BULK) if isinstance(record, Reading)]
    assert sum(gap.last - gap.first + 1 for gap in gaps) + len(kept) == 300
    assert kept[-1] == 299.0
    assert {gap.reason for gap in gaps} == {"no disk"}


def test_a_copied_outbox_still_gives_the_bytes_it_gave_before(path: Path, tmp_path: Path) -> None:
    box = box_at(path)
    box.append([alarm()], STAMP, NOON)
    before = box.take(Lane.ALARM, 1)
    box.close(NOON)
    shutil.copytree(path.parent, tmp_path / "moved")
    again = box_at(tmp_path / "moved" / path.name)
    assert again.take(Lane.ALARM, 1) == before
    again.close(NOON)


def stored(path: Path) -> list[tuple[str, int]]:
    with sqlite3.connect(path) as other:
        return [(lane, first) for lane, first in other.execute("select lane, first from batch order by id")]


def test_what_is_settled_is_deleted_with_the_next_readings_and_costs_no_commit_of_its_own(path: Path) -> None:
    box = box_at(path)
    box.append([alarm()], STAMP, NOON)
    box.settle(box.epoch, Lane.ALARM, [1])
    assert box.take(Lane.ALARM, 5) == []
    assert box.lanes(NOON)[Lane.ALARM].depth == 0
    assert stored(path) == [("a", 1)]
    box.append([reading()], STAMP, NOON)
    box.flush(NOON)
    assert stored(path) == [("t", 1)]
    box.close(NOON)


def test_what_is_settled_is_deleted_after_a_group_s_time_although_nothing_comes(path: Path) -> None:
    box = box_at(path)
    box.append([alarm()], STAMP, NOON)
    box.settle(box.epoch, Lane.ALARM, [1])
    box.tick(NOON)
    assert stored(path) == [("a", 1)]
    box.tick(after(10))
    assert stored(path) == []
    box.close(after(10))


def test_an_alarm_does_not_wait_for_the_end_of_what_is_settled(path: Path) -> None:
    box = box_at(path)
    box.append([reading()], STAMP, NOON)
    box.flush(NOON)
    box.settle(box.epoch, Lane.BULK, [1])
    box.append([alarm()], STAMP, NOON)
    assert stored(path) == [("t", 1), ("a", 1)]
    box.close(NOON)
    assert stored(path) == [("a", 1)]


def test_a_kill_before_the_deletion_shows_the_same_bytes_again_and_no_others(path: Path) -> None:
    box = box_at(path)
    box.append([alarm("A")], STAMP, NOON)
    box.append([alarm("B")], STAMP, NOON)
    before = box.take(Lane.ALARM, 5)
    box.settle(box.epoch, Lane.ALARM, [1])
    box._store.close()
    again = box_at(path)
    assert again.take(Lane.ALARM, 5) == before
    again.close(NOON)


def newer(path: Path, *, version: int, needs: int) -> bytes:
    """Make the file one of a newer program; the bytes of its batch."""
    box = Outbox(path, GATEWAY)
    box.append([press(PENDANT)], STAMP, NOON)
    (frozen,) = box.take(Lane.ALARM, 9)
    box.close(NOON)
    with sqlite3.connect(path) as connection:
        connection.execute("alter table batch add column shade text")
        connection.execute("insert or replace into meta values ('needs', ?)", (str(needs),))
        connection.execute(f"pragma user_version = {version}")
    return frozen.payload


def test_a_newer_programs_file_that_only_has_more_is_used_as_it_is(path: Path) -> None:
    payload = newer(path, version=9, needs=1)
    box = Outbox(path, GATEWAY)
    box.append([press(PENDANT)], STAMP, after(1))
    assert box.take(Lane.ALARM, 9)[0].payload == payload
    box.close(NOON)
    with sqlite3.connect(path) as connection:
        assert connection.execute("pragma user_version").fetchone() == (9,)


def test_a_newer_programs_file_that_we_cannot_use_is_left_as_it_is_and_alarms_are_on_disk_beside_it(
    path: Path,
) -> None:
    newer(path, version=9, needs=9)
    untouched = path.read_bytes()
    box = Outbox(path, GATEWAY)
    box.append([press(PENDANT)], STAMP, NOON)
    assert (box.fault, box.replaced) == ("", "")
    box.close(NOON)
    assert path.read_bytes() == untouched
    again = Outbox(path, GATEWAY)
    assert len(again.take(Lane.ALARM, 9)) == 1
    again.close(NOON)


def test_what_an_older_program_wrote_beside_the_file_is_taken_in(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(path, version=2, needs=2)
    older = Outbox(path, GATEWAY)
    older.append([press(PENDANT)], STAMP, NOON)
    (beside,) = older.take(Lane.ALARM, 9)
    older.close(NOON)
    monkeypatch.setattr("edge_agent.store.VERSION", 2)
    box = Outbox(path, GATEWAY)
    assert beside in box.take(Lane.ALARM, 9)
    assert len(box.take(Lane.ALARM, 9)) == 2
    box.close(NOON)
    assert not path.with_name(path.name + ".v1").exists()
