"""A sheet of residents, row by row: what each becomes, and every fault with its row and column. Pure.

What this is: headings as people write them, cells as people fill them, one home with its resident and care
circle per row. What it is not: a file (``sheet_file``), or a load. The one idea: a fault is a word of a list
with its place, so a screen says it in the reader's language beside the cell.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from cloud.people import divisions, id_number, phones

CIRCLE: Final = 5
"""Contacts that a row may name."""
HEADINGS_WITHIN: Final = 10
"""Rows in which the headings are looked for; above them stands a title."""
OLDEST: Final = 1890
_SCIENTIFIC: Final = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
"""What is left of a long number where a spreadsheet took it for a quantity."""
_YEAR: Final = re.compile(r"(\d{4})(?:年|[-/.年].*)?")
_PHONE: Final = re.compile(r"\+?\d{3,15}")
_DECORATION: Final = re.compile(r"[\s*:_-]|\(.*?\)")


class Rule(StrEnum):
    """What is wrong. ``other``: the rule stands in words beside it."""

    NO_HEADINGS = "no_headings"
    MISSING_COLUMN = "missing_column"
    TWICE_COLUMN = "twice_column"
    MISSING = "missing"
    TOO_LONG = "too_long"
    TWICE = "twice"
    KNOWN = "known"
    CUT = "cut"
    NO_NUMBER = "no_number"
    OUT_OF_RANGE = "out_of_range"
    NO_YES_OR_NO = "no_yes_or_no"
    NO_CHOICE = "no_choice"
    ID_NUMBER = "id_number"
    DIFFERS = "differs"
    PHONE = "phone"
    DIVISION_UNKNOWN = "division_unknown"
    DIVISION_SEVERAL = "division_several"
    DIVISION_FOREIGN = "division_foreign"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: ``row`` as the file counts, from 1, 0: the file; ``column``: its field, empty: the whole
    row; ``detail``: what helps to mend it, never the value.
    """

    row: int
    column: str
    rule: Rule
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What stands already: the tenant's division, places by code, and which keys are taken."""

    division: str
    places: Mapping[str, str]
    keys: frozenset[str] = frozenset()
    year: int = 2100


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the file says. ``homes``: as a roster has them, with the row of each; ``ignored``: headings that
    nobody knows; ``headings``: as the file writes them, by field.
    """

    homes: tuple[Mapping[str, Any], ...] = ()
    rows: tuple[int, ...] = ()
    ignored: tuple[str, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "key": ("编号", "户号", "档案号", "編號", "戶號", "key", "home", "number"),
    "division": ("区划", "行政区划", "区划代码", "所属区划", "社区", "村", "區劃", "行政區劃", "division"),
    "address": ("地址", "住址", "家庭住址", "居住地址", "address"),
    "latitude": ("纬度", "緯度", "latitude", "lat"),
    "longitude": ("经度", "經度", "longitude", "lon", "lng"),
    "name": ("姓名", "老人姓名", "長者姓名", "name", "fullname", "resident"),
    "id_number": (
        *("身份证", "身份证号", "身份证号码", "公民身份号码", "身份證號", "身分證號", "身分證字號"),
        *("idnumber", "identitycard"),
    ),
    "birth_year": ("出生年份", "出生年", "出生日期", "出生年月", "birthyear", "yearofbirth", "born"),
    "sex": ("性别", "性別", "sex", "gender"),
    "lives_alone": ("独居", "是否独居", "獨居", "是否獨居", "livesalone", "alone"),
    "ability_level": ("能力等级", "失能等级", "能力等級", "失能等級", "abilitylevel", "ability"),
    "phone": (
        "电话",
        "手机",
        "手机号",
        "联系电话",
        "電話",
        "手機",
        "聯絡電話",
        "phone",
        "mobile",
        "telephone",
    ),
    "notes": ("备注", "備註", "notes", "remarks"),
}
"""Field -> headings for it, without blanks, marks and brackets; one of a contact ends in its number."""
CONTACT_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("联系人{n}", "联系人{n}姓名", "聯絡人{n}", "聯絡人{n}姓名", "contact{n}", "contact{n}name"),
    "relation": ("联系人{n}关系", "聯絡人{n}關係", "contact{n}relation"),
    "phone": ("联系人{n}电话", "联系人{n}手机", "聯絡人{n}電話", "聯絡人{n}手機", "contact{n}phone"),
    "has_key": ("联系人{n}有钥匙", "联系人{n}钥匙", "聯絡人{n}有鑰匙", "contact{n}haskey", "contact{n}key"),
}
NEEDED: Final = ("key", "division", "address", "name")
"""Fields without which no row can be taken; a birth year and a sex may come from the ID number."""

_YES: Final = frozenset({"是", "有", "y", "yes", "true", "1", "√", "✓"})
_NO: Final = frozenset({"否", "无", "無", "没有", "沒有", "n", "no", "false", "0", "×"})
_SEXES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("女", "女性", "f", "female"), "f"),
    **dict.fromkeys(("男", "男性", "m", "male"), "m"),
}
_ABILITIES: Final[Mapping[str, int]] = {
    **{str(level): level for level in range(5)},
    **dict.fromkeys(("能力完好", "完好"), 0),
    **dict.fromkeys(("轻度失能", "轻度", "輕度失能", "輕度"), 1),
    **dict.fromkeys(("中度失能", "中度"), 2),
    **dict.fromkeys(("重度失能", "重度"), 3),
    **dict.fromkeys(("完全失能", "完全"), 4),
}
"""GB/T 42195-2022, table 6."""
_RELATIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("", "家人", "家属", "家屬", "子女", "儿子", "女儿", "兒子", "女兒", "family"), "family"),
    **dict.fromkeys(("邻居", "鄰居", "neighbour", "neighbor"), "neighbour"),
    **dict.fromkeys(("村医", "医生", "村醫", "醫生", "doctor"), "doctor"),
    **dict.fromkeys(("网格员", "網格員", "grid"), "grid"),
    **dict.fromkeys(("志愿者", "志願者", "志工", "volunteer"), "volunteer"),
}
"""What people write of a contact -> the word that screens know; any other stays as it is written."""

_HEADINGS: Final[Mapping[str, str]] = {
    **{name: key for key, names in NAMES.items() for name in names},
    **{
        name.format(n=number): f"contact{number}_{key}"
        for number in range(1, CIRCLE + 1)
        for key, names in CONTACT_NAMES.items()
        for name in names
    },
}


def field_of(heading: str) -> str | None:
    """The field that a heading means, however it is written; ``None``: nobody knows."""
    plain = _DECORATION.sub("", unicodedata.normalize("NFKC", heading)).lower()
    return _HEADINGS.get(plain)


def read(rows: Sequence[Sequence[str]], known: Known) -> Sheet:
    """What the rows of a file become; with faults, too."""
    top = next((at for at, row in enumerate(rows[:HEADINGS_WITHIN]) if _is_top(row)), None)
    if top is None:
        return Sheet(faults=(Fault(0, "", Rule.NO_HEADINGS),))
    fields = [field_of(heading) for heading in rows[top]]
    headings = {name: rows[top][at] for at, name in enumerate(fields) if name is not None}
    ignored = tuple(text for text, name in zip(rows[top], fields, strict=True) if text and name is None)
    wrong = [*_column_faults(fields, top + 1)]
    if wrong:
        return Sheet(ignored=ignored, headings=headings, faults=tuple(wrong))
    return _read(rows, top, fields, known, Sheet(ignored=ignored, headings=headings))


def _is_top(row: Sequence[str]) -> bool:
    """Whether these are headings: most of what must be there is."""
    return len({field_of(cell) for cell in row} & set(NEEDED)) > len(NEEDED) // 2


def _column_faults(fields: Sequence[str | None], row: int) -> Iterator[Fault]:
    for name in NEEDED:
        if name not in fields:
            yield Fault(row, name, Rule.MISSING_COLUMN)
    named = [name for name in fields if name is not None]
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield Fault(row, name, Rule.TWICE_COLUMN)


def _read(
    rows: Sequence[Sequence[str]], top: int, fields: Sequence[str | None], known: Known, sheet: Sheet
) -> Sheet:
    homes, numbers, faults = [], [], []
    first: dict[str, int] = {}
    places = _Places(known)
    for number, row in enumerate(rows[top + 1 :], top + 2):
        cells = {name: text for name, text in zip(fields, row, strict=False) if name is not None and text}
        if not cells:
            continue
        line = _Line(number, cells)
        homes.append(line.home(places, known))
        numbers.append(number)
        key = cells.get("key", "")
        if key in known.keys:
            line.fault("key", Rule.KNOWN)
        if first.setdefault(key, number) != number:
            line.fault("key", Rule.TWICE, str(first[key]))
        faults += line.faults
    return Sheet(tuple(homes), tuple(numbers), sheet.ignored, sheet.headings, tuple(faults))


class _Places:
    """Divisions by code or by name, within the tenant's own."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._codes = defaultdict[str, list[str]](list)
        for code, name in known.places.items():
            if self._is_own(code):
                self._codes[name].append(code)

    def find(self, text: str) -> str | tuple[Rule, str]:
        """The code of the place, or why there is none, with what helps."""
        if text.isdecimal():
            code = text.ljust(12, "0")
            if code not in self._known.places:
                return Rule.DIVISION_UNKNOWN, ""
            return code if self._is_own(code) else (Rule.DIVISION_FOREIGN, "")
        codes = self._codes.get(text, [])
        if len(codes) > 1:
            return Rule.DIVISION_SEVERAL, ", ".join(sorted(codes))
        return codes[0] if codes else (Rule.DIVISION_UNKNOWN, "")

    def _is_own(self, code: str) -> bool:
        return code == self._known.division or divisions.is_below(code, self._known.division)


