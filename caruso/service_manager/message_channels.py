"""Ways in which a short message reaches somebody: by which service, and which addresses. Pure.

A channel says who can be reached; sending is an operation of a service, with all that holds for one: it is ordered
in the outbox, tried again, and not sent twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_NUMBER = re.compile(r"\+?[0-9][0-9 ]*")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageChannel:
    """A way in which a message reaches somebody."""

    #: ``email``; small letters, digits and hyphens.
    name: str
    #: Operation that sends. It takes `to` and `text`, and `subject` where there is one.
    service: str
    #: Tells whether an address is one of this channel.
    reaches: Callable[[str], bool]
    has_subject: bool = False

    def params(self, to: str, text: str, subject: str = "") -> dict[str, str]:
        """Return what the operation is told."""
        return {"to": to, "text": text} | ({"subject": subject} if self.has_subject else {})


@dataclass(slots=True)
class MessageChannels:
    """All ways there are."""

    _known: dict[str, MessageChannel] = field(default_factory=dict)

    def register(self, channel: MessageChannel) -> None:
        """Know a channel; one of the same name gives way. Raise `ValueError` for one that cannot be used."""
        if not _NAME.fullmatch(channel.name):
            raise ValueError(f"“{channel.name}” is no name of a channel")
        if "." not in channel.service:
            raise ValueError(f"“{channel.service}” is no operation like email.send")
        # Whoever comes later is asked first: a plug-in before the server's own.
        self._known.pop(channel.name, None)
        self._known[channel.name] = channel

    def named(self, name: str) -> MessageChannel | None:
        """Return a channel by its name."""
        return self._known.get(name)

    def reaching(self, address: str) -> MessageChannel | None:
        """Return the channel that reaches an address; None when none does."""
        return next((each for each in reversed(self._known.values()) if each.reaches(address)), None)


def with_channels(channels: Iterable[MessageChannel]) -> MessageChannels:
    """Return these channels."""
    known = MessageChannels()
    for channel in channels:
        known.register(channel)
    return known


EMAIL = MessageChannel(
    name="email", service="email.send", reaches=lambda address: "@" in address, has_subject=True
)
#: The service is a plug-in's: whose text messages are sent differs from house to house.
SMS = MessageChannel(
    name="sms", service="sms.send", reaches=lambda address: _NUMBER.fullmatch(address) is not None
)
