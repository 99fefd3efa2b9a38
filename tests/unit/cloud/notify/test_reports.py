"""What providers say later, in the words of their documents, and what it may change."""

from __future__ import annotations

import contextlib
import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.notify.reports import MOST, ORDER, READERS, BadReport, Report, Word, advanced, read

ALIYUN_SMS = {
    "phone_number": "13811110000", "send_time": "2017-01-01 00:00:00", "report_time": "2017-01-01 00:00:00",
    "success": True, "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1", "biz_id": "12345",
    "out_id": "67890",
}  # fmt: skip
ALIYUN_CALL = {
    "status_code": "300000", "smart_status_code": "ANSWERED", "dtmf": "1",
    "status_time": "2023-03-06 16:21:12", "out_id": "4", "call_id": "13^12",
}  # fmt: skip
TENCENT_SMS = {
    "user_receive_time": "2015-10-17 08:03:04", "nationcode": "86", "mobile": "13800000000",
    "report_status": "SUCCESS", "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": "5000:1",
}  # fmt: skip
TENCENT_CALL = {
    "result": "0", "accept_time": "1470197211", "call_from": "", "callid": "c1", "end_calltime": "1470197221",
    "fee": "1", "mobile": "13800000000", "nationcode": "86", "start_calltime": "1470197196",
}  # fmt: skip
TENCENT_KEY = {"call_from": "", "callid": "c1", "keypress": "2", "mobile": "138", "nationcode": "86"}
TENCENT_FAULT = {
    "call_from": "0755", "callid": "c1", "failure_code": 8, "failure_reason": "空号", "mobile": "138",
    "nationcode": "86",
}  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "body", "report"),
    [
        ("aliyun-sms", [ALIYUN_SMS], Report("12345", Word.DELIVERED, "DELIVERED")),
        (
            "aliyun-sms",
            [ALIYUN_SMS | {"success": False, "err_code": "MK:0001"}],
            Report("12345", Word.FAILED, "MK:0001"),
        ),
        ("aliyun-voice", [ALIYUN_CALL], Report("13^12", Word.YES, "key 1")),
        ("aliyun-voice", [ALIYUN_CALL | {"dtmf": "2"}], Report("13^12", Word.NO, "key 2")),
        ("aliyun-voice", [ALIYUN_CALL | {"dtmf": "7"}], Report("13^12", Word.DELIVERED, "key 7")),
        (
            "aliyun-voice",
            [ALIYUN_CALL | {"dtmf": "", "status_code": "200003"}],
            Report("13^12", Word.FAILED, "200003"),
        ),
        (
            "aliyun-voice",
            [ALIYUN_CALL | {"dtmf": "", "status_code": "200008"}],
            Report("13^12", Word.DELIVERED, "200008"),
        ),
        ("tencent-sms", [TENCENT_SMS], Report("5000:1", Word.DELIVERED, "DELIVRD")),
        ("tencent-sms", [TENCENT_SMS | {"report_status": "FAIL"}], Report("5000:1", Word.FAILED, "DELIVRD")),
        ("tencent-voice", {"voiceprompt_callback": TENCENT_CALL}, Report("c1", Word.DELIVERED, "0")),
        (
            "tencent-voice",
            {"voiceprompt_callback": TENCENT_CALL | {"result": "1"}},
            Report("c1", Word.FAILED, "1"),
        ),
        ("tencent-voice", {"voicekey_callback": TENCENT_KEY}, Report("c1", Word.NO, "key 2")),
        ("tencent-voice", {"voice_failure_callback": TENCENT_FAULT}, Report("c1", Word.FAILED, "8")),
    ],
)
def test_a_call_back_is_read_as_its_provider_documents_it(provider: str, body: Any, report: Report) -> None:
    assert list(read(provider, json.dumps(body).encode())) == [report]


def test_a_call_on_its_way_says_nothing_yet() -> None:
    assert (
        list(read("aliyun-voice", json.dumps([ALIYUN_CALL | {"dtmf": "", "status_code": "200101"}]).encode()))
        == []
    )


def test_many_reports_come_in_one_call_back() -> None:
    body = [TENCENT_SMS | {"sid": str(number)} for number in range(3)]
    assert [report.reference for report in read("tencent-sms", json.dumps(body).encode())] == ["0", "1", "2"]
    with pytest.raises(BadReport):
        read("tencent-sms", json.dumps([TENCENT_SMS] * (MOST + 1)).encode())


@given(provider=st.sampled_from(sorted(READERS)), body=st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(provider: str, body: bytes) -> None:
    with contextlib.suppress(BadReport):
        read(provider, body)


@given(
    provider=st.sampled_from(sorted(READERS)),
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["biz_id", "success", "call_id", "status_code", "sid", "voicekey_callback", "callid"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=10,
    ),
)
def test_whatever_json_comes_is_read_or_refused(provider: str, document: Any) -> None:
    with contextlib.suppress(BadReport):
        read(provider, json.dumps(document).encode())


@pytest.mark.parametrize(("state", "word"), list(product(ORDER, Word)))
def test_no_word_takes_a_message_back(state: str, word: Word) -> None:
    after = advanced(state, word)
    if word is Word.FAILED:
        assert after == ("failed" if state in {"sent", "accepted"} else state)
    else:
        assert ORDER.index(after) >= ORDER.index(state)


def test_words_in_any_order_end_the_same() -> None:
    ways = [[Word.DELIVERED, Word.YES], [Word.YES, Word.DELIVERED], [Word.YES, Word.FAILED, Word.YES]]
    for words in ways:
        state = "accepted"
        for word in words:
            state = advanced(state, word)
        assert state == "answered"


@pytest.mark.parametrize("word", Word)
def test_what_was_withdrawn_stays_withdrawn(word: Word) -> None:
    assert advanced("withdrawn", word) == "withdrawn"
