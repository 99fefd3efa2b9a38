"""What a message says, in three languages: one sentence with who, what, where, when and what to do.

What this is: tables of text. What it is not: a place for conditions or advice; nobody is diagnosed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DEFAULT: Final = "zh-Hans"

WHAT: Final[Mapping[str, Mapping[str, str]]] = {
    "zh-Hans": {
        "sos": "求助",
        "fall": "疑似跌倒",
        "smoke": "烟雾报警",
        "gas": "燃气报警",
        "carbon_monoxide": "一氧化碳报警",
        "flood": "漏水",
        "stillness": "长时间无活动",
        "device_fault": "设备故障",
        "long_lie": "倒地不起",
        "bed_exit": "离床未归",
        "night_door": "夜间外出",
        "vitals": "体征异常",
        "routine": "作息异常",
        "sensor_silent": "设备失联",
        "mains_lost": "停电",
        "battery_low": "电量不足",
        "tamper": "设备被拆动",
        "wandering": "夜间徘徊",
        "visitor": "可疑来访",
        "medicine": "未按时服药",
        "stove": "炉灶未关",
        "heat": "室温骤升",
        "room_climate": "室温过低或过高",
        "not_worn": "呼叫器未佩戴",
        "not_up": "未按时起床",
        "not_returned": "外出未归",
        "bathroom_long": "久留卫生间",
        "not_eating": "未进餐",
        "no_usual_use": "早间用电异常",
        "gateway_silent": "家中失联",
        "area_outage": "片区失联",
        "worker": "工作人员求助",
    },
    "zh-Hant": {
        "sos": "求助",
        "fall": "疑似跌倒",
        "smoke": "煙霧警報",
        "gas": "瓦斯警報",
        "carbon_monoxide": "一氧化碳警報",
        "flood": "漏水",
        "stillness": "長時間無活動",
        "device_fault": "設備故障",
        "long_lie": "倒地不起",
        "bed_exit": "離床未歸",
        "night_door": "夜間外出",
        "vitals": "體徵異常",
        "routine": "作息異常",
        "sensor_silent": "設備失聯",
        "mains_lost": "停電",
        "battery_low": "電量不足",
        "tamper": "設備被拆動",
        "wandering": "夜間徘徊",
        "visitor": "可疑來訪",
        "medicine": "未按時服藥",
        "stove": "爐灶未關",
        "heat": "室溫驟升",
        "room_climate": "室溫過低或過高",
        "not_worn": "呼叫器未配戴",
        "not_up": "未按時起床",
        "not_returned": "外出未歸",
        "bathroom_long": "久留衛生間",
        "not_eating": "未進餐",
        "no_usual_use": "早間用電異常",
        "gateway_silent": "家中失聯",
        "area_outage": "片區失聯",
        "worker": "工作人員求助",
    },
    "en": {
        "sos": "a call for help",
        "fall": "a possible fall",
        "smoke": "a smoke alarm",
        "gas": "a gas alarm",
        "carbon_monoxide": "a carbon monoxide alarm",
        "flood": "a water leak",
        "stillness": "no movement for a long time",
        "device_fault": "a device fault",
        "long_lie": "a person who does not get up",
        "bed_exit": "not back in bed",
        "night_door": "out of the house at night",
        "vitals": "a reading outside its limits",
        "routine": "a day unlike the usual ones",
        "sensor_silent": "a silent sensor",
        "mains_lost": "a power cut",
        "battery_low": "a low battery",
        "tamper": "a device taken off its place",
        "wandering": "going in and out at night",
        "visitor": "an unwelcome visitor",
        "medicine": "a medicine that was not taken",
        "stove": "a cooker left on",
        "heat": "a sudden rise of temperature",
        "room_climate": "a room too cold or too hot",
        "not_worn": "a pendant that is not worn",
        "not_up": "not up at the usual time",
        "not_returned": "not back home",
        "bathroom_long": "too long in the bathroom",
        "not_eating": "no sign of a meal",
        "no_usual_use": "no usual morning use",
        "gateway_silent": "a home that is not heard",
        "area_outage": "a place that is not heard",
        "worker": "a worker who calls for help",
    },
}


ROOMS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh-Hans": {"bathroom": "卫生间", "bedroom": "卧室", "kitchen": "厨房", "living": "客厅", "hall": "门厅"},
    "zh-Hant": {"bathroom": "衛生間", "bedroom": "臥室", "kitchen": "廚房", "living": "客廳", "hall": "門廳"},
    "en": {"living": "living room"},
}
"""Rooms as installers name them; a name that is not here is shown as it is."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One template in one language; ``{resident} {what} {where} {time} {link}`` are filled in."""

    title: str
    body: str


