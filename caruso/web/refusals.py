"""Why the web edge itself refuses a request, and which HTTP status each error of Caruso becomes."""

from __future__ import annotations

from caruso.errors import (
    CarusoError,
    IllegalMove,
    JournalTakenOver,
    LinkDown,
    NotAllowed,
    NotFound,
    RejectedInput,
    SchemaOutdated,
    StorageUnavailable,
)
from caruso.service_manager.failures import (
    NotForYou,
    OutcomeUnknown,
    ServiceBusy,
    ServiceFailed,
    ServiceSuspended,
    ServiceUnavailable,
    UnknownOperation,
    UnknownService,
)
from caruso.service_manager.refusals import PluginRefused, ServiceRefused


class NotSignedIn(CarusoError):
    """Please sign in."""

    code = "not-signed-in"


class WrongPassword(CarusoError):
    """The user name or the password is wrong."""

    code = "wrong-password"


class TooManyAttempts(CarusoError):
    """Too many attempts; please wait."""

    code = "too-many-attempts"

    def __init__(self, retry_after: float) -> None:
        """Keep after how many seconds it may be tried again."""
        super().__init__()
        self.retry_after = retry_after


class Forged(CarusoError):
    """The request did not come from our own page; reload it."""

    code = "forged-request"


class Malformed(CarusoError):
    """The request cannot be read."""

    code = "malformed"


class WrongContentType(CarusoError):
    """The body must be JSON (Content-Type: application/json)."""

    code = "wrong-content-type"


class TooLarge(CarusoError):
    """The request is too large."""

    code = "too-large"


class Busy(CarusoError):
    """The server is busy; please try again."""

    code = "busy"


#: An error's status is that of its nearest class in this table.
STATUSES: dict[type[CarusoError], int] = {
    Malformed: 400,
    NotSignedIn: 401,
    WrongPassword: 401,
    NotAllowed: 403,
    Forged: 403,
    NotFound: 404,
    IllegalMove: 409,
    TooLarge: 413,
    WrongContentType: 415,
    RejectedInput: 422,
    ServiceRefused: 409,
    PluginRefused: 422,
    UnknownService: 404,
    UnknownOperation: 404,
    NotForYou: 403,
    ServiceBusy: 503,
    ServiceSuspended: 503,
    ServiceUnavailable: 503,
    OutcomeUnknown: 504,
    ServiceFailed: 502,
    TooManyAttempts: 429,
    Busy: 503,
    LinkDown: 503,
    StorageUnavailable: 503,
    SchemaOutdated: 503,
    JournalTakenOver: 503,
    CarusoError: 500,
}


def status_of(error: CarusoError) -> int:
    """Return the HTTP status of `error`."""
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
