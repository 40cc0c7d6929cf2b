"""The sound of recordings, in the recordings folder. Implements the port `RecordingFiles`.

A WAV file is whole before its checksum is told. It is held against that before it is given to anybody; once it has
been, and while neither its size nor its time changes, that is not done again for each stretch a browser asks for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
import structlog

from caruso.errors import NotFound, StorageUnavailable
from caruso.model.ids import RecordingId
from caruso.model.recordings import Cut, KeptSound, Recording
from caruso.model.sounds import Outline
from caruso.storage.kept_bytes import KeptBytes
from caruso.storage.sounds import RATE, SAMPLE_BYTES, leading_silence, outline_of, seconds_of, wav_pieces

log = structlog.get_logger(__name__)

CHANNELS = 2
_FRAME = CHANNELS * SAMPLE_BYTES
#: What a file is, without reading it.
_Looks = tuple[int, int]


class SoundFiles:
    """Keeps recordings below a folder."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, made when it is needed."""
        self._bytes = KeptBytes(folder)
        self._checked: dict[RecordingId, _Looks] = {}

    async def keep(
        self, recording: RecordingId, raw: AsyncIterator[bytes], shape: Callable[[float, float], Cut]
    ) -> KeptSound:
        """Make a WAV file of raw samples and keep it; raise `StorageUnavailable`."""
        name = f"{recording}.raw"
        samples = self._bytes.path(name)
        try:
            await self._bytes.write(name, raw)
            seconds, silent = await asyncio.to_thread(_measured, samples)
            cut = shape(seconds, silent)
            pieces = wav_pieces(samples, channels=CHANNELS, skip=int(cut.skip * RATE) * _FRAME, silent=cut.silent)
            size, sha256 = await self._bytes.write(recording, _one_by_one(pieces))
            kept = await asyncio.to_thread(seconds_of, self._bytes.path(recording))
        except OSError as error:
            raise StorageUnavailable(f"the recording cannot be kept: {error.strerror or error}") from error
        finally:
            with contextlib.suppress(OSError):
                self._bytes.remove(name)
        return KeptSound(seconds=kept, size=size, sha256=sha256)

    async def sound(self, recording: Recording) -> Path:
        """Return its file, held against its checksum; raise `NotFound` when it is gone or not what was kept."""
        await asyncio.to_thread(self._check, recording)
        return self._bytes.path(recording.id)

    async def outline(self, recording: Recording) -> Outline:
        """Return what a player draws of it; it is drawn once. Raise `NotFound`."""
        await asyncio.to_thread(self._check, recording)
        return await asyncio.to_thread(self._outline, recording.id)

    async def remove(self, recording: RecordingId) -> None:
        """Remove its file; no error when it is gone."""
        self._checked.pop(recording, None)
        await asyncio.to_thread(self._remove, recording)

    def _remove(self, recording: RecordingId) -> None:
        for name in (recording, _drawn(recording)):
            self._bytes.remove(name)

    def _check(self, recording: Recording) -> None:
        path = self._bytes.path(recording.id)
        try:
            looks = _looks(path)
            if self._checked.get(recording.id) == looks:
                return
            checksum = self._bytes.checksum(recording.id)
        except OSError as error:
            raise NotFound("The recording is not there any more.") from error
        if checksum != recording.sha256:
            log.error("recording_damaged", recording_id=recording.id)
            raise NotFound("The recording is damaged: it is not what was kept.")
        self._checked[recording.id] = looks

    def _outline(self, recording: RecordingId) -> Outline:
        path = self._bytes.path(_drawn(recording))
        with contextlib.suppress(OSError, msgspec.DecodeError):
            return msgspec.json.decode(path.read_bytes(), type=Outline)
        try:
            drawn = outline_of(self._bytes.path(recording))
        except (OSError, ValueError) as error:
            raise NotFound("The recording cannot be drawn.") from error
        with contextlib.suppress(OSError):  # a full disk is no reason not to show it
            path.write_bytes(msgspec.json.encode(drawn))
        return drawn


def _drawn(recording: RecordingId) -> str:
    return f"{recording}.json"


def _looks(path: Path) -> _Looks:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _measured(samples: Path) -> tuple[float, float]:
    """Return how long raw samples last, and how long they are silent at the beginning."""
    silent = leading_silence(samples, channels=CHANNELS)
    return samples.stat().st_size / (_FRAME * RATE), silent / (_FRAME * RATE)


async def _one_by_one(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
