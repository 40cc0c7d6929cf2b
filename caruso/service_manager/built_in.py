"""The services every centre has: one module each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from caruso.clock import Clock
from caruso.config.settings import HttpSettings, MailSettings
from caruso.model.centre import Centre
from caruso.model.ids import RunId
from caruso.ports import CallbackStore, CustomerStore, RunFiles, ScriptObjects
from caruso.service_manager.callback_service import CallbackService
from caruso.service_manager.customer_service import CustomerService
from caruso.service_manager.http_service import HttpService
from caruso.service_manager.link_service import LinkService
from caruso.service_manager.mail_service import MailService
from caruso.service_manager.manager import ServiceManager
from caruso.service_manager.note_service import NoteService
from caruso.service_manager.service import Service, operation_names

#: Their classes, in the order of the manual.
SERVICES: tuple[type[Service], ...] = (
    MailService,
    HttpService,
    CustomerService,
    NoteService,
    CallbackService,
    LinkService,
)
#: All they can be asked for.
OPERATIONS = frozenset[str]().union(*map(operation_names, SERVICES))


def register_built_in(
    manager: ServiceManager,
    *,
    customers: CustomerStore,
    objects: ScriptObjects,
    callbacks: CallbackStore,
    centre: Callable[[], Centre | None],
    links: Callable[[RunId], Awaitable[str]],
    clock: Clock,
    files: RunFiles | None = None,
    mail: MailSettings,
    http: HttpSettings,
) -> None:
    """Register the services every centre has."""
    manager.register(MailService(mail, clock, files.content if files is not None else None))
    manager.register(HttpService(http))
    manager.register(CustomerService(customers, objects))
    manager.register(NoteService(customers, objects, clock))
    manager.register(CallbackService(callbacks, centre, clock))
    manager.register(LinkService(links))
