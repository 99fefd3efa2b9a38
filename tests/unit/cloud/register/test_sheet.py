"""Residents from a sheet: headings and cells as people write them, every bad row named, nothing half done."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
import xlsxwriter

import dashboards
from cloud.db import Connection
from cloud.people import id_number
from cloud.register import sheet_file
from cloud.register.sheet import Fault, Known, Rule, Sheet, field_of, read
from cloud.register.sheet_file import Form, Unreadable, rows
from tests.unit.cloud.conftest import Site

WORDS: Final = Path(dashboards.__file__).parent / "i18n" / "admin"
HEAD: Final = (
    "编号,社区,家庭住址,姓名,性别,出生年份,身份证号码,是否独居,能力等级,电话,备注,"
    "联系人1姓名,联系人1关系,联系人1电话,联系人1有钥匙"
)
GOOD: Final = "H-1,鹤城区,新巷3号,滕树英,女,1938,,是,中度失能,13800000001,听力差,向明,儿子,13900000002,是"
NUMBER: Final = "43120219380512002" + id_number.check_digit("43120219380512002")
KNOWN: Final = Known(
    "431202000000", {"431202000000": "鹤城区", "431202001000": "城中街道"}, frozenset({"old"})
)


def sheet(*lines: str, head: str = HEAD, known: Known = KNOWN) -> Sheet:
    return read(rows(Form.CSV, "\n".join([head, *lines]).encode()), known)


def test_a_row_becomes_a_home_with_its_resident_and_care_circle() -> None:
    found = sheet(GOOD)
    assert found.faults == ()
    assert found.homes == (
        {
            "key": "H-1",
            "division": "431202000000",
            "address": "新巷3号",
            "resident": {
                "name": "滕树英",
                "birth_year": 1938,
                "sex": "f",
                "lives_alone": True,
                "ability_level": 2,
                "phone": "13800000001",
                "id_number": "",
                "notes": "听力差",
            },
            "contacts": [
                {"rank": 1, "name": "向明", "relation": "family", "phone": "13900000002", "has_key": True}
            ],
        },
    )


def test_an_id_number_tells_the_year_and_the_sex() -> None:
    found = sheet(f"H-1,鹤城区,新巷3号,滕树英,,,{NUMBER}")
    assert found.faults == ()
    resident = found.homes[0]["resident"]
    assert (resident["birth_year"], resident["sex"], resident["id_number"]) == (1938, "f", NUMBER)


@pytest.mark.parametrize(
    ("line", "column", "rule"),
    [
        (",鹤城区,新巷3号,滕树英,女,1938", "key", Rule.MISSING),
        ("old,鹤城区,新巷3号,滕树英,女,1938", "key", Rule.KNOWN),
        ("H-1,,新巷3号,滕树英,女,1938", "division", Rule.MISSING),
        ("H-1,没有的村,新巷3号,滕树英,女,1938", "division", Rule.DIVISION_UNKNOWN),
        ("H-1,鹤城区,新巷3号,,女,1938", "name", Rule.MISSING),
        ("H-1,鹤城区,新巷3号,滕树英,,1938", "sex", Rule.MISSING),
        ("H-1,鹤城区,新巷3号,滕树英,其他,1938", "sex", Rule.NO_CHOICE),
        ("H-1,鹤城区,新巷3号,滕树英,女,", "birth_year", Rule.MISSING),
        ("H-1,鹤城区,新巷3号,滕树英,女,八十", "birth_year", Rule.NO_NUMBER),
        ("H-1,鹤城区,新巷3号,滕树英,女,1838", "birth_year", Rule.OUT_OF_RANGE),
        ("H-1,鹤城区,新巷3号,滕树英,女,1938,431202193805120010", "id_number", Rule.ID_NUMBER),
        (f"H-1,鹤城区,新巷3号,滕树英,男,1938,{NUMBER}", "sex", Rule.DIFFERS),
        (f"H-1,鹤城区,新巷3号,滕树英,女,1939,{NUMBER}", "birth_year", Rule.DIFFERS),
        ("H-1,鹤城区,新巷3号,滕树英,女,1938,4.31202E+17", "id_number", Rule.CUT),
        ("H-1,鹤城区,新巷3号,滕树英,女,1938,,也许", "lives_alone", Rule.NO_YES_OR_NO),
        ("H-1,鹤城区,新巷3号,滕树英,女,1938,,是,九级", "ability_level", Rule.NO_CHOICE),
        ("H-1,鹤城区,新巷3号,滕树英,女,1938,,是,2,没有", "phone", Rule.PHONE),
        ("H-1,鹤城区,新巷3号,滕树英,女,1938,,是,2,,,,儿子,13900000002", "contact1_name", Rule.MISSING),
        (f"H-1,鹤城区,{'巷' * 201},滕树英,女,1938", "address", Rule.TOO_LONG),
    ],
)
def test_a_bad_cell_is_named_with_its_row_and_column(line: str, column: str, rule: Rule) -> None:
    found = sheet(GOOD.replace("H-1", "H-0"), line)
    assert [(one.row, one.column, one.rule) for one in found.faults] == [(3, column, rule)]


def test_every_fault_of_every_row_is_named_at_once() -> None:
    found = sheet("H-1,,新巷3号,,其他,八十", GOOD, GOOD)
    assert {(one.row, one.column) for one in found.faults} == {
        (2, "division"), (2, "name"), (2, "sex"), (2, "birth_year"), (3, "key"), (4, "key"),
    }  # fmt: skip
    assert Fault(4, "key", Rule.TWICE, "2") in found.faults


def test_a_place_may_be_named_or_numbered_and_lies_in_the_own_county() -> None:
    places = {**KNOWN.places, "431221000000": "中方县", "431202002000": "城中街道"}
    known = Known("431202000000", places)
    told = [
        sheet(f"H-1,{place},新巷3号,滕树英,女,1938", known=known)
        for place in ("431202001000", "431202001", "中方县", "431221000000", "城中街道")
    ]
    assert [found.homes[0]["division"] for found in told[:2]] == ["431202001000", "431202001000"]
    assert [found.faults[0].rule for found in told[2:]] == [
        Rule.DIVISION_UNKNOWN, Rule.DIVISION_FOREIGN, Rule.DIVISION_SEVERAL,
    ]  # fmt: skip
    assert told[-1].faults[0].detail == "431202001000, 431202002000"


def test_half_a_position_is_a_fault_and_a_whole_one_is_taken() -> None:
    head = "编号,区划,地址,姓名,性别,出生年份,纬度,经度"
    whole = sheet("H-1,鹤城区,新巷3号,滕树英,女,1938,27.5,109.9", head=head)
    assert (whole.homes[0]["latitude"], whole.homes[0]["longitude"], whole.faults) == (27.5, 109.9, ())
    half = sheet("H-1,鹤城区,新巷3号,滕树英,女,1938,127.5,", head=head)
    assert {(one.column, one.rule) for one in half.faults} == {
        ("latitude", Rule.OUT_OF_RANGE), ("longitude", Rule.MISSING),
    }  # fmt: skip


def test_a_title_above_the_headings_and_columns_nobody_knows_are_passed_over() -> None:
    found = read(rows(Form.CSV, f"2026年独居老人名册\n\n序号,{HEAD}\n1,{GOOD}\n\n".encode()), KNOWN)
    assert (len(found.homes), found.rows, found.faults, found.ignored) == (1, (4,), (), ("序号",))


def test_without_headings_or_with_one_missing_or_twice_nothing_is_read() -> None:
    assert sheet(GOOD, head=GOOD).faults == (Fault(0, "", Rule.NO_HEADINGS),)
    assert sheet(GOOD, head=HEAD.replace("家庭住址", "别的")).faults == (
        Fault(1, "address", Rule.MISSING_COLUMN),
    )
    assert sheet(GOOD, head=HEAD.replace("备注", "手机")).faults == (Fault(1, "phone", Rule.TWICE_COLUMN),)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("姓 名 *", "name"),
        ("身份证号码（18位）", "id_number"),
        ("Birth year", "birth_year"),
        ("聯絡人 2 電話", "contact2_phone"),
        ("血型", None),
    ],
)
def test_a_heading_is_known_however_it_is_written(heading: str, field: str | None) -> None:
    assert field_of(heading) == field


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_the_headings_of_the_template_are_known_in_every_language(language: str) -> None:
    words = json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8"))
    headings = {
        name.removeprefix("sheet_column."): text
        for name, text in words.items()
        if name.startswith("sheet_column.")
    }
    assert len(headings) > 20
    assert {name: field_of(text) for name, text in headings.items()} == {name: name for name in headings}


# Files ------------------------------------------------------------------------------------------------------


def workbook(*lines: Sequence[object]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for number, line in enumerate(lines):
            page.write_row(number, 0, line)
    return out.getvalue()


def test_a_workbook_gives_the_same_as_a_csv_file() -> None:
    lines: list[Sequence[object]] = [
        HEAD.split(","),
        [int(cell) if cell.isdecimal() else cell for cell in GOOD.split(",")],
    ]
    found = read(rows(Form.XLSX, workbook(*lines)), KNOWN)
    assert (found.homes, found.faults) == (sheet(GOOD).homes, ())


def test_a_number_that_a_spreadsheet_has_cut_short_is_not_guessed() -> None:
    lines: list[Sequence[object]] = [
        HEAD.split(","),
        ["H-1", "鹤城区", "新巷3号", "滕树英", "女", 1938, 431202193805120028],
    ]
    found = read(rows(Form.XLSX, workbook(*lines)), KNOWN)
    assert [(one.column, one.rule) for one in found.faults] == [("id_number", Rule.CUT)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_file_is_read_as_spreadsheets_save_it(encoding: str, delimiter: str) -> None:
    text = f"{HEAD}\r\n{GOOD}\r\n".replace(",", delimiter)
    assert read(rows(Form.CSV, text.encode(encoding)), KNOWN).homes == sheet(GOOD).homes


def test_a_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (sheet_file.MOST_UNPACKED + 1))
    with pytest.raises(Unreadable, match="too_large"):
        rows(Form.XLSX, out.getvalue())


@pytest.mark.parametrize(
    ("form", "content", "code"),
    [
        (Form.XLSX, b"PK\x03\x04 not a zip", "unreadable"),
        (Form.XLSX, b"\xd0\xcf\x11\xe0 an old or a locked one", "unreadable"),
        (Form.CSV, b"\xff\xff\xff", "unreadable"),
        (Form.CSV, b" , ,\n\n", "empty"),
        (Form.CSV, b"a\n" * 10_001, "too_large"),
    ],
)
def test_what_is_no_sheet_is_told_apart(form: Form, content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        rows(form, content)
    assert caught.value.code == code


# The route --------------------------------------------------------------------------------------------------


def body(text: str) -> dict[str, str]:
    return {"form": "csv", "content": base64.b64encode(text.encode()).decode()}


async def _names(conn: Connection) -> set[str]:
    found = await (await conn.execute("select name from resident")).fetchall()
    await conn.commit()
    return {row["name"] for row in found}


async def test_a_trial_names_the_bad_row_and_the_mended_file_is_taken(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("admin")
    before = await _names(conn)
    bad = (
        await browser.post(
            "/register/residents/sheet", json=body(f"{HEAD}\n{GOOD},\nyellow,鹤城区,x,y,女,1940")
        )
    ).json()
    assert (bad["loaded"], bad["homes"]) == (False, 2)
    assert bad["faults"] == [{"row": 3, "column": "key", "heading": "编号", "rule": "known", "detail": ""}]
    good = body(f"{HEAD}\n{GOOD}")
    trial = await browser.post("/register/residents/sheet", params={"dry_run": True}, json=good)
    assert trial.json() == {"loaded": False, "homes": 1, "contacts": 1, "ignored": [], "faults": []}
    assert await _names(conn) == before
    taken = await browser.post("/register/residents/sheet", json=good)
    assert taken.json() == {**trial.json(), "loaded": True}
    assert await _names(conn) == before | {"滕树英"}
    again = (await browser.post("/register/residents/sheet", json=good)).json()
    assert [fault["rule"] for fault in again["faults"]] == ["known"]


async def test_a_sheet_leaves_the_tenant_as_it_is(site: Site, conn: Connection) -> None:
    browser = await site.signed_in("admin")
    kept = "/register/tenants/" + str(site.town.hecheng)
    before = (await browser.get(kept)).json()
    record = {**before["record"], "duty_channels": ["sms:+8613800000077"], "name": "鹤城"}
    changed = (await browser.put(kept, json={"version": before["version"], "record": record})).json()
    await browser.post("/register/residents/sheet", json=body(f"{HEAD}\n{GOOD}"))
    assert (await browser.get(kept)).json() == changed
    await conn.commit()


async def test_more_homes_than_the_tenant_may_have_are_not_taken(site: Site, conn: Connection) -> None:
    await conn.execute("insert into quota values (%s, 'homes', 2)", [site.town.hecheng])
    await conn.commit()
    browser = await site.signed_in("admin")
    answer = (await browser.post("/register/residents/sheet", json=body(f"{HEAD}\n{GOOD}"))).json()
    assert (answer["loaded"], answer["faults"][0]["row"], answer["faults"][0]["rule"]) == (False, 0, "other")
    assert "may have 2" in answer["faults"][0]["detail"]


async def test_what_is_no_file_is_refused_with_what_to_do(site: Site) -> None:
    browser = await site.signed_in("admin")
    asked = {"form": "xlsx", "content": base64.b64encode(b"nothing").decode()}
    answer = await browser.post("/register/residents/sheet", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "file_unreadable")
    assert "without a password" in answer.json()["detail"]
