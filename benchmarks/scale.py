"""``python -m benchmarks.scale``: three brokers that are one, two counties with a database each, more homes.

What this is: a NATS cluster of three nodes, two PostgreSQL servers with an ingest and a worker each, and a
fleet that speaks ``anban/1`` for 300, 3,000 and 30,000 homes; what each home costs in CPU, then one node
killed while the fleet publishes. What it is not: three machines; two cores carry it all, so a rate here says
what the software costs, not what a city's hardware bears. The homes of a county share one connection; what a
connection costs the broker is in ``docs/operations.md``. The one idea: everything said is kept until the
commit-ack names it, and the audit of both databases is held against what was said.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.chaos import audited
from benchmarks.fleet_load import READINGS, USER, gateway_id
from benchmarks.gateways import ROOT, wait_for
from benchmarks.nats_cluster import Cluster
from benchmarks.proxy import Proxy
from benchmarks.split import Kept, Services, command, load, services_told
from cloud import machine_secret, settings
from cloud.embedded import Postgres
from cloud.embedded.accounts import Account, ingest_account
from cloud.embedded.nats import INGEST_USER
from cloud.figures import directory
from firmware_protocols.wire import topics

STAGES: Final = (300, 3_000, 30_000)
SHARDS: Final = 4
"""Of each county, out of the 256 that there are."""
WARM_S: Final = 15.0
COUNTIES: Final = (("431202000000", "鹤城区"), ("431221000000", "中方县"))
_HOUR_S: Final = 3_600
_MIB: Final = 2**20


@dataclass(slots=True)
class County:
    """One county: its database, its ingest and its worker."""

    number: int
    folder: Path
    postgres: Postgres
    config: Path
    roles: dict[str, Kept]

    @property
    def first_shard(self) -> int:
        return self.number * SHARDS

    def homes(self, all_homes: int) -> range:
        """The numbers of its homes when there are ``all_homes``: half each."""
        half = all_homes // len(COUNTIES)
        return range(self.number * 1_000_000, self.number * 1_000_000 + half)

    def grow(self, all_homes: int) -> None:
        """Have the homes of this stage."""
        load(self.config, _roster(self, all_homes))

    def processes(self) -> dict[str, list[psutil.Process]]:
        """By part."""
        found = {
            name: [psutil.Process(kept.process.pid)] for name, kept in self.roles.items() if kept.process
        }
        return found | {"database": _servers(self.postgres)}


def _servers(postgres: Postgres) -> list[psutil.Process]:
    pid = int((postgres.cluster / "postmaster.pid").read_text().split()[0])
    return [psutil.Process(pid)]


def _roster(county: County, all_homes: int) -> dict[str, Any]:
    code, name = COUNTIES[county.number]
    return {
        "divisions": [{"code": code, "name": name, "parent": None}],
        "tenant": {"code": f"county{county.number}", "name": name, "division": code},
        "staff": [],
        "homes": [
            {
                "key": f"h{number:06}",
                "division": code,
                "address": f"{name}{number}号",
                "resident": {"name": f"住户{number}", "birth_year": 1942, "sex": "f"},
                "gateway": {
                    "id": gateway_id(number),
                    "shard": county.first_shard + number % SHARDS,
                    "secret": "",
                },
                "devices": [
                    {"name": "radar", "kind": "radar", "room": ""},
                    {"name": "pendant", "kind": "pendant", "room": ""},
                ],
            }
            for number in county.homes(all_homes)
        ],
    }


@contextmanager
def standing(folder: Path) -> Iterator[tuple[Cluster, list[County], str]]:
    """Cluster and counties, running. The third: the fleet's secret."""
    secrets = {name: machine_secret.new() for name in (INGEST_USER, USER)}
    accounts = [
        ingest_account(INGEST_USER, machine_secret.hashed(secrets[INGEST_USER])),
        Account(
            USER, machine_secret.hashed(secrets[USER]), (f"{topics.ROOT}/#",), (f"{topics.ROOT}/c/+/ack",)
        ),
    ]
    with ExitStack() as stack:
        cluster = Cluster(folder / "nats", accounts)
        stack.callback(cluster.stop)
        cluster.start()
        databases = [Postgres(folder / f"county{number}") for number in range(len(COUNTIES))]
        for database in databases:
            database.data.mkdir()
            database.prepare()
        services = Services(databases)
        stack.callback(services.stop)
        services.start()
        counties = [_county(stack, n, database, cluster, secrets) for n, database in enumerate(databases)]
        yield cluster, counties, secrets[USER]


def _county(
    stack: ExitStack, number: int, postgres: Postgres, cluster: Cluster, secrets: Mapping[str, str]
) -> County:
    proxy = Proxy(cluster.port)
    stack.callback(proxy.close)
    config = postgres.data / "cloud.toml"
    first = number * SHARDS
    told = services_told(postgres.dsn, proxy.port, secrets[INGEST_USER])
    config.write_text(f"{told}[ingest]\nshards = [{first}, {first + SHARDS - 1}]\n")
    county = County(number, postgres.data, postgres, config, {})
    county.grow(len(COUNTIES))
    for role in ("ingest", "worker"):
        county.roles[role] = Kept(command(config, role), postgres.data / f"{role}.log")
        stack.callback(county.roles[role].stop)
    return county


