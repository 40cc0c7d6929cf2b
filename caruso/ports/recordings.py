"""Recorded sound: while it is made, in the telephone system, and where it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from caruso.model.ids import (
    ContactId,
    LegId,
    QueueId,
    RecordingId,
)
from caruso.model.recordings import Access, AccessesWanted, Cut, KeptSound, LoggedAccess, Recording
from caruso.model.sounds import Outline


class TapeDeck(Protocol):
    """Records in the telephone system what a leg says (left channel) and hears (right), as long as the leg lives.

    Each raises `LinkDown` when the telephone system does not answer, and `RecordingRefused` when it will not.
    """

    async def load(self, leg: LegId, recording: RecordingId) -> None:
        """Begin a recording that is silent."""
        ...

    async def silence(self, leg: LegId, recording: RecordingId, *, on: bool) -> None:
        """Keep what is said out of a recording, or let it in."""
        ...

    async def eject(self, leg: LegId, recording: RecordingId) -> None:
        """End a recording. No error when it has ended."""
        ...

    async def find(self, leg: LegId) -> RecordingId | None:
        """Return the newest recording of a leg; it goes on unless it was ejected."""
        ...

    async def stored(self) -> Sequence[RecordingId]:
        """Return the recordings that lie in the telephone system, going on or not."""
        ...

    async def size(self, recording: RecordingId) -> int | None:
        """Return how many bytes it has so far; None when there is nothing of it."""
        ...

    def fetch(self, recording: RecordingId) -> AsyncIterator[bytes]:
        """Yield what was recorded: samples of 16 bits, 8,000 a second, of left and right by turns."""
        ...

    async def drop(self, recording: RecordingId) -> None:
        """Remove what lies in the telephone system of a recording that has ended."""
        ...


class Recordings(Protocol):
    """What the PBX has recorded, in its own files. All raise `LinkDown` while it cannot be asked."""

    async def is_live(self, recording: RecordingId) -> bool:
        """Tell whether it is being recorded now."""
        ...

    async def read(self, recording: RecordingId) -> bytes | None:
        """Return what was stored, as a WAV file; None when there is nothing."""
        ...

    async def drop(self, recording: RecordingId) -> None:
        """Remove what was stored. No error when there is nothing."""
        ...


class RecordingStore(Protocol):
    """What is known of recordings, and who did what with them: read from the journal's projections."""

    async def get(self, recording: RecordingId) -> Recording | None:
        """Return a recording."""
        ...

    async def of_contact(self, contact: ContactId) -> Sequence[Recording]:
        """Return the recordings of a contact, the first part first."""
        ...

    async def unfinished(self) -> Sequence[Recording]:
        """Return those that go on, or are to be collected."""
        ...

    async def kept_until(self, queue: QueueId, before: datetime, *, limit: int = 200) -> Sequence[Recording]:
        """Return those of a queue that are kept, under no legal hold, and ended before a time."""
        ...

    async def queues(self) -> Sequence[QueueId]:
        """Return the queues of which recordings are kept."""
        ...

    async def kept(self, *, after: RecordingId | None = None, limit: int = 500) -> Sequence[Recording]:
        """Return those that are kept, in the order of their ids, from the one after `after` on."""
        ...

    async def accesses(self, recording: RecordingId) -> Sequence[Access]:
        """Return what people did with it, oldest first."""
        ...

    async def all_accesses(self, wanted: AccessesWanted) -> Sequence[LoggedAccess]:
        """Return what people did with any of them, newest first."""
        ...


class RecordingFiles(Protocol):
    """The sound of recordings, in the recordings folder."""

    async def keep(
        self, recording: RecordingId, raw: AsyncIterator[bytes], shape: Callable[[float, float], Cut]
    ) -> KeptSound:
        """Make a WAV file of raw samples (16 bits, 8,000 a second, left and right by turns) and keep it.

        `shape` is told how long they last, and how long they are silent at the beginning; it says what is left of
        them.

        Raises:
            StorageUnavailable: no room, or the folder cannot be written.
        """
        ...

    async def sound(self, recording: Recording) -> Path:
        """Return its file, held against its checksum; raise `NotFound` when it is gone or not what was kept."""
        ...

    async def outline(self, recording: Recording) -> Outline:
        """Return what a player draws of it; raise `NotFound`."""
        ...

    async def remove(self, recording: RecordingId) -> None:
        """Remove its file; no error when it is gone."""
        ...
