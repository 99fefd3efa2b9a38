"""Pictures below the map: from a file, from a server over real HTTP, and what happens when it fails."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write

from cloud.atlas.tiles import OFF_S, NoSuchTile, Place, Shelf, TilesOff
from cloud.settings import ConfigError, Settings, Tiles, parse

PNG = b"\x89PNG\r\n\x1a\n and the rest"
JPEG = b"\xff\xd8\xff\xe0 and the rest"


@dataclass
class Server:
    """A server of pictures. ``status`` and ``content`` are what it answers next; ``asked``: the paths."""

    address: str = ""
    status: int = 200
    content: bytes = PNG
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    script = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.asked.append(self.path)
            self.send_response(script.status)
            self.send_header("Content-Length", str(len(script.content)))
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(script.content)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield script
    http.shutdown()
    thread.join()
    http.server_close()


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("secret-key\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """MBTiles with the picture of Asia's quarter (zoom 1, east, north), and one that is no picture."""
    path = tmp_path / "county #1.mbtiles"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("create table tiles (zoom_level, tile_column, tile_row, tile_data blob)")
        conn.execute("insert into tiles values (1, 1, 1, ?), (1, 0, 0, ?)", (JPEG, b"\x1f\x8b vector"))
    return path


def pmtiles(path: Path, kind: TileType) -> Path:
    """PMTiles with the picture of Asia's quarter (zoom 1, east, north), and with a row of equal ones."""
    none = {"tile_type": kind, "tile_compression": Compression.NONE}
    places = dict.fromkeys(("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7"), 0)
    with write(path) as writer:
        writer.write_tile(zxy_to_tileid(1, 1, 0), JPEG)
        for x in range(2**5):
            writer.write_tile(zxy_to_tileid(5, x, 3), PNG)
        writer.finalize(none | places | {"center_zoom": 0, "center_lon_e7": 0, "center_lat_e7": 0}, {})
    return path


def of_server(server: Server, key: Path) -> Settings:
    url = server.address + "/vec_w?z={z}&x={x}&y={y}&tk={key}"
    return Settings(tiles=(Tiles(id="vec", attribution="天地图", url=url, key_file=str(key), min_zoom=1),))


async def test_a_server_is_asked_with_the_key_that_browsers_never_see(server: Server, key: Path) -> None:
    shelf = Shelf(of_server(server, key))
    picture = await shelf.picture("vec", Place(7, 103, 53))
    assert picture is not None
    assert (picture.content, picture.kind) == (PNG, "image/png")
    assert server.asked == ["/vec_w?z=7&x=103&y=53&tk=secret-key"]
    await shelf.close()


@pytest.mark.parametrize("status", [204, 404])
async def test_where_a_server_has_nothing_there_is_nothing(server: Server, key: Path, status: int) -> None:
    server.status, server.content = status, b""
    shelf = Shelf(of_server(server, key))
    assert await shelf.picture("vec", Place(7, 103, 53)) is None
    await shelf.close()


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (403, b"quota"),
        (429, b""),
        (500, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"\x1f\x8b vector"),
        (200, PNG * 100_000),
    ],
    ids=["refused", "quota", "broken", "elsewhere", "page", "vector", "endless"],
)
async def test_a_server_that_fails_is_left_alone_for_a_while(
    server: Server, key: Path, status: int, content: bytes
) -> None:
    clock = Clock()
    shelf = Shelf(of_server(server, key), clock)
    server.status, server.content = status, content
    for _ in range(30):  # a screen's worth
        with pytest.raises(TilesOff):
            await shelf.picture("vec", Place(7, 103, 53))
    assert len(server.asked) == 1
    server.status, server.content = 200, PNG
    clock.now += OFF_S
    assert await shelf.picture("vec", Place(7, 103, 53)) is not None
    await shelf.close()


