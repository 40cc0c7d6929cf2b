"""Recording without Asterisk, database and disk: tapes in memory, and recordings as the journal's facts tell."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import structs

from caruso.clock import Clock
from caruso.comm_server.recording.archive import Archive
from caruso.comm_server.recording.office import Asked
from caruso.errors import IllegalMove, LinkDown, NotFound, RecordingRefused
from caruso.model.centre import Centre
from caruso.model.facts import AnyFact
from caruso.model.ids import ContactId, LegId, QueueId, RecordingId
from caruso.model.recordings import (
    Access,
    AccessesWanted,
    Cut,
    KeptSound,
    LoggedAccess,
    Recording,
    RecordingState,
)
from caruso.model.sounds import Outline
from caruso.model.supervisor import Supervisor
from caruso.storage.projection_rows import Changes, ContactRows
from caruso.storage.recording_projection import RECORDING_FOLDS

#: Seconds of every recording made here.
SECONDS = 2.0


class MemoryTapes:
    """A `TapeDeck`. Where `rng` is given it takes its time, and sometimes does not answer."""

    def __init__(
        self, is_up: Callable[[LegId], bool] = lambda leg: True, rng: random.Random | None = None
    ) -> None:
        """Know which legs there are."""
        self._is_up = is_up
        self._rng = rng
        #: What goes on, by leg; and whether it is silent.
        self.running: dict[LegId, RecordingId] = {}
        self.silent: dict[RecordingId, bool] = {}
        #: What lies there.
        self.tapes: set[RecordingId] = set()
        #: What goes on grows each time somebody looks.
        self.growing = False
        self._grown = 0
        #: Everything that was done, for tests.
        self.done: list[tuple[str, RecordingId]] = []

    async def load(self, leg: LegId, recording: RecordingId) -> None:
        """Begin a recording."""
        await self._wait()
        self._expect(leg)
        self.running[leg] = recording
        self.silent[recording] = True
        self.tapes.add(recording)
        self.done.append(("load", recording))

    async def silence(self, leg: LegId, recording: RecordingId, *, on: bool) -> None:
        """Make it silent, or not."""
        await self._wait()
        self.silent[recording] = on
        self.done.append(("silence" if on else "sound", recording))

    async def eject(self, leg: LegId, recording: RecordingId) -> None:
        """End it."""
        await self._wait()
        if self.running.get(leg) == recording:
            del self.running[leg]
        self.done.append(("eject", recording))

    async def find(self, leg: LegId) -> RecordingId | None:
        """Return what goes on on a leg."""
        await self._wait()
        return self.running.get(leg) if self._is_up(leg) else None

    async def stored(self) -> Sequence[RecordingId]:
        """Return what lies there."""
        await self._wait()
        return sorted(self.tapes)

    async def size(self, recording: RecordingId) -> int | None:
        """Return how large it is."""
        await self._wait()
        if recording in self.running.values() and self.growing:
            self._grown += 1
        return int(SECONDS * 32_000) + self._grown if recording in self.tapes else None

    async def fetch(self, recording: RecordingId) -> AsyncIterator[bytes]:
        """Yield it."""
        await self._wait()
        if recording not in self.tapes:
            raise RecordingRefused("there is no such recording")
        yield b"\1\0\2\0" * int(SECONDS * 8_000)

    async def drop(self, recording: RecordingId) -> None:
        """Remove it."""
        await self._wait()
        self.tapes.discard(recording)

    def _expect(self, leg: LegId) -> None:
        if not self._is_up(leg):
            raise RecordingRefused("No such channel")

    async def _wait(self) -> None:
        if self._rng is None:
            return
        await asyncio.sleep(self._rng.choice((0.0, 0.01, 0.2)))
        if self._rng.random() < 0.05:
            raise LinkDown


class MemoryRecordings:
    """A `RecordingStore` over facts."""

    def __init__(
        self, facts: Callable[[], Iterable[AnyFact]], wait: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Read `facts` each time anew; `wait` may take its time, or raise."""
        self._facts = facts
        self._wait = wait

    async def _all(self) -> list[Recording]:
        return (await self._folded())[0]

    async def _folded(self) -> tuple[list[Recording], list[Access]]:
        if self._wait is not None:
            await self._wait()
        changes, rows = Changes(), ContactRows()
        for seq, fact in enumerate(self._facts()):
            fold = RECORDING_FOLDS.get(type(fact))
            if fold is not None:
                fold(changes, rows, seq, fact)
        accesses = [
            msgspec.convert({**row, "by": row["by_user"]}, Access) for row in changes.recording_accesses.values()
        ]
        return [msgspec.convert(row, Recording) for row in rows.recordings.values()], accesses

    async def get(self, recording: RecordingId) -> Recording | None:
        """Return a recording."""
        return next((one for one in await self._all() if one.id == recording), None)

    async def of_contact(self, contact: ContactId) -> Sequence[Recording]:
        """Return the recordings of a contact."""
        found = [one for one in await self._all() if one.contact == contact]
        return sorted(found, key=lambda one: one.part)

    async def unfinished(self) -> Sequence[Recording]:
        """Return those that go on, or are to be collected."""
        return await self._in(RecordingState.RECORDING, RecordingState.COLLECTING)

    async def kept_until(self, queue: QueueId, before: datetime, *, limit: int = 200) -> Sequence[Recording]:
        """Return what may be deleted."""
        kept = await self._in(RecordingState.KEPT)
        old = [
            one for one in kept if one.queue == queue and not one.held and one.ended_at and one.ended_at < before
        ]
        return old[:limit]

    async def queues(self) -> Sequence[QueueId]:
        """Return the queues of which recordings are kept."""
        return sorted({one.queue for one in await self._in(RecordingState.KEPT)})

    async def kept(self, *, after: RecordingId | None = None, limit: int = 500) -> Sequence[Recording]:
        """Return those that are kept."""
        found = sorted(await self._in(RecordingState.KEPT), key=lambda one: one.id)
        return [one for one in found if after is None or one.id > after][:limit]

    async def accesses(self, recording: RecordingId) -> Sequence[Access]:
        """Return what people did with it."""
        return [one for one in (await self._folded())[1] if one.recording == recording]

    async def all_accesses(self, wanted: AccessesWanted) -> Sequence[LoggedAccess]:
        """Return what people did with any of them."""
        known, done = await self._folded()
        by_id = {one.id: one for one in known}
        found = [
            LoggedAccess(
                **structs.asdict(one), contact=about.contact, part=about.part, queue=about.queue, agent=about.agent
            )
            for one in reversed(done)
            if (about := by_id.get(one.recording)) is not None
            and wanted.since <= one.at < wanted.until
            and wanted.by.lower() in one.by.lower()
            and wanted.recording in (None, one.recording)
            and wanted.contact in (None, about.contact)
            and (wanted.queues is None or about.queue in wanted.queues)
        ]
        return found[wanted.offset :][: wanted.limit]

    async def _in(self, *states: RecordingState) -> list[Recording]:
        return [one for one in await self._all() if one.state in states]


