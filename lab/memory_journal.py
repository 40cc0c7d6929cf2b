"""The journal in memory: can be read back, less what had not been written when the server died."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from caruso.model.contact_search import ContactsWanted
from caruso.model.facts import (
    CALLS,
    AnyFact,
    ContactArrived,
    ContactEnded,
    ContactIdentified,
    ContactLeftQueue,
    ContactQueued,
    ContactRouted,
    LineClosed,
    LineOpened,
    OfferEnded,
    OfferMade,
    Presence,
    PresenceChanged,
    PriorityChanged,
    QueueSwitched,
    StationChosen,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, RunId, is_web
from caruso.model.records import Became, PastContact
from caruso.model.run_records import OutboxAction, RunEvent, RunTurn, SavedRun
from lab.memory_runs import MemoryRuns


class MemoryJournal:
    """A `Journal`, the `FactStore` that reads it, and the runs and actions it writes (`runs`)."""

    def __init__(self) -> None:
        """Begin empty."""
        self.entries: list[AnyFact | RunTurn] = []
        self.runs = MemoryRuns()
        #: Told of actions whose rows are written.
        self.actions_written: Callable[[Sequence[OutboxAction]], None] = lambda _: None
        self.runs.gone_on = self._is_written
        #: Entries before this one cannot be lost any more: something followed from them.
        self._barrier = 0
        #: How many entries there were with the newest turn of a run.
        self._turns: dict[RunId, int] = {}
        #: What a turn replaced, by the place of its entry.
        self._replaced: dict[int, SavedRun | None] = {}
        self._unlocked = asyncio.Event()
        self._unlocked.set()
        self._held_back: list[RunTurn] = []

    # -- Journal ----------------------------------------------------------------------------------------------

    def record(self, fact: AnyFact) -> None:
        """Append a fact."""
        self.entries.append(fact)

    def save_turn(self, turn: RunTurn) -> None:
        """Append a turn; its actions begin as soon as the loop comes to it."""
        self._replaced[len(self.entries)] = self.runs.runs.get(turn.run.id)
        self.entries.append(turn)
        self._turns[turn.run.id] = len(self.entries)
        if not self._unlocked.is_set():
            self._held_back.append(turn)
            return
        self._write(turn)

    async def flush(self) -> None:
        """Return at once: all is written; or never, while the database is locked."""
        await self._unlocked.wait()
        self._barrier = len(self.entries)

    def lock(self) -> None:
        """Write nothing from now on: somebody else has locked the database."""
        self._unlocked.clear()
        self.runs.down = True

    def unlock(self) -> None:
        """Write what was held back."""
        self._unlocked.set()
        self.runs.down = False
        for turn in self._held_back:
            self._write(turn)
        self._held_back.clear()

    def _write(self, turn: RunTurn) -> None:
        self.runs.write(turn)
        if turn.actions or turn.outcomes:
            self._barrier = len(self.entries)
        if turn.actions:
            asyncio.get_running_loop().call_soon(lambda: self.actions_written(turn.actions))

    def lose_last(self, count: int) -> None:
        """Forget the newest entries: they had not been written yet. Facts of one moment are written together.

        What is left cannot be lost later: the next server begins with it.
        """
        keep = max(self._barrier, len(self.entries) - count)
        while self._barrier < keep < len(self.entries) and _moment(self.entries[keep - 1]) == _moment(
            self.entries[keep]
        ):
            keep -= 1
        while len(self.entries) > keep:
            lost = self.entries.pop()
            if isinstance(lost, RunTurn):
                self._unwrite(lost, self._replaced.pop(len(self.entries)))
        self._barrier = keep

    def _is_written(self, run: RunId) -> None:
        """Know that somebody went on from the newest turn of a run: he has seen it in the database."""
        self._barrier = max(self._barrier, self._turns.get(run, 0))

    def _unwrite(self, turn: RunTurn, before: SavedRun | None) -> None:
        if before is not None:
            self.runs.runs[turn.run.id] = before
        else:
            self.runs.runs.pop(turn.run.id, None)
        for event in turn.events:
            self.runs.events.pop((event.run, event.revision, event.position), None)

    @property
    def facts(self) -> list[AnyFact]:
        """Return all facts, oldest first."""
        return [entry for entry in self.entries if not isinstance(entry, RunTurn)]

    # -- FactStore --------------------------------------------------------------------------------------------

    async def open_contact_facts(self) -> Sequence[AnyFact]:
        """Return all facts of calls that have not ended."""
        facts = self.facts
        ended = {fact.contact for fact in facts if isinstance(fact, ContactEnded)}
        ended |= {fact.contact for fact in facts if isinstance(fact, ContactArrived) and fact.channel not in CALLS}
        return [
            fact
            for fact in facts
            if not isinstance(fact, PresenceChanged) and getattr(fact, "contact", None) not in {*ended, None}
        ]

    async def last_presences(self) -> Sequence[AnyFact]:
        """Return the last presence of every agent."""
        return list(self._presences().values())

    def _presences(self) -> dict[AgentId, PresenceChanged]:
        return {fact.agent: fact for fact in self.facts if isinstance(fact, PresenceChanged)}

    async def queue_switches(self) -> Sequence[AnyFact]:
        """Return the last switch of every queue."""
        return list({fact.queue: fact for fact in self.facts if isinstance(fact, QueueSwitched)}.values())

    async def stations(self) -> Sequence[AnyFact]:
        """Return the last fact of each kind about every agent's station, oldest first."""
        told = [fact for fact in self.facts if isinstance(fact, StationChosen | LineOpened | LineClosed)]
        last = {(fact.agent, type(fact)): index for index, fact in enumerate(told)}
        return [told[index] for index in sorted(last.values())]

    async def facts_of(self, contact: ContactId) -> Sequence[AnyFact]:
        """Return all facts of one contact."""
        return [fact for fact in self.facts if getattr(fact, "contact", None) == contact]

    async def facts_since(self, since: datetime) -> Sequence[AnyFact]:
        """Return the facts from `since` on."""
        return [fact for fact in self.facts if fact.at >= since]

    async def routing_facts(self, since: datetime, until: datetime) -> Sequence[AnyFact]:
        """Return how agents and waiting contacts stood at `since`, and what moved them until `until`."""
        stood: dict[AgentId, int] = {}
        waited: dict[ContactId, list[int]] = {}
        for number, fact in enumerate(self.facts):
            if fact.at >= since:
                break
            match fact:
                case PresenceChanged(agent=agent):
                    stood[agent] = number
                case ContactLeftQueue(contact=contact):
                    waited.pop(contact, None)
                case (
                    ContactQueued(contact=contact)
                    | ContactIdentified(contact=contact)
                    | ContactRouted(contact=contact)
                    | OfferMade(contact=contact)
                    | OfferEnded(contact=contact)
                    | PriorityChanged(contact=contact)
                ):
                    waited.setdefault(contact, []).append(number)
                case _:
                    pass
        before = sorted([*stood.values(), *chain.from_iterable(waited.values())])
        within = [fact for fact in self.facts if since <= fact.at <= until]
        return [*(self.facts[number] for number in before), *within]

    async def presences(self, since: datetime, until: datetime) -> Sequence[Became]:
        """Return the presences agents came into in [since, until)."""
        return [
            Became(fact.agent, fact.presence, fact.at)
            for fact in self.facts
            if isinstance(fact, PresenceChanged) and since <= fact.at < until
        ]

    async def open_runs(self) -> Sequence[SavedRun]:
        """Return the runs of contacts that have not ended, or are on a desk still."""
        ended = {fact.contact for fact in self.facts if isinstance(fact, ContactEnded)}
        on_a_desk = {
            fact.contact
            for fact in self._presences().values()
            if fact.presence in (Presence.TALKING, Presence.WRAP_UP)
        }
        live = [run for run in self.runs.runs.values() if run.live]
        led = [run for run in live if run.contact not in ended or run.contact in on_a_desk]
        return [*self._gone_to_the_web(ended - on_a_desk), *led]

    def _gone_to_the_web(self, over: set[ContactId]) -> list[SavedRun]:
        """Return runs that left a call that is not over for the web, as runs of that call."""
        passed = {(e.run, e.contact) for e in self.runs.events.values() if e.contact is not None}
        return [
            replace(run, contact=contact)
            for run_id, contact in sorted(passed)
            if (run := self.runs.runs.get(run_id)) is not None
            and not run.live
            and run.channel == "web"
            and contact not in over
            and not is_web(contact)
        ]

    async def history(self, customer: CustomerId, limit: int = 20) -> Sequence[PastContact]:
        """Return nothing: past contacts are a projection that storage makes."""
        return ()

    async def contacts(self, wanted: ContactsWanted) -> Sequence[PastContact]:
        """Return nothing."""
        return ()

    async def contact(self, contact: ContactId) -> PastContact | None:
        """Return None."""
        return None

    async def run(self, run: RunId) -> SavedRun | None:
        """Return the newest state of a run."""
        return await self.runs.load(run)

    async def trail(self, contact: ContactId) -> Sequence[RunEvent]:
        """Return what happened in the contact's runs."""
        return await self.runs.trail(contact)


def _moment(entry: AnyFact | RunTurn) -> datetime:
    return entry.run.updated_at if isinstance(entry, RunTurn) else entry.at
