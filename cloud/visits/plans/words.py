"""Why somebody is not visited today, and why a visit was moved: one sentence in three languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from cloud.auth import Locale
from cloud.visits.plans import running
from cloud.visits.plans.build import Why
from cloud.visits.week import Because

SAID: Final[Mapping[Locale, Mapping[Why, str]]] = {
    "zh-Hans": {
        Why.LATER: "安排在{day}：{because}。",
        Why.NO_PLACE: "不知道这户人家在哪里：请补上经纬度。",
        Why.NO_SKILL: "当天上班的人中没有人会做这项服务。",
        Why.NO_SECOND: "需要两个人，而当天会做的只有一位上班。",
        Why.NO_HOURS: "会做的人都无法按时赶到并在下班前返回。",
        Why.FULL: "会做的人当天都排满了更急的事。",
    },
    "zh-Hant": {
        Why.LATER: "安排在{day}：{because}。",
        Why.NO_PLACE: "不知道這戶人家在哪裡：請補上經緯度。",
        Why.NO_SKILL: "當天上班的人中沒有人會做這項服務。",
        Why.NO_SECOND: "需要兩個人，而當天會做的只有一位上班。",
        Why.NO_HOURS: "會做的人都無法準時趕到並在下班前返回。",
        Why.FULL: "會做的人當天都排滿了更急的事。",
    },
    "en": {
        Why.LATER: "Its day is {day}: {because}.",
        Why.NO_PLACE: "Nobody knows where the home is: give it a latitude and a longitude.",
        Why.NO_SKILL: "Nobody who works on this day is able to do it.",
        Why.NO_SECOND: "It takes two, and only one who is able to works on this day.",
        Why.NO_HOURS: "Nobody who is able to can be there in time and be back before their hours end.",
        Why.FULL: "Everybody who is able to has a day full of what may wait less.",
    },
}

CHOSEN: Final[Mapping[Locale, Mapping[Because, str]]] = {
    "zh-Hans": {
        Because.OVERDUE: "已经逾期",
        Because.LATE: "到期之前每天都排满了",
        Because.ROOM: "更合适的日子已经排满",
        Because.SOONER: "情况有变化，越早越好",
        Because.NEAR: "那天正好有人到附近",
        Because.DUE: "到期前去即可，不必更早",
    },
    "zh-Hant": {
        Because.OVERDUE: "已經逾期",
        Because.LATE: "到期之前每天都排滿了",
        Because.ROOM: "更合適的日子已經排滿",
        Because.SOONER: "情況有變化，越早越好",
        Because.NEAR: "那天正好有人到附近",
        Because.DUE: "到期前去即可，不必更早",
    },
    "en": {
        Because.OVERDUE: "it is overdue",
        Because.LATE: "every day until it is due is full",
        Because.ROOM: "the day that would suit better is full",
        Because.SOONER: "something has happened, so the sooner the better",
        Because.NEAR: "somebody is in the neighbourhood on that day",
        Because.DUE: "that is before it is due, and sooner is not needed",
    },
}
"""Why somebody has their day, as the end of a sentence."""
WEEKDAYS: Final[Mapping[Locale, tuple[str, ...]]] = {
    "zh-Hans": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "zh-Hant": ("週一", "週二", "週三", "週四", "週五", "週六", "週日"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def sentence(locale: Locale, why: Why, on_day: date | None, because: Because | None) -> str:
    """Why not today."""
    said = SAID[locale][why]
    if on_day is None or because is None:
        return said
    return said.format(day=_named(locale, on_day), because=CHOSEN[locale][because])


def _named(locale: Locale, day: date) -> str:
    weekday = WEEKDAYS[locale][day.weekday()]
    return f"{weekday} {day.isoformat()}" if locale == "en" else f"{day.month}月{day.day}日{weekday}"


MOVED: Final[Mapping[Locale, Mapping[running.Why, str]]] = {
    "zh-Hans": {
        running.Why.AWAY: "原定的人去不了。",
        running.Why.ROOM: "原定的人另有更急的安排。",
        running.Why.TIME: "人不变，时间变了。",
        running.Why.NEW: "原来没有安排人，现在有人去了。",
        running.Why.NOBODY: "原定的人去不了，也没有别人能去。",
    },
    "zh-Hant": {
        running.Why.AWAY: "原定的人去不了。",
        running.Why.ROOM: "原定的人另有更急的安排。",
        running.Why.TIME: "人不變，時間變了。",
        running.Why.NEW: "原來沒有安排人，現在有人去了。",
        running.Why.NOBODY: "原定的人去不了，也沒有別人能去。",
    },
    "en": {
        running.Why.AWAY: "Whoever was to go cannot.",
        running.Why.ROOM: "Whoever was to go is needed elsewhere.",
        running.Why.TIME: "The same people come at another time.",
        running.Why.NEW: "Nobody went yet; now somebody does.",
        running.Why.NOBODY: "Whoever was to go cannot, and nobody else can be there.",
    },
}
