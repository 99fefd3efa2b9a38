"""``anban-edge commission``: a walk test with the real agent, a test alarm to the console, a signed protocol.

The one idea: it is the agent itself that runs, with its drivers, its outbox and its uplink; only its rules
are put aside, so that trying the pendant calls nobody. Who needs help meanwhile must call.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from edge_agent import identity
from edge_agent.app import Agent
from edge_agent.rules.sight import GATEWAY_DEVICE
from edge_agent.settings import EdgeSettings
from edge_agent.ulid import Ulids
from edge_agent.version import version
from edge_agent.walk import Protocol, TrialAlarm, Walk, line, text
from firmware_protocols.model import Alarm, AlarmKind, AlarmState
from firmware_protocols.wire.topics import Lane

ALARM_S: Final = 60.0
"""How long the test alarm may take to be committed [D]; on a good line it is under a second."""
_LOOK_S: Final = 0.05
_FOLDER: Final = "protocols"

Write = Callable[[str], object]


async def commission(settings: EdgeSettings, write: Write, *, patience_s: float) -> Protocol:
    """Walk until every device is done, ``patience_s`` are over, or somebody interrupts; then try the alarm.

    Raises:
        AlreadyRunningError: the agent runs; it must be stopped first.
    """
    agent = Agent(settings)
    walk = Walk(settings.devices, lambda one: write(f"{line(one)}\n"))
    agent.pipeline.rules = {"walk": walk}
    began_at, over, stop = agent.clock.now(), asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, over.set)
    write("Try every device. Alarms of this gateway reach nobody meanwhile. Ctrl-C ends the walk.\n")
    for one in walk.missing:
        write(f"{line(one)}\n")
    async with asyncio.TaskGroup() as group:
        group.create_task(agent.run(stop))
        await _until(lambda: not walk.missing or over.is_set(), patience_s)
        alarm = await _try_alarm(agent, write)
        stop.set()
    return Protocol(
        gateway=settings.gateway.id,
        version=version(),
        began_at=began_at,
        ended_at=agent.clock.now(),
        clock=str(agent.clock.state()),
        devices=walk.tried,
        alarm=alarm,
        certificate=_certificate(settings),
    )


def keep(protocol: Protocol, settings: EdgeSettings) -> list[Path]:
    """Write the protocol as JSON and as text and, of an enrolled gateway, signature and certificate.

    The signature is over the JSON file, ECDSA with SHA-256, DER: ``openssl dgst -sha256 -verify`` takes it.

    Raises:
        IdentityError: the key cannot be read.
        OSError: the folder takes nothing.
    """
    folder = settings.gateway.data_dir / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"commissioning-{protocol.ended_at:%Y%m%dT%H%M%SZ}"
    document = msgspec.json.format(msgspec.json.encode(protocol)) + b"\n"
    contents = {".json": document, ".txt": text(protocol).encode()}
    if protocol.certificate and settings.uplink.key_file:
        key = identity.load_key(settings.uplink.key_file)
        contents[".sig"] = key.sign(document, ec.ECDSA(hashes.SHA256()))
        contents[".crt"] = protocol.certificate.encode()
    written = []
    for suffix, content in contents.items():
        file = folder / f"{name}{suffix}"
        file.write_bytes(content)
        written.append(file)
    return written


async def _try_alarm(agent: Agent, write: Write) -> TrialAlarm:
    """Raise a test alarm and wait until nothing of the alarm lane waits for the cloud any more."""
    now, began_s = agent.clock.now(), agent.clock.elapsed_s()
    evidence = {"test": True, "commissioning": True}
    alarm = Alarm(Ulids(agent.clock.now)(), AlarmKind.SOS, AlarmState.RAISED, GATEWAY_DEVICE, now, evidence)
    agent.pipeline.record([alarm])
    write("test alarm sent, waiting for the cloud\n")
    committed = await _until(lambda: not agent.outbox.lanes(now)[Lane.ALARM].depth, ALARM_S)
    return TrialAlarm(alarm.id, now, round(agent.clock.elapsed_s() - began_s, 2) if committed else None)


async def _until(what: Callable[[], bool], patience_s: float) -> bool:
    """Wait for ``what``, at most ``patience_s``; whether it came."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + patience_s
    while not what():
        if loop.time() > end_s:
            return False
        await asyncio.sleep(_LOOK_S)
    return True


def _certificate(settings: EdgeSettings) -> str:
    """The certificate that signs, without its key; ``""`` when this gateway is not enrolled."""
    if not settings.enrolled or settings.uplink.cert_file is None:
        return ""
    return identity.certificate_pem(settings.uplink.cert_file)