async def test_a_server_that_is_not_there_is_off(key: Path) -> None:
    shelf = Shelf(of_server(Server("http://127.0.0.1:9"), key))
    with pytest.raises(TilesOff):
        await shelf.picture("vec", Place(7, 103, 53))
    await shelf.close()


async def test_a_file_is_read_with_its_rows_from_the_south(file: Path) -> None:
    shelf = Shelf(Settings(tiles=(Tiles(id="file", attribution="me", file=str(file)),)))
    picture = await shelf.picture("file", Place(1, 1, 0))
    assert picture is not None
    assert picture.kind == "image/jpeg"
    assert await shelf.picture("file", Place(1, 0, 0)) is None
    with pytest.raises(TilesOff):  # a vector tile: the map draws pictures
        await shelf.picture("file", Place(1, 0, 1))


async def test_a_file_of_the_other_kind_is_read_without_being_told(tmp_path: Path) -> None:
    path = pmtiles(tmp_path / "county #1.pmtiles", TileType.JPEG)
    shelf = Shelf(Settings(tiles=(Tiles(id="file", attribution="me", file=str(path)),)))
    for place, kind in ((Place(1, 1, 0), "image/jpeg"), (Place(5, 31, 3), "image/png")):
        picture = await shelf.picture("file", place)
        assert picture is not None
        assert picture.kind == kind
    assert await shelf.picture("file", Place(1, 0, 0)) is None
    path.write_bytes(b"")  # while it is copied anew
    with pytest.raises(TilesOff):
        await shelf.picture("file", Place(1, 1, 0))


@pytest.mark.parametrize("place", [Place(0, 0, 0), Place(19, 0, 0), Place(3, 8, 0), Place(3, 0, 8)])
async def test_what_cannot_be_is_asked_of_nobody(server: Server, key: Path, place: Place) -> None:
    shelf = Shelf(of_server(server, key))
    with pytest.raises(NoSuchTile):
        await shelf.picture("vec", place)
    with pytest.raises(NoSuchTile):
        await shelf.picture("other", Place(7, 103, 53))
    assert server.asked == []


def test_a_file_that_is_none_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, and long enough to be told from an empty one" * 20)
    (tmp_path / "database").write_bytes(b"SQLite format 3\0 and nothing after that" * 20)
    (tmp_path / "cut").write_bytes(pmtiles(tmp_path / "whole", TileType.PNG).read_bytes()[:140])
    pmtiles(tmp_path / "vector", TileType.MVT)
    for name, why in (
        ("absent", "No such file"),
        ("text", "it is neither MBTiles nor PMTiles"),
        ("database", "it is no MBTiles file"),
        ("cut", "it is no PMTiles 3 file, or is damaged"),
        ("vector", "it holds tiles of kind MVT, and no pictures"),
    ):
        with pytest.raises(ConfigError, match=f"tiles x: .*{name}: {why}"):
            Shelf(Settings(tiles=(Tiles(id="x", attribution="me", file=str(tmp_path / name)),)))


GOOD = {"id": "vec", "attribution": "天地图", "url": "https://t0.example/{z}/{x}/{y}"}


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([GOOD, GOOD], "tiles vec is there twice"),
        ([GOOD | {"file": "x"}], "either url or file"),
        ([{"id": "vec", "attribution": "x"}], "either url or file"),
        ([GOOD | {"url": "https://t0.example/{z}/{x}"}], "no {y}"),
        ([GOOD | {"url": "https://t0.example/{z}/{x}/{y}?tk={key}"}], "belong together"),
        ([GOOD | {"key_file": "x"}], "belong together"),
        ([GOOD | {"min_zoom": 9, "max_zoom": 8}], "comes after"),
        ([GOOD | {"url": "file:///etc/passwd"}], "url"),
        ([GOOD | {"datum": "bd09"}], "datum"),
    ],
)
def test_what_is_said_of_a_base_map_is_checked(layers: list[dict[str, object]], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse({"tiles": layers})
