"""Messages in memory: a `VoicemailStore` made of the facts it is told, without a database."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from caruso.model.facts import AnyFact
from caruso.model.ids import ContactId, QueueId, is_voicemail
from caruso.model.voicemails import WAITING, Voicemail, VoicemailState, told


class MemoryVoicemails:
    """A `VoicemailStore`."""

    def __init__(self, *messages: Voicemail) -> None:
        """Begin with `messages`."""
        self.kept = {message.contact: message for message in messages}
        self.written: dict[ContactId, str] = {}

    def rebuild(self, facts: Iterable[object]) -> None:
        """Know what these facts tell, and nothing else."""
        self.kept = {}
        for fact in facts:
            self.hear(fact)

    def hear(self, fact: AnyFact | object) -> None:
        """Let messages be what a fact tells."""
        contact = getattr(fact, "contact", None)
        if contact is None or not is_voicemail(contact):
            return
        message = told(self.kept.get(contact), fact)  # type: ignore[arg-type]  # only facts have such contacts
        if message is not None:
            self.kept[contact] = message

    async def unfinished(self) -> Sequence[Voicemail]:
        """Return those somebody has to do something about."""
        open_ones = {*WAITING, VoicemailState.RECORDING}
        found = [message for message in self.kept.values() if message.state in open_ones]
        return sorted(found, key=lambda message: message.begun_at)

    async def get(self, contact: ContactId) -> Voicemail | None:
        """Return one message."""
        await asyncio.sleep(0)
        return self.kept.get(contact)

    async def done(self, queues: Collection[QueueId] | None, limit: int) -> Sequence[Voicemail]:
        """Return those that are done, the newest first."""
        found = [
            (message.ended_at, message)
            for message in self.kept.values()
            if message.state is VoicemailState.DONE
            and message.ended_at is not None
            and (queues is None or message.queue in queues)
        ]
        return [message for _, message in sorted(found, key=lambda one: one[0], reverse=True)][:limit]

    async def expired(self, queue: QueueId, before: datetime, limit: int) -> Sequence[Voicemail]:
        """Return those that were done before a time, and whose sound is still there."""
        return [
            message
            for message in self.kept.values()
            if message.queue == queue
            and message.file is not None
            and message.ended_at is not None
            and message.ended_at < before
        ][:limit]

    async def texts(self, contacts: Collection[ContactId]) -> Mapping[ContactId, str]:
        """Return what was said."""
        return {contact: self.written[contact] for contact in contacts if contact in self.written}

    async def keep_text(self, contact: ContactId, text: str) -> None:
        """Keep what was said."""
        self.written[contact] = text

    async def drop_text(self, contact: ContactId) -> None:
        """Forget what was said."""
        self.written.pop(contact, None)
