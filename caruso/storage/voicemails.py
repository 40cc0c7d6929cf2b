"""Messages that callers left, and what was said in them. Implements the port `VoicemailStore`.

The messages are a projection of the journal, which writes them; only the texts are written here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, delete, select

from caruso.model.ids import ContactId, QueueId
from caruso.model.voicemails import Voicemail, VoicemailState
from caruso.storage.engine import Database
from caruso.storage.projection import read_voicemail
from caruso.storage.tables.voicemails import voicemail_texts, voicemails
from caruso.storage.text_cleaning import clean_text
from caruso.storage.upsert import upsert

_OPEN = (VoicemailState.RECORDING.value, VoicemailState.OPEN.value, VoicemailState.TAKEN.value)


class Voicemails:
    """Reads messages; keeps texts."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database
        self._put = upsert(database.dialect, voicemail_texts)

    async def unfinished(self) -> Sequence[Voicemail]:
        """Return the messages that somebody has to do something about, the oldest first."""
        return await self._find(
            select(voicemails).where(voicemails.c.state.in_(_OPEN)).order_by(voicemails.c.begun_at)
        )

    async def get(self, contact: ContactId) -> Voicemail | None:
        """Return one message."""
        found = await self._find(select(voicemails).where(voicemails.c.contact == contact))
        return found[0] if found else None

    async def done(self, queues: Collection[QueueId] | None, limit: int) -> Sequence[Voicemail]:
        """Return the messages that are done, the newest first; of all queues when `queues` is None."""
        query = select(voicemails).where(voicemails.c.state == VoicemailState.DONE.value)
        if queues is not None:
            query = query.where(voicemails.c.queue.in_(sorted(queues)))
        ordered = query.order_by(voicemails.c.ended_at.desc(), voicemails.c.contact)
        return await self._find(ordered.limit(limit))

    async def expired(self, queue: QueueId, before: datetime, limit: int) -> Sequence[Voicemail]:
        """Return messages of a queue that were done before a time, and whose sound is still there."""
        query = select(voicemails).where(
            voicemails.c.queue == queue, voicemails.c.ended_at < before, voicemails.c.file.is_not(None)
        )
        return await self._find(query.order_by(voicemails.c.ended_at).limit(limit))

    async def texts(self, contacts: Collection[ContactId]) -> Mapping[ContactId, str]:
        """Return what was said in messages, where that was written down."""
        wanted = sorted(contacts)
        query = select(voicemail_texts).where(voicemail_texts.c.contact.in_(wanted))

        def work(connection: Connection) -> dict[ContactId, str]:
            return {ContactId(row.contact): row.text for row in connection.execute(query)}

        return await self._database.look_up(work) if wanted else {}

    async def keep_text(self, contact: ContactId, text: str) -> None:
        """Keep what was said in a message."""
        row = {"contact": contact, "text": clean_text(text)}

        def work(connection: Connection) -> None:
            connection.execute(self._put, [row])

        await self._database.change(work)

    async def drop_text(self, contact: ContactId) -> None:
        """Forget what was said."""

        def work(connection: Connection) -> None:
            connection.execute(delete(voicemail_texts).where(voicemail_texts.c.contact == contact))

        await self._database.change(work)

    async def _find(self, query: Select[tuple[object, ...]]) -> Sequence[Voicemail]:
        def work(connection: Connection) -> list[Voicemail]:
            return [read_voicemail(dict(row)) for row in connection.execute(query).mappings()]

        return await self._database.look_up(work)
