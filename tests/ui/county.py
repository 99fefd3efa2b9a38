"""A year of a made county: months as the keeper would have frozen them, and the falls behind the last one.

What this is: cases drawn by a seed, added up by the product's own tally. What it is not: somebody's figures.
The one idea: numbers that a reader could meet: most promises held, nights worse than days, one far township
worse than the others, and a few cells of fewer than five.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Jsonb

from cloud.report import store
from cloud.report.cases import BatteryCase, Case, HomeCase, IncidentCase, PersonCase, Whose
from cloud.report.tally import Cells, Tally

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
TOWNS: Final = {
    "431202001": "城中街道",
    "431202007": "坨院街道",
    "431202101": "黄金坳镇",
    "431202203": "凉亭坳乡",
}
FAR: Final = "431202203"
HUAIHUA, HECHENG, ZHONGFANG = "4312", "431202", "431221"
"""A city and two counties in it; the second is drawn as the first, with chances of its own."""
VILLAGES: Final = {"431202001": "003", "431202007": "012", "431202101": "104", "431202203": "207"}
KINDS: Final = ("fall", "fall", "sos", "sos", "stillness", "bathroom_long", "night_door", "vitals", "smoke")
OUTCOMES: Final = ("A1", "A2", "A2", "B1", "B2", "B2", "C1", "C1", "C2", "C3", "E2")


def year(now: datetime) -> list[date]:
    """The firsts of the twelve months that are over, the oldest first."""
    months = [now.astimezone(SHANGHAI).date().replace(day=1)]
    while len(months) <= 12:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return sorted(months[1:])


def put(conn: psycopg.Connection, now: datetime) -> date:
    """Put the year into the database of a running platform; the last month's first day."""
    row = conn.execute("select id from tenant order by id limit 1").fetchone()
    assert row is not None
    for code, name in TOWNS.items():
        conn.execute(
            "insert into division values (%s, %s, null) on conflict do nothing", [f"{code}000", name]
        )
    _freeze(conn, row[0], now, year(now), HECHENG)
    return year(now)[-1]


def city(conn: psycopg.Connection, now: datetime) -> None:
    """A city with an evaluator whose name is ``city``, and in it a second county with a year of its own."""
    above, other = f"{HUAIHUA}00000000", f"{ZHONGFANG}000000"
    for code, name in ((above, "怀化市"), (other, "中方县")):
        conn.execute("insert into division values (%s, %s, null) on conflict do nothing", [code, name])
    conn.execute(
        "insert into tenant (code, name, division_code, second_factor_roles) values"
        " ('huaihua', '怀化市', %s, '{}'), ('zhongfang', '中方县', %s, '{}')",
        [above, other],
    )
    conn.execute(
        "insert into staff (tenant_id, username, password_hash, role, name)"
        " select tenant.id, 'city', password_hash, 'city_evaluator', '市民政局' from staff, tenant"
        " where staff.username = 'evaluator' and tenant.code = 'huaihua'"
    )
    row = conn.execute("select id from tenant where code = 'zhongfang'").fetchone()
    assert row is not None
    _freeze(conn, row[0], now, year(now), ZHONGFANG)


def _freeze(
    conn: psycopg.Connection, tenant: int, now: datetime, months: Sequence[date], county: str
) -> None:
    for place, month in enumerate(months):
        cells = _cells(Random(place + int(county)), month, county)
        conn.execute(
            "insert into report (tenant_id, month, version, counted_at, frozen_at, digest, cells)"
            " values (%s, %s, 1, %s, %s, %s, %s)",
            [
                tenant,
                month,
                now,
                datetime(*(month + timedelta(days=34)).timetuple()[:3], tzinfo=UTC),
                store.digest(month, 1, "", cells),
                Jsonb(store.document(cells)),
            ],
        )
    conn.commit()


