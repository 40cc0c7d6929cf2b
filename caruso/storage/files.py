"""Uploads and recordings: their bytes in the data folder, what is known of them in the database.

Implements the port `RunFiles`. A file is whole before its row is written, and its name is ours: what a person
calls it is never part of a path. Reading checks it against its checksum.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from caruso.clock import Clock
from caruso.errors import Located, NotFound, RejectedInput
from caruso.model.ids import FileId, RunId
from caruso.model.run_records import StoredFile
from caruso.model.sounds import Outline
from caruso.ports.runs import RunStore
from caruso.storage.kept_bytes import PIECE, KeptBytes
from caruso.storage.sounds import outline_of
from caruso.storage.text_cleaning import clean_text

NAME_LENGTH = 200
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """What is taken."""

    #: Bytes of one file.
    most_bytes: int = 10_000_000
    files_per_run: int = 20
    #: Beginnings of media types; a browser names them, so this keeps nobody out who lies.
    media_types: tuple[str, ...] = (
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/heic",
        "application/pdf",
        "text/plain",
        "audio/",
    )


class Files:
    """Keeps files below a folder, by the first letters of their ids."""

    def __init__(self, folder: Path, store: RunStore, clock: Clock, limits: FileLimits | None = None) -> None:
        """Keep bytes in `folder`, made when it is needed."""
        self._bytes = KeptBytes(folder)
        self._store = store
        self._clock = clock
        self._limits = limits or FileLimits()

    async def keep(
        self,
        run: RunId,
        item: str,
        *,
        name: str,
        media_type: str,
        content: AsyncIterator[bytes],
        file: FileId | None = None,
    ) -> StoredFile:
        """Keep a file; raise `RejectedInput` (``file-too-large``, ``file-type``, ``too-many-files``).

        With an id of ours (`file`) it is something of this server's: there may be any number of them.
        """
        media_type = media_type.partition(";")[0].strip().lower()
        if not _MEDIA_TYPE.fullmatch(media_type) or not media_type.startswith(self._limits.media_types):
            raise _refused("file-type", "Files of this kind are not taken.")
        if file is None and len(await self._store.files(run)) >= self._limits.files_per_run:
            raise _refused("too-many-files", f"No more than {self._limits.files_per_run} files are taken.")
        file = file or FileId(uuid.uuid4().hex)
        size, checksum = await self._bytes.write(file, content, self._check_size)
        kept = StoredFile(
            id=file,
            run=run,
            item=item,
            name=_shown_name(name),
            media_type=media_type,
            size=size,
            sha256=checksum,
            created_at=self._clock.now(),
        )
        await self._store.add_file(kept)
        return kept

    async def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Return the bytes piece by piece; raise `NotFound` when they are gone or not what was kept."""
        data = await asyncio.to_thread(self._checked, file)
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]

    async def content(self, file: FileId) -> tuple[StoredFile, bytes]:
        """Return a file that is kept, whole; raise `NotFound`."""
        known = await self._store.file(file)
        if known is None:
            raise NotFound("There is no such file.")
        return known, await asyncio.to_thread(self._checked, known)

    async def located(self, file: FileId) -> tuple[StoredFile, Path]:
        """Return a file that is kept and where it is, held against its checksum; raise `NotFound`."""
        known, _ = await self.content(file)
        return known, self._bytes.path(file)

    async def outline(self, file: FileId) -> Outline:
        """Return the outline of a sound that is kept; raise `NotFound`."""
        try:
            return await asyncio.to_thread(outline_of, self._bytes.path(file))
        except (OSError, ValueError) as error:
            raise NotFound("There is no such sound.") from error

    async def erase(self, file: FileId) -> None:
        """Forget a file and its bytes. No error when it is gone."""
        await asyncio.to_thread(self._bytes.remove, file)
        await self._store.drop_file(file)

    def _checked(self, file: StoredFile) -> bytes:
        try:
            data = self._bytes.path(file.id).read_bytes()
        except OSError as error:
            raise NotFound("The file is not there any more.") from error
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise NotFound("The file is damaged.")
        return data

    def _check_size(self, size: int) -> None:
        if size > self._limits.most_bytes:
            most = self._limits.most_bytes // 1_000_000
            raise _refused("file-too-large", f"Files of more than {most} MB are not taken.")


def _shown_name(name: str) -> str:
    """Return the last part of what may be a path on somebody's machine, without signs that do not show."""
    last = clean_text(re.split(r"[/\\]", name)[-1])
    return "".join(sign for sign in last if sign.isprintable())[:NAME_LENGTH] or "file"


def _refused(rule: str, message: str) -> RejectedInput:
    return RejectedInput((Located(rule=rule, message=message),))
