"""Decide whether a recording that goes on is still written, by how large it is from time to time. Pure.

The telephone system writes as long as anything is heard on the line, paused or not (then it writes zeros). It
tells nobody when it cannot, so that a recording that does not grow is the only sign of a full disk.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from caruso.model.ids import RecordingId

#: A recording that has not grown for so long, seconds, is written no more: Asterisk writes about once a second.
LEAST_SECONDS = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How large a recording was."""

    size: int
    #: On the monotonic clock, seconds.
    at: float


class Growth(Enum):
    """What two looks at a recording tell."""

    #: Too soon to tell.
    UNKNOWN = auto()
    GROWS = auto()
    STALLED = auto()


def growth(before: Seen | None, now: Seen) -> Growth:
    """Return what became of a recording since it was last seen to grow, or first looked at."""
    if before is None:
        return Growth.UNKNOWN
    if now.size > before.size:
        return Growth.GROWS
    return Growth.STALLED if now.at - before.at >= LEAST_SECONDS else Growth.UNKNOWN


def looked_at(going: Sequence[RecordingId], stalled: Collection[RecordingId]) -> Sequence[RecordingId]:
    """Return which of the recordings that go on are looked at: one, as they share a disk; all once one stalls."""
    return going if stalled else going[:1]
