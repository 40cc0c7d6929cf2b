"""Recordings that are kept: who hears, downloads, holds and deletes them, and what becomes of old ones.

Whatever anybody does is written down. What is not somebody's to know does not exist for them: `NotFound`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.recording.rights import Rights, expires_at, expires_before, rights_of
from caruso.comm_server.supervision.scope import scope_of
from caruso.errors import IllegalMove, NotAllowed, NotFound, StorageUnavailable
from caruso.model.centre import Centre, Role
from caruso.model.facts import RecordingAccessed
from caruso.model.ids import ContactId, QueueId, RecordingId, UserId
from caruso.model.recordings import (
    Access,
    AccessesWanted,
    AccessKind,
    LoggedAccess,
    Recording,
    RecordingRules,
    RecordingState,
)
from caruso.model.sounds import Outline
from caruso.model.supervisor import Supervisor
from caruso.ports.journal import Journal
from caruso.ports.recordings import RecordingFiles, RecordingStore

log = structlog.get_logger(__name__)

#: Who goes on listening within this time is written down once.
LISTENING = timedelta(minutes=10)
#: How long the journal may take to write what was said before, seconds.
JOURNAL_SECONDS = 10.0
#: Why the rules of a queue delete a recording.
RETENTION = "retention"

_WHY_NOT = {
    RecordingState.RECORDING: "It is still being recorded.",
    RecordingState.COLLECTING: "It is just being stored. Try again in a moment.",
    RecordingState.LOST: "It could not be kept.",
    RecordingState.DELETED: "It was deleted.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A recording as somebody sees it."""

    recording: Recording
    rights: Rights
    expires_at: datetime | None


