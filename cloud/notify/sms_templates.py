"""The texts that may go out as text messages, as they are handed in for approval.

Carriers in China deliver only approved texts with short, typed variables, and charge by length; so each text
here fits into one unit with its longest values, save the one that carries a link. A message never names a
condition: a telephone lies on a table for others to read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cloud.notify.model import NotifyError

ONE_UNIT: Final = 70
"""Characters, signature and its brackets included; a longer text costs one unit per 67."""
UNIT_OF_LONG: Final = 67

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


_NOT_IN_NAMES: Final = re.compile(r"[^\w·. ]")
NAMELESS: Final = "住户"
"""Stands for a name of which nothing can be sent: the address book of whoever is asked knows the rest."""


class Kind(Enum):
    """What a variable may hold: its longest value, and the characters that carriers let through."""

    NAME = (10, re.compile(r"[\w·. ]+"))
    WHAT = (8, re.compile(r"\w+"))
    TIME = (5, re.compile(r"[0-2]\d:[0-5]\d"))
    TOKEN = (22, re.compile(r"[A-Za-z0-9_-]+"))
    COUNT = (4, re.compile(r"[1-9]\d*"))
    CODE = (1, re.compile(r"[A-Z]"))

    @property
    def longest(self) -> int:
        """Most characters; carriers accept 35."""
        return self.value[0]

    @property
    def shape(self) -> re.Pattern[str]:
        """What the whole value must look like."""
        return self.value[1]

    def fit(self, value: str) -> str:
        """``value`` cut to length. A name also loses what carriers refuse: a bracket in the files must not
        keep a call for help from being sent.
        """
        if self is Kind.NAME:
            return _NOT_IN_NAMES.sub("", value).strip()[: self.longest].strip() or NAMELESS
        return value[: self.longest]


@dataclass(frozen=True, slots=True)
class SmsTemplate:
    """``text`` as approved, with ``${variable}`` where a value goes.

    ``{public_url}`` is written out when the text is handed in: carriers do not accept an address as a value.
    """

    text: str
    variables: Mapping[str, Kind]


TEMPLATES: Final[Mapping[str, SmsTemplate]] = {
    "raised": SmsTemplate(
        "${resident}家${time}有${what}，社区已在处理，请留意电话。",
        {"resident": Kind.NAME, "time": Kind.TIME, "what": Kind.WHAT},
    ),
    "ask": SmsTemplate(
        "${resident}家${time}有${what}，能去看看吗？请点此回复：{public_url}/a/${token}",
        {"resident": Kind.NAME, "time": Kind.TIME, "what": Kind.WHAT, "token": Kind.TOKEN},
    ),
    "go": SmsTemplate(
        "已收到，请在${by}前到${resident}家。去不了请回复2。", {"by": Kind.TIME, "resident": Kind.NAME}
    ),
    "which": SmsTemplate(
        "请问您能去${resident}家吗？能去请回复1${code}，不能请回复2${code}。",
        {"resident": Kind.NAME, "code": Kind.CODE},
    ),
    "relieved": SmsTemplate("已有人前往${resident}家，您不必再去，谢谢。", {"resident": Kind.NAME}),
    "settled": SmsTemplate("${resident}家的警报已处理完毕，谢谢您的关心。", {"resident": Kind.NAME}),
    "page": SmsTemplate(
        "${resident}家${time}的${what}无人应答，请值班负责人立即处理。",
        {"resident": Kind.NAME, "time": Kind.TIME, "what": Kind.WHAT},
    ),
    "well": SmsTemplate(
        "您在${resident}家已有一段时间没有消息，请报平安，或致电中心。", {"resident": Kind.NAME}
    ),
    "send_colleague": SmsTemplate(
        "在${resident}家的工作人员没有消息，已请同事前往，请立即联系。", {"resident": Kind.NAME}
    ),
    "call_police": SmsTemplate(
        "在${resident}家的工作人员仍无消息或已求救，请拨打110。", {"resident": Kind.NAME}
    ),
    "alone": SmsTemplate(
        "${resident}家的联系人目前都不接收非紧急通知，请安排他人跟进。", {"resident": Kind.NAME}
    ),
    "review": SmsTemplate(
        "${time}有工作人员紧急查看了未获同意的资料，请负责人登录后复核。", {"time": Kind.TIME}
    ),
    "digest": SmsTemplate("您有${count}条不紧急的通知，请方便时登录查看。", {"count": Kind.COUNT}),
    "channel": SmsTemplate("${time}起有消息通道自检未送达，请检查服务商。", {"time": Kind.TIME}),
    "probe": SmsTemplate("安伴短信通道自检${time}，请忽略。", {"time": Kind.TIME}),
}


ASK_FOR_TEXT: Final = SmsTemplate(
    "${resident}家${time}有${what}，能去请回复1，不能请回复2，或点：{public_url}/a/${token}",
    TEMPLATES["ask"].variables,
)
"""Handed in for ``ask`` instead where a text that is sent back reaches us (``notify.heard``)."""


BY_MODEM: Final[Mapping[str, SmsTemplate]] = {
    "ask": SmsTemplate(
        "${resident}家${time}有${what}，能去请回复1，不能请回复2。", TEMPLATES["ask"].variables
    )
}
"""What goes out by our own modem in other words: one segment, and no link."""


def fill(template: str, values: Mapping[str, str]) -> dict[str, str]:
    """The variables of ``template`` out of ``values``, each made to fit.

    Raises:
        NotifyError: a value is missing or has characters that carriers refuse.
    """
    return filled(TEMPLATES, template, values)


def filled(templates: Mapping[str, SmsTemplate], template: str, values: Mapping[str, str]) -> dict[str, str]:
    """Like ``fill``, out of whichever table; in the order of the template's variables."""
    ready = {}
    for name, kind in templates[template].variables.items():
        value = kind.fit(values.get(name, ""))
        if not kind.shape.fullmatch(value):
            raise NotifyError(f"text message {template}: {name} cannot be sent", permanent=True)
        ready[name] = value
    return ready


def preview(
    template: str,
    values: Mapping[str, str],
    sign_name: str,
    public_url: str,
    handed_in: SmsTemplate | None = None,
) -> str:
    """The message as it will be read, with its signature. ``handed_in``: in place of the usual text."""
    said = fill(template, values)
    text = (handed_in or TEMPLATES[template]).text.replace("{public_url}", public_url)
    return f"【{sign_name}】" + _VARIABLE.sub(lambda match: said[match[1]], text)


def units(text: str) -> int:
    """How many text messages ``text`` (from ``preview``) is charged as. A character outside the basic plane,
    as some rare names have, is sent as two.
    """
    length = len(text.encode("utf-16-le")) // 2
    return 1 if length <= ONE_UNIT else math.ceil(length / UNIT_OF_LONG)
