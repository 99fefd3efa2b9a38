"""What a locked screen may show of news: that there is some, and nothing of anybody's body or place. Pure.

Whoever follows a home may choose to see more (``follower.detail``); then the words of ``wording`` are used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cloud.notify.wording import Wording, language

DISCREET: Final[Mapping[str, Mapping[str, Wording]]] = {
    "raised": {
        "zh-Hans": Wording("{resident}家有消息", "{time}，服务中心正在处理，请打开查看。"),
        "zh-Hant": Wording("{resident}家有消息", "{time}，服務中心正在處理，請打開查看。"),
        "en": Wording("News of {resident}", "{time}: the centre is seeing to it. Open to read more."),
    },
    "settled": {
        "zh-Hans": Wording("{resident}家：已处理", "{time}的事情已处理完毕，请打开查看。"),
        "zh-Hant": Wording("{resident}家：已處理", "{time}的事情已處理完畢，請打開查看。"),
        "en": Wording("{resident}: settled", "What began at {time} is settled. Open to read more."),
    },
}


def render(template: str, locale: str, words: Mapping[str, str]) -> tuple[str, str]:
    """Title and body of ``template``, which tells a family."""
    wording = DISCREET[template][language(locale)]
    return wording.title.format_map(words), wording.body.format_map(words)
