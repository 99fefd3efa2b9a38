"""Who may sign in to the embedded broker, and what each may write and read.

A gateway writes only below its own prefix and reads only what is addressed to it. Anything else is
refused by the broker itself: it is never delivered, and a subscription fails. What NATS needs for QoS 1
inside (``$MQTT.…``) is implicit for MQTT connections since 2.14 and must not be granted: a client that
names such a subject is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from firmware_protocols.model import GatewayId
from firmware_protocols.wire import topics


@dataclass(frozen=True, slots=True)
class Account:
    """One sign-in. ``secret_hash``: bcrypt; empty: by certificate, whose mapped name is ``user``.

    ``writes`` and ``reads``: MQTT topic filters.
    """

    user: str
    secret_hash: str
    writes: tuple[str, ...]
    reads: tuple[str, ...]


def gateway_account(gateway: GatewayId, secret_hash: str) -> Account:
    """The sign-in of a gateway: user name is its id."""
    return _gateway(gateway, gateway, secret_hash)


def certified_account(gateway: GatewayId, serial: str) -> Account:
    """The sign-in of a gateway by its certificate ``serial`` (hex)."""
    return _gateway(gateway, certified_name(gateway, serial), "")


def certified_name(name: str, serial: str) -> str:
    """The URI in a certificate by which the broker knows it.

    It names the certificate and not only its holder, so that one certificate can be revoked and the next one
    of the same gateway admitted. It is a URI because NATS looks those up, while it compares a distinguished
    name with that of every account.
    """
    return f"urn:anban:{name}:{serial}"


def _gateway(gateway: GatewayId, user: str, secret_hash: str) -> Account:
    return Account(
        user=user,
        secret_hash=secret_hash,
        writes=(f"{topics.ROOT}/+/{gateway}/#",),
        reads=(f"{topics.ROOT}/c/{gateway}/#",),
    )


def ingest_account(user: str, secret_hash: str) -> Account:
    """The cloud's own sign-in: reads every gateway, writes what travels back."""
    return Account(user, secret_hash, writes=(f"{topics.ROOT}/c/#",), reads=(f"{topics.ROOT}/#",))


def rendered(accounts: Iterable[Account]) -> str:
    """The ``authorization`` block of a NATS configuration. Nobody else may sign in; nobody without a name."""
    users = ",\n".join(f"  {_user(account)}" for account in accounts)
    return f"authorization {{\n  timeout: 10\n  users: [\n{users}\n  ]\n}}\n"


def _user(account: Account) -> str:
    return json.dumps(
        {
            "user": account.user,
            **({"password": account.secret_hash} if account.secret_hash else {}),
            "allowed_connection_types": ["MQTT"],
            "permissions": {
                "publish": {"allow": _subjects(account.writes)},
                "subscribe": {"allow": _subjects(account.reads)},
            },
        }
    )


def _subjects(filters: Iterable[str]) -> list[str]:
    """NATS subjects of MQTT filters. ``x/#`` covers ``x`` too, so it becomes two subjects."""
    found = []
    for text in filters:
        subject = text.replace("/", ".").replace("+", "*").replace("#", ">")
        found += [subject.removesuffix(".>"), subject] if subject.endswith(".>") else [subject]
    return found
