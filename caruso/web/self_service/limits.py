"""How often one address may do what, and how many runs it may have open. Knows no clock.

`now` is monotonic seconds; an address is one of IPv4 or a /64 of IPv6. What was seen longest ago is forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from caruso.model.ids import RunId
from caruso.web.rate_limit import MAX_KEYS, Limit, RateLimit
from caruso.web.refusals import TooManyAttempts


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfServiceLimits:
    """All of them."""

    #: Any request.
    requests: Limit = field(default_factory=lambda: Limit(count=900, seconds=60))
    starts: Limit = field(default_factory=lambda: Limit(count=40, seconds=600))
    #: Of all addresses together, per script.
    starts_of_script: Limit = field(default_factory=lambda: Limit(count=1200, seconds=60))
    #: Answers, corrections, steps back.
    inputs: Limit = field(default_factory=lambda: Limit(count=300, seconds=60))
    #: Of all addresses together, per script.
    inputs_of_script: Limit = field(default_factory=lambda: Limit(count=12_000, seconds=60))
    uploads: Limit = field(default_factory=lambda: Limit(count=40, seconds=600))
    mails: Limit = field(default_factory=lambda: Limit(count=6, seconds=3600))
    #: Whoever asks: nobody's mailbox is filled from here.
    mails_to_one: Limit = field(default_factory=lambda: Limit(count=3, seconds=3600))
    call_backs: Limit = field(default_factory=lambda: Limit(count=6, seconds=3600))
    call_backs_to_one: Limit = field(default_factory=lambda: Limit(count=3, seconds=86_400))
    codes: Limit = field(default_factory=lambda: Limit(count=20, seconds=3600))
    resumes: Limit = field(default_factory=lambda: Limit(count=30, seconds=600))
    #: Runs open at once, and after how many idle seconds one counts no more.
    open_runs: int = 30
    open_seconds: float = 3600.0


class OpenRuns:
    """Which runs each address began and has not finished."""

    def __init__(self, most: int, seconds: float, *, max_keys: int = MAX_KEYS) -> None:
        """Begin with none."""
        self._most = most
        self._seconds = seconds
        self._max_keys = max_keys
        self._runs: OrderedDict[str, OrderedDict[RunId, float]] = OrderedDict()

    def retry_after(self, network: str, now: float) -> float:
        """Return seconds until another may be begun; 0 for now."""
        runs = self._runs.get(network)
        while runs and next(iter(runs.values())) + self._seconds <= now:
            runs.popitem(last=False)
        if not runs or len(runs) < self._most:
            return 0.0
        return next(iter(runs.values())) + self._seconds - now

    def seen(self, network: str, run: RunId, now: float) -> None:
        """Note that a run was begun or went on."""
        runs = self._runs.setdefault(network, OrderedDict())
        runs[run] = now
        runs.move_to_end(run)
        self._runs.move_to_end(network)
        while len(runs) > self._most:
            runs.popitem(last=False)
        while len(self._runs) > self._max_keys:
            self._runs.popitem(last=False)

    def gone(self, network: str, run: RunId) -> None:
        """Note that a run is over."""
        self._runs.get(network, OrderedDict()).pop(run, None)


class Limits:
    """Refuses what happens too often: every method raises `TooManyAttempts`."""

    def __init__(self, limits: SelfServiceLimits) -> None:
        """Begin with nothing counted."""
        self._by_kind = {
            name: RateLimit(limit)
            for name in SelfServiceLimits.__slots__
            if isinstance(limit := getattr(limits, name), Limit)
        }
        self.open_runs = OpenRuns(limits.open_runs, limits.open_seconds)

    def count(self, kind: str, key: str, now: float) -> None:
        """Count one more of a kind (a field of `SelfServiceLimits`)."""
        wait = self._by_kind[kind].retry_after(key, now)
        if wait > 0:
            raise TooManyAttempts(wait)
        self._by_kind[kind].count(key, now)

    def begin(self, network: str, script: str, now: float) -> None:
        """Count a start."""
        wait = self.open_runs.retry_after(network, now)
        if wait > 0:
            raise TooManyAttempts(wait)
        self.count("starts", network, now)
        self.count("starts_of_script", script, now)
