"""The webhook that stands for the care circle's telephones."""

from __future__ import annotations

import asyncio

import httpx

from simulators.inbox import Inbox, Letter


async def test_what_a_json_channel_posts_arrives_with_home_and_rank() -> None:
    letters: list[Letter] = []
    inbox = Inbox(letters.append)
    address = (await inbox.open()).replace("json://", "http://")
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        body = {"version": "1.0", "title": "求助", "message": "滕建国", "type": "info"}
        answer = await client.post(f"{address}/h001/2", json=body)
    await inbox.close()
    assert answer.status_code == 200
    assert [(each.home, each.rank, each.title, each.text) for each in letters] == [
        ("h001", 2, "求助", "滕建国")
    ]


async def test_anything_else_is_refused_and_the_inbox_lives_on() -> None:
    letters: list[Letter] = []
    inbox = Inbox(letters.append)
    address = (await inbox.open()).replace("json://", "http://")
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        refused = [
            (await client.post(f"{address}/h001/x", json={})).status_code,
            (await client.post(f"{address}/h001/1", content=b"{")).status_code,
            (await client.get(address)).status_code,
        ]
        taken = (await client.post(f"{address}/h001/1", json={"message": "ok"})).status_code
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rsplit(":", 1)[1]))
    writer.write(b"\x00\xff\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()
    await inbox.close()
    assert (refused, taken, len(letters)) == ([400, 400, 400], 200, 1)
