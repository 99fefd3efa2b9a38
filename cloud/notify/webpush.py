"""Web Push: a notice on the telephone of somebody who follows a home, through their browser's own service.

What this is: one message to one subscription (RFC 8030). What it is not: the first way to reach anybody; the
service of Chrome cannot be reached from mainland China, and no service says whether a notice was shown. So a
push is "sent, delivery unknown", never counts as reached, and stands beside messages, not for them.

A subscription's address comes from a browser and we call it, so it must be at a service that is known here.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from cloud.notify import http, vapid
from cloud.notify.aliyun import utc_now
from cloud.notify.model import NotifyError, Outgoing, Receipt
from cloud.notify.push_content import MOST_TEXT, Subscription, seal
from cloud.notify.vapid import KeyFileError, VapidKey
from cloud.settings import ConfigError, Settings

SCHEME: Final = "webpush"
NAME: Final = "webpush"
SERVICES: Final = (
    "fcm.googleapis.com",  # Chrome, Edge on Android
    "updates.push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)
"""Hosts, and ends of hosts, of the makers' services; ``services`` in the configuration adds others."""
URGENT: Final = 2
LIVES: Final[Mapping[bool, timedelta]] = {True: timedelta(hours=4), False: timedelta(days=1)}
"""How long a service keeps a notice for a telephone that is off; an urgent one is soon of no use. [D]"""
OVER: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""A subscription that is over is answered so (RFC 8030, 7.3)."""
_OPTIONS: Final = frozenset({"subject", "key_file", "services"})


@dataclass(frozen=True, slots=True)
class WebPush:
    """``subject``: whom a service's operators write to. ``services``: origins besides ``SERVICES``."""

    key: VapidKey
    subject: str
    services: frozenset[str] = frozenset()
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def configured(cls, options: Mapping[str, str]) -> WebPush | None:
        """From ``[notify.channels.webpush]``: ``subject`` (``mailto:…`` or ``https:…``), ``key_file``, and
        ``services``, a list of origins with spaces between them. Off without the section.

        Raises:
            ConfigError: an option is unknown, missing, or wrong.
        """
        section = "notify.channels.webpush"
        if not options:
            return None
        unknown = set(options) - _OPTIONS
        if unknown:
            raise ConfigError(f"{section}: unknown {min(unknown)}; known: {', '.join(sorted(_OPTIONS))}")
        if not options.get("subject", "").startswith(("mailto:", "https:")):
            raise ConfigError(f"{section}.subject: whom to write to, mailto:… or https:…")
        if not options.get("key_file"):
            raise ConfigError(f"{section}.key_file: missing; below data it is made by itself")
        try:
            key = vapid.load(Path(options["key_file"]))
        except KeyFileError as error:
            raise ConfigError(f"{section}.key_file: {error}") from error
        return cls(key, options["subject"], frozenset(options.get("services", "").split()))

    def accepts(self, endpoint: str) -> bool:
        """Whether ``endpoint`` is at a service that is known here."""
        try:
            parts = urlsplit(endpoint)
            if _origin(endpoint) in self.services:
                return True
            port = parts.port
        except ValueError:
            return False
        known = any(
            parts.hostname == host or (parts.hostname or "").endswith(f".{host}") for host in SERVICES
        )
        return parts.scheme == "https" and known and port is None and parts.username is None

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``. A subscription that is over is an error that is ``gone``."""
        try:
            to = Subscription.at(message.address)
            body = seal(_text(message), to)
        except ValueError as error:
            raise NotifyError("not a subscription", permanent=True) from error
        if not self.accepts(to.endpoint):
            raise NotifyError("its push service is not known here", permanent=True)
        urgent = message.priority <= URGENT
        headers = {
            "Authorization": self.key.authorization(_origin(to.endpoint), self.subject, self.clock()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(LIVES[urgent].total_seconds())),
            "Urgency": "high" if urgent else "normal",
            "Topic": _topic(message.link),
        }
        answer = await http.post(to.endpoint, headers, body)
        if not answer.is_success:
            raise http.refused(answer, gone=answer.status_code in OVER)
        return Receipt(provider=NAME)


def _text(message: Outgoing) -> bytes:
    """What the page's worker shows; a body that does not fit is left out: a title alone is still news."""
    told = {"title": message.title, "body": message.body, "link": message.link, "mark": message.mark}
    text = msgspec.json.encode(told)
    return text if len(text) <= MOST_TEXT else msgspec.json.encode(told | {"body": ""})


def _topic(link: str) -> str:
    """Of notices about one thing a service keeps the newest for a telephone that is off (RFC 8030, 5.4), and
    learns no more than that they are about the same.
    """
    return urlsafe_b64encode(sha256(link.encode()).digest()[:24]).decode()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def with_key(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """The options of all channels; the key of this one is below ``data`` where no other file is named."""
    channels: dict[str, Mapping[str, str]] = dict(settings.notify.channels)
    options = channels.get(SCHEME)
    if options and settings.data:
        below = {"key_file": str(Path(settings.data) / "secrets" / "push.pem")}
        channels[SCHEME] = {**below, **options}
    return channels


def service(settings: Settings) -> WebPush | None:
    """How this installation pushes; ``None``: it does not.

    Raises:
        ConfigError: it is configured wrongly.
    """
    return WebPush.configured(with_key(settings).get(SCHEME, {}))
