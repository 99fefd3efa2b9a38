"""The agent's part in an update: what it takes up, and what proves a version."""

from __future__ import annotations

import asyncio
import base64
import socket
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_agent.clock import Clock
from edge_agent.identity import Cloud
from edge_agent.outbox import Outbox
from edge_agent.update.calm import OpenAlarms
from edge_agent.update.part import UpdateRefused, Updates
from edge_agent.update.places import Places, Record, Request, read, write
from firmware_protocols.model import Alarm, AlarmId, AlarmKind, AlarmState
from tests.unit.edge_agent.household import GATEWAY, PENDANT
from tests.unit.edge_agent.lines import end, until_true

KEY = Ed25519PrivateKey.generate()
DOCUMENT = (
    b'{"version":"2.0.0","serial":7,"files":[{"name":"anban-2.0.0-py3-none-any.whl","size":3,"sha256":"'
    + b"0" * 64
    + b'"}]}'
)


@pytest.fixture
def updates(tmp_path: Path) -> Updates:
    places = Places(tmp_path / "program", tmp_path / "asked", tmp_path / "release.pub")
    places.program.mkdir()
    places.key.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    outbox = Outbox(tmp_path / "outbox.sqlite", GATEWAY)
    return Updates(places, Cloud("http://127.0.0.1:1"), outbox, Clock(), OpenAlarms(), lambda: True)


def args(document: bytes = DOCUMENT, signature: bytes | None = None, **more: Any) -> dict[str, Any]:
    signed = KEY.sign(document) if signature is None else signature
    texts = {"document": document, "signature": signed}
    return {name: base64.b64encode(value).decode() for name, value in texts.items()} | more


def test_a_signed_release_is_taken_up_once(updates: Updates) -> None:
    assert updates.order(args()) == "2.0.0 is taken up"
    first = read(Request, updates.places.request)
    assert updates.order(args()) == "2.0.0 is under way"
    assert read(Request, updates.places.request) == first
    updates.order(args(again=True))
    assert read(Request, updates.places.request) != first


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (args(signature=b"0" * 64), "not signed by the key"),
        (args(signature=Ed25519PrivateKey.generate().sign(DOCUMENT)), "not signed by the key"),
        (args(b"{}"), "not a release document"),
        ({"document": "%%%", "signature": "x"}, "is not base 64"),
        ({"signature": "eA=="}, "needs a text 'document'"),
    ],
)
def test_what_is_not_ours_is_refused(updates: Updates, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(UpdateRefused, match=words):
        updates.order(wrong)
    assert not updates.places.request.exists()


def test_a_version_that_was_taken_back_is_not_tried_again_by_itself(updates: Updates) -> None:
    write(updates.places.record, Record(refused={"2.0.0": "nothing committed within 300 s"}))
    with pytest.raises(UpdateRefused, match="taken back: nothing committed"):
        updates.order(args())
    assert updates.order(args(again=True)) == "2.0.0 is taken up"


def test_without_a_key_nothing_is_taken(updates: Updates) -> None:
    updates.places.key.unlink()
    with pytest.raises(UpdateRefused, match="no key of releases"):
        updates.order(args())


async def test_a_person_may_have_a_release_tried_again_that_could_not_be_had(updates: Updates) -> None:
    key = updates.places.key.read_bytes()
    updates.order(args())
    updates.places.key.unlink()
    await updates._look()
    assert updates.state().state == "failed"
    updates.places.key.write_bytes(key)
    updates.order(args(again=True))
    await updates._look()
    state = updates.state()
    assert (state.state, "http://127.0.0.1:1" in state.reason) == ("fetching", True)


async def test_an_alarm_is_shown_also_while_a_release_is_fetched(updates: Updates) -> None:
    """By hand too the program is not to be changed then, and a download takes its time."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        updates.cloud, updates.look_s = Cloud(f"http://127.0.0.1:{mute.getsockname()[1]}"), 0.01
        updates.order(args())
        task = asyncio.create_task(updates.run())
        connection = await asyncio.to_thread(mute.accept)
        now = updates.clock.now()
        updates.alarms.see(Alarm(AlarmId("a"), AlarmKind.SOS, AlarmState.RAISED, PENDANT, now), now)
        await until_true(updates.places.alarm.exists)
        updates.alarms.close(AlarmId("a"))
        await until_true(lambda: not updates.places.alarm.exists())
        connection[0].close()
        await end(task)
