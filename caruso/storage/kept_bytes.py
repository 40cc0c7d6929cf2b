"""Bytes below a folder, under names that are ours: written whole or not at all, and held against their checksum.

What uploads, recordings and voicemails stand on. What is known of a file beside its bytes is the database's.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO

#: Bytes read at once.
PIECE = 64 * 1024


class KeptBytes:
    """Keeps files below a folder, by the first letters of their ids."""

    def __init__(self, folder: Path) -> None:
        """Keep bytes in `folder`, made when it is needed."""
        self._folder = folder

    def path(self, file: str) -> Path:
        """Return where a file is, or would be."""
        return self._folder / file[:2] / file

    async def write(
        self, file: str, content: AsyncIterator[bytes], check: Callable[[int], None] = lambda size: None
    ) -> tuple[int, str]:
        """Write a file; return its size and its SHA-256 in hexadecimal.

        `check` is told the size so far, and may raise. Nothing is left of what could not be written whole.
        """
        path = self.path(file)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        size, checksum = 0, hashlib.sha256()
        output = await asyncio.to_thread(_create, part)
        try:
            async for piece in content:
                size += len(piece)
                check(size)
                checksum.update(piece)
                await asyncio.to_thread(output.write, piece)
            await asyncio.to_thread(_finish, output, part, path)
        except BaseException:
            output.close()
            part.unlink(missing_ok=True)
            raise
        return size, checksum.hexdigest()

    def checksum(self, file: str) -> str:
        """Return the SHA-256 of what is there now; raise `OSError` when nothing can be read."""
        with self.path(file).open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()

    def remove(self, file: str) -> None:
        """Remove a file; no error when it is gone."""
        self.path(file).unlink(missing_ok=True)


def _create(path: Path) -> IO[bytes]:
    """Begin a file that only we can read; what a crash left of it is written over."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb")


def _finish(output: IO[bytes], part: Path, path: Path) -> None:
    output.flush()
    os.fsync(output.fileno())
    output.close()
    part.rename(path)
