"""The pictures below the map, from a file or from a server of the operator's choice.

What this is: one picture by its place. What it is not: a cache; its terms say what may be kept of a server's
pictures. The one idea: browsers ask us alone, so the key stays here; and a base map that fails is off for a
while, so that nobody who looks for an alarm waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from anyio import to_thread

from cloud.atlas import tile_files
from cloud.atlas.tile_files import FileError
from cloud.settings import ConfigError, Settings, Tiles
from cloud.settings.secrets import secret_text

PATIENCE_S: Final = 5.0
"""D. For one picture; a screen draws some thirty at once."""
OFF_S: Final = 30.0
"""D. How long a base map that failed is not asked again."""
LARGEST: Final = 2**20
"""D. Bytes; pictures of 256 or 512 pixels have 5 to 200 KiB."""
CONNECTIONS: Final = 8
"""D. At once to one server."""
KINDS: Final[Mapping[bytes, str]] = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"RIFF": "image/webp",
}
"""By the first bytes. A vector tile is none of them: the map draws pictures."""
MISSING: Final = (204, 404)
"""How servers say that they have no picture of a place."""


class NoSuchTile(Exception):  # noqa: N818 - a noun
    """No base map of this name, or no such place at this zoom."""


class TilesOff(Exception):  # noqa: N818 - a noun
    """The file or the server does not answer, refuses, or gives no picture."""


@dataclass(frozen=True, slots=True)
class Place:
    """One picture: zoom, column from the west, row from the north."""

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        """Whether the earth has such a place at this zoom."""
        across = 1 << self.z
        return 0 <= self.x < across and 0 <= self.y < across


@dataclass(frozen=True, slots=True)
class Picture:
    """``kind``: its media type."""

    content: bytes
    kind: str


class Shelf:
    """All base maps of the installation. ``close`` it at the end."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises ``ConfigError``: a file or a key cannot be read."""
        self.layers: Final = settings.tiles
        self._keys = {
            layer.id: secret_text(layer.key_file, f"tiles {layer.id}: key_file") for layer in self.layers
        }
        for layer in self.layers:
            _check(layer)
        self._monotonic = monotonic
        self._off_until: dict[str, float] = {}
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Let go of the servers."""
        if self._client is not None:
            await self._client.aclose()

    async def picture(self, name: str, place: Place) -> Picture | None:
        """The picture; ``None``: that base map has none there.

        Raises:
            NoSuchTile: there can be none.
            TilesOff: now, and for ``OFF_S``.
        """
        layer = next((one for one in self.layers if one.id == name), None)
        if layer is None or not (place.exists and layer.min_zoom <= place.z <= layer.max_zoom):
            raise NoSuchTile
        if self._monotonic() < self._off_until.get(name, 0.0):
            raise TilesOff
        try:
            content = await (self._from_file if layer.file else self._from_server)(layer, place)
            return _picture(content) if content else None
        except TilesOff:
            self._off_until[name] = self._monotonic() + OFF_S
            raise

    async def _from_file(self, layer: Tiles, place: Place) -> bytes | None:
        try:
            return await to_thread.run_sync(tile_files.picture, Path(layer.file), place.z, place.x, place.y)
        except FileError as error:
            raise TilesOff from error

    async def _from_server(self, layer: Tiles, place: Place) -> bytes | None:
        url = layer.url.replace("{key}", self._keys[layer.id])
        for part, number in (("{z}", place.z), ("{x}", place.x), ("{y}", place.y)):
            url = url.replace(part, str(number))
        if self._client is None:
            limits = httpx.Limits(max_connections=CONNECTIONS)
            self._client = httpx.AsyncClient(timeout=PATIENCE_S, limits=limits, trust_env=False)
        try:
            async with self._client.stream("GET", url) as response:
                return await _content(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TilesOff from error


async def _content(response: httpx.Response) -> bytes | None:
    if response.status_code in MISSING:
        return None
    if response.status_code != httpx.codes.OK:
        raise TilesOff
    content = b""
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > LARGEST:
            raise TilesOff
    return content


def _picture(content: bytes) -> Picture:
    kind = next((kind for head, kind in KINDS.items() if content.startswith(head)), None)
    if kind is None:
        raise TilesOff
    return Picture(content, kind)


def _check(layer: Tiles) -> None:
    """Say at the start what would fail with every picture."""
    if not layer.file:
        return
    try:
        tile_files.picture(Path(layer.file), 0, 0, 0)
    except FileError as error:
        raise ConfigError(f"tiles {layer.id}: {layer.file}: {error}") from error