class Archive:
    """All recordings that are over."""

    def __init__(
        self,
        *,
        store: RecordingStore,
        files: RecordingFiles,
        journal: Journal,
        stream: FactStream,
        clock: Clock,
        centre: Callable[[], Centre],
    ) -> None:
        """Keep nothing itself."""
        self._store = store
        self._files = files
        self._journal = journal
        self._stream = stream
        self._clock = clock
        self._centre = centre
        #: What is held must not be deleted in the same moment.
        self._one_by_one = asyncio.Lock()
        #: When somebody began to listen.
        self._listened: dict[tuple[UserId, RecordingId], datetime] = {}

    async def of_contact(self, who: Supervisor, contact: ContactId) -> Sequence[Entry]:
        """Return the recordings of a contact of which `who` may know."""
        found = await self._store.of_contact(contact)
        entries = (self._entry(who, recording) for recording in found)
        return [entry for entry in entries if entry.rights.see]

    async def sound(self, who: Supervisor, recording: RecordingId, *, download: bool, begins: bool) -> Path:
        """Return the file of a recording, and write down that it was heard (`begins`) or downloaded.

        Raises:
            NotFound: there is none for `who`, or it is damaged.
            NotAllowed: `who` may know of it, and not hear it.
            IllegalMove: it is not there yet, or not any more.
        """
        entry = await self._kept(who, recording)
        if not entry.rights.listen or (download and not entry.rights.manage):
            raise NotAllowed
        path = await self._files.sound(entry.recording)
        if download:
            self._note(entry.recording, who.user, AccessKind.DOWNLOADED)
        elif begins and self._begins_to_listen(who.user, recording):
            self._note(entry.recording, who.user, AccessKind.LISTENED)
        return path

    async def outline(self, who: Supervisor, recording: RecordingId) -> Outline:
        """Return what a player draws; raises what `sound` does."""
        entry = await self._kept(who, recording)
        if not entry.rights.listen:
            raise NotAllowed
        return await self._files.outline(entry.recording)

    async def accesses(self, who: Supervisor, recording: RecordingId) -> Sequence[Access]:
        """Return who did what with it; raise `NotFound` or `NotAllowed`."""
        await self._managed(who, recording)
        return await self._store.accesses(recording)

    async def all_accesses(self, who: Supervisor, wanted: AccessesWanted) -> Sequence[LoggedAccess]:
        """Return who did what with recordings of the queues that `who` supervises; raise `NotAllowed`."""
        if who.role not in (Role.SUPERVISOR, Role.ADMIN):
            raise NotAllowed
        scope = scope_of(self._centre(), who.user, who.role)
        return await self._store.all_accesses(replace(wanted, queues=scope))

    async def hold(self, who: Supervisor, recording: RecordingId, *, on: bool, reason: str) -> None:
        """Put a recording under legal hold, or release it; raise `NotFound`, `NotAllowed` or `IllegalMove`."""
        async with self._one_by_one:
            await self._written()
            found = await self._managed(who, recording)
            if on and found.state is RecordingState.DELETED:
                raise IllegalMove("It was deleted before.")
            if found.held is not on:
                self._note(found, who.user, AccessKind.HELD if on else AccessKind.RELEASED, reason)

    async def delete(self, who: Supervisor, recording: RecordingId, *, reason: str) -> None:
        """Delete a recording; raise `NotFound`, `NotAllowed` or `IllegalMove` (legal hold, not there)."""
        async with self._one_by_one:
            await self._written()
            found = await self._managed(who, recording)
            if found.held:
                raise IllegalMove("It is under legal hold: release it first.")
            if found.state is not RecordingState.KEPT:
                raise IllegalMove(_WHY_NOT[found.state])
            await self._remove(found, who.user, reason)

    async def expire(self) -> int:
        """Delete what is older than the rules of its queue allow; return how many were."""
        deleted = 0
        for queue in await self._store.queues():
            before = expires_before(self._rules(queue), self._clock.now())
            if before is None:
                continue
            while removed := await self._expire(queue, before):
                deleted += removed
        now = self._clock.now()
        self._listened = {key: at for key, at in self._listened.items() if now - at < LISTENING}
        return deleted

    async def _expire(self, queue: QueueId, before: datetime) -> int:
        """Delete some of a queue's recordings that ended before a time; return how many there were."""
        async with self._one_by_one:
            await self._written()
            found = await self._store.kept_until(queue, before)
            for recording in found:
                await self._remove(recording, UserId(""), RETENTION)
        return len(found)

    async def _remove(self, recording: Recording, by: UserId, reason: str) -> None:
        """Remove the sound before that is written down: whatever happens in between, nobody hears it again."""
        await self._files.remove(recording.id)
        self._note(recording, by, AccessKind.DELETED, reason)
        log.info("recording_deleted", recording_id=recording.id, by=by, reason=reason)

    async def _kept(self, who: Supervisor, recording: RecordingId) -> Entry:
        entry = await self._seen(who, recording)
        if entry.recording.state is not RecordingState.KEPT:
            raise IllegalMove(_WHY_NOT[entry.recording.state])
        return entry

    async def _managed(self, who: Supervisor, recording: RecordingId) -> Recording:
        entry = await self._seen(who, recording)
        if not entry.rights.manage:
            raise NotAllowed
        return entry.recording

    async def _seen(self, who: Supervisor, recording: RecordingId) -> Entry:
        found = await self._store.get(recording)
        entry = self._entry(who, found) if found is not None else None
        if entry is None or not entry.rights.see:
            raise NotFound("There is no such recording.")
        return entry

    def _entry(self, who: Supervisor, recording: Recording) -> Entry:
        rules = self._rules(recording.queue)
        scope = scope_of(self._centre(), who.user, who.role)
        rights = rights_of(recording, who, scope, rules)
        return Entry(recording=recording, rights=rights, expires_at=expires_at(recording, rules))

    def _rules(self, queue: QueueId) -> RecordingRules:
        """Return the rules of a queue; of one that is there no more, those of a new one."""
        known = self._centre().queues.get(queue)
        return known.recording if known is not None else RecordingRules()

    def _begins_to_listen(self, user: UserId, recording: RecordingId) -> bool:
        now = self._clock.now()
        before = self._listened.get((user, recording))
        if before is not None and now - before < LISTENING:
            return False
        self._listened[user, recording] = now
        return True

    def _note(self, recording: Recording, by: UserId, what: AccessKind, reason: str = "") -> None:
        self._stream.publish(
            RecordingAccessed(
                at=self._clock.now(),
                contact=recording.contact,
                recording=recording.id,
                by=by,
                what=what,
                reason=reason,
            )
        )

    async def _written(self) -> None:
        """Wait until the database knows what has happened."""
        try:
            async with asyncio.timeout(JOURNAL_SECONDS):
                await self._journal.flush()
        except TimeoutError as error:
            raise StorageUnavailable from error
