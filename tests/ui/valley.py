"""A valley for the caseworker's page: three homes, two visitors, and visits of today, on a running platform.

What this is: rows, and commands that make more. What it is not: a script: all else is the platform's own. The
one idea: its people are its own, so that no other test finds more than it made.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import psycopg
import segno
from playwright.sync_api import BrowserContext, Geolocation, Page
from psycopg.rows import dict_row

from cloud.auth import Role
from tests.harness import System
from tests.visit import PASSWORD, sign_in

SCALE: Final = 7
BORDER: Final = 4
"""Of a square code: pixels of a dot, and dots of white around it (ISO/IEC 18004 asks for 4)."""
DOOR: Final[Geolocation] = {"latitude": 27.5571, "longitude": 109.9953, "accuracy": 12}
PEOPLE: Final = (
    ("石春梅", 1944, "坨院街道第3村7组12号", "普通话不好，请讲侗话；门口有狗"),
    ("王玉珍", 1938, "黄金坳镇第27村10组3号", "听力差，请大声敲门"),
    ("田志强", 1950, "凉亭坳乡第5村2组41号", ""),
)


@dataclass(frozen=True)
class Valley:
    """``residents``: by name; ``visitor`` and ``other``: user names of two caseworkers, whose numbers are in
    ``staff``; ``desk``: the supervisor's browser.
    """

    town: System
    desk: httpx.Client
    visitor: str
    other: str
    staff: Mapping[str, int]
    residents: Mapping[str, int]

    def plan(self, name: str, hours: float, kind: str = "regular", **more: Any) -> Any:
        """A visit of today by the visitor."""
        at = datetime.now(UTC) + timedelta(hours=hours)
        wanted = {"resident_id": self.residents[name], "kind": kind, "workers": [self.staff[self.visitor]]}
        return self.office("POST", "/visits", {**wanted, "planned_at": at.isoformat(), **more})

    def told(self, visit: Mapping[str, Any]) -> Any:
        """A visit with everything that the platform knows of it."""
        return self.office("GET", f"/visits/{visit['id']}")

    def office(self, method: str, path: str, body: Any = None) -> Any:
        """What the supervisor's browser is answered."""
        answer = self.desk.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def sign_in(self, context: BrowserContext, username: str) -> None:
        """Let this browser be theirs from now on, as a sign-in in another tab does."""
        entry = {"username": username, "password": PASSWORD}
        answer = context.request.post(
            f"{self.town.address}/api/v1/session", data=entry, headers={"X-Anban": "1"}
        )
        assert answer.ok, answer.text()

    def come_in(self, context: BrowserContext, username: str) -> Page:
        """The page of one of the two, signed in."""
        self.sign_in(context, username)
        page = context.new_page()
        page.goto(f"{self.town.address}/field/")
        return page


@contextmanager
def settled(town: System, name: str) -> Iterator[Valley]:
    """A valley of its own on ``town``, whose people are told apart by ``name``."""
    with psycopg.connect(town.dsn, row_factory=dict_row, autocommit=True) as conn:
        visitors = (f"{name}-one", f"{name}-two")
        staff = {username: _visitor(conn, username) for username in visitors}
        residents = {}
        for n, (who, born, address, notes) in enumerate(PEOPLE):
            home = _row(conn, _HOME, key=f"{name}-{n}", address=address, **DOOR)
            residents[who] = _row(conn, _RESIDENT, home=home, name=who, born=born, notes=notes)
            conn.execute(_CONTACT, {"home": home})
            for number in staff.values():
                conn.execute("insert into staff_home values (%s, %s)", [number, home])
    with sign_in(town.address, Role.SUPERVISOR) as desk:
        yield Valley(town, desk, *visitors, staff, residents)


def picture(width: int, height: int, secret: bytes) -> bytes:
    """A PNG of one colour that carries ``secret`` in its Exif part, as a camera would."""
    row = b"\0" + b"\x30\x60\x90" * width
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0" + secret),
        (b"IDAT", zlib.compress(row * height)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def film(text: str) -> bytes:
    """What a camera sees that is held before a square code of ``text``: one still picture, as YUV4MPEG2."""
    code = [
        bytes(255 * (not dark) for dark in row)
        for row in segno.make(text, error="m").matrix_iter(SCALE, BORDER)
    ]
    wide, high, side = 640, 480, len(code)
    above, left = (high - side) // 2, (wide - side) // 2
    white = b"\xff" * wide
    rows = [white] * above + [white[:left] + row + white[: wide - side - left] for row in code]
    rows += [white] * (high - len(rows))
    colourless = b"\x80" * (wide * high // 2)
    return b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\nFRAME\n" + b"".join(rows) + colourless


_HOME: Final = """
    insert into home (tenant_id, key, division_code, address, latitude, longitude)
    select id, %(key)s, '431202001001', %(address)s, %(latitude)s, %(longitude)s
    from tenant where code = 'hecheng'
    returning id"""
_RESIDENT: Final = """
    insert into resident (home_id, name, birth_year, sex, phone, notes)
    values (%(home)s, %(name)s, %(born)s, 'f', '13800000001', %(notes)s) returning id"""
_CONTACT: Final = """
    insert into contact (home_id, rank, name, relation, phone, has_key)
    values (%(home)s, 1, '龙秀兰', 'neighbour', '13900000002', true)"""
_VISITOR: Final = """
    insert into staff (tenant_id, username, password_hash, role, name)
    select tenant_id, %(username)s, password_hash, role, %(name)s from staff where username = 'caseworker'
    returning id"""


def _visitor(conn: psycopg.Connection[dict[str, Any]], username: str) -> int:
    return _row(conn, _VISITOR, username=username, name="舒建国" if username.endswith("one") else "向玉兰")


def _row(conn: psycopg.Connection[dict[str, Any]], statement: str, **values: Any) -> int:
    row = conn.execute(statement.encode(), values).fetchone()
    assert row is not None
    return int(row["id"])
