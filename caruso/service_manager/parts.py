"""What a server has for its services; a plug-in is given the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from caruso.clock import Clock
from caruso.config.settings import HttpSettings, MailSettings, ServiceSettings
from caruso.model.centre import Centre
from caruso.model.ids import RunId
from caruso.ports.callbacks import CallbackStore
from caruso.ports.customers import CustomerStore
from caruso.ports.runs import RunFiles
from caruso.ports.scripts import ScriptObjects
from caruso.service_manager.message_channels import EMAIL, SMS, MessageChannels, with_channels
from caruso.service_manager.refusals import PluginRefused
from caruso.toml.shape import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Another system: where it is, and as whom we sign in (`services.systems` of the settings)."""

    name: str
    url: str = ""
    user: str = ""
    secret: Secret = field(default_factory=Secret)
    folder: Path | None = None


def systems_of(settings: ServiceSettings) -> Mapping[str, System]:
    """Return the systems the settings name, each with its secret."""
    return {
        name: System(
            name=name,
            url=given.url,
            user=given.user,
            secret=settings.system_secrets.get(name, Secret()),
            folder=given.folder,
        )
        for name, given in settings.systems.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Ports and settings."""

    customers: CustomerStore
    objects: ScriptObjects
    callbacks: CallbackStore
    #: The present description of the centre, None before there is one.
    centre: Callable[[], Centre | None]
    #: Returns a new address that opens a run once.
    links: Callable[[RunId], Awaitable[str]]
    clock: Clock
    mail: MailSettings
    http: HttpSettings
    #: What is kept, to be attached to mails; None: nothing is.
    files: RunFiles | None = None
    #: Ways in which messages reach people.
    channels: MessageChannels = field(default_factory=lambda: with_channels((EMAIL, SMS)))
    #: Systems that plug-ins wrap, by name.
    systems: Mapping[str, System] = field(default_factory=dict)

    def system(self, name: str) -> System:
        """Return where a system is; raise `PluginRefused` when the settings do not say."""
        try:
            return self.systems[name]
        except KeyError:
            raise PluginRefused(f"The settings have no [services.systems.{name}]") from None
