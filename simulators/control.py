"""A simulator process listens here for what shall happen: JSON lines over a Unix socket.

One line in: ``{"home": "h001", "do": "press", "with": {"device": "pendant"}}``. Lines out: any number of
reports of what happens, then ``{"ok": true}`` or ``{"ok": false, "why": "…"}``. What it is not: a product
interface; the socket is in the demonstration's own folder, readable by its owner only.
The one idea: the answer comes when the thing has happened, not when it was asked for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

LINE_LIMIT: Final = 4 << 20
"""Bytes of one line; a minute of motion samples is about 60 kB."""

Report = Callable[[Mapping[str, Any]], None]
Act = Callable[[str, str, Report, Mapping[str, Any]], Awaitable[None]]
"""(home, action, report, arguments)."""


async def serve(path: Path, act: Act) -> asyncio.Server:
    """Listen at ``path`` and let ``act`` do what is asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(message: Mapping[str, Any]) -> None:
            writer.write(json.dumps(message).encode() + b"\n")

        try:
            while line := await reader.readline():
                say(await _done(line, act, say))
                await writer.drain()
        except (ConnectionError, ValueError):  # gone, or a line beyond the limit
            pass
        finally:
            writer.close()

    _remove(path)
    server = await asyncio.start_unix_server(answer, path, limit=LINE_LIMIT)
    _make_private(path)
    return server


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _make_private(path: Path) -> None:
    path.chmod(0o600)


async def _done(line: bytes, act: Act, say: Report) -> Mapping[str, Any]:
    try:
        request = json.loads(line)
        await act(request["home"], request["do"], say, request.get("with", {}))
    except (ValueError, KeyError, TypeError) as error:
        return {"ok": False, "why": f"{type(error).__name__}: {error}"}
    return {"ok": True}


async def ask(path: Path, home: str, do: str, **arguments: Any) -> AsyncIterator[Mapping[str, Any]]:
    """Let ``do`` happen in ``home``; yield the reports, and return when it has happened.

    Raises:
        OSError: nobody listens at ``path``.
        ValueError: it was refused; says why.
    """
    reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT)
    try:
        writer.write(json.dumps({"home": home, "do": do, "with": arguments}).encode() + b"\n")
        while line := await reader.readline():
            answer = json.loads(line)
            if "ok" not in answer:
                yield answer
            elif answer["ok"]:
                return
            else:
                raise ValueError(answer["why"])
        raise ConnectionError("the simulator ended")
    finally:
        writer.close()


async def do(path: Path, home: str, action: str, **arguments: Any) -> None:
    """As ``ask``, for who does not care for the reports."""
    async for _ in ask(path, home, action, **arguments):
        pass
