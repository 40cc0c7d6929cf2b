"""``message.send``: sends a short message in whichever way reaches the address."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.ports.scripts import ActionServices
from caruso.service_manager.failures import NoSuchChannel, ServiceUnavailable
from caruso.service_manager.message_channels import MessageChannel, MessageChannels
from caruso.service_manager.service import Service, operation


class NewMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message to be sent."""

    #: E-mail address, telephone number, or whatever a channel of a plug-in takes.
    to: Annotated[str, Meta(min_length=1, max_length=254)]
    #: What it says.
    text: Annotated[str, Meta(min_length=1, max_length=10_000)]
    #: Subject, where the channel has one.
    subject: Annotated[str, Meta(max_length=500)] = ""
    #: Name of the channel: ``email``, ``sms``, or a plug-in's; the one that reaches the address when not given.
    channel: Annotated[str, Meta(max_length=64)] = ""


class MessageService(Service):
    """Sends short messages, in the way that reaches the address."""

    name = "message"
    version = "1.0"
    #: The service that sends has limits of its own; this one is longer than they are.
    timeout_seconds = 300.0

    def __init__(self, channels: MessageChannels) -> None:
        """Know the ways there are."""
        self._channels = channels
        self._services: ActionServices | None = None

    async def start(self, services: ActionServices) -> None:
        """Keep whom to ask."""
        self._services = services

    @operation(repeatable=False, fails=(NoSuchChannel,))
    async def send(self, params: NewMessage, *, key: str) -> str:
        """Send a message and return the name of the channel it went by.

        Fails as the service of the channel does, too: ``email.send``, or ``sms.send`` of a plug-in.
        """
        channel = self._channel(params)
        if self._services is None:
            raise ServiceUnavailable("message has not started")
        asked = channel.params(params.to, params.text, params.subject)
        await self._services.call(channel.service, asked, key=f"{key}/{channel.name}" if key else "")
        return channel.name

    def _channel(self, params: NewMessage) -> MessageChannel:
        if params.channel:
            found = self._channels.named(params.channel)
            if found is None:
                raise NoSuchChannel(f"There is no channel “{params.channel}”")
        else:
            found = self._channels.reaching(params.to)
        if found is None or not found.reaches(params.to):
            raise NoSuchChannel("No channel reaches this address")
        return found
