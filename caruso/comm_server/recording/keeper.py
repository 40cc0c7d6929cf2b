"""Brings recordings that are over from the telephone system to the recordings folder, however long that takes.

Nothing is removed over there before it is kept here, and written down. What nobody knows over there is removed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from caruso.clock import Clock
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.recording.cutting import INTERRUPTED, cut_of, is_interrupted
from caruso.comm_server.recording.decide import strays
from caruso.errors import LinkDown, RecordingRefused, StorageUnavailable
from caruso.model.facts import RecordingKept, RecordingLost, RecordingOver
from caruso.model.ids import RecordingId
from caruso.model.recordings import Cut, KeptSound, Recording, RecordingState
from caruso.ports.journal import Journal
from caruso.ports.recordings import RecordingFiles, RecordingStore, TapeDeck

log = structlog.get_logger(__name__)

#: Asterisk may still write the last of a recording that is over; if it has not grown in this time, it is whole.
STEADY_SECONDS = 0.5
#: Between attempts, growing from the first to the most, seconds.
FIRST_AGAIN_SECONDS, MOST_AGAIN_SECONDS = 1.0, 60.0
#: How long the journal may take to write what was said before.
JOURNAL_SECONDS = 10.0
#: Recordings that are brought at once.
AT_ONCE = 2
#: Why nothing was kept.
MISSING, EMPTY = "missing", "empty"


class _NotYet(Exception):
    """Asterisk still writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where recordings come from and go to."""

    deck: TapeDeck
    store: RecordingStore
    files: RecordingFiles
    journal: Journal
    stream: FactStream
    clock: Clock
    tasks: GuardedTasks
    #: The recordings that go on, or are prepared.
    live: Callable[[], frozenset[RecordingId]]


class Keeper:
    """Collects recordings."""

    def __init__(self, shelf: Shelf) -> None:
        """Begin with nothing to collect; `resume` finds what was left."""
        self._shelf = shelf
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._collecting: set[RecordingId] = set()
        #: Why recordings wait to be collected; empty while none does in vain.
        self.problem = ""

    def hear(self, fact: RecordingOver) -> None:
        """Collect what is over."""
        self._begin(fact.recording)

    async def resume(self) -> None:
        """Collect what an earlier process left; what went on then and goes on no more is over."""
        shelf = self._shelf
        await self._written()
        for recording in await shelf.store.unfinished():
            if recording.id in shelf.live() or recording.id in self._collecting:
                continue
            if recording.state is RecordingState.RECORDING:
                now = shelf.clock.now()
                over = RecordingOver(at=now, contact=recording.contact, recording=recording.id, unseen=True)
                shelf.stream.publish(over)
            else:
                self._begin(recording.id)

    async def tidy(self) -> None:
        """Remove what lies in the telephone system and belongs to no recording that is still to be kept."""
        shelf = self._shelf
        found = await shelf.deck.stored()
        await self._written()
        wanted = [recording.id for recording in await shelf.store.unfinished()]
        for recording in strays((*wanted, *shelf.live(), *self._collecting), found):
            log.info("recording_stray_removed", recording_id=recording)
            await shelf.deck.drop(recording)

    def _begin(self, recording: RecordingId) -> None:
        if recording not in self._collecting:
            self._collecting.add(recording)
            self._shelf.tasks.start(self._collect(recording), name="collect_recording")

    async def _collect(self, recording: RecordingId) -> None:
        again = FIRST_AGAIN_SECONDS
        try:
            while not await self._collected(recording):
                await asyncio.sleep(again)
                again = min(MOST_AGAIN_SECONDS, 2 * again)
        finally:
            self._collecting.discard(recording)
            if not self._collecting:
                self.problem = ""

    async def _collected(self, recording: RecordingId) -> bool:
        """Try to collect a recording; False when it is to be tried again."""
        try:
            async with self._at_once:
                await self._bring(recording)
        except _NotYet:
            return False
        except (LinkDown, RecordingRefused, StorageUnavailable) as error:
            self.problem = str(error)
            log.warning("recording_not_collected", recording_id=recording, reason=str(error))
            return False
        return True

    async def _bring(self, recording: RecordingId) -> None:
        shelf = self._shelf
        await self._written()
        known = await shelf.store.get(recording)
        if known is None or known.state is not RecordingState.COLLECTING:
            return
        size = await shelf.deck.size(recording)
        if not size:
            self._lost(known, MISSING if size is None else EMPTY)
            return
        await asyncio.sleep(STEADY_SECONDS)
        if await shelf.deck.size(recording) != size:
            raise _NotYet
        lasted = 0.0

        def shape(seconds: float, silent: float) -> Cut:
            nonlocal lasted
            lasted = seconds
            return cut_of(known, seconds, silent)

        kept = await shelf.files.keep(recording, shelf.deck.fetch(recording), shape)
        await self._kept(known, kept, incomplete=INTERRUPTED if is_interrupted(known, lasted) else "")

    async def _kept(self, known: Recording, kept: KeptSound, *, incomplete: str) -> None:
        shelf = self._shelf
        shelf.stream.publish(
            RecordingKept(
                at=shelf.clock.now(),
                contact=known.contact,
                recording=known.id,
                seconds=kept.seconds,
                size=kept.size,
                sha256=kept.sha256,
                incomplete=incomplete,
            )
        )
        log.info("recording_kept", recording_id=known.id, seconds=kept.seconds, incomplete=incomplete)
        await self._written()
        await shelf.deck.drop(known.id)

    def _lost(self, known: Recording, reason: str) -> None:
        log.error("recording_lost", recording_id=known.id, reason=reason)
        fact = RecordingLost(at=self._shelf.clock.now(), contact=known.contact, recording=known.id, reason=reason)
        self._shelf.stream.publish(fact)

    async def _written(self) -> None:
        """Wait until the database knows what has happened."""
        try:
            async with asyncio.timeout(JOURNAL_SECONDS):
                await self._shelf.journal.flush()
        except TimeoutError as error:
            raise StorageUnavailable from error
