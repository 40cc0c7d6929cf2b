"""What a wrapped system fails with, whatever its kind: the codes are what a script's ``on-failure`` sees."""

from __future__ import annotations

from typing import ClassVar

from caruso.service_manager.failures import ServiceFailed


class SystemUnavailable(ServiceFailed):
    """The system cannot be reached or is busy; nothing was done, and it may be tried again."""

    code: ClassVar[str] = "system-unavailable"
    blames_service: ClassVar[bool] = True


class SystemRefused(ServiceFailed):
    """The system does not take what it was asked as it is; again is of no use."""

    code: ClassVar[str] = "system-refused"


class SystemNotFound(ServiceFailed):
    """The system has no such thing."""

    code: ClassVar[str] = "system-not-found"


class SystemDenied(ServiceFailed):
    """The system does not let us in, or not do this: user or secret is wrong, or has too few rights."""

    code: ClassVar[str] = "system-denied"


class SystemBadAnswer(ServiceFailed):
    """The system's answer cannot be understood, or is longer than allowed."""

    code: ClassVar[str] = "system-bad-answer"


#: All of them: every wrapped operation may fail so.
SYSTEM_FAILURES = (SystemUnavailable, SystemRefused, SystemNotFound, SystemDenied, SystemBadAnswer)
