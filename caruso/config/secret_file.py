"""The server's own secret: made once, at the first start, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_SECRET_BYTES = 32


def read_or_make_secret(file: Path) -> bytes:
    """Return what `file` holds; make it, with its folder, when it does not exist.

    Two servers that start at once end up with the same secret: the file appears whole or not at all.
    """
    try:
        return _read(file)
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
        _make(file)
        return _read(file)


def _read(file: Path) -> bytes:
    secret = file.read_bytes().strip()
    if len(secret) < _SECRET_BYTES:
        raise ValueError(f"{file} holds no secret: it must be at least {_SECRET_BYTES} characters long")
    return secret


def _make(file: Path) -> None:
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(_SECRET_BYTES) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            return  # another server was first
    finally:
        draft.unlink()
