"""One county of made-up homes: who lives where, with which gateway and which devices.

What this is: values computed from a seed; every simulator process computes the same ones, so nothing need be
passed between them. What it is not: no behaviour (``resident``) and no file formats (``papers``). Persons,
house numbers, telephone numbers and positions are fictional.
The one idea: ``build(homes, whole, seed)`` is the whole truth about the county.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

COUNTY: Final = ("431202000000", "鹤城区")
STREETS: Final = (
    ("431202001000", "城中街道", "人民南路", 27.5495, 109.9595),
    ("431202002000", "城北街道", "鹤洲北路", 27.5648, 109.9532),
    ("431202003000", "红星街道", "红星中路", 27.5560, 109.9731),
    ("431202004000", "迎丰街道", "迎丰中路", 27.5536, 109.9917),
    ("431202005000", "坨院街道", "怀东路", 27.5702, 109.9948),
    ("431202006000", "城南街道", "湖天大道", 27.5321, 109.9684),
)
"""Division code, its name, a street of it, and about where that is (WGS-84). Codes are for demonstration."""
SPREAD_DEG: Final = 0.006
"""Homes lie within about 600 m of their street's point."""

_SURNAMES: Final = "杨向石吴龙张王李刘陈滕舒唐蒲"
_WOMEN: Final = (
    "秀英",
    "桂兰",
    "玉珍",
    "春梅",
    "金莲",
    "菊香",
    "兰英",
    "冬秀",
    "月娥",
    "素芳",
    "翠云",
    "凤莲",
)
_MEN: Final = ("德明", "国清", "正文", "光荣", "建国", "长庚", "友生", "家富", "永福", "志高", "绍林", "仁和")
_DAUGHTERS: Final = ("丽", "敏", "静", "娟", "燕", "芳")
_SONS: Final = ("军", "勇", "磊", "强", "涛", "鹏")
_NOTES: Final = (
    "听力差，请大声说话",
    "高血压，每日服药",
    "轻度白内障",
    "膝关节置换后，走路用助行器",
    "",
    "",
)

ROOMS: Final = ("bedroom", "living_room", "kitchen", "bathroom", "hall")


@dataclass(frozen=True, slots=True)
class Device:
    """One device of a home. ``via``: ``beacon`` (advertises), ``gatt`` (connected to) or ``serial``.

    ``codec``: what a serial device speaks.
    """

    name: str
    kind: str
    room: str
    via: str
    address: str = ""
    bindkey: str = ""
    codec: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """One member of the care circle, in the order they are asked."""

    rank: int
    name: str
    relation: str
    title: str
    phone: str
    has_key: bool


@dataclass(frozen=True, slots=True)
class Home:
    """One home. ``whole``: it runs a real gateway over the virtual radio; else it only speaks MQTT."""

    key: str
    whole: bool
    division: str
    address: str
    latitude: float
    longitude: float
    resident: str
    birth_year: int
    sex: str
    ability_level: int
    phone: str
    notes: str
    gateway: str
    shard: int
    secret: str = field(repr=False)
    devices: tuple[Device, ...] = ()
    contacts: tuple[Contact, ...] = ()

    def device(self, name: str) -> Device:
        """The device called ``name``.

        Raises:
            KeyError: this home has none.
        """
        for device in self.devices:
            if device.name == name:
                return device
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Staff:
    """Someone who signs in. ``homes``: keys of the only homes they may see; empty: all."""

    username: str
    password: str = field(repr=False)
    role: str
    name: str
    homes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """The county."""

    homes: tuple[Home, ...]
    staff: tuple[Staff, ...]

    @property
    def whole(self) -> tuple[Home, ...]:
        """The homes with a real gateway."""
        return tuple(home for home in self.homes if home.whole)

    @property
    def fleet(self) -> tuple[Home, ...]:
        """The homes that only speak MQTT."""
        return tuple(home for home in self.homes if not home.whole)

    def home(self, key: str) -> Home:
        """The home called ``key``.

        Raises:
            KeyError: there is none.
        """
        for home in self.homes:
            if home.key == key:
                return home
        raise KeyError(key)


def build(homes: int, whole: int, seed: int) -> World:
    """Return a county of ``homes`` homes, the first ``whole`` of them with a real gateway."""
    rng = random.Random(seed)
    people = _people(rng)
    built = tuple(_home(number, number <= whole, next(people), rng) for number in range(1, homes + 1))
    return World(built, _staff(built, rng))


