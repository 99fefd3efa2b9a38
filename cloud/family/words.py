"""What the family page says, in three languages: tables of text. Pure.

What this is: every sentence that the server builds for a family. What it is not: rules (``status``, ``day``,
``progress``), or advice about anybody's health; no line here says what is normal for a body. All three
languages are sent at once, so that a telephone without a network can still change between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from cloud.family.day import Moment
from cloud.notify.wording import WHAT

LOCALES: Final = ("zh-Hans", "zh-Hant", "en")
Said = Mapping[str, str]
"""One text in each of ``LOCALES``."""

HEADLINES: Final[Mapping[str, Said]] = {
    "alarm": {"zh-Hans": "需要帮助", "zh-Hant": "需要幫助", "en": "Help is needed"},
    "notice": {"zh-Hans": "有事需要留意", "zh-Hant": "有事需要留意", "en": "Something to look into"},
    "not_heard": {"zh-Hans": "暂时没有消息", "zh-Hant": "暫時沒有消息", "en": "No word from the home"},
    "away": {"zh-Hans": "外出中", "zh-Hant": "外出中", "en": "Away from home"},
    "no_alarm": {"zh-Hans": "目前没有警报", "zh-Hant": "目前沒有警報", "en": "No alarm now"},
    "ended": {
        "zh-Hans": "这一家已停止服务",
        "zh-Hant": "這一家已停止服務",
        "en": "This home is not followed",
    },
}

PARTS: Final[Mapping[str, Said]] = {
    "someone_there": {
        "zh-Hans": "已有人在家中帮忙",
        "zh-Hant": "已有人在家中幫忙",
        "en": "somebody is there and helping",
    },
    "someone_coming": {
        "zh-Hans": "已有人在赶去的路上",
        "zh-Hant": "已有人在趕去的路上",
        "en": "somebody is on the way",
    },
    "being_asked": {
        "zh-Hans": "正在向本人确认",
        "zh-Hant": "正在向本人確認",
        "en": "they are being asked whether all is well",
    },
    "being_seen_to": {
        "zh-Hans": "服务中心正在处理",
        "zh-Hant": "服務中心正在處理",
        "en": "the centre is seeing to it",
    },
    "never_heard": {
        "zh-Hans": "家中设备还没有开始传送",
        "zh-Hant": "家中設備還沒有開始傳送",
        "en": "the devices there have not begun to report yet",
    },
    "heard_until": {
        "zh-Hans": "最后一次消息在{known_until}",
        "zh-Hant": "最後一次消息在{known_until}",
        "en": "the last word came at {known_until}",
    },
    "told_the_centre": {
        "zh-Hans": "连不上时服务中心会收到通知",
        "zh-Hant": "連不上時服務中心會收到通知",
        "en": "the centre is told when a home cannot be heard",
    },
    "away_until": {
        "zh-Hans": "已登记外出至{away_until}",
        "zh-Hant": "已登記外出至{away_until}",
        "en": "they are away until {away_until}",
    },
    "not_observed": {
        "zh-Hans": "按本人意愿，不查看日常作息；按下求助仍会有人来",
        "zh-Hant": "按本人意願，不查看日常作息；按下求助仍會有人來",
        "en": "as they wish, nobody looks at their days; a call for help is still answered",
    },
    "no_sign_today": {
        "zh-Hans": "今天还没有看到活动",
        "zh-Hant": "今天還沒有看到活動",
        "en": "nothing has moved yet today",
    },
    "up_at": {"zh-Hans": "{up_at}起床", "zh-Hant": "{up_at}起床", "en": "up at {up_at}"},
    "nights_up": {
        "zh-Hans": "昨夜起夜 {nights_up} 次",
        "zh-Hant": "昨夜起夜 {nights_up} 次",
        "en": "in the bathroom {nights_up} × last night",
    },
    "out_since": {"zh-Hans": "{out_since}出门", "zh-Hant": "{out_since}出門", "en": "out since {out_since}"},
    "moved_lately": {
        "zh-Hans": "半小时内有活动",
        "zh-Hant": "半小時內有活動",
        "en": "moved within the last half hour",
    },
    "moved_at": {
        "zh-Hans": "最近一次活动在{moved_at}",
        "zh-Hant": "最近一次活動在{moved_at}",
        "en": "moved last at {moved_at}",
    },
    "equipment": {
        "zh-Hans": "有设备需要检修，服务中心已知道",
        "zh-Hant": "有設備需要檢修，服務中心已知道",
        "en": "a device needs care, the centre knows",
    },
    "ask_the_centre": {
        "zh-Hans": "有疑问请联系服务中心",
        "zh-Hant": "有疑問請聯繫服務中心",
        "en": "please ask the centre",
    },
}

_MOMENTS: Final[Mapping[str, Said]] = {
    "up": {"zh-Hans": "起床", "zh-Hant": "起床", "en": "Got up"},
    "meal.0": {
        "zh-Hans": "早餐时间用了厨房",
        "zh-Hant": "早餐時間用了廚房",
        "en": "In the kitchen, breakfast time",
    },
    "meal.1": {
        "zh-Hans": "午餐时间用了厨房",
        "zh-Hant": "午餐時間用了廚房",
        "en": "In the kitchen, lunch time",
    },
    "meal.2": {
        "zh-Hans": "晚餐时间用了厨房",
        "zh-Hant": "晚餐時間用了廚房",
        "en": "In the kitchen, supper time",
    },
    "left": {"zh-Hans": "出门", "zh-Hant": "出門", "en": "Left home"},
    "back": {"zh-Hans": "回家", "zh-Hant": "回家", "en": "Came home"},
    "measured.blood_pressure": {
        "zh-Hans": "量了血压",
        "zh-Hant": "量了血壓",
        "en": "Measured blood pressure",
    },
    "measured.thermometer": {"zh-Hans": "量了体温", "zh-Hant": "量了體溫", "en": "Measured temperature"},
    "measured.pulse_oximeter": {"zh-Hans": "量了血氧", "zh-Hant": "量了血氧", "en": "Measured oxygen"},
    "measured.scale": {"zh-Hans": "称了体重", "zh-Hant": "量了體重", "en": "Stepped on the scale"},
    "measured.glucose_meter": {"zh-Hans": "测了血糖", "zh-Hant": "量了血糖", "en": "Measured blood sugar"},
    "visit": {"zh-Hans": "{who}到访", "zh-Hant": "{who}到訪", "en": "{who} came to visit"},
}

STEPS: Final[Mapping[str, Said]] = {
    "raised": {"zh-Hans": "发现：{what}", "zh-Hant": "發現：{what}", "en": "Noticed: {what}"},
    "taken": {"zh-Hans": "值班员接手", "zh-Hant": "值班員接手", "en": "The duty desk took it"},
    "coming": {"zh-Hans": "已派人前往", "zh-Hant": "已派人前往", "en": "Somebody set out"},
    "there": {"zh-Hans": "已有人到达", "zh-Hant": "已有人到達", "en": "Somebody arrived"},
    "services": {
        "zh-Hans": "已联系急救或消防",
        "zh-Hant": "已聯繫急救或消防",
        "en": "Emergency services were called",
    },
    "watched": {"zh-Hans": "继续留意中", "zh-Hant": "繼續留意中", "en": "Being watched further"},
    "over": {"zh-Hans": "已处理：{outcome}", "zh-Hant": "已處理：{outcome}", "en": "Settled: {outcome}"},
}

OUTCOMES: Final[Mapping[str, Said]] = {
    "helped": {"zh-Hans": "得到了帮助", "zh-Hant": "得到了幫助", "en": "help was given"},
    "reassured": {"zh-Hans": "已了解情况", "zh-Hant": "已了解情況", "en": "it was talked over"},
    "nothing": {"zh-Hans": "没有事", "zh-Hant": "沒有事", "en": "there was no trouble"},
    "equipment": {"zh-Hans": "设备问题", "zh-Hant": "設備問題", "en": "a matter of equipment"},
    "away": {"zh-Hans": "人不在家", "zh-Hant": "人不在家", "en": "nobody was at home"},
    "closed": {
        "zh-Hans": "工作人员会与您联系",
        "zh-Hant": "工作人員會與您聯繫",
        "en": "a caseworker will speak with you",
    },
}

_KEPT_BACK: Final[Said] = {
    "zh-Hans": "本人不分享的事项",
    "zh-Hant": "本人不分享的事項",
    "en": "something they do not share",
}
_BETWEEN: Final[Said] = {"zh-Hans": "，", "zh-Hant": "，", "en": ", "}
_END: Final[Said] = {"zh-Hans": "。", "zh-Hant": "。", "en": "."}


def clock(at: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """``6:40`` by the clock of the home, with the date in front unless that is today; empty for no time."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    date = "" if local.date() == now.astimezone(zone).date() else f"{local:%Y-%m-%d} "
    return f"{date}{local.hour}:{local.minute:02d}"


def sentence(parts: Iterable[str], values: Mapping[str, str]) -> Said:
    """The clauses ``parts`` as one sentence."""
    keys = tuple(parts)
    return {
        locale: _capital(_BETWEEN[locale].join(PARTS[key][locale].format_map(values) for key in keys))
        + _END[locale]
        for locale in LOCALES
    }


def moment(one: Moment) -> Said:
    """What happened."""
    key = f"{one.what.value}.{one.detail}"
    return _filled(_MOMENTS.get(key) or _MOMENTS[one.what.value], {"who": one.who})


def step(key: str, values: Mapping[str, Said]) -> Said:
    """One step of an incident, with ``values`` in each language."""
    return {
        locale: STEPS[key][locale].format_map({name: said[locale] for name, said in values.items()})
        for locale in LOCALES
    }


def what(kind: str, *, shared: bool) -> Said:
    """An alarm's name; of what the resident keeps back only that there was something."""
    if not shared:
        return _KEPT_BACK
    return {locale: WHAT[locale].get(kind, WHAT[locale]["sos"]) for locale in LOCALES}


def _filled(said: Said, values: Mapping[str, str]) -> Said:
    return {locale: text.format_map(values) for locale, text in said.items()}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
