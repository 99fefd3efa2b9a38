"""Where records come from, and what is said of a file that is none."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from firmware_protocols.model import DeviceId, Quantity, Reading
from simulators.replay import command, sources
from simulators.replay.changes import Setting
from simulators.replay.model import Place, RecordError
from simulators.replay.run import findings
from simulators.replay.sources import smallhomes

DATA = Path(os.environ.get("ANBAN_DATA", Path(__file__).parents[5] / "shared" / "data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no recordings in {DATA}")

TABLES: dict[str, Any] = {
    "home.json": [{"key": "h1"}],
    "device.json": [
        {"name": "door", "kind": "door", "room": "hall"},
        {"name": "living", "kind": "motion", "room": "living_room"},
    ],
    "plan.json": [{"version": 2, "body": {"person": {"wanders": True}}, "withheld": None}],
    "command.json": [],
    "alarm.json": [],
    "vital_record.json": [],
    "vital_limit.json": [],
    "reading.csv": "observed_at,device,quantity,quality,value\n"
    "2026-06-01T17:00:00+00:00,door,opening,good,1.0\n"
    "2026-06-01T17:00:05+00:00,door,opening,good,0.0\n"
    "2026-06-01T17:00:09+00:00,,opening,good,0.0\n"
    "2026-06-01T17:00:09+00:00,door,of_tomorrow,good,0.0\n",
    "reading_1d.csv": "",
    "event.csv": "",
}


def archive(folder: Path, **changed: Any) -> Path:
    """An archive as the cloud exports it; a table that is ``None`` is missing."""
    path = folder / "person.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in (TABLES | {k.replace("__", "."): v for k, v in changed.items()}).items():
            if content is not None:
                file.writestr(name, content if isinstance(content, str) else json.dumps(content))
    return path


def test_an_archive_is_a_home_with_its_plan_and_says_what_it_cannot_read(tmp_path: Path) -> None:
    record = sources.read(archive(tmp_path), None)
    assert (record.name, record.devices[DeviceId("door")]) == ("h1", Place("door", "hall"))
    assert [one.value for one in record.observed if isinstance(one, Reading)] == [True, False]
    assert (record.plan.version, record.plan.person.wanders) == (2, True)
    assert list(record.left_out.values()) == [2]


def test_the_plans_that_the_gateway_answered_are_the_plans_that_were_in_force(tmp_path: Path) -> None:
    def sent(version: int, at: str, *, ok: bool = True) -> dict[str, Any]:
        args = {"plan": {"version": version, "phones": {"centre": "sealed"}}}
        return {"name": "plan", "args": args, "answered_at": at, "ok": ok}

    commands = [
        sent(5, "2026-06-01 17:00:03+00:00"),
        sent(4, "2026-05-01 00:00:00+00:00"),
        sent(6, "2026-06-01 17:00:04+00:00", ok=False),
    ]
    record = sources.read(archive(tmp_path, command__json=commands), None)
    assert [plan.version for _, plan in record.plans] == [4, 4, 5]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"reading__csv": None}, "no reading.csv in it"),
        ({"home__json": "[{"}, "damaged"),
        ({"home__json": []}, "0 rows in home.json where one belongs"),
        ({"alarm__json": {}}, "alarm.json is not a list of rows"),
        ({"alarm__json": [{"alarm_id": "x"}]}, "a row cannot be read"),
        ({"reading__csv": "", "event__csv": ""}, "nothing was observed"),
        ({"plan__json": [{"version": 2, "body": {"person": 3}, "withheld": None}]}, "a plan of the record"),
        (
            {"reading__csv": "observed_at,device,quantity,quality,value\n2026-06-01,door,opening,good,1\n"},
            "no time zone",
        ),
    ],
)
def test_a_damaged_archive_is_refused_with_where_it_is_damaged(
    tmp_path: Path, changed: dict[str, Any], says: str
) -> None:
    with pytest.raises(RecordError, match=says):
        sources.read(archive(tmp_path, **changed), None)


@pytest.mark.parametrize("cut", [1, 60, 400])
def test_half_of_an_archive_is_refused(tmp_path: Path, cut: int) -> None:
    path = archive(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(RecordError):
        sources.read(path, None)


def test_the_command_says_in_one_line_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "note.txt").write_text("no zip")
    for where, says in ((tmp_path / "none", "no such file"), (tmp_path / "note.txt", "not an archive")):
        assert command.main(["home", str(where)]) == 2
        assert says in capsys.readouterr().err
    assert command.main(["home", str(tmp_path)]) == 2
    assert "neither an archive" in capsys.readouterr().err
    assert command.main(["home"]) == 2
    assert "say WHERE" in capsys.readouterr().err


def test_the_command_prints_findings_and_how_a_second_setting_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pass_by = "2026-06-01T18:40:00+00:00,living,motion,good,1.0\n"
    path = archive(tmp_path, reading__csv=TABLES["reading.csv"] + pass_by)
    assert command.main(["home", str(path), "--rows", "--compare", "night_door.wait_s=7200"]) == 0
    said = capsys.readouterr().out
    assert "Out at night, not back for 10 min" in said
    assert "compared with rules.night_door.wait_s=7200:\nless: 1, more: 0" in said
    assert "days a second" in said


def test_the_command_prints_one_document_for_a_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["home", str(archive(tmp_path)), "--json", "--from", "2026-06-02"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["home"], document["observations"], document["setting"]) == ("h1", 2, "as it was")
    assert command.main(["home", str(archive(tmp_path)), "--to", "2026-06-01"]) == 2
    assert "nothing was observed on these days" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sensor", "place"),
    [
        ("Bed/Pressure/Bedroom", Place("bed", "bedroom")),
        ("press bed links", Place("bed", "bedroom")),
        ("Seat/Pressure/Living", Place("presence", "living_room")),
        ("Maindoor/Magnetic/Entrance", Place("door", "hall")),
        ("Foyer,Door", Place("door", "hall")),
        ("Hall-Toilet door", Place("door", "bathroom")),
        ("PIR keuken", Place("motion", "kitchen")),
        ("22", None),
    ],
)
def test_the_name_of_a_sensor_says_what_it_is(sensor: str, place: Place | None) -> None:
    assert smallhomes.meaning(sensor) == place


def test_a_damaged_file_of_small_homes_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"home,t_start,t_end,sensor\na,2011-01-01 00:00:00,2011-01-01 00:00:09,Fridge\n")
    (tmp_path / smallhomes.FILE).write_bytes(whole[:-12])
    with pytest.raises(RecordError, match="damaged"):
        sources.read(tmp_path, "a")


@pytest.mark.data
@needs_data
def test_the_published_homes_can_be_read() -> None:
    names = sources.homes(DATA)
    assert len(names) == 7 + 24
    bed = sources.read(DATA, "ordonez_A")
    assert bed.devices[DeviceId("bed-pressure-bedroom")] == Place("bed", "bedroom")
    with pytest.raises(RecordError, match="say which home with --home"):
        sources.read(DATA, "nobody")


@pytest.mark.data
@needs_data
def test_tihm_brings_movement_and_measurements() -> None:
    record = sources.read(DATA, "0697d")
    quantities = {one.quantity for one in record.observed if isinstance(one, Reading)}
    assert {Quantity.MOTION, Quantity.SYSTOLIC} <= quantities
    assert not record.checked_in


def test_what_a_wearables_motion_was_taken_for_comes_out_of_its_alarm(tmp_path: Path) -> None:
    evidence = {"probability": 0.97, "peak_g": 3.1, "decided_after_s": 3.2, "witnesses": ["watch"]}
    fall = {
        "alarm_id": "01JF", "kind": "fall", "state": "suspected", "device": "watch", "confirm_s": 30.0,
        "observed_at": "2026-06-01 18:00:00+00:00", "evidence": evidence, "path": "ip",
    }  # fmt: skip
    record = sources.read(archive(tmp_path, alarm__json=[fall]), None)
    (suspected, raised) = [one for one in findings(record, Setting()) if one.rule == "fall"]
    assert (suspected.state, raised.state, raised.priority) == ("suspected", "raised", 1)
    assert (raised.at - suspected.at).total_seconds() == pytest.approx(30.0, abs=1)
    assert raised.numbers["probability"] == 0.97


def test_people_who_close_a_call_end_it_so_that_the_next_is_its_own(tmp_path: Path) -> None:
    presses = "observed_at,device,kind,detail\n" + "".join(
        f"2026-06-01T18:00:{second:02}+00:00,pendant,button,press\n" for second in (0, 20)
    )
    sos = {
        "alarm_id": "01JS", "kind": "sos", "state": "raised", "device": "pendant", "confirm_s": 0.0,
        "observed_at": "2026-06-01 18:00:00+00:00", "evidence": {"press": "press"}, "path": "ip",
    }  # fmt: skip
    closed = {
        "name": "closed",
        "args": {"alarm": "01JS"},
        "answered_at": "2026-06-01 18:00:10+00:00",
        "ok": True,
    }
    pendant = [*TABLES["device.json"], {"name": "pendant", "kind": "pendant", "room": ""}]
    path = archive(
        tmp_path, event__csv=presses, alarm__json=[sos], command__json=[closed], device__json=pendant
    )
    states = [one.state for one in findings(sources.read(path, None), Setting()) if one.rule == "sos"]
    assert states == ["raised", "raised"]
    path = archive(tmp_path, event__csv=presses, alarm__json=[sos], device__json=pendant)
    states = [one.state for one in findings(sources.read(path, None), Setting()) if one.rule == "sos"]
    assert states == ["raised", "updated"]
