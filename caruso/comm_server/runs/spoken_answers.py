"""Keeps what callers said in answer to a dialog: fetched from the PBX, kept with the run's files, removed there.

The outbox orders it, with the turn that took the answer: it is done after a crash, too, and twice is the same as
once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from caruso.errors import NotFound
from caruso.model import ids
from caruso.model.ids import RecordingId, RunId
from caruso.ports.recordings import Recordings
from caruso.ports.runs import RunFiles, RunStore

#: The PBX closes a recording a moment after it has ended.
LIVE_SECONDS = 0.2


class SpokenAnswers:
    """Spoken answers on their way from the PBX to the files."""

    def __init__(self, *, recordings: Recordings, files: RunFiles, store: RunStore) -> None:
        """Nothing is fetched before it is asked for."""
        self._recordings = recordings
        self._files = files
        self._store = store

    async def keep(self, run: RunId, item: str, recording: RecordingId) -> None:
        """Keep a recording as a file of the run.

        Raises:
            LinkDown: the PBX cannot be asked now.
            NotFound: it has no such recording, and none was kept.
        """
        file = ids.answer_file(recording)
        if await self._store.file(file) is None:
            while await self._recordings.is_live(recording):  # noqa: ASYNC110 -- nobody tells that it is closed
                await asyncio.sleep(LIVE_SECONDS)
            sound = await self._recordings.read(recording)
            if sound is None:
                raise NotFound(f"There is no recording “{recording}”.")
            name = ids.answer_name(recording)
            content = _whole(sound)
            await self._files.keep(run, item, name=name, media_type="audio/wav", content=content, file=file)
        await self._recordings.drop(recording)


async def _whole(sound: bytes) -> AsyncIterator[bytes]:
    yield sound
