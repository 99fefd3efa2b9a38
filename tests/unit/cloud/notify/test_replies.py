"""A text of a few characters: what is a yes, what is none, and which question it is about."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.notify.heard import HEARD, Heard, read
from cloud.notify.replies import LETTERS, Question, Reply, lettered, meant, promise, understood
from cloud.notify.reports import BadReport

MORNING = datetime(2017, 9, 1, tzinfo=UTC)


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("1", Reply(True)),
        (" １。", Reply(True)),
        ("我去！", Reply(True)),
        ("Yes", Reply(True)),
        ("0", Reply(False)),
        ("2", Reply(False)),
        ("去不了", Reply(False)),
        ("1 20", Reply(True, within=minutes(20))),
        ("1，20分钟", Reply(True, within=minutes(20))),
        ("1b", Reply(True, "B")),
        ("1 B 5", Reply(True, "B", minutes(5))),
        ("2A", Reply(False, "A")),
        ("1 999", Reply(True)),
        ("1 0", Reply(True)),
        ("1, 20", Reply(True, within=minutes(20))),
        ("1 20 min", Reply(True, within=minutes(20))),
        ("1、5分", Reply(True, within=minutes(5))),
        ("1 半小时", Reply(True, within=minutes(30))),
        ("1 半个小时", Reply(True, within=minutes(30))),
        ("我去，半個鐘頭", Reply(True, within=minutes(30))),
        ("1 一小时", Reply(True, within=minutes(60))),
        ("1 1 小时", Reply(True, within=minutes(60))),
        ("1b 一个半小时", Reply(True, "B", minutes(90))),
        ("1 1.5小时", Reply(True, within=minutes(90))),
        ("1 两小时", Reply(True, within=minutes(120))),
        ("yes 1 hour", Reply(True, within=minutes(60))),
        ("1 2h", Reply(True, within=minutes(120))),
        ("1,1小时", Reply(True, within=minutes(60))),
    ],
)
def test_a_plain_yes_or_no_is_understood(text: str, reply: Reply) -> None:
    assert understood(text) == reply


@pytest.mark.parametrize(
    "text",
    [
        "120",
        "110",
        "119",
        "1 2 3",
        "12",
        "21",
        "收到",
        "好的",
        "ok",
        "不知道",
        "",
        "1 or 2",
        "TD",
        "退订",
        "11",
        "1.5",
        "1,5",
        "１．５",
        "1。5",
        "1...5",
        "1:30",
        "1 1.5",
        "1 1:30",
        "1.5小时",
        "1.5 min",
        "2.5",
        "0.5",
        "1 1000",
        "1小时",
        "1 5小时",
        "半小时",
    ],
)
def test_what_is_no_plain_yes_or_no_is_not_guessed(text: str) -> None:
    assert understood(text) is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    understood(text)


OPEN, OTHER = Question(5), Question(7)
DONE, OVER = Question(6, answered=True), Question(4, over=True)


@pytest.mark.parametrize(
    ("reply", "asked", "wanted"),
    [
        (Reply(True), [OVER, OPEN], [OPEN]),
        (Reply(True), [OPEN, DONE], [OPEN]),
        (Reply(True), [OPEN, OTHER], [OPEN, OTHER]),
        (Reply(True, "B"), [Question(5, code="A"), Question(7, code="B")], [Question(7, code="B")]),
        (Reply(True, "Z"), [OPEN, OTHER], [OPEN, OTHER]),
        (Reply(False), [DONE, OVER], [DONE]),
        (Reply(True), [OVER, Question(3, over=True)], [OVER]),
    ],
    ids=[
        "the open one",
        "not one answered",
        "which?",
        "by letter",
        "no such letter",
        "change of mind",
        "late",
    ],
)
def test_the_question_that_is_meant(reply: Reply, asked: list[Question], wanted: list[Question]) -> None:
    assert meant(reply, asked) == wanted


def test_letters_are_given_once_and_kept() -> None:
    assert lettered([Question(1, code="B"), OPEN, OTHER]) == {5: "A", 7: "C"}
    assert len(lettered([Question(number) for number in range(40)])) == len(LETTERS)


@pytest.mark.parametrize(
    ("reply", "asked_ago", "within"),
    [
        (Reply(True), 1, None),
        (Reply(True, within=minutes(40)), 1, minutes(40)),
        (Reply(True, within=minutes(40)), 160, minutes(20)),
        (Reply(True, within=minutes(40)), 180, None),
    ],
)
def test_no_promise_reaches_farther_than_three_hours_after_the_question(
    reply: Reply, asked_ago: int, within: timedelta | None
) -> None:
    assert promise(reply, MORNING, MORNING + minutes(asked_ago)) == within


ALIYUN = {
    "phone_number": "13811110000", "send_time": "2017-09-01 08:00:00", "content": "1", "sign_name": "签名",
    "dest_code": "1234", "sequence_id": 1234567890,
}  # fmt: skip
TENCENT = {
    "extend": "", "mobile": "13811110000", "nationcode": "86", "sign": "签名", "text": "1",
    "time": 1504224000,
}  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "body", "mark"),
    [
        ("aliyun-sms", [ALIYUN], "1234567890"),
        ("aliyun-sms", [ALIYUN | {"phone_number": "8613811110000"}], "1234567890"),
        ("tencent-sms", TENCENT, "86 13811110000 1504224000 1"),
    ],
)
def test_each_provider_hands_over_a_text_in_its_own_way(provider: str, body: object, mark: str) -> None:
    assert read(provider, json.dumps(body).encode()) == [Heard("+8613811110000", "1", MORNING, mark)]


@pytest.mark.parametrize(
    ("provider", "body"),
    [
        ("aliyun-sms", [ALIYUN | {"sequence_id": None}]),
        ("aliyun-sms", [ALIYUN | {"send_time": "soon"}]),
        ("aliyun-sms", ALIYUN),
        ("aliyun-sms", [ALIYUN | {"phone_number": "1381111****"}]),
        ("aliyun-sms", [ALIYUN] * 1_001),
        ("tencent-sms", [TENCENT]),
        ("tencent-sms", TENCENT | {"time": 10**30}),
    ],
)
def test_what_no_provider_says_is_refused(provider: str, body: object) -> None:
    with pytest.raises(BadReport):
        read(provider, json.dumps(body).encode())


@pytest.mark.parametrize("provider", HEARD)
@given(body=st.binary(max_size=200))
def test_no_body_breaks_a_reader(provider: str, body: bytes) -> None:
    try:
        read(provider, body)
    except BadReport:
        return
