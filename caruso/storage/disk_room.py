"""Tell whether the disk that holds our files still has room, before it has none."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

#: Too little is left below this share of the disk …
LOW_SHARE = 0.05
#: … but on a large one only below this, bytes.
LOW_BYTES = 1_000_000_000
#: Below this no recording is begun: the journal needs the rest, bytes.
LEAST_BYTES = 200_000_000


def is_low(total_bytes: int, free_bytes: int) -> bool:
    """Say whether somebody should make room."""
    return free_bytes < min(total_bytes * LOW_SHARE, LOW_BYTES)


def disk_room(folder: Path) -> Mapping[str, object]:
    """Return how much room the disk of `folder` has, for health."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        return {"ok": False, "reason": error.strerror}
    return {"ok": not is_low(usage.total, usage.free), "free_bytes": usage.free, "total_bytes": usage.total}


def has_room(folder: Path) -> bool:
    """Tell whether large files may still be written; a folder that cannot be asked has none."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return False
    return free >= LEAST_BYTES