@contextmanager
def talking(cluster: Cluster, counties: Sequence[County], homes: int, secret: str) -> Iterator[list[Any]]:
    """A fleet for each county, until the block ends; then the list holds what they say."""
    told: list[Any] = []
    with ExitStack() as stack:
        fleets = []
        for county in counties:
            proxy = Proxy(cluster.port)
            stack.callback(proxy.close)
            numbers = county.homes(homes)
            options = {
                "port": proxy.port,
                "first": numbers.start,
                "homes": len(numbers),
                "first-shard": county.first_shard,
                "shards": SHARDS,
                "secret": secret,
            }
            words = [f"--{name}={value}" for name, value in options.items()]  # a secret may begin with "-"
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.fleet_load", *words],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            fleets.append(process)
        yield told
        for process in fleets:
            if process.stdin:
                process.stdin.write("\n")
                process.stdin.flush()
        for process in fleets:
            said, _ = process.communicate(timeout=300)
            told.append(json.loads(said))


def cpu_s(parts: Mapping[str, Sequence[psutil.Process]]) -> dict[str, float]:
    """CPU seconds so far, by part; children that ended are in their parent's count."""
    return {name: sum(_used_s(process) for process in processes) for name, processes in parts.items()}


def _used_s(process: psutil.Process) -> float:
    own = process.cpu_times()
    alive = sum(sum(child.cpu_times()[:2]) for child in process.children(recursive=True))
    return float(own.user + own.system + own.children_user + own.children_system + alive)


def resident_mib(parts: Mapping[str, Sequence[psutil.Process]]) -> dict[str, int]:
    """Memory that is theirs alone plus their share of what is shared, by part."""
    return {
        name: round(
            sum(
                one.memory_full_info().pss
                for process in processes
                for one in (process, *process.children(recursive=True))
            )
            / _MIB
        )
        for name, processes in parts.items()
    }


def parts_of(cluster: Cluster, counties: Sequence[County]) -> dict[str, list[psutil.Process]]:
    """All processes that a city pays for."""
    found: dict[str, list[psutil.Process]] = {
        "broker": [psutil.Process(node.process.pid) for node in cluster.nodes if node.process]
    }
    for county in counties:
        for name, processes in county.processes().items():
            found.setdefault(name, []).extend(processes)
    return found


def cost(cluster: Cluster, counties: Sequence[County], homes: int, secret: str, window_s: float) -> Any:
    """What ``homes`` homes cost for ``window_s`` seconds."""
    with talking(cluster, counties, homes, secret) as told:
        time.sleep(WARM_S)
        parts = parts_of(cluster, counties)
        before, began = cpu_s(parts), time.monotonic()
        time.sleep(window_s)
        took, after = time.monotonic() - began, cpu_s(parts)
        memory = resident_mib(parts)
    per_hour = {name: (after[name] - before[name]) / took * _HOUR_S / homes * 1_000 for name in parts}
    return {
        "homes": homes,
        "readings_per_s": round(homes * READINGS / 60, 1),
        "cpu_ms_per_home_hour": {name: round(value, 2) for name, value in per_hour.items()},
        "cores": round(sum(after[name] - before[name] for name in parts) / took, 3),
        "resident_mib": memory,
        "fleets": told,
    }


def fault(cluster: Cluster, counties: Sequence[County], homes: int, secret: str) -> Any:
    """Kill the node that leads while the fleet publishes; start it again after twenty seconds."""
    with talking(cluster, counties, homes, secret) as told:
        time.sleep(WARM_S)
        victim = _leader(cluster)
        victim.kill()
        time.sleep(20)
        victim.start()
        back = wait_for(lambda: victim.well, 60, 0.2)
        time.sleep(10)
    return {"homes": homes, "killed": f"node{victim.number}", "it_came_back": back, "fleets": told}


def _leader(cluster: Cluster) -> Any:
    """The node that leads the stream of messages, where the cluster tells; else the first."""
    for node in cluster.nodes:
        said = node.ask("/jsz?streams=true&accounts=true")
        for account in said.get("account_details", []):
            for stream in account.get("stream_detail", []):
                if stream.get("name") == "$MQTT_msgs":
                    leader = stream.get("cluster", {}).get("leader", "")
                    return next((one for one in cluster.nodes if f"node{one.number}" == leader), node)
    return cluster.nodes[0]


def proof(counties: Sequence[County], fleets: Sequence[Any]) -> dict[str, int]:
    """Hold what both databases store against what the fleets said."""
    said = sum(fleet["records"] for fleet in fleets)
    stored, missing, doubled = 0, 0, 0
    for county in counties:
        report = asyncio.run(audited(county.postgres.dsn))
        missing, doubled = missing + report.missing, doubled + report.doubled
        with psycopg.connect(county.postgres.dsn) as conn:
            for table in ("reading", "alarm"):
                row = conn.execute(f"select count(*) from {table}".encode()).fetchone()
                stored += int(row[0]) if row else 0
    return {"said": said, "stored": stored, "missing": missing, "doubled": doubled}


