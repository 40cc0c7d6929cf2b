"""Why an operation was not carried out. The codes are what a script's ``on-failure`` sees."""

from __future__ import annotations

from typing import ClassVar

from caruso.errors import CarusoError


class ServiceFailed(CarusoError):
    """The service could not do it; nothing was changed."""

    code: ClassVar[str] = "service-failed"
    #: True when the service is at fault, not what it was asked: a circuit breaker counts such failures.
    blames_service: ClassVar[bool] = False


class UnknownService(ServiceFailed):
    """There is no service of this name."""

    code: ClassVar[str] = "unknown-service"


class UnknownOperation(ServiceFailed):
    """The service has no such operation."""

    code: ClassVar[str] = "unknown-operation"


class BadArguments(ServiceFailed):
    """The operation was asked for with arguments it does not take."""

    code: ClassVar[str] = "bad-arguments"


class ServiceBusy(ServiceFailed):
    """Too many operations are under way; nothing was started."""

    code: ClassVar[str] = "service-busy"
    blames_service: ClassVar[bool] = True


class ServiceSuspended(ServiceFailed):
    """The service failed again and again, so it is not asked for a moment; nothing was started."""

    code: ClassVar[str] = "service-suspended"


class ServiceUnavailable(ServiceFailed):
    """The service cannot be reached; nothing was started."""

    code: ClassVar[str] = "service-unavailable"
    blames_service: ClassVar[bool] = True


class OutcomeUnknown(ServiceFailed):
    """The service gave no answer in time, or a wrong one: it may be done or not, and is not tried again."""

    code: ClassVar[str] = "outcome-unknown"
    blames_service: ClassVar[bool] = True


class NotForYou(ServiceFailed):
    """Whoever asks may not ask for this operation; nothing was started."""

    code: ClassVar[str] = "not-for-you"


class UnknownRecord(ServiceFailed):
    """There is no such customer, queue or other record."""

    code: ClassVar[str] = "unknown-record"


class MailNotSetUp(ServiceFailed):
    """The settings name no mail server."""

    code: ClassVar[str] = "mail-not-set-up"


class MailTemplateWrong(ServiceFailed):
    """The template is missing, has a mistake, or uses a value it was not given; the message tells the place."""

    code: ClassVar[str] = "mail-template"


class MailRefused(ServiceFailed):
    """The mail server does not take this mail: no such recipient, not allowed, too large. Again is of no use."""

    code: ClassVar[str] = "mail-refused"


class MailUnavailable(ServiceFailed):
    """The mail server cannot be reached or is busy; the mail was not sent, and may be tried again."""

    code: ClassVar[str] = "mail-unavailable"
    blames_service: ClassVar[bool] = True


class NoSuchChannel(ServiceFailed):
    """No channel reaches this address, or there is none of this name."""

    code: ClassVar[str] = "no-such-channel"


class HttpNotAllowed(ServiceFailed):
    """The settings do not allow this request: no such target, another method, or a redirect that leads off it."""

    code: ClassVar[str] = "http-not-allowed"


class HttpRefused(ServiceFailed):
    """The other side does not take the request as it is (a status from 400, but for those below)."""

    code: ClassVar[str] = "http-refused"


class HttpNotFound(ServiceFailed):
    """The other side has no such thing (status 404 or 410)."""

    code: ClassVar[str] = "http-not-found"


class HttpDenied(ServiceFailed):
    """The other side does not let us in (status 401, 403 or 407): the secret is wrong or missing."""

    code: ClassVar[str] = "http-denied"


class HttpConflict(ServiceFailed):
    """The other side is in another state than the request supposes (status 409 or 412)."""

    code: ClassVar[str] = "http-conflict"


class HttpUnavailable(ServiceFailed):
    """The other side cannot be reached, is busy or broken; nothing was done, and it may be tried again."""

    code: ClassVar[str] = "http-unavailable"
    blames_service: ClassVar[bool] = True


class HttpBadAnswer(ServiceFailed):
    """The answer is larger than the settings allow, or is not the JSON it says it is."""

    code: ClassVar[str] = "http-bad-answer"
