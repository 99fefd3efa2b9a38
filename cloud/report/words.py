"""What an indicator is called and divides by what, and what a cut is cut into, in three languages. Pure.

What this is: tables of text, for screens and files alike. What it is not: a rule; the English of what is
divided by what stands beside the rule (``indicators``). The one idea: whoever reads a figure reads in their
own words what made it, on the screen, on paper and in a spreadsheet, and the words are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cloud.auth import Locale
from cloud.notify.wording import WHAT
from cloud.report.indicators import INDICATORS
from cloud.report.tally import SLOT_HOURS, UNKNOWN, Cut


@dataclass(frozen=True, slots=True)
class Said:
    """``title``: what an indicator is called. ``numerator``, ``denominator``: what it divides by what."""

    title: str
    numerator: str
    denominator: str


@dataclass(frozen=True, slots=True)
class Speech:
    """In which language, and what the areas are called, by the digits of their code."""

    locale: Locale
    areas: Mapping[str, str] = field(default_factory=dict)

    def said(self, name: str) -> Said:
        """What indicator ``name`` is called, and what it divides by what."""
        if self.locale in _CHINESE:
            return _CHINESE[self.locale][name]
        one = INDICATORS[name]
        return Said(_TITLES[name], one.numerator, one.denominator)

    def source(self, of: str) -> str:
        """Whose target it is."""
        return _SOURCES[self.locale][of]

    def label(self, cut: Cut, of: str) -> str:
        """What the one ``of`` a cut is called; a code where nobody knows a name."""
        match cut:
            case Cut.ALL:
                return _EVERYBODY[self.locale]
            case Cut.COUNTY | Cut.TOWN:
                return self.areas.get(of, of)
            case Cut.KIND:
                return WHAT[self.locale].get(of, of)
            case Cut.SLOT:
                return self._slot(of)
            case _:
                return _PLACES[self.locale].get(of, of)

    def _slot(self, of: str) -> str:
        weekday, _, hour = of.partition("-")
        until = int(hour) + SLOT_HOURS
        return f"{_WEEKDAYS[self.locale][int(weekday) - 1]} {hour}:00–{until:02d}:00"


_TITLES: Final[Mapping[str, str]] = {
    "answered_60": "Answered within 60 s",
    "answered_180": "Answered within 180 s",
    "on_the_way": "On the way in time",
    "circle_15": "At the door within 15 min",
    "on_site_45": "At the door within 45 min",
    "on_site_60": "At the door within 60 min",
    "access_5": "Through the door within 5 min",
    "missed_p1": "Priority 1 that nobody answered",
    "false_alarms": "False alarms",
    "without_ambulance": "Settled without an ambulance",
    "first_rung": "Accepted by the first who was asked",
    "foreseen": "Emergencies that were foreseen",
    "outcome_a1": "Emergency, with an ambulance (A1)",
    "outcome_a2": "Emergency, helped at home (A2)",
    "outcome_a3": "Fire or gas (A3)",
    "outcome_b1": "Help wanted, not urgent (B1)",
    "outcome_b2": "Somebody to talk to (B2)",
    "outcome_c1": "Pressed by accident (C1)",
    "outcome_c2": "False, by a sensor (C2)",
    "outcome_c3": "False, by a rule (C3)",
    "outcome_d1": "A device at fault (D1)",
    "outcome_e1": "No way in (E1)",
    "outcome_e2": "Away or in hospital (E2)",
    "outcome_e3": "Help refused (E3)",
    "outcome_f1": "Died (F1)",
    "alarms_home_day": "Alarms a home and day",
    "false_home_week": "False alarms a home and week",
    "repeat_callers": "Homes that call again and again",
    "circle_homes": "Homes within the 15-minute circle",
    "coverage": "Homes that were heard",
    "device_uptime": "Days on which equipment delivered",
    "path_tests": "Second paths that were proved",
    "battery_lead": "Batteries that lasted a week after the warning",
    "visiting_rate": "Visiting rate",
    "overdue_days": "Days overdue for each person",
}
_URGENT_CN: Final = "已呼叫人员的一、二级事件"
_GONE_CN: Final = "需要有人上门的一、二级事件"
_JUDGED_CN: Final = "有处置结果的事件（不含测试）"
_OWED_CN: Final = "当月应探访的人"
_DAYS_CN: Final = "各户自首次上线起的天数"
_URGENT_TW: Final = "已呼叫人員的一、二級事件"
_GONE_TW: Final = "需要有人上門的一、二級事件"
_JUDGED_TW: Final = "有處置結果的事件（不含測試）"
_OWED_TW: Final = "當月應探訪的人"
_DAYS_TW: Final = "各戶自首次上線起的天數"


def _ended(code: str, title: str, such: str, whole: str) -> Said:
    return Said(f"{title}（{code}）", f"{such} {code} 的", whole)


_CHINESE: Final[Mapping[str, Mapping[str, Said]]] = {
    "zh-Hans": {
        "answered_60": Said("60 秒内应答", "呼叫后 60 秒内有人应答的", _URGENT_CN),
        "answered_180": Said("180 秒内应答", "呼叫后 180 秒内有人应答的", _URGENT_CN),
        "on_the_way": Said("及时出发", "呼叫后 3 分钟（一级）或 10 分钟（二级）内有人上路的", _GONE_CN),
        "circle_15": Said("15 分钟到门", "决定上门后 15 分钟内有人到门口的", _GONE_CN),
        "on_site_45": Said("45 分钟到门", "决定上门后 45 分钟内有人到门口的", _GONE_CN),
        "on_site_60": Said("60 分钟到门", "决定上门后 60 分钟内有人到门口的", _GONE_CN),
        "access_5": Said("5 分钟进门", "到门口后 5 分钟内进入屋内的", "一、二级事件中到达门口的次数"),
        "missed_p1": Said("漏接的一级事件", "呼叫后 60 分钟内无人应答的", "一级事件"),
        "false_alarms": Said("误报率", "误按、传感器、规则或设备造成的（C1、C2、C3、D1）", _JUDGED_CN),
        "without_ambulance": Said("未动用救护车", "不靠救护车处置完毕的（非 A1）", _JUDGED_CN),
        "first_rung": Said("首位联系人即接受", "名单第一位就接受的", "由名单中的人接受的事件"),
        "foreseen": Said("事前有征兆", "此前 14 天内该户已有趋势发现的", "真实急症并动用救护车的（A1）"),
        "outcome_a1": _ended("A1", "急症，送医", "结果为", _JUDGED_CN),
        "outcome_a2": _ended("A2", "急症，就地帮助", "结果为", _JUDGED_CN),
        "outcome_a3": _ended("A3", "火情或燃气", "结果为", _JUDGED_CN),
        "outcome_b1": _ended("B1", "需要帮助，不急", "结果为", _JUDGED_CN),
        "outcome_b2": _ended("B2", "陪伴与安慰", "结果为", _JUDGED_CN),
        "outcome_c1": _ended("C1", "误按", "结果为", _JUDGED_CN),
        "outcome_c2": _ended("C2", "传感器误报", "结果为", _JUDGED_CN),
        "outcome_c3": _ended("C3", "规则误报", "结果为", _JUDGED_CN),
        "outcome_d1": _ended("D1", "设备故障", "结果为", _JUDGED_CN),
        "outcome_e1": _ended("E1", "无法进门", "结果为", _JUDGED_CN),
        "outcome_e2": _ended("E2", "外出或住院", "结果为", _JUDGED_CN),
        "outcome_e3": _ended("E3", "谢绝帮助", "结果为", _JUDGED_CN),
        "outcome_f1": _ended("F1", "去世", "结果为", _JUDGED_CN),
        "alarms_home_day": Said("每户每天报警", "一至三级事件（不含测试）", _DAYS_CN),
        "false_home_week": Said("每户每周误报", "一至三级事件中的误报", "各户自首次上线起的周数"),
        "repeat_callers": Said("反复报警户", "当月报警 3 次及以上的户", "当月有人身报警的户"),
        "circle_homes": Said("15 分钟圈覆盖", "中心或登记的人员估计 15 分钟内能到的户", "已知位置的户"),
        "coverage": Said("在线户比例", "当月有数据的户", "全部户"),
        "device_uptime": Said("设备在线天数", "该户有数据的天数", _DAYS_CN),
        "path_tests": Said("备用通道有效", "当月测试或呼叫成功的备用通道", "有备用通道的网关"),
        "battery_lead": Said("低电预警提前量", "预警 7 天后仍在线的设备", "低电量预警"),
        "visiting_rate": Said("探访率", "以有效方式探访到的人", _OWED_CN),
        "overdue_days": Said("人均逾期天数", "月末探访逾期的天数", _OWED_CN),
    },
    "zh-Hant": {
        "answered_60": Said("60 秒內應答", "呼叫後 60 秒內有人應答的", _URGENT_TW),
        "answered_180": Said("180 秒內應答", "呼叫後 180 秒內有人應答的", _URGENT_TW),
        "on_the_way": Said("及時出發", "呼叫後 3 分鐘（一級）或 10 分鐘（二級）內有人上路的", _GONE_TW),
        "circle_15": Said("15 分鐘到門", "決定上門後 15 分鐘內有人到門口的", _GONE_TW),
        "on_site_45": Said("45 分鐘到門", "決定上門後 45 分鐘內有人到門口的", _GONE_TW),
        "on_site_60": Said("60 分鐘到門", "決定上門後 60 分鐘內有人到門口的", _GONE_TW),
        "access_5": Said("5 分鐘進門", "到門口後 5 分鐘內進入屋內的", "一、二級事件中到達門口的次數"),
        "missed_p1": Said("漏接的一級事件", "呼叫後 60 分鐘內無人應答的", "一級事件"),
        "false_alarms": Said("誤報率", "誤按、感測器、規則或設備造成的（C1、C2、C3、D1）", _JUDGED_TW),
        "without_ambulance": Said("未動用救護車", "不靠救護車處置完畢的（非 A1）", _JUDGED_TW),
        "first_rung": Said("首位聯絡人即接受", "名單第一位就接受的", "由名單中的人接受的事件"),
        "foreseen": Said("事前有徵兆", "此前 14 天內該戶已有趨勢發現的", "真實急症並動用救護車的（A1）"),
        "outcome_a1": _ended("A1", "急症，送醫", "結果為", _JUDGED_TW),
        "outcome_a2": _ended("A2", "急症，就地幫助", "結果為", _JUDGED_TW),
        "outcome_a3": _ended("A3", "火情或瓦斯", "結果為", _JUDGED_TW),
        "outcome_b1": _ended("B1", "需要幫助，不急", "結果為", _JUDGED_TW),
        "outcome_b2": _ended("B2", "陪伴與安慰", "結果為", _JUDGED_TW),
        "outcome_c1": _ended("C1", "誤按", "結果為", _JUDGED_TW),
        "outcome_c2": _ended("C2", "感測器誤報", "結果為", _JUDGED_TW),
        "outcome_c3": _ended("C3", "規則誤報", "結果為", _JUDGED_TW),
        "outcome_d1": _ended("D1", "設備故障", "結果為", _JUDGED_TW),
        "outcome_e1": _ended("E1", "無法進門", "結果為", _JUDGED_TW),
        "outcome_e2": _ended("E2", "外出或住院", "結果為", _JUDGED_TW),
        "outcome_e3": _ended("E3", "謝絕幫助", "結果為", _JUDGED_TW),
        "outcome_f1": _ended("F1", "去世", "結果為", _JUDGED_TW),
        "alarms_home_day": Said("每戶每天警報", "一至三級事件（不含測試）", _DAYS_TW),
        "false_home_week": Said("每戶每週誤報", "一至三級事件中的誤報", "各戶自首次上線起的週數"),
        "repeat_callers": Said("反覆報警戶", "當月報警 3 次及以上的戶", "當月有人身報警的戶"),
        "circle_homes": Said("15 分鐘圈覆蓋", "中心或登記的人員估計 15 分鐘內能到的戶", "已知位置的戶"),
        "coverage": Said("在線戶比例", "當月有資料的戶", "全部戶"),
        "device_uptime": Said("設備在線天數", "該戶有資料的天數", _DAYS_TW),
        "path_tests": Said("備用通道有效", "當月測試或呼叫成功的備用通道", "有備用通道的閘道器"),
        "battery_lead": Said("低電預警提前量", "預警 7 天後仍在線的設備", "低電量預警"),
        "visiting_rate": Said("探訪率", "以有效方式探訪到的人", _OWED_TW),
        "overdue_days": Said("人均逾期天數", "月末探訪逾期的天數", _OWED_TW),
    },
}

_SOURCES: Final[Mapping[str, Mapping[str, str]]] = {
    "zh-Hans": {
        "D": "本项目建议值",
        "D: at most 1 a day from 10 homes": "本项目建议值：每 10 户每天最多 1 次",
        "the plan; share D": "市级规划；比例为本项目建议值",
        "the plan: 探访率 100 %": "市级规划：探访率 100 %",
        "TSA": "英国远程照护协会（TSA）",
        "Camden": "英国 Camden Careline 公布的指标",
        "NHS England": "英格兰 NHS",
    },
    "zh-Hant": {
        "D": "本專案建議值",
        "D: at most 1 a day from 10 homes": "本專案建議值：每 10 戶每天最多 1 次",
        "the plan; share D": "市級規劃；比例為本專案建議值",
        "the plan: 探访率 100 %": "市級規劃：探訪率 100 %",
        "TSA": "英國遠距照護協會（TSA）",
        "Camden": "英國 Camden Careline 公布的指標",
        "NHS England": "英格蘭 NHS",
    },
    "en": {
        "D": "a default of this project",
        "D: at most 1 a day from 10 homes": "a default of this project: at most 1 a day from 10 homes",
        "the plan; share D": "the city's plan; the share is a default of this project",
        "the plan: 探访率 100 %": "the city's plan: visiting rate 100 %",
        "TSA": "TSA, telecare services association (UK)",
        "Camden": "Camden Careline (UK), published targets",
        "NHS England": "NHS England",
    },
}
"""Whose target it is, as ``indicators`` names it."""

_PLACES: Final[Mapping[str, Mapping[str, str]]] = {
    "zh-Hans": {
        "town": "城镇", "rural": "农村", "f": "女", "m": "男", "under 60": "60 岁以下", "60-69": "60–69 岁",
        "70-79": "70–79 岁", "80-89": "80–89 岁", "90+": "90 岁及以上", UNKNOWN: "未知",
    },
    "zh-Hant": {
        "town": "城鎮", "rural": "農村", "f": "女", "m": "男", "under 60": "60 歲以下", "60-69": "60–69 歲",
        "70-79": "70–79 歲", "80-89": "80–89 歲", "90+": "90 歲及以上", UNKNOWN: "未知",
    },
    "en": {
        "town": "town", "rural": "rural", "f": "female", "m": "male", "under 60": "under 60",
        "60-69": "60–69", "70-79": "70–79", "80-89": "80–89", "90+": "90 and over", UNKNOWN: "unknown",
    },
}  # fmt: skip
_WEEKDAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "zh-Hans": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "zh-Hant": ("週一", "週二", "週三", "週四", "週五", "週六", "週日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_EVERYBODY: Final[Mapping[str, str]] = {"zh-Hans": "全部", "zh-Hant": "全部", "en": "all"}

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "zh-Hans": (
        "编号", "指标", "分组", "组别", "分子", "分母", "数值", "95% 下限", "95% 上限", "个案数", "目标",
        "达标", "已隐藏", "分子说明", "分母说明", "目标来源",
    ),
    "zh-Hant": (
        "編號", "指標", "分組", "組別", "分子", "分母", "數值", "95% 下限", "95% 上限", "個案數", "目標",
        "達標", "已隱藏", "分子說明", "分母說明", "目標來源",
    ),
    "en": (
        "indicator", "called", "cut", "of", "numerator", "denominator", "value", "95% low", "95% high",
        "cases", "target", "met", "suppressed", "numerator is", "denominator is", "source of the target",
    ),
}  # fmt: skip
"""Over the columns of a file of figures."""
ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "zh-Hans": ("机构", "名称", "区划", "月份", "版本", "统计时间", "定稿时间", "更正原因", "校验值"),
    "zh-Hant": ("機構", "名稱", "區劃", "月份", "版本", "統計時間", "定稿時間", "更正原因", "校驗值"),
    "en": ("tenant", "name", "division", "month", "version", "counted at", "frozen at", "why", "digest"),
}
"""Over the columns that say whose months these are."""
CUT_NAMES: Final[Mapping[str, Mapping[Cut, str]]] = {
    "zh-Hans": {
        Cut.ALL: "全部", Cut.COUNTY: "区县", Cut.TOWN: "乡镇街道", Cut.SETTING: "城乡", Cut.AGE: "年龄",
        Cut.SEX: "性别", Cut.KIND: "报警类型", Cut.SLOT: "时段",
    },
    "zh-Hant": {
        Cut.ALL: "全部", Cut.COUNTY: "區縣", Cut.TOWN: "鄉鎮街道", Cut.SETTING: "城鄉", Cut.AGE: "年齡",
        Cut.SEX: "性別", Cut.KIND: "警報類型", Cut.SLOT: "時段",
    },
    "en": {cut: cut.value for cut in Cut},
}  # fmt: skip
YES_NO: Final[Mapping[str, tuple[str, str]]] = {
    "zh-Hans": ("是", "否"),
    "zh-Hant": ("是", "否"),
    "en": ("yes", "no"),
}
COUNTED: Final[Mapping[str, str]] = {"zh-Hans": "仍在统计", "zh-Hant": "仍在統計", "en": "still counted"}
SILENT: Final[Mapping[str, str]] = {"zh-Hans": "未应答", "zh-Hant": "未應答", "en": "did not answer"}
SHEETS: Final[Mapping[str, tuple[str, str]]] = {
    "zh-Hans": ("指标", "说明"),
    "zh-Hant": ("指標", "說明"),
    "en": ("figures", "about"),
}
"""What the two sheets are called."""
