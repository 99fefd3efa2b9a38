"""``anban-edge enrol CLAIM --url …``: from a claim to an identity on disk.

The one idea: the key is on disk before the claim leaves, and everything that came is on disk before it
counts; so whenever it stops, the same command again goes on where it stopped.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from edge_agent import identity, office
from edge_agent.identity import Cloud, Identity

SERIAL_FILES: Final = (Path("/sys/firmware/devicetree/base/serial-number"),)
"""Where a Raspberry Pi tells its serial number."""


class AlreadyEnrolledError(Exception):
    """This gateway has an identity; ``str()`` says which and what to do."""


def enrol(folder: Path, cloud: Cloud, claim: str, now: datetime, *, again: bool = False) -> Identity:
    """Get an identity into ``folder`` and return it. ``again``: replace the one that is there. Blocks.

    Raises:
        AlreadyEnrolledError: there is one.
        OfficeError: the cloud gives none.
        IdentityError: it cannot be stored.
    """
    before = None if again and not _sound(folder) else identity.read(folder)
    if before and not again:
        raise AlreadyEnrolledError(
            f"this gateway is enrolled as {before.gateway} already; to enrol it anew, draw a new claim and "
            "say --again"
        )
    key = identity.pending_key(folder)
    answer = office.enrol(cloud, claim, hardware_serial(), key, now)
    identity.keep_authority(folder, answer.broker.authority)
    name = identity.keep(folder, key, answer.certificate)
    enrolled = Identity(
        gateway=answer.gateway_id,
        shard=answer.shard,
        host=answer.broker.host,
        port=answer.broker.port,
        cloud=cloud,
        root=before.root if before else name,
        certificate=name,
        sms_key=answer.sms_key,
    )
    identity.write(folder, enrolled)
    identity.done_asking(folder)
    return enrolled


def hardware_serial(files: tuple[Path, ...] = SERIAL_FILES) -> str:
    """The machine's serial number, to which a claim may be bound; ``""`` where there is none to read."""
    for file in files:
        try:
            return file.read_text(encoding="ascii").strip("\0\n ")
        except (OSError, UnicodeDecodeError):
            continue
    return ""


def _sound(folder: Path) -> bool:
    try:
        return identity.read(folder) is not None
    except identity.IdentityError:
        return False
