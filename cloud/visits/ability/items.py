"""The 26 items of the ability assessment (GB/T 42195-2022, annex B). Pure.

What this is: the form's own table, by the names the standard gives. What it is not: the wording of each
answer, which the standard's text holds. The one idea: more points mean more able, in every item; a form that
counts burdens upwards is another form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Domain(StrEnum):
    """First-level indicators, B.1 to B.4."""

    SELF_CARE = "self_care"
    MOVEMENT = "movement"
    MIND = "mind"
    SENSES = "senses"


@dataclass(frozen=True, slots=True)
class Item:
    """One second-level indicator. ``best``: its points for somebody who needs nobody; the least are 0."""

    key: str
    name: str
    domain: Domain
    best: int


def _of(domain: Domain, *items: tuple[str, str, int]) -> tuple[Item, ...]:
    return tuple(Item(key, name, domain, best) for key, name, best in items)


ITEMS: Final = (
    *_of(
        Domain.SELF_CARE,
        ("eating", "进食", 4),
        ("grooming", "修饰", 4),
        ("bathing", "洗澡", 4),
        ("upper_dressing", "穿/脱上衣", 4),
        ("lower_dressing", "穿/脱裤子和鞋袜", 4),
        ("bladder", "小便控制", 4),
        ("bowels", "大便控制", 4),
        ("toileting", "如厕", 4),
    ),
    *_of(
        Domain.MOVEMENT,
        ("turning_in_bed", "床上体位转移", 4),
        ("bed_to_chair", "床椅转移", 4),
        ("walking", "平地行走", 4),  # about 50 m
        ("stairs", "上下楼梯", 3),  # 10 to 15 steps
    ),
    *_of(
        Domain.MIND,
        ("time", "时间定向", 4),
        ("place", "空间定向", 4),
        ("persons", "人物定向", 4),
        ("memory", "记忆", 4),
        ("understanding", "理解能力", 4),
        ("expression", "表达能力", 4),
        ("aggression", "攻击行为", 1),  # within the last month
        ("depression", "抑郁症状", 1),  # within the last month
        ("consciousness", "意识水平", 2),
    ),
    *_of(
        Domain.SENSES,
        ("sight", "视力", 2),
        ("hearing", "听力", 2),
        ("daily_affairs", "执行日常事务", 4),
        ("transport", "使用交通工具外出", 3),
        ("company", "社会交往能力", 4),
    ),
)
"""In the order of the form; 32 + 15 + 28 + 15 points."""
BY_KEY: Final[Mapping[str, Item]] = MappingProxyType({item.key: item for item in ITEMS})
MOST: Final = sum(item.best for item in ITEMS)
"""90."""
