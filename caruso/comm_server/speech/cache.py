"""Keeps spoken texts as files named after their content, within a limit; what was not used for longest goes first.

A file appears whole or not at all. Knows nothing of how it was made. Several servers may share the folder.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: A file used within this time may be playing and stays, whatever the limit says.
IN_USE_SECONDS = 600
_SUFFIX = ".wav"
_DRAFT_SUFFIX = ".draft"


class SpeechCache:
    """A folder of WAV files. All methods touch the disk."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Keep files in `folder`, of `max_bytes` in all."""
        self._folder = folder
        self._max_bytes = max_bytes

    def file(self, *content: str) -> Path:
        """Return where the sound made from `content` is kept, or would be."""
        name = hashlib.sha256("\0".join(content).encode(errors="replace")).hexdigest()[:40]
        return self._folder / f"{name}{_SUFFIX}"

    def has(self, file: Path) -> bool:
        """Return whether the file is there, and note that it was used."""
        try:
            os.utime(file)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except PermissionError:  # another user's file is as good
            return True
        return True

    @contextmanager
    def draft_of(self, file: Path) -> Iterator[Path]:
        """Give a place to write; it becomes `file` when the block ends well and vanishes otherwise."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{file.stem}-{secrets.token_hex(6)}{_DRAFT_SUFFIX}"
        try:
            yield draft
            draft.chmod(0o644)  # Asterisk is another user
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)

    def prune(self) -> int:
        """Remove what is too much; return the number of files removed."""
        files = sorted(self._files(), key=lambda f: f[0])
        too_much = sum(size for _, size, _ in files) - self._max_bytes
        unused_since = time.time() - IN_USE_SECONDS
        removed = 0
        for used, size, path in files:
            if too_much <= 0 or used > unused_since:
                break
            path.unlink(missing_ok=True)
            too_much -= size
            removed += 1
        return removed

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith((_SUFFIX, _DRAFT_SUFFIX)):
                    try:
                        found = entry.stat()
                    except FileNotFoundError:
                        continue
                    yield found.st_mtime, found.st_size, Path(entry.path)
