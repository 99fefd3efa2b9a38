"""A whole cloud among hostile and clumsy people: what it logs of them, and whom it still serves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest

from benchmarks import bad_sign_ins
from cloud import audit
from firmware_protocols.model import AlarmKind, AlarmState
from firmware_protocols.wire.topics import Channel, Lane
from tests.harness import System, Uplink, alarm, eventually, reading, roster

pytestmark = pytest.mark.services

NAME, CONTACT, ADDRESS, NOTE = "穆桂英标记", "佘太君标记", "天波府巷77号", "夜里怕黑标记"
PHONE, NEIGHBOUR, ID_NUMBER = "+8613811117777", "+8613922226666", "11010519491231002X"
PASSWORD, GUESS = bad_sign_ins.PASSWORD, "gue55ed-标记"
MARKS: Final = (NAME, CONTACT, ADDRESS, NOTE, PHONE[3:], NEIGHBOUR[3:], ID_NUMBER, PASSWORD, GUESS)


def marked() -> dict[str, Any]:
    """A county in which every datum of a person can be told from all others."""
    contact = {"rank": 1, "name": CONTACT, "relation": "neighbour", "phone": NEIGHBOUR, "has_key": True,
               "channels": ["json://127.0.0.1:9/x", f"sms:{NEIGHBOUR}"]}  # fmt: skip
    raw = roster(20, staff=[bad_sign_ins.OPERATOR], contacts=[contact])
    for home in raw["homes"]:
        home["address"] = ADDRESS
        home["resident"] |= {"name": NAME, "phone": PHONE, "id_number": ID_NUMBER, "notes": NOTE}
    return raw


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    whole = System(
        tmp_path_factory.mktemp("anban") / "data", marked(), arguments=("--port", "0", "--verbose")
    )
    with whole.started():
        yield whole


@pytest.fixture
def operator(system: System) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{system.address}/api/v1", headers={"X-Anban": "1"}, timeout=60) as client:
        assert client.post("/session", json=bad_sign_ins.GOOD).status_code == 200
        yield client


def logs(system: System) -> dict[str, str]:
    """Every log that any process of the system writes, by file."""
    files = [file for file in system.data.rglob("*.log*") if file.is_file()]
    return {file.name: file.read_text(encoding="utf-8", errors="replace") for file in files}


def test_no_log_of_any_process_holds_anything_of_a_person(system: System, operator: httpx.Client) -> None:
    with Uplink("gw-h001", 1, system.broker_port) as gateway:
        gateway.send(Lane.BULK, reading())
        gateway.send(Lane.ALARM, alarm(1, kind=AlarmKind.SOS, state=AlarmState.RAISED))
        gateway.raw(Channel.ALARM, f'{{"gw":"{NAME}","x":"{PHONE}"'.encode())
        gateway.settle()
    eventually(lambda: operator.get("/snapshot").json()["incidents"])
    incident = operator.get("/snapshot").json()["incidents"][0]
    pane = operator.get(f"/incidents/{incident['id']}").json()
    assert (incident["resident"], pane["resident_phone"], pane["notes"]) == (NAME, PHONE, NOTE)
    act = f"/incidents/{incident['id']}"
    operator.post(f"{act}/dispatch", json={"version": 1})  # the ladder runs into a channel that fails
    for body in ({"version": 1, "note": NOTE}, {"version": "x", "note": NOTE}, {"note": NOTE, NAME: PHONE}):
        operator.post(f"{act}/note", json=body)
    operator.get(f"/homes/{incident['home_id']}")
    operator.get(f"/{NAME}/{PHONE}", params={"q": ADDRESS})
    operator.get("/homes/1", headers={"X-Name": PHONE, "Idempotency-Key": PHONE})
    operator.post("/session", json={"username": NAME, "password": GUESS})
    operator.post("/session", content=f'{{"username": "{NAME}", "password": "{GUESS}"'.encode())
    operator.post(f"/texts/{PHONE}", data={"text": NAME})
    with psycopg.connect(system.dsn) as broken, pytest.raises(psycopg.Error):
        broken.execute(
            "insert into resident (home_id, name, birth_year, sex) values (1, %s, 1942, '?')", [NAME]
        )
    eventually(lambda: "message is dead" in system.log or "failed" in system.log)
    found = logs(system)
    assert {"cloud.log", "postgres.log"} <= set(found)
    assert "POST /incidents/{incident_id}/note" in found["cloud.log"]
    assert [(name, mark) for name, text in found.items() for mark in MARKS if mark in text] == []


def test_the_audit_trail_of_all_that_holds_and_names_nobody(system: System, operator: httpx.Client) -> None:
    operator.get("/snapshot")
    with psycopg.connect(system.dsn) as conn:
        rows = conn.execute("select e::text from audit_entry e").fetchall()
        assert rows
        assert not [mark for mark in MARKS if mark in str(rows)]
        assert not [mark for mark in (PHONE[3:], NEIGHBOUR[3:], ID_NUMBER) if mark in _whole_database(conn)]
    eventually(lambda: audit.main(["log", "--data", str(system.data)]) == 0)
    eventually((system.data / "audit" / "heads.jsonl").exists)


def _whole_database(conn: psycopg.Connection[Any]) -> str:
    """Every row of every table, as a thief of the disk would read it."""
    tables = conn.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    return "\n".join(
        str(conn.execute(f'select t::text from "{table}" t'.encode()).fetchall()) for (table,) in tables
    )


def test_many_bad_sign_ins_are_refused_and_everybody_else_is_served(system: System) -> None:
    found = asyncio.run(bad_sign_ins.run(system.address, 400))
    assert set(found["answers"]) <= {"401", "503"}
    assert sum(found["answers"].values()) == 400
    with psycopg.connect(system.dsn) as conn:
        (refused,) = conn.execute(
            "select count(*) from audit_entry where action = 'signInRefused'"
        ).fetchone() or (0,)
    assert refused >= found["answers"].get("401", 0) > 0


def test_the_data_folder_keeps_its_secrets_to_itself(system: System) -> None:
    secrets = [file for file in (system.data / "secrets").iterdir() if file.suffix != ".crt"]
    assert {"audit.key", "fields.keys", "postgres.dsn"} <= {file.name for file in secrets}
    assert [file.name for file in secrets if file.stat().st_mode & 0o077] == []
    assert not Path(system.data / "secrets").stat().st_mode & 0o077