def _people(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Names without repetition as far as they reach, and the sex that goes with them."""
    while True:
        names = [(s + g, "f") for s in _SURNAMES for g in _WOMEN]
        names += [(s + g, "m") for s in _SURNAMES for g in _MEN]
        rng.shuffle(names)
        yield from names


def _home(number: int, whole: bool, person: tuple[str, str], rng: random.Random) -> Home:
    name, sex = person
    code, _, street, latitude, longitude = STREETS[(number - 1) % len(STREETS)]
    block, unit, door = rng.randint(1, 188), rng.randint(1, 4), rng.randint(1, 6) * 100 + rng.randint(1, 4)
    return Home(
        key=f"h{number:03}",
        whole=whole,
        division=code,
        address=f"{street}{block}号{unit}单元{door}",
        latitude=round(latitude + rng.uniform(-SPREAD_DEG, SPREAD_DEG), 6),
        longitude=round(longitude + rng.uniform(-SPREAD_DEG, SPREAD_DEG), 6),
        resident=name,
        birth_year=rng.randint(1934, 1953),
        sex=sex,
        ability_level=rng.choice((0, 0, 1, 1, 2)),
        phone=_phone(rng),
        notes=rng.choice(_NOTES),
        gateway=f"gw-h{number:03}",
        shard=rng.randrange(256),
        secret=rng.randbytes(16).hex(),
        devices=tuple(_devices(number, whole, rng)),
        contacts=tuple(_contacts(name, rng)),
    )


_WHOLE: Final = (
    ("pendant", "pendant", "", "beacon", True),
    ("wearable", "wearable", "", "gatt", False),
    ("oximeter", "pulse_oximeter", "bedroom", "gatt", False),
    ("door-front", "door", "hall", "beacon", False),
    ("motion-living", "motion", "living_room", "beacon", False),
    ("motion-bedroom", "motion", "bedroom", "beacon", False),
    ("gas-kitchen", "gas", "kitchen", "beacon", False),
    ("smoke-kitchen", "smoke", "kitchen", "beacon", False),
    ("climate-living", "climate", "living_room", "beacon", False),
    ("cancel-bed", "cancel_button", "bedroom", "beacon", False),
    ("radar-bath", "radar", "bathroom", "serial", False),
    ("presence-living", "presence", "living_room", "serial", False),
)
"""Name, kind, room, way, encrypted."""
_SPEAKS: Final = {"radar-bath": "micradar", "presence-living": "ld2410"}
_SIMPLE: Final = tuple(each for each in _WHOLE if each[1] in {"pendant", "door", "motion", "climate"})


def _devices(number: int, whole: bool, rng: random.Random) -> Iterator[Device]:
    for index, (name, kind, room, via, encrypted) in enumerate(_WHOLE if whole else _SIMPLE):
        bindkey = rng.randbytes(16).hex() if encrypted else ""
        address = "" if via == "serial" else f"C4:0A:{number >> 8:02X}:{number & 255:02X}:00:{index:02X}"
        yield Device(name, kind, room, via, address, bindkey, _SPEAKS.get(name, ""))


def _contacts(resident: str, rng: random.Random) -> Iterator[Contact]:
    title, names = rng.choice((("女儿", _DAUGHTERS), ("儿子", _SONS)))
    neighbour, grid = (rng.choice(_DAUGHTERS + _SONS) for _ in range(2))
    yield Contact(1, resident[0] + rng.choice(names), "family", title, _phone(rng), True)
    yield Contact(
        2, rng.choice(_SURNAMES) + neighbour, "neighbour", "邻居", _phone(rng), rng.choice((True, False))
    )
    yield Contact(3, rng.choice(_SURNAMES) + grid, "grid", "网格员", _phone(rng), False)


def _phone(rng: random.Random) -> str:
    """A number of the right length that no exchange can route: a national number never starts with zeros."""
    return f"+86000000{rng.randrange(100_000):05}"


_ROLES: Final = (
    ("admin", "admin", "滕志高"),
    ("operator", "operator", "向玉珍"),
    ("caseworker", "caseworker", "舒敏"),
    ("family", "family", "杨丽"),
    ("evaluator", "evaluator", "陈涛"),
)


def _staff(homes: Sequence[Home], rng: random.Random) -> tuple[Staff, ...]:
    """One of each role. The family member sees the first home only, the caseworker the first half."""
    seen = {"family": homes[:1], "caseworker": homes[: len(homes) // 2 + 1]}
    return tuple(
        Staff(username, _password(rng), role, name, tuple(home.key for home in seen.get(role, ())))
        for username, role, name in _ROLES
    )


_SYLLABLES: Final = ("an", "ban", "he", "cheng", "yun", "shan", "shui", "lan", "mei", "zhu", "song", "feng")


def _password(rng: random.Random) -> str:
    """Easy to type, different for every seed."""
    return "-".join(rng.choice(_SYLLABLES) for _ in range(3)) + f"-{rng.randrange(100, 1000)}"