def city(counties: Sequence[County], homes: int) -> dict[str, float]:
    """What the city's page of figures takes, asked of both counties at once."""
    told = [_reader(county.postgres.dsn) for county in counties]
    asked = [
        settings.County(
            COUNTIES[county.number][0], (county.first_shard, county.first_shard + SHARDS - 1), dsn
        )
        for county, dsn in zip(counties, told, strict=True)
    ]
    began = time.monotonic()
    answers = asyncio.run(directory.ask(asked, datetime.now(UTC)))
    took_ms = (time.monotonic() - began) * 1_000
    counted = sum(tenant.homes for answer in answers for tenant in answer.tenants)
    return {"homes": homes, "counted": counted, "took_ms": round(took_ms, 1)}


def _reader(dsn: str) -> str:
    """The way in of a role that may do one thing in a county's database, as ``docs/operations.md`` says."""
    secret = machine_secret.new()
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("create role anban_city login password {}").format(sql.Literal(secret)))
        conn.execute("grant execute on function county_figures(timestamptz) to anban_city")
    return make_conninfo(dsn, user="anban_city", password=secret)


def run(folder: Path, stages: Sequence[int], window_s: float) -> dict[str, Any]:
    """All stages, then the fault at the middle one."""
    with standing(folder) as (cluster, counties, secret):
        costs, fleets = [], []
        for homes in stages:
            for county in counties:
                county.grow(homes)
            costs.append(cost(cluster, counties, homes, secret, window_s))
            fleets += costs[-1].pop("fleets")
            costs[-1]["fleets"] = fleets[-len(counties) :]
        broken = fault(cluster, counties, stages[len(stages) // 2], secret)
        fleets += broken["fleets"]
        return {
            "costs": costs,
            "fault": broken,
            "proof": proof(counties, fleets),
            "city": city(counties, stages[-1]),
        }


def failures(result: Mapping[str, Any]) -> list[str]:
    """What must not be, in words."""
    proven = result["proof"]
    found = [f"{proven[name]} {name}" for name in ("missing", "doubled") if proven[name]]
    if proven["said"] != proven["stored"]:
        found.append(f"{proven['stored']} stored of {proven['said']}")
    fleets = [fleet for one in (*result["costs"], result["fault"]) for fleet in one["fleets"]]
    found += [f"{fleet['unsettled']} batches never named" for fleet in fleets if fleet["unsettled"]]
    if result["city"]["counted"] != result["city"]["homes"]:
        found.append(f"the city counts {result['city']['counted']} of {result['city']['homes']} homes")
    if not result["fault"]["it_came_back"]:
        found.append("the killed node did not come back")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run, print, and return 0 if nothing was lost or doubled."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    parser.add_argument("--homes", type=int, nargs="+", default=list(STAGES), help="the stages")
    parser.add_argument("--seconds", type=float, default=60.0, help="window of each stage")
    parser.add_argument("--keep", type=Path, help="run in this (new) folder and leave it")
    options = parser.parse_args(argv)
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anban-scale-")))
        folder.mkdir(exist_ok=True)
        result = run(folder, options.homes, options.seconds)
    result["failed"] = failures(result)
    text = json.dumps(result, indent=1, ensure_ascii=False) + "\n" if options.json else shown(result)
    sys.stdout.write(text)
    return 1 if result["failed"] else 0


def shown(result: Mapping[str, Any]) -> str:
    """The result for people."""
    text = ["  homes readings/s  cores   CPU ms per home and hour / MiB resident"]
    for one in result["costs"]:
        costs = ", ".join(
            f"{name} {value} / {one['resident_mib'][name]}"
            for name, value in one["cpu_ms_per_home_hour"].items()
        )
        text.append(f"{one['homes']:>7} {one['readings_per_s']:>10} {one['cores']:>6}   {costs}")
        text += [f"        {_settled(fleet)}" for fleet in one["fleets"]]
    text.append(f"{result['fault']['killed']} killed with {result['fault']['homes']} homes:")
    text += [f"        {_settled(fleet)}" for fleet in result["fault"]["fleets"]]
    text.append(", ".join(f"{name} {value}" for name, value in result["proof"].items()))
    text.append("the city: {counted} homes of two counties counted in {took_ms} ms".format(**result["city"]))
    text += [f"FAILED {what}" for what in result["failed"]] or ["nothing lost, nothing doubled"]
    return "\n".join(text) + "\n"


def _settled(fleet: Mapping[str, Any]) -> str:
    return (
        f"{fleet['batches']} batches committed after {fleet['settled_p50_s']} s (p50),"
        f" {fleet['settled_p99_s']} s (p99), longest pause {fleet['longest_pause_s']} s;"
        f" {fleet['alarms']} alarms, slowest {fleet['alarm_most_s']} s"
    )


if __name__ == "__main__":
    raise SystemExit(main())
