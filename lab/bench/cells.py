"""The cells of the measurement: which load is put on a contestant. Pure: random plans come from a given seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from lab.bench.exchange import Plan


class Kind(StrEnum):
    """What a cell is about."""

    #: Poisson arrivals; there is always a free agent.
    FREE = "free"
    #: A steady number of callers waits: each call that ends is followed by a new one.
    WAITING = "waiting"
    #: All calls within a quarter of a second, an agent for each.
    BURST = "burst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One load."""

    kind: Kind
    agents: int
    calls: int
    #: Calls per second; of a waiting cell, how fast it is filled.
    rate: float
    #: Exponential, on top of `LEAST_TALK_SECONDS`.
    mean_talk_seconds: float
    #: Callers that wait all the time.
    backlog: int = 0

    @property
    def name(self) -> str:
        """``free.50``."""
        return f"{self.kind}.{self.rate:g}" if self.kind is Kind.FREE else f"{self.kind}.{self.agents}"

    @property
    def has_queue(self) -> bool:
        """Whether it makes sense only where calls can wait."""
        return self.kind is Kind.WAITING


LEAST_TALK_SECONDS = 0.2
RING_SECONDS = (0.03, 0.12)
BURST_SECONDS = 0.25
MOST_TALK_SECONDS = 12.0

#: Calls before the measured ones, which wake up every part and are not counted.
WARM_UP_CALLS = 20


def _free(rate: float, seconds: float) -> Cell:
    calls = round(rate * seconds)
    return Cell(kind=Kind.FREE, agents=180, calls=calls, rate=rate, mean_talk_seconds=0.8)


FULL = (
    _free(20, 20),
    _free(50, 15),
    _free(100, 15),
    Cell(kind=Kind.WAITING, agents=180, calls=1200, rate=60, mean_talk_seconds=3.8, backlog=60),
    Cell(kind=Kind.BURST, agents=1000, calls=500, rate=500 / BURST_SECONDS, mean_talk_seconds=3.0),
)
QUICK = (
    _free(50, 8),
    Cell(kind=Kind.WAITING, agents=60, calls=240, rate=30, mean_talk_seconds=2.8, backlog=20),
)
SETS = {"full": FULL, "quick": QUICK}


def choose(words: str) -> tuple[Cell, ...]:
    """Return a set by its name, or single cells: ``free.50,waiting.180``; raise `ValueError`."""
    if words in SETS:
        return SETS[words]
    known = {cell.name: cell for cells in (QUICK, FULL) for cell in cells}
    chosen = [word.strip() for word in words.split(",")]
    unknown = [word for word in chosen if word not in known]
    if unknown:
        raise ValueError(f"no such cell: {', '.join(unknown)} (there are: full, quick, {', '.join(known)})")
    return tuple(known[word] for word in chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a call begins, in seconds of the load, and what is to happen in it."""

    at_seconds: float
    plan: Plan


def arrivals(cell: Cell, seed: int, dialled: str, *, prefix: str = "49301") -> list[Arrival]:
    """Return the calls of a cell: the same for every contestant with the same seed.

    `dialled` may hold ``{agent}``, which goes round robin. The calls of a waiting cell beyond those that fill
    it have no time of their own: they follow the end of another.
    """
    dice = random.Random(seed)
    at = 0.0
    made = []
    for index in range(cell.calls):
        talk = min(MOST_TALK_SECONDS, LEAST_TALK_SECONDS + dice.expovariate(1 / cell.mean_talk_seconds))
        plan = Plan(
            number=f"{prefix}{index:06}",
            dialled=dialled.format(agent=f"a{index % cell.agents + 1}"),
            ring_seconds=dice.uniform(*RING_SECONDS),
            talk_seconds=talk,
            # With calls waiting the agent ends the call, so that the instrument knows when she is free.
            agent_hangs_up=cell.kind is Kind.WAITING or dice.random() < 0.5,
        )
        made.append(Arrival(at_seconds=at, plan=plan))
        at += 1 / cell.rate if cell.kind is Kind.BURST else dice.expovariate(cell.rate)
    return made


WARM_UP = Cell(kind=Kind.FREE, agents=WARM_UP_CALLS, calls=WARM_UP_CALLS, rate=20, mean_talk_seconds=0.1)


def warm_up(dialled: str) -> list[Arrival]:
    """Return calls that are not counted."""
    return arrivals(WARM_UP, 7, dialled, prefix="49309")