@dataclass(slots=True)
class _Line:
    """One row while it is read: what is wrong is noted, and reading goes on."""

    number: int
    cells: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)

    def fault(self, column: str, rule: Rule, detail: str = "") -> None:
        self.faults.append(Fault(self.number, column, rule, detail))

    def home(self, places: _Places, known: Known) -> dict[str, Any]:
        """The row as a roster has it, with gaps where it has faults."""
        for name, text in self.cells.items():
            if _SCIENTIFIC.fullmatch(text):
                self.fault(name, Rule.CUT)
        contacts = [self._contact(number) for number in range(1, CIRCLE + 1)]
        home = {
            "key": self._text("key"),
            "division": self._division(places),
            "address": self._text("address"),
            "resident": self._resident(known.year),
            "contacts": [contact for contact in contacts if contact],
        }
        return home | self._position()

    def _text(self, column: str, most: int = 200, *, needed: bool = True) -> str:
        text = self.cells.get(column, "")
        if needed and not text:
            self.fault(column, Rule.MISSING)
        if len(text) > most:
            self.fault(column, Rule.TOO_LONG, str(most))
        return text

    def _division(self, places: _Places) -> str:
        text = self._text("division")
        found = places.find(text) if text else ""
        if isinstance(found, str):
            return found
        self.fault("division", *found)
        return ""

    def _position(self) -> dict[str, float]:
        found = {
            name: self._number(name, bound) for name, bound in (("latitude", 90.0), ("longitude", 180.0))
        }
        given = {name: value for name, value in found.items() if value is not None}
        if len(given) == 1:
            self.fault(next(name for name in found if name not in given), Rule.MISSING)
        return given

    def _number(self, column: str, bound: float) -> float | None:
        text = self.cells.get(column, "")
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            self.fault(column, Rule.NO_NUMBER)
            return None
        if not -bound <= value <= bound:
            self.fault(column, Rule.OUT_OF_RANGE, f"{-bound:g} – {bound:g}")
        return value

    def _resident(self, year: int) -> dict[str, Any]:
        number = self._id_number()
        return {
            "name": self._text("name"),
            "birth_year": self._birth_year(number, year),
            "sex": self._sex(number),
            "lives_alone": self._yes_or_no("lives_alone", default=True),
            "ability_level": self._choice("ability_level", _ABILITIES) or 0,
            "phone": self._phone("phone"),
            "id_number": number,
            "notes": self._text("notes", 2_000, needed=False),
        }

    def _id_number(self) -> str:
        text = self.cells.get("id_number", "")
        if not text or _SCIENTIFIC.fullmatch(text):
            return ""
        try:
            return id_number.normal(text)
        except id_number.BadIdNumber as error:
            self.fault("id_number", Rule.ID_NUMBER, str(error))
            return ""

    def _birth_year(self, number: str, year: int) -> int:
        text = self.cells.get("birth_year", "")
        if not text:
            if not number:
                self.fault("birth_year", Rule.MISSING)
            return int(number[6:10]) if number else 0
        found = _YEAR.fullmatch(text)
        if found is None:
            self.fault("birth_year", Rule.NO_NUMBER)
            return 0
        if not OLDEST <= int(found[1]) <= year:
            self.fault("birth_year", Rule.OUT_OF_RANGE, f"{OLDEST} – {year}")
        elif number and found[1] != number[6:10]:
            self.fault("birth_year", Rule.DIFFERS)
        return int(found[1])

    def _sex(self, number: str) -> str:
        """GB 11643: the 17th digit is odd for a man."""
        of_number = "" if not number else "m" if int(number[16]) % 2 else "f"
        said = self._choice("sex", _SEXES)
        if said is None and "sex" not in self.cells and not number:
            self.fault("sex", Rule.MISSING)
        if said and of_number and said != of_number:
            self.fault("sex", Rule.DIFFERS)
        return said or of_number

    def _choice(self, column: str, choices: Mapping[str, Any]) -> Any:
        text = self.cells.get(column, "").lower()
        if not text:
            return None
        if text not in choices:
            self.fault(column, Rule.NO_CHOICE, " / ".join(choices))
        return choices.get(text)

    def _yes_or_no(self, column: str, *, default: bool) -> bool:
        text = self.cells.get(column, "").lower()
        if text and text not in _YES | _NO:
            self.fault(column, Rule.NO_YES_OR_NO)
        return text in _YES if text else default

    def _phone(self, column: str) -> str:
        text = self.cells.get(column, "")
        if text and not _SCIENTIFIC.fullmatch(text) and not _PHONE.fullmatch(phones.normal(text)):
            self.fault(column, Rule.PHONE)
        return text

    def _contact(self, number: int) -> dict[str, Any] | None:
        column = f"contact{number}_{{}}".format
        if not any(column(name) in self.cells for name in CONTACT_NAMES):
            return None
        relation = self.cells.get(column("relation"), "")
        return {
            "rank": number,
            "name": self._text(column("name")),
            "relation": _RELATIONS.get(relation.lower(), relation),
            "phone": self._phone(column("phone")),
            "has_key": self._yes_or_no(column("has_key"), default=False),
        }


def column_of(home: Mapping[str, Any], where: Sequence[str | int]) -> str:
    """The field in which what stands at ``where`` of a roster's ``home`` was written; empty: none."""
    names = [step for step in where if isinstance(step, str)]
    if names[:1] == ["contacts"]:
        rank = home["contacts"][where[1]]["rank"] if len(where) > 1 else 1
        return f"contact{rank}_{names[-1]}" if names[-1] in CONTACT_NAMES else f"contact{rank}_name"
    return names[-1] if names and names[-1] in NAMES else ""
