"""Messages that callers left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from caruso.model.ids import (
    ContactId,
    QueueId,
)
from caruso.model.voicemails import Voicemail


class VoicemailStore(Protocol):
    """Messages that callers left, as the journal tells of them; and what was said in them."""

    async def unfinished(self) -> Sequence[Voicemail]:
        """Return the messages that somebody has to do something about, the oldest first."""
        ...

    async def get(self, contact: ContactId) -> Voicemail | None:
        """Return one message."""
        ...

    async def done(self, queues: Collection[QueueId] | None, limit: int) -> Sequence[Voicemail]:
        """Return the messages that are done, the newest first; of all queues when `queues` is None."""
        ...

    async def expired(self, queue: QueueId, before: datetime, limit: int) -> Sequence[Voicemail]:
        """Return messages of a queue that were done before a time, and whose sound is still there."""
        ...

    async def texts(self, contacts: Collection[ContactId]) -> Mapping[ContactId, str]:
        """Return what was said in messages, where that was written down."""
        ...

    async def keep_text(self, contact: ContactId, text: str) -> None:
        """Keep what was said in a message."""
        ...

    async def drop_text(self, contact: ContactId) -> None:
        """Forget what was said."""
        ...
