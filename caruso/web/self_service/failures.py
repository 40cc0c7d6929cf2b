"""What a visitor is told when something cannot be done, and with which HTTP status. Knows no page and no run."""

from __future__ import annotations

import math
from dataclasses import dataclass

from caruso.errors import CarusoError, IllegalMove, NotFound, StorageUnavailable
from caruso.web.refusals import Busy, Forged, Malformed, TooLarge, TooManyAttempts, status_of


class SessionOver(CarusoError):
    """The run is no longer there."""

    code = "session-over"


class MovedOn(CarusoError):
    """Somebody went on with the run elsewhere, by a link."""

    code = "moved-on"


class LinkUsedUp(CarusoError):
    """The link was used or has expired."""

    code = "link-used-up"


class WrongMethod(CarusoError):
    """The address knows no such method."""

    code = "wrong-method"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Which page is shown."""

    #: `failed-<key>` and `failed-<key>-text` are its sentences.
    key: str
    status: int
    #: Of the `Retry-After` header; 0 for none.
    retry_after: int = 0


_KEYS: dict[type[CarusoError], tuple[str, int]] = {
    NotFound: ("unknown", 404),
    SessionOver: ("expired", 410),
    MovedOn: ("moved", 410),
    LinkUsedUp: ("link", 410),
    WrongMethod: ("method", 405),
    Forged: ("forged", 403),
    Malformed: ("malformed", 400),
    TooLarge: ("large", 413),
    Busy: ("busy", 503),
    IllegalMove: ("busy", 503),
    StorageUnavailable: ("storage", 503),
}


def failure_of(error: CarusoError) -> Failure:
    """Return what to show for an error."""
    if isinstance(error, TooManyAttempts):
        return Failure(key="limit", status=429, retry_after=max(1, math.ceil(error.retry_after)))
    for kind in type(error).__mro__:
        if kind in _KEYS:
            key, status = _KEYS[kind]
            return Failure(key=key, status=status, retry_after=5 if status == 503 else 0)
    status = status_of(error)
    return Failure(key="storage" if status == 503 else "internal", status=max(status, 500))
