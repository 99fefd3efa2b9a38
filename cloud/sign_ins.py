"""The sign-ins that a NATS server of one's own needs, in a file that follows the database.

What this is: ``anban-cloud accounts FILE``, the counterpart of what ``all`` does for the embedded broker: an
``authorization`` block with each gateway's topics, which ``nats.conf`` includes. What it is not: the server's
supervisor; it only tells the server to read the file again, if it may, and else whoever runs it does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from hashlib import sha256
from pathlib import Path

import psycopg
from cryptography import x509

from cloud import machine_secret
from cloud.db import Connection, connect
from cloud.embedded import Account
from cloud.embedded.accounts import ingest_account, rendered
from cloud.enrolment.store import certified_accounts
from cloud.metrics import LOOPS
from cloud.own_services import ACCOUNTS_S, RETRY_S, STUCK_S
from cloud.people.accounts import CHANNEL, gateway_accounts
from cloud.role import service_dsn, wall
from cloud.settings import Broker, ConfigError, Settings, broker_secret

_log = logging.getLogger(__name__)


async def keep(settings: Settings, file: Path, pid_file: Path | None = None) -> None:
    """Write ``file`` whenever a gateway is added, changed or revoked, until cancelled, and send SIGHUP to the
    server whose number stands in ``pid_file`` (NATS's own setting of that name).

    Raises:
        ConfigError: the cloud's own sign-in is not configured.
        OSError: the file cannot be written.
    """
    ours, told = own_name(settings.broker), False
    LOOPS.expect("accounts", within_s=STUCK_S)
    while True:
        try:
            conn = await connect(service_dsn(settings), autocommit=True)
            try:
                await conn.execute(f"listen {CHANNEL}")
                while True:
                    if write(file, await _accounts(conn, settings), ours, settings.broker):
                        _log.info("sign-ins written file=%s", file)
                        told = False
                    told = told or reload(pid_file)
                    LOOPS.turned("accounts")
                    wait_s = ACCOUNTS_S if told else RETRY_S
                    async for _ in conn.notifies(timeout=wait_s, stop_after=1):
                        pass
            finally:
                await conn.close()
        except psycopg.Error:  # the database is away, or not migrated yet
            await asyncio.sleep(RETRY_S)


def own_name(broker: Broker) -> str:
    """The name by which the broker knows the cloud: that in its certificate, else its user name.

    Raises:
        ConfigError: there is neither, or the certificate cannot be read.
    """
    if not broker.cert_file:
        if not (broker.user and broker_secret(broker)):
            raise ConfigError("broker.user and broker.secret are not set: ingest could not sign in")
        return broker.user
    try:
        certificate = x509.load_pem_x509_certificate(Path(broker.cert_file).read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.UniformResourceIdentifier)[0]
    except (OSError, ValueError, IndexError, x509.ExtensionNotFound) as error:
        raise ConfigError(f"broker.cert_file: {error}; anban-cloud papers writes one") from error


def write(file: Path, gateways: list[Account], ours: str, broker: Broker) -> bool:
    """Put the sign-ins into ``file`` in one step, for its owner and group; whether anything changed."""
    mark = sha256(f"{ours}\n{broker_secret(broker)}\n{rendered(gateways)}".encode()).hexdigest()
    if file.exists() and file.read_text(encoding="utf-8").startswith(f"# {mark}\n"):
        return False
    secret = "" if broker.cert_file else machine_secret.hashed(broker_secret(broker))
    text = rendered([ingest_account(ours, secret), *gateways])
    draft = file.with_name(f"{file.name}.new")
    draft.touch(mode=0o640)
    draft.write_text(f"# {mark}\n{text}", encoding="utf-8")
    draft.replace(file)
    return True


def reload(pid_file: Path | None) -> bool:
    """Whether the server was told, or need not be; a server that is not up yet is told later."""
    if pid_file is None:
        return True
    try:
        os.kill(int(pid_file.read_text(encoding="utf-8")), signal.SIGHUP)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return False
    return True


async def _accounts(conn: Connection, settings: Settings) -> list[Account]:
    if settings.enrolment.host:
        return await certified_accounts(conn, wall())
    return await gateway_accounts(conn)
