"""Files of a release come over HTTP: in parts, cut short, too long, wrong, or not at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge_agent.identity import Cloud
from edge_agent.update import fetch as fetching
from edge_agent.update.fetch import FetchError, fetch
from firmware_protocols.wire.release import File, Release

CONTENT = bytes(range(256)) * 4_000
NAME = "anban-2.0.0-py3-none-any.whl"
RELEASE = Release("2.0.0", 1, (File(NAME, len(CONTENT), hashlib.sha256(CONTENT).hexdigest()),))
Answer = Callable[["Shop", int], tuple[int, bytes]]


@dataclass
class Shop:
    """Hands out what ``answer`` says for the first byte asked for; ``asked``: those bytes."""

    answer: Answer
    port: int = 0
    asked: list[int] = field(default_factory=list)

    @property
    def cloud(self) -> Cloud:
        return Cloud(f"http://127.0.0.1:{self.port}")


def whole(_: Shop, first: int) -> tuple[int, bytes]:
    return (206 if first else 200), CONTENT[first:]


@pytest.fixture
def shop() -> Iterator[Shop]:
    found = Shop(whole)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            first = int(self.headers.get("Range", "bytes=0-")[6:-1])
            found.asked.append(first)
            status, body = found.answer(found, first)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def test_a_file_is_fetched_once_and_what_does_not_belong_there_goes(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "anban-1.0.0-py3-none-any.whl").write_bytes(b"of a release before")
    fetch(shop.cloud, RELEASE, tmp_path)
    fetch(shop.cloud, RELEASE, tmp_path)
    assert shop.asked == [0]
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(NAME, CONTENT)]


def test_a_download_goes_on_where_it_was_cut(shop: Shop, tmp_path: Path) -> None:
    shop.answer = lambda shop, first: (200, CONTENT[:300_000]) if len(shop.asked) == 1 else whole(shop, first)
    with pytest.raises(FetchError, match="ended early"):
        fetch(shop.cloud, RELEASE, tmp_path)
    fetch(shop.cloud, RELEASE, tmp_path)
    assert shop.asked == [0, 300_000]
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_cloud_that_knows_no_parts_sends_it_all_again(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * 1_000)
    shop.answer = lambda *_: (200, CONTENT)
    fetch(shop.cloud, RELEASE, tmp_path)
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_part_of_something_else_is_found_out_and_fetched_anew(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(b"x" * 1_000)
    with pytest.raises(FetchError, match="not the file that was signed") as failed:
        fetch(shop.cloud, RELEASE, tmp_path)
    assert not failed.value.final
    fetch(shop.cloud, RELEASE, tmp_path)
    assert shop.asked == [1_000, 0]


@pytest.mark.parametrize(
    ("answer", "words", "final"),
    [
        ((200, CONTENT[:-1] + b"x"), "not the file that was signed", True),
        ((200, CONTENT + b"x"), "longer than what was signed", True),
        ((404, b""), "HTTP 404", False),
        ((302, b""), "HTTP 302", False),
    ],
)
def test_what_is_not_the_signed_file_is_not_kept(
    shop: Shop, tmp_path: Path, answer: tuple[int, bytes], words: str, final: bool
) -> None:
    shop.answer = lambda *_: answer
    with pytest.raises(FetchError, match=words) as failed:
        fetch(shop.cloud, RELEASE, tmp_path)
    assert failed.value.final is final
    assert not (tmp_path / NAME).exists()


def test_an_alarms_room_is_left_on_the_disk(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SPARE_BYTES", 2**60)
    with pytest.raises(FetchError, match="are needed"):
        fetch(shop.cloud, RELEASE, tmp_path)
    assert shop.asked == []


def test_a_cloud_that_is_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"http://127\.0\.0\.1:1"):
        fetch(Cloud("http://127.0.0.1:1"), RELEASE, tmp_path)


def test_a_fetch_that_is_given_up_leaves_what_it_has(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="given up"):
        fetch(shop.cloud, RELEASE, tmp_path, lambda: True)
    fetch(shop.cloud, RELEASE, tmp_path)
    assert shop.asked[0] == 0
    assert shop.asked[1] > 0
