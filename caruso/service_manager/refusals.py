"""Why a service, or a plug-in, is not taken in, replaced or let go. For people who look after the server."""

from __future__ import annotations

from typing import ClassVar

from caruso.errors import CarusoError, NotFound


class ServiceRefused(CarusoError):
    """This service cannot be used as it is; everything stays as it was."""

    code: ClassVar[str] = "service-refused"


class ServiceNotWell(ServiceRefused):
    """The service did not start, or is not well; everything stays as it was."""

    code: ClassVar[str] = "service-not-well"


class ServiceNeeded(ServiceRefused):
    """Other services need it; everything stays as it was."""

    code: ClassVar[str] = "service-needed"


class ServiceMissing(ServiceRefused):
    """What the service needs is not there; everything stays as it was."""

    code: ClassVar[str] = "service-missing"


class NameNotYours(ServiceRefused):
    """Whoever brings this service has no right to its name."""

    code: ClassVar[str] = "name-not-yours"


class PluginRefused(CarusoError):
    """This plug-in cannot be loaded; nothing of it is used."""

    code: ClassVar[str] = "plugin-refused"


class NoSuchService(NotFound):
    """There is no service of this name."""
