"""The services every centre has, one module each, and its ways to send messages."""

from __future__ import annotations

from collections.abc import Iterable

from caruso.service_manager.callback_service import CallbackService
from caruso.service_manager.customer_service import CustomerService
from caruso.service_manager.hookspecs import hookimpl
from caruso.service_manager.http_service import HttpService
from caruso.service_manager.link_service import LinkService
from caruso.service_manager.mail_service import MailService
from caruso.service_manager.message_channels import EMAIL, SMS, MessageChannel
from caruso.service_manager.message_service import MessageService
from caruso.service_manager.note_service import NoteService
from caruso.service_manager.parts import Parts
from caruso.service_manager.service import Service, operation_names

#: Their classes, in the order of the manual.
SERVICES: tuple[type[Service], ...] = (
    MailService,
    HttpService,
    CustomerService,
    NoteService,
    CallbackService,
    LinkService,
    MessageService,
)
#: All they can be asked for.
OPERATIONS = frozenset[str]().union(*map(operation_names, SERVICES))


@hookimpl
def services(parts: Parts) -> Iterable[Service]:
    """Return the services every centre has."""
    return (
        MailService(parts.mail, parts.clock, parts.files.content if parts.files is not None else None),
        HttpService(parts.http),
        CustomerService(parts.customers, parts.objects),
        NoteService(parts.customers, parts.objects, parts.clock),
        CallbackService(parts.callbacks, parts.centre, parts.clock),
        LinkService(parts.links),
        MessageService(parts.channels),
    )


@hookimpl
def message_channels() -> Iterable[MessageChannel]:
    """Return mails, and text messages."""
    return (EMAIL, SMS)
