"""Why somebody is not visited today, and why a visit was moved: one sentence in three languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloud.auth import Locale
from cloud.visits.plans import running
from cloud.visits.plans.build import Why

SAID: Final[Mapping[Locale, Mapping[Why, str]]] = {
    "zh-Hans": {
        Why.NO_PLACE: "不知道这户人家在哪里：请补上经纬度。",
        Why.NO_SKILL: "当天上班的人中没有人会做这项服务。",
        Why.NO_SECOND: "需要两个人，而当天会做的只有一位上班。",
        Why.NO_HOURS: "会做的人都无法按时赶到并在下班前返回。",
        Why.FULL: "会做的人当天都排满了更急的事。",
    },
    "zh-Hant": {
        Why.NO_PLACE: "不知道這戶人家在哪裡：請補上經緯度。",
        Why.NO_SKILL: "當天上班的人中沒有人會做這項服務。",
        Why.NO_SECOND: "需要兩個人，而當天會做的只有一位上班。",
        Why.NO_HOURS: "會做的人都無法準時趕到並在下班前返回。",
        Why.FULL: "會做的人當天都排滿了更急的事。",
    },
    "en": {
        Why.NO_PLACE: "Nobody knows where the home is: give it a latitude and a longitude.",
        Why.NO_SKILL: "Nobody who works on this day is able to do it.",
        Why.NO_SECOND: "It takes two, and only one who is able to works on this day.",
        Why.NO_HOURS: "Nobody who is able to can be there in time and be back before their hours end.",
        Why.FULL: "Everybody who is able to has a day full of what may wait less.",
    },
}

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
