"""Scenarios that run beside each other in one centre, each in a lane of its own: a queue, its agents, its numbers.

    @scene(received=3, answered=1, abandoned=1, short=1)
    async def one_gives_up(lane):
        first = await lane.waits("ada")
        ...

What a scenario must come to stands beside it: what the queue *received*, and what became of them. `figures_of`
reads the same from the live monitor, the report and the journal, which must agree.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from caruso.model import desk
from caruso.model.facts import AnyFact, ContactLeftQueue, ContactQueued, Presence, QueueOutcome
from caruso.model.ids import QueueId
from caruso.model.views import QueueRow
from lab.floor import Agent, Floor, contact_of
from lab.sip_phones import PATIENCE_SECONDS, Caller, PhoneCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of everybody who came into a queue."""

    received: int = 0
    answered: int = 0
    #: After the short threshold.
    abandoned: int = 0
    short: int = 0
    flowed_out: int = 0
    call_back: int = 0
    #: Moved by a supervisor.
    moved: int = 0
    lost: int = 0

    def __str__(self) -> str:
        """Say it as a supervisor would."""
        told = {field.name.replace("_", " "): getattr(self, field.name) for field in fields(self)}
        return ", ".join(f"{name} {count}" for name, count in told.items() if count) or "received nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A scenario."""

    name: str
    play: Callable[[Lane], Awaitable[None]]
    figures: Figures
    #: Of the other queue of the lane.
    other: Figures
    #: Further lines of the queue's table, and further tables; `@LANE@` is the lane's name.
    queue: str
    ring_seconds: float
    more: str
    #: Of the number: a script, further keys.
    line: str

    def centre(self, number: int) -> str:
        """Describe the lane: a queue and another one, two agents, one for the other queue, two numbers."""
        lane = f"s{number:02}"
        agents = "".join(
            _AGENT.format(name=f"{lane}-{who}", queue=lane if who != "cora" else f"{lane}-other")
            for who in ("anna", "bob", "cora")
        )
        text = _LANE.format(
            lane=lane, queue=self.queue, ring_seconds=self.ring_seconds, line=self.line, digits=f"{number:02}"
        )
        return (text + self.more + agents).replace("@LANE@", lane)


_LANE = """
[queues.{lane}]
name = "Queue {lane}"
ring_seconds = {ring_seconds}
wrap_up_seconds = 0
short_abandon_seconds = 1.5
{queue}
[queues.{lane}-other]
name = "Other {lane}"
ring_seconds = 15
wrap_up_seconds = 0
[entry_points.{lane}]
name = "Line {lane}"
numbers = ["71{digits}"]
queue = "{lane}"
{line}
[entry_points.{lane}-other]
name = "Other line {lane}"
numbers = ["72{digits}"]
queue = "{lane}-other"
"""
_AGENT = """
[agents.{name}]
name = "{name}"
queues = ["{queue}"]
station = "sip"
address = "sip:{name}@@PHONES@"
"""

_F = TypeVar("_F", bound=AnyFact)
_Play = Callable[["Lane"], Awaitable[None]]


def scene(
    *,
    other: Figures | None = None,
    queue: str = "",
    ring_seconds: float = 15.0,
    more: str = "",
    line: str = "",
    **figures: int,
) -> Callable[[_Play], Scene]:
    """Declare a scenario and what it must come to."""

    def declare(play: _Play) -> Scene:
        return Scene(
            name=play.__name__,
            play=play,
            figures=Figures(**figures),
            other=other or Figures(),
            queue=queue,
            ring_seconds=ring_seconds,
            more=more,
            line=line,
        )

    return declare


