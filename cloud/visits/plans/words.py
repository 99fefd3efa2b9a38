"""Why somebody is not visited today, as one sentence in three languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloud.auth import Locale
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
