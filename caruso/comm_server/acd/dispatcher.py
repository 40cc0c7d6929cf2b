"""Keeps the lines of waiting contacts and the ready agents, and offers what `route` decides.

Lives on facts: what a fact has not told, the dispatcher does not know. Routes once all facts have been heard.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from operator import attrgetter

from caruso.comm_server.acd.route import Assignment, Need, ReadyAgent, Waiting, route
from caruso.model.facts import (
    AnyFact,
    ContactLeftQueue,
    ContactQueued,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    Presence,
    PresenceChanged,
    PriorityChanged,
)
from caruso.model.ids import AgentId, ContactId, QueueId

_RANK = attrgetter("rank")


class Dispatcher:
    """Who waits, who is ready, who is offered what."""

    def __init__(
        self,
        *,
        profile: Callable[[AgentId], ReadyAgent | None],
        offer: Callable[[Assignment], None],
        keep_waiting: Callable[[ContactId], None],
    ) -> None:
        """Begin paused and empty.

        `profile` tells what a ready agent can do, None for one who is not in the centre any more; `offer` makes
        an offer; `keep_waiting` is called once for each contact that was not offered at once.
        """
        self._profile = profile
        self._offer = offer
        self._keep_waiting = keep_waiting
        self._lines: dict[Need, list[Waiting]] = {}
        self._offered: dict[ContactId, Waiting] = {}
        self._ready: list[ReadyAgent] = []
        self._profiles: dict[AgentId, ReadyAgent] = {}
        self._fresh: dict[ContactId, None] = {}
        #: Offers that were asked for and have not been made yet: the call has something else to do first.
        self._asked: dict[ContactId, AgentId] = {}
        self._dirty = False
        self._paused = True
        self._turns = 0

    def pause(self) -> None:
        """Offer nothing: the PBX cannot be reached."""
        self._paused = True

    def resume(self) -> None:
        """Offer again. What waiting callers hear is not known any more: all are told anew that they wait."""
        self._paused = False
        self._dirty = True
        self._fresh.update((waiting.contact, None) for line in self._lines.values() for waiting in line)

    def restore(self, waiting: Iterable[Waiting], offered: Iterable[Waiting], ready: Iterable[AgentId]) -> None:
        """Take over what waited, or was being offered, and who was ready before a crash."""
        for agent in ready:
            self._add_agent(agent)
        ringing = {entry.contact: entry for entry in offered}
        for entry in sorted((*waiting, *ringing.values()), key=_RANK):
            if entry.contact in ringing:
                self._offered[entry.contact] = self._next(entry)
            else:
                self._add(self._next(entry))

    def review_agents(self, ready: Iterable[AgentId]) -> None:
        """Take over changed skills and queues; `ready` are all agents who are ready now, known here or not."""
        for known in list(self._profiles):
            self._remove_agent(known)
        for agent in ready:
            self._add_agent(agent)

    def everybody(self) -> list[Waiting]:
        """Return all waiting contacts, those being offered included, most urgent first."""
        waiting = [entry for line in self._lines.values() for entry in line]
        return sorted([*waiting, *self._offered.values()], key=_RANK)

    def ready(self, queue: QueueId) -> int:
        """Return how many agents could be offered a contact of a queue."""
        return sum(1 for agent in self._ready if queue in agent.queues)

    def idle_longest(self, need: Need) -> AgentId | None:
        """Return the ready agent who has been idle longest of those who can serve `need`."""
        return next((agent.agent for agent in self._ready if agent.can_serve(need)), None)

    def position(self, contact: ContactId) -> int:
        """Return the contact's place among those who wait for the same queue, from 1; 0 when it does not wait."""
        mine = [w for w in self.everybody() if w.contact == contact]
        if not mine:
            return 0
        same = [w for w in self.everybody() if w.need.queue == mine[0].need.queue]
        return same.index(mine[0]) + 1

    def hear(self, fact: AnyFact) -> None:
        """Take note of a fact."""
        match fact:
            case ContactQueued():
                need = Need(queue=fact.queue, skills=tuple(sorted(fact.skills.items())))
                newest = Waiting(contact=fact.contact, need=need, priority=fact.priority, since=fact.at)
                self._add(self._next(newest))
            case OfferMade(contact=contact):
                self._asked.pop(contact, None)
                waiting = self._take(contact)
                if waiting is not None:
                    self._offered[contact] = waiting
            case OfferEnded(contact=contact, outcome=outcome) if outcome is not OfferOutcome.ACCEPTED:
                back = self._offered.pop(contact, None)
                if back is not None:
                    self._add(back)
            case PriorityChanged(contact=contact, priority=priority):
                self._reprioritise(contact, priority)
            case ContactLeftQueue(contact=contact):
                self._offered.pop(contact, None)
                self._take(contact)
                if self._asked.pop(contact, None) is not None:
                    self._dirty = True
            case PresenceChanged(agent=agent, presence=presence):
                self._remove_agent(agent)
                if presence is Presence.READY:
                    self._add_agent(agent)
            case _:
                pass

    def dispatch(self) -> None:
        """Offer what can be offered; tell the others that they wait."""
        if self._paused:
            return
        if self._dirty:
            self._dirty = False
            if self._ready and self._lines:
                for assignment in route(*self._free()):
                    self._asked[assignment.contact] = assignment.agent
                    self._offer(assignment)
        for contact in list(self._fresh):
            del self._fresh[contact]
            if contact not in self._offered:
                self._keep_waiting(contact)

    def _free(self) -> tuple[Iterable[Sequence[Waiting]], Sequence[ReadyAgent]]:
        """Return the lines and the agents without those between whom an offer is under way."""
        if not self._asked:
            return self._lines.values(), self._ready
        taken = set(self._asked.values())
        lines = [[entry for entry in line if entry.contact not in self._asked] for line in self._lines.values()]
        return lines, [agent for agent in self._ready if agent.agent not in taken]

    def _reprioritise(self, contact: ContactId, priority: int) -> None:
        """Let a contact go before or after others from now on; among equals it keeps its turn."""
        if contact in self._offered:
            self._offered[contact] = replace(self._offered[contact], priority=priority)
            return
        heard_music = contact not in self._fresh
        waiting = self._take(contact)
        if waiting is not None:
            self._add(replace(waiting, priority=priority))
            if heard_music:
                self._fresh.pop(contact, None)

    def _next(self, waiting: Waiting) -> Waiting:
        """Let a contact wait behind all who have the same priority."""
        self._turns += 1
        return replace(waiting, turn=self._turns)

    def _add(self, waiting: Waiting) -> None:
        insort(self._lines.setdefault(waiting.need, []), waiting, key=_RANK)
        self._fresh[waiting.contact] = None
        self._dirty = True

    def _take(self, contact: ContactId) -> Waiting | None:
        self._fresh.pop(contact, None)
        for need, line in self._lines.items():
            for index, waiting in enumerate(line):
                if waiting.contact == contact:
                    del line[index]
                    if not line:
                        del self._lines[need]
                    return waiting
        return None

    def _remove_agent(self, agent: AgentId) -> None:
        known = self._profiles.pop(agent, None)
        if known is not None:
            del self._ready[bisect_left(self._ready, known.rank, key=_RANK)]

    def _add_agent(self, agent: AgentId) -> None:
        profile = self._profile(agent)
        if profile is not None:
            self._profiles[agent] = profile
            insort(self._ready, profile, key=_RANK)
            self._dirty = True
