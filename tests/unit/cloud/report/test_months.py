"""A month by the tenant's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.report.months import Month, month_of, months, next_count

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER = Month(date(2026, 10, 1), SHANGHAI)


def test_a_month_begins_at_midnight_where_the_tenant_is() -> None:
    assert OCTOBER.since == datetime(2026, 9, 30, 16, 0, tzinfo=UTC)
    assert OCTOBER.until == datetime(2026, 10, 31, 16, 0, tzinfo=UTC)


def test_a_month_with_a_changed_clock_is_an_hour_longer() -> None:
    berlin = Month(date(2026, 10, 1), BERLIN)
    assert berlin.until.astimezone(UTC) - berlin.since.astimezone(UTC) == timedelta(days=31, hours=1)


def test_after_december_comes_january() -> None:
    assert Month(date(2026, 12, 1), SHANGHAI).after().name == "2027-01"


def test_the_last_hour_of_a_month_in_utc_is_the_next_one_there() -> None:
    assert month_of(datetime(2026, 10, 31, 17, 0, tzinfo=UTC), SHANGHAI).name == "2026-11"


def test_a_running_month_is_counted_until_the_last_midnight() -> None:
    now = datetime(2026, 10, 7, 3, 0, tzinfo=UTC)
    assert OCTOBER.counted_until(now) == datetime(2026, 10, 6, 16, 0, tzinfo=UTC)
    assert OCTOBER.counted_until(now + timedelta(days=90)) == OCTOBER.until


def test_a_month_may_freeze_three_days_after_its_end() -> None:
    assert not OCTOBER.may_freeze(OCTOBER.until + timedelta(days=3, seconds=-1))
    assert OCTOBER.may_freeze(OCTOBER.until + timedelta(days=3))


def test_a_worker_that_was_away_finds_every_month() -> None:
    found = months(date(2026, 10, 1), datetime(2027, 1, 5, tzinfo=UTC), SHANGHAI)
    assert [one.name for one in found] == ["2026-10", "2026-11", "2026-12", "2027-01"]


def test_it_is_counted_half_an_hour_after_midnight() -> None:
    assert next_count(datetime(2026, 10, 6, 16, 10, tzinfo=UTC), SHANGHAI) == datetime(
        2026, 10, 6, 16, 30, tzinfo=UTC
    )
    assert next_count(datetime(2026, 10, 6, 16, 30, tzinfo=UTC), SHANGHAI) == datetime(
        2026, 10, 7, 16, 30, tzinfo=UTC
    )
