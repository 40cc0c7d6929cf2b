"""Decides from a server's signs of life whether it hangs, and when one that ended is started again.

    STARTING --"ready"--> SERVING --"stopping"--> STOPPING

Pure: knows no process, no socket and no clock; times are seconds of a monotonic clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

#: Exit code of a server whose work another has taken over: it must not be started again by itself.
TAKEN_OVER = 4
#: After these a server is not started again: it was told to stop, or is not wanted any more.
FINAL = frozenset({0, TAKEN_OVER})
#: While it serves, a server that is silent so long hangs. With the time to end it, it is gone within 5 s.
SILENCE_SECONDS = 4.0
#: While it starts or stops: a busy machine takes 8 s to load it, and the loop does not go round meanwhile.
SLOW_SILENCE_SECONDS = 60.0
#: Whoever waits looks as often; when he looks later than `LATE_SECONDS` after the last time, the machine stood
#: still, and no server is to blame for its silence meanwhile. Neither is one that wants to run and gets no
#: processor: it would be started again and again on a machine that is too busy, and never get anywhere.
LOOK_SECONDS = 0.25
LATE_SECONDS = 1.0
#: A server that lived so long has worked; what ended it need not end the next one at once.
WORKED_SECONDS = 10.0
#: Pause before the first new start, doubled with each that did not work, up to `MOST_PAUSE_SECONDS`.
PAUSE_SECONDS = 0.2
MOST_PAUSE_SECONDS = 10.0


class Stage(StrEnum):
    """Where a server is in its life, as it told."""

    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What is known of one server process."""

    stage: Stage
    began: float
    #: The last sign of life; later when the machine stood still since.
    heard: float
    looked: float
    #: How long it has waited for a processor in its life, at the last look.
    queued: float = 0.0


def born(now: float) -> Life:
    """Return what is known of a process that was started `now`."""
    return Life(stage=Stage.STARTING, began=now, heard=now, looked=now)


def told(life: Life, message: str, now: float) -> Life:
    """Take in a message of sd_notify(3): assignments, one a line; those we do not know are signs of life too."""
    lines = message.splitlines()
    stage = life.stage
    if "READY=1" in lines:
        stage = Stage.SERVING
    if "STOPPING=1" in lines:
        stage = Stage.STOPPING
    return replace(life, stage=stage, heard=max(life.heard, now))


def looked(life: Life, now: float, queued: float = 0.0) -> Life:
    """Look at the clock, and at how long it has waited for a processor in its life.

    The time in which nobody could look, or it could not run, is forgiven.
    """
    gap = now - life.looked
    forgiven = gap if gap > LATE_SECONDS else min(gap, max(0.0, queued - life.queued))
    return replace(life, looked=now, heard=min(now, life.heard + forgiven), queued=max(queued, life.queued))


def silence(life: Life, now: float) -> float:
    """Return for how long there was no sign of life though there could have been, seconds."""
    return now - life.heard


def hangs(life: Life, now: float, silence_seconds: float = SILENCE_SECONDS) -> bool:
    """Tell whether it has been silent for too long."""
    slow = max(SLOW_SILENCE_SECONDS, silence_seconds)
    return silence(life, now) > (silence_seconds if life.stage is Stage.SERVING else slow)


def failures_after(failures: int, life: Life, now: float) -> int:
    """Return how many servers in a row did not work, now that this one has ended."""
    return 0 if now - life.began >= WORKED_SECONDS else failures + 1


def pause(failures: int) -> float:
    """Return how long to wait before the next start, seconds; a server that hung waits for nothing more."""
    return min(MOST_PAUSE_SECONDS, PAUSE_SECONDS * 2.0 ** min(failures, 16))
