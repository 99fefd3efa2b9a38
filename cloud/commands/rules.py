"""How often each rule was right, for whoever runs the cloud: as a table, or as the API's document."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cloud.commands.command import Command, database
from cloud.settings import ConfigError, Settings

if TYPE_CHECKING:
    from cloud.learning.report import RuleReport, Share

_MOST_DAYS: Final = 366


def _rules(settings: Settings, chosen: argparse.Namespace) -> None:
    from cloud.auth import Purpose, Scope
    from cloud.db import connect
    from cloud.learning import store
    from cloud.privacy import retention
    from cloud.role import wall

    async def read(dsn: str) -> RuleReport:
        now = wall()
        async with await connect(dsn) as conn:
            tenant_id = await retention.tenant_of(conn, chosen.tenant)
            if tenant_id is None:
                raise ConfigError(f"there is no tenant {chosen.tenant}")
            scope = Scope((tenant_id,), None, Purpose.CONSOLE)
            return await store.rule_report(conn, scope, store.Span(now - timedelta(days=chosen.days), now))

    with database(settings) as dsn:
        found = asyncio.run(read(dsn))
    lines = [found.model_dump_json()] if chosen.json else _lines(found)
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _lines(found: RuleReport) -> Iterator[str]:
    yield f"{found.homes} homes, {found.home_weeks:g} home-weeks since {found.since:%Y-%m-%d %H:%M} UTC"
    yield f"{'rule':<24} alerts  right  false  unclear  open  off  false/home-week  right of judged (95 %)"
    for one in found.rules:
        why = " ".join(f"{code}:{n}" for code, n in one.why.items())
        yield (
            f"{one.rule:<24} {one.alerts:>6} {one.right:>6} {one.false:>6} {one.unclear:>8} {one.open:>5} "
            f"{one.called_off:>4} {one.false_per_home_week:>16.4f}  {_share(one.right_share)}  {why}"
        )
    for lost in found.missed:
        counted = f"{lost.missed} of {lost.raised_by_people} that people raised"
        yield f"missed by every {lost.family} rule: {counted}  {_share(lost.missed_share)}"


def _share(share: Share | None) -> str:
    return "-" if share is None else f"{share.share:.2f} ({share.low:.2f}-{share.high:.2f})"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("report",), help="how often each rule was right")
    parser.add_argument("tenant", metavar="TENANT", help="code of the tenant")
    parser.add_argument("--days", type=_days, default=28, metavar="N", help="how many days back (28)")
    parser.add_argument("--json", action="store_true", help="the document that the API answers")


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"1-{_MOST_DAYS} days")
    return int(text)


COMMANDS: Final[Mapping[str, Command]] = {
    "rules": Command("how often each rule was right, by how its incidents ended", _rules, _arguments),
}
"""Proposals for thresholds are made and decided at the API: there a named person signs."""
