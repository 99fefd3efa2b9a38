"""Hostile bytes on a socket: what no client library would send, and what comes too slowly or not at all."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlsplit

_ESTABLISHED: Final = 1  # TCP_ESTABLISHED of Linux
PATIENCE_S: Final = 75.0
"""Longest that anything may stay open: the longest deadline of the server, and what a busy machine adds."""
LOOK_S: Final = 0.5
"""Between two looks at what is held, and between two bytes of a trickle."""
SLOW_HEAD: Final = b"GET /api/v1/session HTTP/1.1\r\nHost: x\r\nX-A: "
SLOW_BODY: Final = (
    b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nX-Anban: 1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000\r\n\r\n{"
)
PATHS: Final = (
    b"/../../../../etc/passwd", b"/..%2f..%2f..%2fetc%2fpasswd", b"/%2e%2e/%2e%2e/etc/passwd",
    b"/%252e%252e%252fetc%252fpasswd", b"/api/v1/homes/1%00", b"/%00", b"/assets/..%5c..%5cwin.ini",
    b"/api/v1//homes//1", b"/api/v1/homes/1/", b"/api/v1/homes/1;a=b", b"/api/v1/./session", b"/%ff%fe",
    b"/%c0%ae%c0%ae/etc/passwd", b"/" + b"a" * 8_000, b"//evil.example/", b"/%0d%0aSet-Cookie:%20a=b", b"*",
    b"http://evil.example/api/v1/session", b"/api/v1/homes/99999999999999999999", b"/api/v1/homes/-1",
    b"/api/v1/homes/1e3", b"/api/v1/homes/%EF%BC%91",
)  # fmt: skip
_POST: Final = b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nX-Anban: 1\r\n"
MALFORMED: Final = (
    b"GET /api/v1/session HTTP/1.1\r\n\r\n",
    b"GET /api/v1/session HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /api/v1/session HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET  /api/v1/session  HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/v1/se ssion HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x00" * 512,
    b"G\xc3\x8bT / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nName with space: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET / HTTP/1.1\nHost: x\nX: a\rb\n\n",
    _POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    _POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    _POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    _POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    _POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    _POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
    _POST + b"Content-Length: -1\r\n\r\n",
    _POST + b"Content-Length: " + b"9" * 300 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /api/v1/health HTTP/1.0\r\n\r\n",
)  # fmt: skip
"""Shapes of request smuggling, other protocols, other versions."""

Answers = Iterator[tuple[str, float]]


def paths(address: str, cookies: Mapping[str, str]) -> Answers:
    """Each path, as nobody and as an operator."""
    known = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
    for path in PATHS:
        for cookie in (b"", b"Cookie: " + known + b"\r\n"):
            yield _send(
                address, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + cookie + b"\r\n"
            )


def malformed(address: str, _cookies: Mapping[str, str]) -> Answers:
    """Each shape."""
    for shape in MALFORMED:
        yield _send(address, shape)


def header_floods(address: str, _cookies: Mapping[str, str]) -> Answers:
    """One long header, many short ones, and one without end."""
    begun = b"GET /api/v1/session HTTP/1.1\r\nHost: x\r\n"
    for flood in (
        b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"".join(b"X-%d: a\r\n" % number for number in range(50_000)) + b"\r\n",
        b"Cookie: " + b"a=b; " * 100_000 + b"\r\n\r\n",
        b"X" * 5_000_000,
    ):
        yield _send(address, begun + flood)


def pipelines(address: str, _cookies: Mapping[str, str]) -> Answers:
    """Five hundred requests at once on each of a few connections."""
    one = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for _ in range(4):
        yield _send(address, one * 499 + last)


def flood(address: str, number: int) -> Answers:
    """``number`` requests of a stranger on one connection, as fast as they are answered."""
    place = urlsplit(address)
    asking = HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_S)
    for _ in range(number):
        began = time.perf_counter()
        asking.request("GET", "/api/v1/session")
        answer = asking.getresponse()
        answer.read()
        yield str(answer.status), time.perf_counter() - began
    asking.close()


def slow(address: str, begun: bytes, number: int) -> Answers:
    """``number`` connections that send a byte now and then and never end."""
    yield from _hold([connect(address, begun) for _ in range(number)], trickle=True)


def slow_readers(address: str, cookies: Mapping[str, str], number: int) -> Answers:
    """Whoever asks for much, again and again, and takes nothing of it."""
    known = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
    one = b"GET /console.html HTTP/1.1\r\nHost: x\r\nCookie: " + known + b"\r\n\r\n"
    big = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    asked = [connect(address, one + big * 20, buffer=2_048) for _ in range(number)]
    yield from _hold(asked, trickle=False)


def idle(address: str, number: int) -> Answers:
    """``number`` connections that say nothing at all."""
    yield from _hold([connect(address, b"") for _ in range(number)], trickle=False)


def _hold(held: Sequence[socket.socket], *, trickle: bool) -> Answers:
    """Keep them until the server ends each; how it did, and after how long."""
    began, waiting = time.perf_counter(), set(held)
    while waiting and time.perf_counter() - began < PATIENCE_S:
        time.sleep(LOOK_S)
        ended = {each for each in waiting if _state(each) != _ESTABLISHED}
        waiting -= ended
        for each in ended:
            yield _read(each), time.perf_counter() - began
        if trickle:
            _drip(waiting)
    for each in waiting:
        each.close()
        yield "open", time.perf_counter() - began


def _state(held: socket.socket) -> int:
    """The first byte of ``struct tcp_info``: nothing is taken from the socket to learn whether it stands."""
    return held.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def _drip(waiting: set[socket.socket]) -> None:
    for each in waiting:
        with suppress(OSError):  # its end is seen in a moment
            each.send(b"a")


def ends(held: socket.socket) -> bool:
    """Whether the server ends the connection although nothing is taken from it."""
    deadline = time.perf_counter() + PATIENCE_S
    while _state(held) == _ESTABLISHED:
        if time.perf_counter() > deadline:
            return False
        time.sleep(LOOK_S / 10)
    return True


def connect(address: str, begun: bytes, buffer: int = 0) -> socket.socket:
    """A connection on which ``begun`` was sent; ``buffer``: bytes that may wait unread, 0: as usual."""
    place = urlsplit(address)
    connection = socket.socket()
    if buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    connection.settimeout(PATIENCE_S)
    connection.connect((place.hostname, place.port))
    connection.sendall(begun)
    return connection


def _send(address: str, content: bytes) -> tuple[str, float]:
    """The status of the (last) answer; ``closed``: cut off without one; ``open``: never ended."""
    began = time.perf_counter()
    connection = connect(address, b"")
    with suppress(OSError):  # refused before it was read to its end
        connection.sendall(content)
    return _read(connection), time.perf_counter() - began


def _read(connection: socket.socket) -> str:
    connection.settimeout(PATIENCE_S)
    last = b""
    with connection:
        try:
            while received := connection.recv(65_536):
                last = received if received.startswith(b"HTTP/") else last
        except TimeoutError:
            return "open"
        except OSError:
            return _status(last)
    return _status(last)


def _status(answer: bytes) -> str:
    return answer[9:12].decode() if answer else "closed"
