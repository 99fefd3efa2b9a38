"""What a telephone says, as it is handed in for approval, and which keys answer.

Like ``sms_templates`` for the ear: short, the matter first, the key said last because it is what is kept in
mind. A call never names a condition, and says no more than a text: whoever picks up may not be who was meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloud.notify.sms_templates import Kind, SmsTemplate, filled

YES: Final = "1"
NO: Final = "2"
KEYS: Final[Mapping[str, bool]] = {YES: True, NO: False}
"""Key → whether who pressed it goes there."""
THANKS: Final = "thanks"
"""Said when a key was pressed."""
ASKING: Final = frozenset({"ask"})
"""Templates that want a key."""

_WHO: Final = {"resident": Kind.NAME, "what": Kind.WHAT}
TEMPLATES: Final[Mapping[str, SmsTemplate]] = {
    "raised": SmsTemplate("社区通知：${resident}家有${what}，已在处理，请留意电话。", _WHO),
    "ask": SmsTemplate("紧急求助：${resident}家有${what}，请您去看看。能去请按1，不能去请按2。", _WHO),
    "go": SmsTemplate("已收到，请在${by}前到${resident}家。", {"by": Kind.TIME, "resident": Kind.NAME}),
    "which": SmsTemplate(
        "请问您能去${resident}家吗？请回复短信1${code}或2${code}。",
        {"resident": Kind.NAME, "code": Kind.CODE},
    ),
    "relieved": SmsTemplate("已有人前往${resident}家，您不必再去，谢谢。", {"resident": Kind.NAME}),
    "settled": SmsTemplate("${resident}家的警报已处理完毕，谢谢您的关心。", {"resident": Kind.NAME}),
    "page": SmsTemplate("值班提醒：${resident}家的${what}无人应答，请立即处理。", _WHO),
    "well": SmsTemplate("您在${resident}家已有一段时间没有消息，请致电中心报平安。", {"resident": Kind.NAME}),
    "send_colleague": SmsTemplate(
        "在${resident}家的工作人员没有消息，已请同事前往，请立即联系。", {"resident": Kind.NAME}
    ),
    "call_police": SmsTemplate(
        "在${resident}家的工作人员仍无消息或已求救，请拨打110。", {"resident": Kind.NAME}
    ),
    "alone": SmsTemplate(
        "${resident}家的联系人目前都不接收非紧急通知，请安排他人跟进。", {"resident": Kind.NAME}
    ),
    "review": SmsTemplate("有工作人员紧急查看了未获同意的资料，请负责人登录后复核。", {}),
    "digest": SmsTemplate("您有${count}条不紧急的通知，请方便时登录查看。", {"count": Kind.COUNT}),
    "channel": SmsTemplate("有一个消息通道的自检没有送达，请检查服务商。", {}),
    "probe": SmsTemplate("安伴语音通道自检，请忽略。", {}),
    THANKS: SmsTemplate("已收到，谢谢。", {}),
}


def fill(template: str, values: Mapping[str, str]) -> dict[str, str]:
    """The variables of ``template``, each made to fit.

    Raises:
        NotifyError: a value is missing or cannot be said.
    """
    return filled(TEMPLATES, template, values)