class MemorySounds:
    """`RecordingFiles` that keep nothing but that they were kept; `there` are real files, by recording."""

    def __init__(self) -> None:
        """Begin with none."""
        self.kept: dict[RecordingId, Cut] = {}
        self.there: dict[RecordingId, Path] = {}

    async def keep(
        self, recording: RecordingId, raw: AsyncIterator[bytes], shape: Callable[[float, float], Cut]
    ) -> KeptSound:
        """Keep it."""
        data = b"".join([piece async for piece in raw])
        self.kept[recording] = shape(len(data) / 32_000, 0.0)
        return KeptSound(seconds=len(data) / 32_000, size=len(data), sha256=hashlib.sha256(data).hexdigest())

    async def sound(self, recording: Recording) -> Path:
        """Return its file."""
        if recording.id not in self.there:
            raise NotFound("The recording is not there any more.")
        return self.there[recording.id]

    async def outline(self, recording: Recording) -> Outline:
        """Return two lines."""
        return Outline(seconds=recording.seconds, channels=[[0, 40, 80, 20], [60, 0, 10, 90]])

    async def remove(self, recording: RecordingId) -> None:
        """Remove it."""
        self.kept.pop(recording, None)
        self.there.pop(recording, None)


class _Stream:
    """Takes facts down."""

    def __init__(self) -> None:
        self.facts: list[AnyFact] = []

    def publish(self, *facts: AnyFact) -> None:
        self.facts.extend(facts)

    async def flush(self) -> None:
        return


class FakeRecordings:
    """Recordings of a centre without calls: tell it `facts`, and it behaves as the real one does."""

    def __init__(self, centre: Callable[[], Centre], clock: Clock) -> None:
        """Begin with none."""
        self._stream = _Stream()
        self.sounds = MemorySounds()
        #: What supervisors asked for.
        self.asked: list[tuple[ContactId, Asked]] = []
        stream: object = self._stream
        self.archive = Archive(
            store=MemoryRecordings(lambda: self._stream.facts),
            files=self.sounds,
            journal=stream,  # type: ignore[arg-type]
            stream=stream,  # type: ignore[arg-type]
            clock=clock,
            centre=centre,
        )

    @property
    def facts(self) -> list[AnyFact]:
        """Return what has happened; more can be added."""
        return self._stream.facts

    def ask_as_supervisor(self, who: Supervisor, contact: ContactId, wanted: Asked) -> None:
        """Take it down."""
        if contact == "gone":
            raise NotFound("This call has ended.")
        if contact == "never":
            raise IllegalMove("Calls of this queue are never recorded.")
        self.asked.append((contact, wanted))
