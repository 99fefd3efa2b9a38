"""How the next connection signs in: with a secret, or with the certificate in force, whichever that is now.

The one idea: it is asked anew for each connection, so that a renewed certificate needs no restart; and until
a new one has connected once, every other attempt is made with the one before.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import msgspec

from edge_agent import identity
from edge_agent.settings import UplinkSettings

log = logging.getLogger(__name__)

_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME (openssl/x509_vfy.h); Python has no name for it."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What one connection uses. ``check_time``: the broker's certificate must be valid by our clock."""

    settings: UplinkSettings
    check_time: bool = True


class SignsIn(Protocol):
    """Says how to sign in. ``next`` is called on the link's thread, ``worked`` on the event loop's."""

    def next(self) -> SignIn: ...

    def worked(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Always:
    """The same each time: what the configuration says."""

    settings: UplinkSettings

    def next(self) -> SignIn:
        """What it was made with."""
        return SignIn(self.settings)

    def worked(self) -> None:
        """Nothing changes."""


@dataclass(slots=True)
class ByCertificate:
    """By the identity in ``folder``, read each time.

    ``clock_is_set``: false on a machine that woke up without the time. Its clock says nothing then about the
    broker's certificate, which is our own authority's; a call for help must not wait for network time.
    """

    settings: UplinkSettings
    folder: Path
    clock_is_set: Callable[[], bool]
    _tried: str = ""

    def next(self) -> SignIn:
        """The certificate in force; after it was tried in vain, the one before, and so on in turn."""
        known = identity.read(self.folder)
        if known is None:
            raise identity.IdentityError(f"the identity in {self.folder} is gone: enrol this gateway again")
        in_turn = known.previous and self._tried == known.certificate
        self._tried = known.previous if in_turn else known.certificate
        file = self.folder / self._tried
        return SignIn(replace(self.settings, cert_file=file, key_file=file), self.clock_is_set())

    def worked(self) -> None:
        """The last one connected: if it is the one in force, the one before is not needed any more.

        A disk that takes nothing now will be asked again after the next connection.
        """
        try:
            known = identity.read(self.folder)
            if known is not None and known.previous and self._tried == known.certificate:
                identity.write(self.folder, msgspec.structs.replace(known, previous=""))
        except identity.IdentityError as error:
            log.warning("old certificate kept reason=%s", error)


def tls_context(sign_in: SignIn) -> ssl.SSLContext:
    """Whom this connection trusts, and what it shows.

    Raises:
        OSError: a certificate file cannot be read or used.
    """
    settings = sign_in.settings
    context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    if not sign_in.check_time:
        context.verify_flags |= _NO_CHECK_TIME
    return context
