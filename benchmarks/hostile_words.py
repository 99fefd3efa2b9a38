"""Hostile words inside proper requests: SQL in every place that takes a text, and bodies that no form would
send.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx

MARK: Final = "marked-by-a-stranger"
MARKS: Final = (MARK, "pg_sleep", "union select", "13800000001")
"""What must not stand in a log: words of strangers, and a number they sent."""
INJECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "boolean": ("' or '1'='1", "1 or 1=1", "') or ('a'='a", '" or ""="', "1' and '1'='2"),
    "union": (
        "' union select null,version()--",
        "1 union select password_hash from staff",
        "') union select 1--",
    ),
    "stacked": (
        "'; drop table incident;--",
        "1; update staff set role='admin'--",
        "$$; delete from home; $$",
    ),
    "time": ("'; select pg_sleep(20)--", "1 and (select pg_sleep(20)) is null", "'||pg_sleep(20)||'"),
    "error": ("'", "''", "\\", "%s", "%(id)s", "{0}", "1/0", "cast('a' as int)", "extractvalue(1,1)"),
    "outside": ("'; copy staff to program 'id'--", "lo_import('/etc/passwd')", "dblink('host=x')"),
    "others": (
        "${jndi:ldap://x}",
        "{{7*7}}",
        "<script>alert(1)</script>",
        "\r\nSet-Cookie: a=b",
        "../../etc/passwd",
    ),
}
"""Classes of what sqlmap and its like try."""
PLACES: Final[Mapping[str, str]] = {
    "/homes/{}": "path",
    "/incidents/{}": "path",
    "/register/gateways/{}": "path",
    "/register/divisions/{}": "path",
    "/answers/{}": "path",
    "/incidents?kind={}": "path",
    "/incidents?cursor={}": "path",
    "/register/homes?key={}": "path",
    "/register/staff?role={}": "path",
    "/stream?after={}": "path",
}
BODIES: Final[Mapping[str, Any]] = {
    "/session": {"username": "{}", "password": "x"},
    "/incidents/1/note": {"version": 999, "note": "{}"},
    "/register/homes": {"record": {"key": "{}", "division": "{}", "address": "{}"}},
    "/claims": {"home_id": 1, "gateway_id": "{}", "hardware": "{}"},
}
HEADERS: Final = (
    "Idempotency-Key",
    "Last-Event-ID",
    "User-Agent",
    "X-Forwarded-For",
    "Accept-Language",
    "Referer",
)


_JSON: Final = {"Content-Type": "application/json"}
_NUMBER: Final = b'{"username": "a", "password": '
CONTENTS: Final[tuple[tuple[bytes, dict[str, str]], ...]] = (
    (b" " * 10_000_000, _JSON),
    (b"[" * 60_000, _JSON),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, _JSON),
    (_NUMBER + b"9" * 60_000 + b"}", _JSON),
    (_NUMBER + b"1e999999}", _JSON),
    (_NUMBER + b"NaN}", _JSON),
    (b'{"username": "a", "username": "b", "password": "x", "password": "y"}', _JSON),
    (b'{"username": "\xff\xfe", "password": "x"}', _JSON),
    (b'{"username": "\\ud800", "password": "x"}', _JSON),
    (b'{"username": "\\u0000", "password": "x"}', _JSON),
    ("{}".encode("utf-16"), {"Content-Type": "application/json; charset=utf-16"}),
    (
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>",
        {"Content-Type": "text/xml"},
    ),
    (b"username=a&password=b", {"Content-Type": "application/x-www-form-urlencoded"}),
    (b"--x\r\n\r\n", {"Content-Type": "multipart/form-data; boundary=x"}),
    (b"\x80\x04\x95", {"Content-Type": "application/python-pickle"}),
    (b"{}", {}),
    (b"", _JSON),
    (b"null", _JSON),
)
"""Bodies and their headers."""
PATHS: Final = ("/session", "/incidents/1/note", "/incidents/actions", "/register/homes", "/register/import")


def injections(address: str, cookies: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """Each word in each place: path, query, header, cookie and body."""
    with _client(address, cookies) as client:
        for word in (f"{word} {MARK}" for words in INJECTIONS.values() for word in words):
            quoted = httpx.QueryParams({"x": word})
            for place in PLACES:
                yield _ask(client, "GET", place.format(str(quoted).removeprefix("x=").replace("+", "%20")))
            for path, body in BODIES.items():
                yield _ask(client, "POST", path, json=_filled(body, word))
            for header in HEADERS:
                value = word.replace("\r\n", " ").strip().encode()
                yield _ask(
                    client, "POST", "/incidents/1/note", json={"version": 999}, headers={header: value}
                )
            cookie = {"Cookie": f"anban={quoted}".encode()}
            yield _ask(client, "GET", "/session", headers=cookie)


def bodies(address: str, cookies: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """Too large, too deep, too long a number, a key twice, another type, no UTF-8."""
    with _client(address, cookies) as client:
        for content, headers in CONTENTS:
            for path in PATHS:
                yield _ask(client, "POST", path, content=content, headers=headers)


def _client(address: str, cookies: Mapping[str, str]) -> httpx.Client:
    base = f"{address}/api/v1"
    return httpx.Client(base_url=base, cookies=dict(cookies), headers={"X-Anban": "1"}, timeout=60)


def _filled(body: Any, word: str) -> Any:
    if isinstance(body, dict):
        return {key: _filled(value, word) for key, value in body.items()}
    return word if body == "{}" else body


def _ask(client: httpx.Client, method: str, path: str, **more: Any) -> tuple[str, float]:
    """The head of an answer is enough: a stream has no end. A server may cut off what is far too large."""
    began = time.perf_counter()
    try:
        with client.stream(method, path, **more) as answer:
            status = str(answer.status_code)
    except httpx.TransportError as error:
        status = (
            "closed"
            if isinstance(error, httpx.ReadError | httpx.WriteError | httpx.RemoteProtocolError)
            else "open"
        )
    return status, time.perf_counter() - began
