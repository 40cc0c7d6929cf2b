"""Decide whether something happens too often: a sliding window of times per key.

Knows no clock: `now` is handed in (monotonic seconds). Bounded: the keys seen longest ago are forgotten first.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from dataclasses import dataclass

#: Keys remembered at once; an attacker who invents names must not fill the memory.
MAX_KEYS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `count` times in `seconds`."""

    count: int
    seconds: float


class RateLimit:
    """Counts what happened, by key."""

    def __init__(self, limit: Limit, *, max_keys: int = MAX_KEYS) -> None:
        """Begin with nothing counted."""
        self._limit = limit
        self._max_keys = max_keys
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def retry_after(self, key: str, now: float) -> float:
        """Return seconds until it is allowed again; 0 when it is allowed now. Counts nothing."""
        times = self._recent(key, now)
        if times is None or len(times) < self._limit.count:
            return 0.0
        return times[-self._limit.count] + self._limit.seconds - now

    def count(self, key: str, now: float) -> None:
        """Count it once."""
        times = self._times.setdefault(key, deque(maxlen=self._limit.count))
        times.append(now)
        self._times.move_to_end(key)
        while len(self._times) > self._max_keys:
            self._times.popitem(last=False)

    def take_back(self, key: str) -> None:
        """Forget the newest count: it turned out not to matter."""
        times = self._times.get(key)
        if times:
            times.pop()
        if times is not None and not times:
            del self._times[key]

    def allow(self, key: str, now: float) -> bool:
        """Count it and return True, unless it is too often."""
        if self.retry_after(key, now) > 0:
            return False
        self.count(key, now)
        return True

    def _recent(self, key: str, now: float) -> deque[float] | None:
        times = self._times.get(key)
        if times is None:
            return None
        while times and times[0] + self._limit.seconds <= now:
            times.popleft()
        if not times:
            del self._times[key]
        return times


def network_of(address: str) -> str:
    """Return what one person can have of the Internet: an IPv4 address, a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
