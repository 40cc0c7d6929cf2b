"""What a server has for its services; a plug-in is given the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from caruso.clock import Clock
from caruso.config.settings import HttpSettings, MailSettings
from caruso.model.centre import Centre
from caruso.model.ids import RunId
from caruso.ports import CallbackStore, CustomerStore, RunFiles, ScriptObjects


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
