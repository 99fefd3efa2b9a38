"""Providers of text messages and calls as they document themselves, over real HTTP, in every mood.

What this is: one server that speaks the Aliyun and the Tencent interface for texts and calls, checks each
signature's presence and the shape of each request, and hands out numbers that later reports carry. What it is
not: a judge of signatures (``tests.unit.cloud.notify``). The one idea: a *mood* is what goes wrong.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from cloud import notify
from cloud.notify import Notifier
from cloud.notify.aliyun import Credentials, Rpc
from cloud.notify.sms_aliyun import AliyunSms
from cloud.notify.sms_templates import TEMPLATES as SMS
from cloud.notify.sms_tencent import TencentSms
from cloud.notify.spare import Spared
from cloud.notify.tencent import Api, Key
from cloud.notify.voice_aliyun import AliyunVoice
from cloud.notify.voice_templates import TEMPLATES as VOICE
from cloud.notify.voice_tencent import TencentVoice


class Mood(Enum):
    """``WELL`` delivers and says so; ``LYING`` takes everything and delivers nothing; ``DOWN`` answers 503;
    ``SLOW`` answers after ``Carrier.slow_s``; ``BUSY`` refuses by rate; ``STUTTERING`` reports twice.
    """

    WELL = auto()
    LYING = auto()
    DOWN = auto()
    SLOW = auto()
    BUSY = auto()
    STUTTERING = auto()


class Taken(NamedTuple):
    """A message that the carrier took: to whom, which template of ours, its own number for it. ``at``: wall
    time, s.
    """

    number: str
    template: str
    reference: str
    values: dict[str, str] | list[str]
    called: bool
    at: float


@dataclass(slots=True)
class Carrier:
    """``taken``: what it accepted, oldest first. ``asked``: every request, refused ones too."""

    name: str
    port: int = 0
    mood: Mood = Mood.WELL
    slow_s: float = 0.0
    taken: list[Taken] = field(default_factory=list)
    asked: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def texts(self, template: str) -> list[Taken]:
        """The text messages of ``template`` that it took."""
        return [each for each in self.taken if each.template == template and not each.called]

    def calls(self, template: str) -> list[Taken]:
        """The calls of ``template`` that it took."""
        return [each for each in self.taken if each.template == template and each.called]

    def reports(self) -> Iterator[tuple[str, bytes]]:
        """The call-backs that it owes now: the provider's name with us, and the body."""
        if self.mood is Mood.LYING:
            return
        for message in self.texts("ask"):
            for _ in range(2 if self.mood is Mood.STUTTERING else 1):
                yield f"{self.name}-sms", self.report(message)

    def report(self, message: Taken, *, delivered: bool = True) -> bytes:
        """Its word on a text message."""
        if self.name == "aliyun":
            entry: dict[str, Any] = {"biz_id": message.reference, "success": delivered, "err_code": "X"}
        else:
            status = "SUCCESS" if delivered else "FAIL"
            entry = {"sid": message.reference, "report_status": status, "errmsg": "DELIVRD"}
        return json.dumps([entry]).encode()

    def key(self, message: Taken, key: str) -> bytes:
        """Its word on a key that somebody pressed in a call."""
        if self.name == "aliyun":
            entry = {"call_id": message.reference, "status_code": "300000", "dtmf": key}
            return json.dumps([entry]).encode()
        return json.dumps({"voicekey_callback": {"callid": message.reference, "keypress": key}}).encode()


@contextmanager
def carrier(name: str, mood: Mood = Mood.WELL) -> Iterator[Carrier]:
    """Serve until the end of the block."""
    state = Carrier(name, mood=mood)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            assert "Signature=" in self.headers["Authorization"]
            if state.mood is Mood.SLOW:
                time.sleep(state.slow_s)
            with lock:
                state.asked += 1
                status, answer = _ANSWERS[state.name](state, self.path, self.headers, body)
            encoded = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _aliyun(state: Carrier, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
    if state.mood is Mood.DOWN:
        return 503, {}
    if state.mood is Mood.BUSY:
        return 200, {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发天级流控"}
    query = dict(parse_qsl(urlsplit(path).query))
    reference = f"{len(state.taken) + 1}^0"
    values = query.get("TemplateParam") or query.get("StartTtsParams") or query.get("TtsParam") or "{}"
    template = query.get("TemplateCode") or query.get("StartCode") or query["TtsCode"]
    number = query.get("PhoneNumbers") or query["CalledNumber"]
    called = headers["x-acs-action"] != "SendSms"
    state.taken.append(Taken(number, template, reference, json.loads(values), called, time.time()))
    return 200, {"Code": "OK", "Message": "OK", "CallId" if called else "BizId": reference}


def _tencent(state: Carrier, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
    del path
    if state.mood is Mood.DOWN:
        return 503, {}
    if state.mood is Mood.BUSY:
        return 200, {"Response": {"Error": {"Code": "LimitExceeded.DeliveryFrequencyLimit", "Message": ""}}}
    asked = json.loads(body)
    reference = f"t{len(state.taken) + 1}"
    called = headers["X-TC-Action"] == "SendTtsVoice"
    number = asked["CalledNumber"] if called else asked["PhoneNumberSet"][0]
    state.taken.append(
        Taken(number, asked["TemplateId"], reference, asked["TemplateParamSet"], called, time.time())
    )
    if called:
        return 200, {"Response": {"SendStatus": {"CallId": reference}, "RequestId": "1"}}
    verdict = {"SerialNo": reference, "Code": "Ok", "PhoneNumber": number}
    return 200, {"Response": {"SendStatusSet": [verdict], "RequestId": "1"}}


_ANSWERS = {"aliyun": _aliyun, "tencent": _tencent}


def notifiers(first: Carrier, second: Carrier | None = None) -> dict[str, Notifier]:
    """All channels as the product builds them, with texts and calls at these carriers."""
    carriers = [first] if second is None else [first, second]
    texts, calls = tuple(map(_texts, carriers)), tuple(map(_calls, carriers))
    return {**notify.build({}), "sms": Spared(texts), "voice": Spared(calls)}


def _texts(of: Carrier) -> Notifier:
    codes = {name: name for name in SMS}
    if of.name == "aliyun":
        return AliyunSms(Rpc(Credentials("a", "b"), of.url), "安伴", codes, followed=True)
    return TencentSms(Api(Key("a", "b"), of.url, "sms", "1", "r"), "14", "安伴", codes, followed=True)


def _calls(of: Carrier) -> Notifier:
    codes = {name: name for name in VOICE}
    if of.name == "aliyun":
        return AliyunVoice(Rpc(Credentials("a", "b"), of.url), "0745", codes, followed=True)
    return TencentVoice(Api(Key("a", "b"), of.url, "vms", "1", "r"), "14", codes, followed=True)