class Lane:
    """What happens in one scenario."""

    def __init__(self, floor: Floor, number: int) -> None:
        """Use the lane of this number."""
        self.floor = floor
        self.name = f"s{number:02}"
        self.other = f"{self.name}-other"
        self._digits = f"{number:02}"
        self._callers = 0

    # -- People -----------------------------------------------------------------------------------------------

    async def agent(self, name: str, *, ready: bool = True) -> Agent:
        """Have ``anna`` or ``bob``, or for the other queue ``cora``, sign in and go ready."""
        agent = await self.floor.agent(f"{self.name}-{name}", ready=False)
        if ready:
            await agent.do(desk.GoReady)
        return agent

    async def calls(self) -> Caller:
        """Have somebody call who is answered: with music, or by a dialog."""
        caller = self.floor.call(f"71{self._digits}", number=self._number())
        await caller.until_answered()
        return caller

    async def waits(self) -> Caller:
        """Have somebody call, and wait until he waits."""
        caller = self.floor.call(f"71{self._digits}", number=self._number())
        await self.until_waiting(caller)
        return caller

    async def until_waiting(self, caller: Caller, queue: str = "") -> None:
        """Wait until a caller waits in the lane's queue, or in another."""
        wanted = queue or self.name
        await self.floor.shows(
            lambda view: any(row.caller == caller.number and row.queue == wanted for row in view.waiting)
        )

    async def talks(self, agent: Agent) -> PhoneCall:
        """Have an agent pick up, and talk."""
        phone = await agent.phone.rings()
        phone.answer()
        await agent.until(Presence.TALKING)
        await self.floor.hear_each_other(agent.contact)
        return phone

    async def contact(self, caller: Caller) -> str:
        """Return the id of a caller's contact."""
        await self.floor.shows(lambda view: any(row.caller == caller.number for row in view.calls))
        return contact_of(await self.floor.monitor(), caller.number)

    async def hangs_up(self, caller: Caller, *, after: float = 0.0) -> None:
        """Have a caller hang up after so many seconds of waiting, and wait until he is gone."""
        await asyncio.sleep(after)
        caller.hang_up()
        await caller.until_over()
        await self.floor.shows(lambda view: all(row.caller != caller.number for row in view.calls))

    def _number(self) -> str:
        self._callers += 1
        return f"49301{self._digits}{self._callers:03}"

    # -- Figures ----------------------------------------------------------------------------------------------

    async def facts(self) -> list[AnyFact]:
        """Return the facts of contacts that came into the lane's queues."""
        facts = await self.floor.journal()
        mine = {f.contact for f in facts if isinstance(f, ContactQueued) and f.queue in (self.name, self.other)}
        return [fact for fact in facts if getattr(fact, "contact", None) in mine]

    async def told(self, kind: type[_F], *, count: int) -> list[_F]:
        """Return the facts of this kind, once there are `count`."""
        found: list[_F] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(found) < count and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
            found = [fact for fact in await self.facts() if isinstance(fact, kind)]
        assert len(found) == count, found
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What three places tell of a queue."""

    monitor: Figures
    report: Figures
    journal: Figures


async def until_shown(lane: Lane, queue: str, wanted: Figures) -> Shown:
    """Return what is told of a queue, once it is as wanted: facts are written a moment after they happened."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        shown = await figures_of(lane, queue)
        if shown == Shown(monitor=wanted, report=wanted, journal=wanted) or time.monotonic() > deadline:
            return shown
        await asyncio.sleep(0.2)


async def figures_of(lane: Lane, queue: str) -> Shown:
    """Read what monitor, report and journal tell of a queue."""
    floor = lane.floor
    row = next(row for row in (await floor.monitor()).queues if row.id == queue)
    report = await floor.supervisor.call("GET", f"/api/reports/queues?queue={queue}")
    return Shown(
        monitor=_of_row(row), report=_of_report(report), journal=_of_journal(await floor.journal(), QueueId(queue))
    )


def _of_row(row: QueueRow) -> Figures:
    return Figures(
        received=row.entered,
        answered=row.answered,
        abandoned=row.abandoned,
        short=row.short_abandoned,
        flowed_out=row.flowed_out,
        call_back=row.call_back,
        moved=row.transferred,
        lost=row.lost,
    )


def _of_report(report: Any) -> Figures:
    columns = [column["id"] for column in report["columns"]]
    told = dict(zip(columns, report["total"]["figures"], strict=True))
    return Figures(
        received=told["entered"],
        answered=told["answered"],
        abandoned=told["abandoned"],
        short=told["short-abandoned"],
        flowed_out=told["flowed-out"],
        call_back=told["call-back"],
        moved=told["transferred"],
        lost=told["lost"],
    )


def _of_journal(facts: Sequence[AnyFact], queue: QueueId) -> Figures:
    left = Counter(fact.outcome for fact in facts if isinstance(fact, ContactLeftQueue) and fact.queue == queue)
    return Figures(
        received=sum(isinstance(fact, ContactQueued) and fact.queue == queue for fact in facts),
        answered=left[QueueOutcome.ANSWERED],
        abandoned=left[QueueOutcome.ABANDONED],
        short=left[QueueOutcome.SHORT_ABANDONED],
        flowed_out=left[QueueOutcome.FLOWED_OUT],
        call_back=left[QueueOutcome.CALL_BACK],
        moved=left[QueueOutcome.TRANSFERRED],
        lost=left[QueueOutcome.LOST],
    )
