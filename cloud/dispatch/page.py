"""The page behind the link in a message: plain HTML, no script, large type, three languages."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import Final

from fastapi.responses import HTMLResponse

from cloud.dispatch.model import Answered, Outcome


@dataclass(frozen=True, slots=True)
class Words:
    """Everything the page says in one language."""

    question: str
    accept: str
    decline: str
    arrived: str
    unknown: str
    outcomes: Mapping[Outcome, str]


WORDS: Final[Mapping[str, Words]] = {
    "zh-Hans": Words(
        question="您能去看看吗？",
        accept="我现在去",
        decline="我去不了",
        arrived="我到了",
        unknown="这个链接无效。如情况紧急，请拨打120。",
        outcomes={
            Outcome.GO: "谢谢您！中心已知道您正在赶去。",
            Outcome.ALREADY_HELPED: "已经有人在帮忙，您不必再去。谢谢您！",
            Outcome.NOTED: "知道了，我们会请别人去。",
            Outcome.THERE: "谢谢您！中心已知道您到了。如有危险请先离开并拨打110。",
            Outcome.OVER: "这件事已经处理完毕。谢谢您！",
        },
    ),
    "zh-Hant": Words(
        question="您能去看看嗎？",
        accept="我現在去",
        decline="我去不了",
        arrived="我到了",
        unknown="這個連結無效。如情況緊急，請撥打120。",
        outcomes={
            Outcome.GO: "謝謝您！中心已知道您正在趕去。",
            Outcome.ALREADY_HELPED: "已經有人在幫忙，您不必再去。謝謝您！",
            Outcome.NOTED: "知道了，我們會請別人去。",
            Outcome.THERE: "謝謝您！中心已知道您到了。如有危險請先離開並撥打110。",
            Outcome.OVER: "這件事已經處理完畢。謝謝您！",
        },
    ),
    "en": Words(
        question="Can you go and look?",
        accept="I am going now",
        decline="I cannot go",
        arrived="I am there",
        unknown="This link is not valid. In an emergency call 120.",
        outcomes={
            Outcome.GO: "Thank you! The centre knows that you are on your way.",
            Outcome.ALREADY_HELPED: "Someone is helping already; you need not go. Thank you!",
            Outcome.NOTED: "Understood. We will ask someone else.",
            Outcome.THERE: "Thank you! The centre knows that you are there. In danger leave and call 110.",
            Outcome.OVER: "This has been dealt with. Thank you!",
        },
    ),
}

STYLE: Final = (
    "body{font:1.5rem/1.5 system-ui,sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem;"
    "color:#111;background:#fff}"
    "button{display:block;width:100%;min-height:5rem;margin:1.5rem 0;font:inherit;font-weight:bold;"
    "border:3px solid #111;border-radius:.5rem;background:#fff;color:#111}"
    "button[value=accept],button[value=arrived]{background:#0b5d1e;color:#fff}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
_BUTTONS: Final = (
    '<form method="post"><button name="answer" value="accept">{accept}</button>'
    '<button name="answer" value="decline">{decline}</button></form>'
)
_ON_THE_WAY: Final = (
    '<form method="post"><button name="answer" value="arrived">{arrived}</button>'
    '<button name="answer" value="decline">{decline}</button></form>'
)


def question(locale: str) -> HTMLResponse:
    """Two buttons that post to the page's own address."""
    words = WORDS[locale]
    return _page(locale, words.question, _BUTTONS.format(accept=words.accept, decline=words.decline))


def result(locale: str, answered: Answered) -> HTMLResponse:
    """What became of the answer; whoever cannot keep a promise may take it back here."""
    words = WORDS[locale]
    buttons = {
        Outcome.GO: _ON_THE_WAY.format(arrived=words.arrived, decline=words.decline),
        Outcome.THERE: "",
        Outcome.OVER: "",
    }
    again = _BUTTONS.format(accept=words.accept, decline=words.decline)
    return _page(locale, words.outcomes[answered.outcome], buttons.get(answered.outcome, again))


def unknown(locale: str) -> HTMLResponse:
    """Nobody was asked with this link."""
    return _page(locale, WORDS[locale].unknown, "", HTTPStatus.NOT_FOUND)


def _page(locale: str, sentence: str, rest: str, status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    html = (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>安伴 Anban</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(sentence)}</h1>{rest}</main></body></html>"
    )
    return HTMLResponse(html, status, HEADERS)
