"""One-time tokens that open a run: long ones in links, short ones to key in on the telephone.

Kept are only hashes. A link's token is too long to guess; a code is short, so its hash is made with the server's
secret, it lives shortly, works once, and whoever keys in wrong ones is stopped (`CodeGuard`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import timedelta

from caruso.model.run_records import TokenPurpose

#: A link opens so long after it was made.
LINK_LIFETIME = timedelta(days=7)
CODE_LIFETIME = timedelta(minutes=30)
CODE_DIGITS = 6
LINK_BYTES = 32

#: Wrong codes of one number within an hour, and of all together within a minute, before none is looked at.
MOST_WRONG_OF_ONE = 6
MOST_WRONG_OF_ALL = 60
HOUR_SECONDS = 3600.0
MINUTE_SECONDS = 60.0
#: Numbers that are remembered.
MOST_NUMBERS = 10_000


def new_link_token() -> str:
    """Return a token for a link."""
    return secrets.token_urlsafe(LINK_BYTES)


def new_code() -> str:
    """Return six digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def token_hash(purpose: TokenPurpose, token: str, secret: bytes) -> str:
    """Return what is kept of a token."""
    if purpose is TokenPurpose.LINK:
        return hashlib.sha256(token.encode()).hexdigest()
    return hmac.new(secret, f"{purpose.value}:{token}".encode(), hashlib.sha256).hexdigest()


class Quota:
    """Counts what somebody did within a time, for as many somebodies as fit."""

    def __init__(self, most: int, seconds: float, monotonic: Callable[[], float]) -> None:
        """Allow `most` within `seconds`."""
        self._most = most
        self._seconds = seconds
        self._monotonic = monotonic
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def used_up(self, who: str) -> bool:
        """Tell whether `who` may not any more."""
        times = self._times.get(who)
        if times is None:
            return False
        while times and times[0] <= self._monotonic() - self._seconds:
            times.popleft()
        return len(times) >= self._most

    def count(self, who: str) -> None:
        """Note that `who` did it once more."""
        times = self._times.setdefault(who, deque(maxlen=self._most))
        times.append(self._monotonic())
        self._times.move_to_end(who)
        while len(self._times) > MOST_NUMBERS:
            self._times.popitem(last=False)


class CodeGuard:
    """Stops those who guess codes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        """Begin with nobody suspected."""
        self._of_one = Quota(MOST_WRONG_OF_ONE, HOUR_SECONDS, monotonic)
        self._of_all = Quota(MOST_WRONG_OF_ALL, MINUTE_SECONDS, monotonic)

    def refuses(self, number: str) -> bool:
        """Tell whether codes from this number (empty: withheld) are not looked at now."""
        return self._of_one.used_up(number) or self._of_all.used_up("")

    def wrong(self, number: str) -> None:
        """Note a wrong code."""
        self._of_one.count(number)
        self._of_all.count("")
