"""How often one address may try to sign in, and one session ask: bounded, forgetful counts in memory.

What this is: a first, cheap barrier per process. What it is not: the lock-out of an account, which is
persisted (``sessions``). The one idea: an attempt is counted before it is judged, so a burst of parallel
guesses cannot slip through, and a success gives the count back.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

MAX_ATTEMPTS: Final = 20
"""Attempts without success per window: generous, because a whole centre may share one address."""
WINDOW: Final = timedelta(minutes=5)
MAX_ADDRESSES: Final = 10_000
"""Addresses remembered; beyond it the longest silent one is forgotten."""


class Throttle:
    """Counts attempts per network address (an IPv6 address counts as its /64: one subscriber)."""

    def __init__(self) -> None:
        self._attempts: OrderedDict[str, deque[datetime]] = OrderedDict()

    def take(self, address: str, now: datetime) -> timedelta | None:
        """Count an attempt. Return ``None`` when it may go on, else how long to wait."""
        key = network(address)
        times = self._attempts.setdefault(key, deque(maxlen=MAX_ATTEMPTS))
        self._attempts.move_to_end(key)
        if len(self._attempts) > MAX_ADDRESSES:
            self._attempts.popitem(last=False)
        while times and times[0] <= now - WINDOW:
            times.popleft()
        if len(times) == MAX_ATTEMPTS:
            return times[0] + WINDOW - now
        times.append(now)
        return None

    def give_back(self, address: str) -> None:
        """Take back the newest attempt of ``address``: it was not judged, so it taught nobody anything."""
        times = self._attempts.get(network(address))
        if times:
            times.pop()

    def forgive(self, address: str) -> None:
        """Forget the attempts of ``address``: someone signed in from it."""
        self._attempts.pop(network(address), None)


SUBSCRIBER: Final = 64
"""Bits of an IPv6 address that are one subscriber at the least."""
RATE: Final = 20.0
"""Requests per second that one session or token may keep up; a busy console makes about one."""
BURST: Final = 200.0
"""Requests at once, when nothing was asked before."""


class Pace:
    """A bucket of requests per session or token, filled at ``RATE`` up to ``BURST``; bounded, too."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[bytes, tuple[float, datetime]] = OrderedDict()

    def knows(self, key: bytes) -> bool:
        """Whether ``key`` was seen to live and has not been forgotten since."""
        return key in self._buckets

    def know(self, key: bytes, now: datetime) -> None:
        """From now on ``key`` counts; this request is its first."""
        if key not in self._buckets:
            self.take(key, now)

    def forget(self, key: bytes) -> None:
        """``key`` lives no more."""
        self._buckets.pop(key, None)

    def take(self, key: bytes, now: datetime) -> timedelta | None:
        """Count a request. Return ``None`` when it may go on, else how long to wait."""
        left, since = self._buckets.pop(key, (BURST, now))
        left = min(BURST, left + max(0.0, (now - since).total_seconds()) * RATE)
        if len(self._buckets) >= MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        self._buckets[key] = (max(0.0, left - 1), now)
        return None if left >= 1 else timedelta(seconds=(1 - left) / RATE)


def network(address: str, prefix: int = SUBSCRIBER) -> str:
    """The key an address is counted under: of IPv6 the first ``prefix`` bits, filled up with zeros.

    What is no IP address (a test client's name) stands for itself.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> (128 - prefix) << (128 - prefix)))
    return str(parsed)
