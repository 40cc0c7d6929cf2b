"""Why an operation was not carried out. The codes are what a script's ``on-failure`` sees."""

from __future__ import annotations

from typing import ClassVar

from caruso.errors import CarusoError


class ServiceFailed(CarusoError):
    """The service could not do it; nothing was changed."""

    code: ClassVar[str] = "service-failed"


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


class OutcomeUnknown(ServiceFailed):
    """The service did not answer in time: it may have been done or not, and is not tried again."""

    code: ClassVar[str] = "outcome-unknown"
