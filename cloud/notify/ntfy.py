"""ntfy, on a server of one's own: a push without an app store, for duty managers and neighbours.

What this is: one message published as JSON (https://docs.ntfy.sh/publish/). What it is not: ntfy.sh; what we
send is personal, so an address without a server is refused. The one idea: the priority of what happened is
the priority of the notice, so that a telephone on silent still rings for a life. What is sent twice has one
sequence number, under which servers from 2.16 on show it once; older ones show it twice.

Address: ``ntfys://[TOKEN@|USER:PASSWORD@]SERVER[:PORT]/TOPIC``; ``ntfy://`` without TLS.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from cloud.notify import http
from cloud.notify.model import NotifyError, Outgoing, Receipt
from cloud.settings import ConfigError

NAME: Final = "ntfy"
PRIORITIES: Final = (5, 4, 3, 2, 1)
"""Theirs (5 max: rings on and on, 1 min: no sound) for ours, 1 (life) to 5 (information)."""
_SCHEMES: Final = {"ntfy": "http", "ntfys": "https"}
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_BODY: Final = 4_000
"""Bytes; a longer one becomes an attachment, which a server may refuse (https://docs.ntfy.sh/publish/#limitations)."""


@dataclass(frozen=True, slots=True)
class Ntfy:
    """Publishes to whatever topic the address names."""

    @classmethod
    def configured(cls, options: Mapping[str, str]) -> Ntfy:
        """The address carries everything.

        Raises:
            ConfigError: there are ``options`` all the same.
        """
        if options:
            raise ConfigError(f"notify.channels: {min(options)} belongs into the address itself")
        return cls()

    async def deliver(self, message: Outgoing) -> Receipt:
        """See ``Notifier``; the reference is the message's id there."""
        parts, topic = _place(message.address)
        told: dict[str, object] = {
            "topic": topic,
            "title": message.title,
            "message": message.body.encode()[:_MOST_BODY].decode(errors="ignore"),
            "priority": PRIORITIES[message.priority - 1],
        }
        if message.mark:
            told["sequence_id"] = message.mark
        if message.link.startswith(("https://", "http://")):
            told["click"] = message.link
        url = f"{_SCHEMES[parts.scheme]}://{parts.netloc.rpartition('@')[2]}/"
        answer = await http.post(url, _headers(parts), msgspec.json.encode(told))
        if answer.status_code != HTTPStatus.OK:
            raise http.refused(answer)
        reference = http.document(answer).get("id")
        if not isinstance(reference, str) or not reference:
            raise NotifyError("it gave the message no number, so it is no ntfy", permanent=False)
        return Receipt(reference, NAME)


def _place(address: str) -> tuple[SplitResult, str]:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise NotifyError("the address cannot be read", permanent=True) from error
    topic = parts.path.strip("/")
    if not parts.hostname or not topic:
        raise NotifyError("name a server of your own: ntfys://SERVER/TOPIC", permanent=True)
    if not _TOPIC.fullmatch(topic):
        raise NotifyError("not a topic: letters, digits, - and _, at most 64", permanent=True)
    return parts, topic


def _headers(parts: SplitResult) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if parts.password is not None:
        basic = f"{unquote(parts.username or '')}:{unquote(parts.password)}"
        headers["Authorization"] = "Basic " + b64encode(basic.encode()).decode()
    elif parts.username:
        headers["Authorization"] = f"Bearer {unquote(parts.username)}"
    return headers