TEMPLATES: Final[Mapping[str, Mapping[str, Wording]]] = {
    "digest": {
        "zh-Hans": Wording("{count} 条通知", "您有 {count} 条不紧急的通知，请方便时登录查看：{link}"),
        "zh-Hant": Wording("{count} 則通知", "您有 {count} 則不緊急的通知，請方便時登入查看：{link}"),
        "en": Wording(
            "{count} notices", "There are {count} notices that can wait; please look when it suits: {link}"
        ),
    },
    "channel": {
        "zh-Hans": Wording(
            "消息通道失联：{where}", "{time}起，消息通道 {where} 的自检没有送达，请检查服务商：{link}"
        ),
        "zh-Hant": Wording(
            "訊息通道失聯：{where}", "{time}起，訊息通道 {where} 的自檢沒有送達，請檢查服務商：{link}"
        ),
        "en": Wording(
            "Channel {where} is silent",
            "Since {time} no test of the channel {where} has come through; please see to it: {link}",
        ),
    },
    "probe": {
        "zh-Hans": Wording("通道自检", "安伴通道自检 {time}，请忽略。"),
        "zh-Hant": Wording("通道自檢", "安伴通道自檢 {time}，請忽略。"),
        "en": Wording("Test of this channel", "Anban tests this channel, {time}; nothing to do."),
    },
    "raised": {
        "zh-Hans": Wording(
            "{resident}：{what}", "{time}，{where}，{resident}家中{what}；社区正在处理，请留意电话。"
        ),
        "zh-Hant": Wording(
            "{resident}：{what}", "{time}，{where}，{resident}家中{what}；社區正在處理，請留意電話。"
        ),
        "en": Wording(
            "{resident}: {what}",
            "At {time} there was {what} at the home of {resident}, {where}; the centre is on it,"
            " please keep your phone at hand.",
        ),
    },
    "ask": {
        "zh-Hans": Wording(
            "请帮忙：{resident}", "{time}，{where}，{resident}家中{what}，您能去看看吗？请点此回复：{link}"
        ),
        "zh-Hant": Wording(
            "請幫忙：{resident}", "{time}，{where}，{resident}家中{what}，您能去看看嗎？請點此回覆：{link}"
        ),
        "en": Wording(
            "Please help {resident}",
            "At {time} there was {what} at the home of {resident}, {where}."
            " Can you go and look? Answer here: {link}",
        ),
    },
    "relieved": {
        "zh-Hans": Wording("{resident}：已有人前往", "已有人前往{resident}家（{where}），您不必再去，谢谢。"),
        "zh-Hant": Wording("{resident}：已有人前往", "已有人前往{resident}家（{where}），您不必再去，謝謝。"),
        "en": Wording(
            "{resident}: someone is on the way",
            "Someone is on the way to {resident}, {where}; you need not go. Thank you.",
        ),
    },
    "settled": {
        "zh-Hans": Wording(
            "{resident}：已处理", "{time}的{what}（{resident}家，{where}）已处理完毕，谢谢您的关心。"
        ),
        "zh-Hant": Wording(
            "{resident}：已處理", "{time}的{what}（{resident}家，{where}）已處理完畢，謝謝您的關心。"
        ),
        "en": Wording(
            "{resident}: settled",
            "{what} at {time} at the home of {resident}, {where}, has been dealt with."
            " Thank you for your care.",
        ),
    },
    "page": {
        "zh-Hans": Wording(
            "无人应答：{resident}",
            "{time}，{where}，{resident}家中{what}，至今无人处理，请值班负责人立即处理：{link}",
        ),
        "zh-Hant": Wording(
            "無人應答：{resident}",
            "{time}，{where}，{resident}家中{what}，至今無人處理，請值班負責人立即處理：{link}",
        ),
        "en": Wording(
            "Nobody answers: {resident}",
            "{what} at {time} at the home of {resident}, {where}, is still waiting for someone;"
            " please take it now: {link}",
        ),
    },
    "well": {
        "zh-Hans": Wording(
            "{resident}家：您还好吗？",
            "您在{resident}家（{where}）已有一段时间没有消息，请报平安，或致电中心。",
        ),
        "zh-Hant": Wording(
            "{resident}家：您還好嗎？",
            "您在{resident}家（{where}）已有一段時間沒有消息，請報平安，或致電中心。",
        ),
        "en": Wording(
            "{resident}: are you well?",
            "Nothing was heard of you for a while at the home of {resident}, {where}."
            " Say that you are well, or call the centre.",
        ),
    },
    "go": {
        "zh-Hans": Wording(
            "已收到：您去{resident}家",
            "已收到，您前往{resident}家（{where}），请在{by}前到。",
        ),
        "zh-Hant": Wording(
            "已收到：您去{resident}家",
            "已收到，您前往{resident}家（{where}），請在{by}前到。",
        ),
        "en": Wording(
            "{resident}: you are going",
            "Noted: you are going to {resident}, {where}, and will be there by {by}.",
        ),
    },
    "which": {
        "zh-Hans": Wording(
            "请问您能去{resident}家吗？",
            "请问您能去{resident}家（{where}）吗？能去请回复1{code}，不能请回复2{code}。",
        ),
        "zh-Hant": Wording(
            "請問您能去{resident}家嗎？",
            "請問您能去{resident}家（{where}）嗎？能去請回覆1{code}，不能請回覆2{code}。",
        ),
        "en": Wording(
            "{resident}: can you go?",
            "Can you go to {resident}, {where}? If so, answer 1{code}; if not, answer 2{code}.",
        ),
    },
    "send_colleague": {
        "zh-Hans": Wording(
            "工作人员失联：{resident}家",
            "在{resident}家（{where}）的工作人员没有消息，已请同事前往，请立即联系：{link}",
        ),
        "zh-Hant": Wording(
            "工作人員失聯：{resident}家",
            "在{resident}家（{where}）的工作人員沒有消息，已請同事前往，請立即聯繫：{link}",
        ),
        "en": Wording(
            "{resident}: the worker is not heard of",
            "The worker at the home of {resident}, {where}, does not answer; a colleague was asked to go."
            " Please call them now: {link}",
        ),
    },
    "call_police": {
        "zh-Hans": Wording(
            "请拨打110：{resident}家",
            "在{resident}家（{where}）的工作人员仍无消息或已求救，请拨打110：{link}",
        ),
        "zh-Hant": Wording(
            "請撥打110：{resident}家",
            "在{resident}家（{where}）的工作人員仍無消息或已求救，請撥打110：{link}",
        ),
        "en": Wording(
            "{resident}: call 110",
            "The worker at the home of {resident}, {where}, is still not heard of, or has called for help."
            " Call 110: {link}",
        ),
    },
    "alone": {
        "zh-Hans": Wording(
            "{resident}家无人接收通知",
            "{resident}家（{where}）的联系人目前都不接收非紧急通知，请安排他人跟进。",
        ),
        "zh-Hant": Wording(
            "{resident}家無人接收通知",
            "{resident}家（{where}）的聯繫人目前都不接收非緊急通知，請安排他人跟進。",
        ),
        "en": Wording(
            "{resident}: nobody left to tell",
            "Everybody in the care circle of {resident}, {where}, asked to hear nothing that is not urgent."
            " Please see that somebody follows it up.",
        ),
    },
    "review": {
        "zh-Hans": Wording(
            "紧急查看待复核",
            "{time}，有工作人员在处理紧急情况时查看了未获同意的资料，请负责人复核：{link}",
        ),
        "zh-Hant": Wording(
            "緊急查看待覆核",
            "{time}，有工作人員在處理緊急情況時查看了未獲同意的資料，請負責人覆核：{link}",
        ),
        "en": Wording(
            "Emergency access to review",
            "At {time} somebody read what a resident withholds, in an emergency; please review it: {link}",
        ),
    },
}


