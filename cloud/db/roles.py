"""The database roles that the cloud signs in as, beside the owner who migrates.

What this is: their names, and giving them a secret to sign in with. What it is not: what they may do; that
are migrations 0013, 0021 and 0039. The one idea: who answers people signs in as a role that row security
bounds, so a forgotten filter in a statement shows nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

API: Final = "anban_api"
SERVICE: Final = "anban_service"
INGEST: Final = "anban_ingest"
ALL: Final = (API, SERVICE, INGEST)
SECRET_BYTES: Final = 24


def new_secret(_role: str) -> str:
    """A fresh secret for a role."""
    return secrets.token_urlsafe(SECRET_BYTES)


def let_in(dsn: str, secret_of: Callable[[str], str] = new_secret) -> dict[str, str]:
    """Let the roles sign in, each with its secret; return their connection strings. ``dsn``: the owner's.

    The server gets a verifier and never the secret, which therefore stands in none of its logs.

    Raises:
        psycopg.Error: the owner may not change roles, or the roles do not exist yet (migrate first).
    """
    given = {role: secret_of(role) for role in ALL}
    with psycopg.connect(dsn, autocommit=True) as conn:
        for role, secret in given.items():
            verifier = conn.pgconn.encrypt_password(secret.encode(), role.encode(), b"scram-sha-256")
            statement = sql.SQL("alter role {} login password {}")
            conn.execute(statement.format(sql.Identifier(role), sql.Literal(verifier.decode())))
    return {role: make_conninfo(dsn, user=role, password=secret) for role, secret in given.items()}


def taking_on(dsn: str, role: str) -> str:
    """``dsn`` for a session that begins as ``role``, which its user belongs to.

    A makeshift for a server without sign-ins of their own: a statement could take the role off again.
    """
    options = conninfo_to_dict(dsn).get("options") or ""
    return make_conninfo(dsn, options=f"{options} -c role={role}".strip())
