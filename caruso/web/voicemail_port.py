"""What the web edge asks about messages that callers left. `caruso.comm_server.voicemail.mailboxes` implements it.

All calls return at once. What is not there for somebody raises `NotFound`, what is not possible now `IllegalMove`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from caruso.comm_server.voicemail.box import Who
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.voicemails import Voicemail


class Mailboxes(Protocol):
    """Messages that are not done."""

    def visible(self, who: Who) -> Sequence[Voicemail]:
        """Return those that are there for somebody: urgent ones first, then by age."""
        ...

    def get(self, contact: ContactId) -> Voicemail | None:
        """Return one, whoever asks."""
        ...

    def take(self, who: Who, contact: ContactId, version: int) -> Voicemail:
        """Claim it for an agent."""
        ...

    def give_back(self, who: Who, contact: ContactId, version: int) -> Voicemail:
        """Let it wait for somebody again."""
        ...

    def give(
        self, who: Who, contact: ContactId, version: int, *, queue: QueueId, owner: AgentId | None
    ) -> Voicemail:
        """Give it to a queue, or to one of its agents."""
        ...

    def listen(self, who: Who, message: Voicemail) -> None:
        """Note that somebody hears it."""
        ...

    def call(self, who: Who, contact: ContactId, version: int, number: str) -> Voicemail:
        """Call the caller, or another number, about it."""
        ...

    def done(self, who: Who, contact: ContactId, version: int, *, disposition: str, note: str) -> Voicemail:
        """Say that nothing more is to be done."""
        ...