def fall(conn: psycopg.Connection, month: date) -> int:
    """A fall of ``month`` in the first home, that was answered after a minute and a half; its number."""
    at = datetime(month.year, month.month, 9, 4, 0, tzinfo=UTC)
    row = conn.execute(
        "insert into incident (tenant_id, home_id, kind, family, priority, state, state_since, observed_at,"
        " opened_at, outcome, closed_at) select tenant_id, id, 'fall', 'person', 1, 'closed', %(at)s, %(at)s,"
        " %(at)s, 'A2', %(at)s from home order by id limit 1 returning id",
        {"at": at},
    ).fetchone()
    assert row is not None
    for seq, (after_s, trigger, state) in enumerate(((0, "alarm", "raised"), (90, "ack", "acked")), 1):
        conn.execute(
            "insert into incident_event values (%s, %s, %s, 'staff:1', %s, '', %s, '{}')",
            [row[0], seq, at + timedelta(seconds=after_s), trigger, state],
        )
    conn.commit()
    return int(row[0])


def _cells(random: Random, month: date, county: str) -> Cells:
    tally = Tally()
    for case in _cases(random, month, county):
        tally.add(case)
    return tally.cells()


def _cases(random: Random, month: date, county: str) -> Iterator[Case]:
    people = [_whose(random, number, county) for number in range(1, 241)]
    for number in range(1, 321):
        yield _incident(random, random.choice(people), number, month)
    for number, whose in enumerate(people, 1):
        far = _far(whose)
        heard = 30 if random.random() > (0.2 if far else 0.03) else random.randint(8, 29)
        calls = random.choice([0, 0, 0, 1, 1, 2, 4])
        near = random.random() > (0.45 if far else 0.02)
        yield HomeCase(whose, 30, heard, calls, calls // 3, calls, 1, int(random.random() > 0.01), near)
        owed = random.random() > 0.03
        visited = owed and random.random() > (0.12 if far else 0.015)
        yield PersonCase(whose, number, owed, visited, 0.0 if visited else random.uniform(1, 20))
    for number in range(1, 13):
        yield BatteryCase(random.choice(people), number, random.random() > 0.05)


def _whose(random: Random, number: int, county: str) -> Whose:
    town = random.choices(list(TOWNS), [5, 4, 3, 2])[0]
    sex = random.choices(["f", "m", None], [60, 38, 2])[0]
    return Whose(
        1, number, county + town[6:] + VILLAGES[town], random.choices([66, 74, 83, 91], [2, 4, 5, 1])[0], sex
    )


def _incident(random: Random, whose: Whose, number: int, month: date) -> IncidentCase:
    at = datetime(month.year, month.month, 1, tzinfo=SHANGHAI) + timedelta(
        days=random.randrange(28), hours=random.choices(range(24), [1] * 6 + [3] * 16 + [2] * 2)[0]
    )
    night, far = at.hour < 6 or at.hour >= 21, _far(whose)
    answered = at + timedelta(seconds=random.expovariate(1 / (26 if night else 13)))
    sent = at + timedelta(seconds=70)
    there = sent + timedelta(minutes=random.lognormvariate(2.75 if far else 2.1, 0.45 if night else 0.35))
    return replace(
        _CALL,
        whose=whose,
        id=number,
        kind=random.choice(KINDS),
        priority=random.choice([1, 2, 2, 3]),
        opened_at=at,
        raised_at=at,
        answered_at=answered,
        sent_at=sent,
        coming_at=at + timedelta(seconds=random.expovariate(1 / 80)),
        there_at=there,
        inside_at=there + timedelta(minutes=random.expovariate(1)),
        outcome=random.choice(OUTCOMES),
        rung=random.choice([1, 1, 1, 2, 3]),
        foreseen=random.random() < 0.3,
    )


def _far(whose: Whose) -> bool:
    return whose.division[6:9] == FAR[6:9]


_CALL: Final = IncidentCase(
    whose=Whose(1, 1, "431202001003", 84, "f"), id=0, kind="fall", priority=1, test=False,
    opened_at=datetime(2026, 1, 1, tzinfo=UTC), raised_at=None, answered_at=None, sent_at=None,
    coming_at=None, there_at=None, inside_at=None, outcome=None, rung=None, foreseen=False,
)  # fmt: skip