def facts(params: Mapping[str, Any], locale: str, link: str) -> dict[str, str]:
    """The words to fill in, from what was kept when the message was queued.

    ``time`` is the home's wall clock; ``params["observed_at"]`` an ISO time. ``by``: until when somebody has
    promised to be there, ``code``: the letter of a question; each empty where it is not about that.
    """
    kinds, rooms = WHAT[language(locale)], ROOMS[language(locale)]
    room = str(params["room"])
    where = f"{params['address']} {rooms.get(room, room)}".strip()
    return {
        "resident": str(params["resident"]),
        "what": kinds.get(str(params["kind"]), kinds["sos"]),
        "where": where,
        "time": _local(str(params["observed_at"]), str(params["time_zone"])),
        "by": _local(str(params["by"]), str(params["time_zone"])) if "by" in params else "",
        "code": str(params.get("code", "")),
        "link": link,
    }


OPENLY: Final = frozenset(
    {
        "smoke", "gas", "carbon_monoxide", "flood", "stove", "heat", "room_climate", "mains_lost",
        "battery_low", "tamper", "device_fault", "sensor_silent", "gateway_silent", "area_outage", "visitor",
    }
)  # fmt: skip
"""What may be said by name where others may read or hear it: it is of the home. All else is of a body or of
how somebody lives, and is a call for help."""


def discreet(params: Mapping[str, Any]) -> dict[str, str]:
    """``facts`` for text messages and calls: in simplified Chinese, which alone is approved in advance, and
    without a word of anybody's health.
    """
    kind = str(params["kind"])
    return facts({**params, "kind": kind if kind in OPENLY else "sos"}, DEFAULT, "")


def render(template: str, locale: str, words: Mapping[str, str]) -> tuple[str, str]:
    """Title and body of ``template`` in the language nearest to ``locale``."""
    wording = TEMPLATES[template][language(locale)]
    return _sentence(wording.title.format_map(words)), _sentence(wording.body.format_map(words))


def language(locale: str) -> str:
    """``zh-TW`` → ``zh-Hant``, ``en-GB`` → ``en``; whatever we do not speak → ``zh-Hans``."""
    if locale in WHAT:
        return locale
    tags = set(locale.replace("_", "-").split("-"))
    if tags & {"Hant", "TW", "HK", "MO"}:
        return "zh-Hant"
    return "en" if "en" in tags else DEFAULT


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _local(observed_at: str, time_zone: str) -> str:
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return datetime.fromisoformat(observed_at).astimezone(UTC).strftime("%H:%M UTC")
    return datetime.fromisoformat(observed_at).astimezone(zone).strftime("%H:%M")
