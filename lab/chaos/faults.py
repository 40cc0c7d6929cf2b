"""What breaks, and when: drawn from a seed, so that a run can be had again. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

#: Between the beginnings of two faults, seconds.
LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS = 20.0, 60.0


class Fault(StrEnum):
    """Something that fails."""

    #: ``kill -9`` of the server; its watcher starts it again.
    SERVER_KILLED = "server-killed"
    #: SIGSTOP: it hangs, and is fenced.
    SERVER_STOPPED = "server-stopped"
    #: Stopped in order, started again: an upgrade.
    SERVER_RESTARTED = "server-restarted"
    PBX_KILLED = "pbx-killed"
    #: Asterisk hangs for a while.
    PBX_STOPPED = "pbx-stopped"
    EVENTS_CUT = "events-cut"
    #: The event socket is dead and nobody was told.
    EVENTS_FROZEN = "events-frozen"
    AMI_CUT = "ami-cut"
    CONSOLES_CUT = "consoles-cut"
    #: Between agents' browsers and the server nothing comes through.
    CONSOLES_FROZEN = "consoles-frozen"
    #: The line of half of the agents is dead: their kernel and ours lose every packet.
    LINE_CUT = "line-cut"
    DATABASE_LOCKED = "database-locked"
    DISK_FULL = "disk-full"
    #: The wall clock is an hour ahead, or right again.
    CLOCK_JUMPS = "clock-jumps"
    #: Ten times the callers for a minute; other faults strike meanwhile.
    BURST = "burst"


#: How long those last that have to be ended, least and most seconds.
LASTING = {
    Fault.PBX_STOPPED: (1.0, 6.0),
    Fault.EVENTS_CUT: (0.2, 8.0),
    Fault.EVENTS_FROZEN: (2.0, 12.0),
    Fault.AMI_CUT: (0.5, 5.0),
    Fault.CONSOLES_CUT: (0.5, 10.0),
    Fault.CONSOLES_FROZEN: (2.0, 20.0),
    Fault.LINE_CUT: (3.0, 40.0),
    Fault.DATABASE_LOCKED: (2.0, 10.0),
    Fault.DISK_FULL: (2.0, 10.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One fault of a run."""

    #: Since the beginning of the load.
    at_seconds: float
    fault: Fault
    #: How long it lasts; 0 for one that is over at once.
    lasts_seconds: float


def plan(seed: int, seconds: float, among: Collection[Fault]) -> list[Strike]:
    """Draw the faults of a run: in random order, each as often as the others."""
    dice = random.Random(seed)
    strikes: list[Strike] = []
    bag: list[Fault] = []
    at = dice.uniform(5, LEAST_PAUSE_SECONDS)
    while at < seconds:
        if not bag:
            bag = sorted(among)
            dice.shuffle(bag)
        fault = bag.pop()
        lasts = dice.uniform(*LASTING[fault]) if fault in LASTING else 0.0
        strikes.append(Strike(at_seconds=at, fault=fault, lasts_seconds=lasts))
        at += max(lasts, 0.0) + dice.uniform(LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS)
    return strikes
