"""Decide which waiting contact goes to which agent. Knows no clock and no network.

Contacts that need the same wait in one line, the most urgent first; agents stand in the order in which they
became idle. The most urgent contact of all lines gets the qualified agent who has been idle longest; a line
for which nobody is left is passed over, so that one contact nobody can serve never holds up the others.

Cost: each line looks at each ready agent at most once, however many contacts wait in it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from caruso.model.ids import AgentId, ContactId, QueueId, SkillId


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What an agent must have to be offered a contact: the queue, and skills at these levels at least."""

    queue: QueueId
    skills: tuple[tuple[SkillId, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A contact in a line."""

    contact: ContactId
    need: Need
    priority: int
    since: datetime
    #: The how-manieth to begin waiting, where somebody counts: a clock that is set back must not let the
    #: newest go first.
    turn: int = 0

    @property
    def rank(self) -> tuple[int, int, datetime, ContactId]:
        """Return what contacts are ordered by: priority, then age; the id only breaks ties."""
        return (-self.priority, self.turn, self.since, self.contact)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyAgent:
    """An agent who can be offered a contact."""

    agent: AgentId
    queues: frozenset[QueueId]
    skills: Mapping[SkillId, int]
    idle_since: datetime

    @property
    def rank(self) -> tuple[datetime, AgentId]:
        """Return what agents are ordered by: idle longest first; the id only breaks ties."""
        return (self.idle_since, self.agent)

    def can_serve(self, need: Need) -> bool:
        """Tell whether the agent works for the queue and has every skill at its level."""
        return need.queue in self.queues and all(self.skills.get(s, 0) >= level for s, level in need.skills)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """This contact is offered to this agent."""

    contact: ContactId
    agent: AgentId


def route(lines: Iterable[Sequence[Waiting]], ready: Sequence[ReadyAgent]) -> tuple[Assignment, ...]:
    """Serve by priority, then age; give each contact the qualified agent idle longest.

    `lines`: contacts with the same need, by rank. `ready`: agents, by rank.
    """
    if not ready:
        return ()
    taken: set[AgentId] = set()
    heads = [(line[0].rank, 0, line, _qualified(line[0].need, ready, taken)) for line in lines if line]
    heapq.heapify(heads)
    assignments: list[Assignment] = []
    while heads and len(taken) < len(ready):
        _, index, line, candidates = heapq.heappop(heads)
        agent = next(candidates, None)
        if agent is None:
            continue
        taken.add(agent)
        assignments.append(Assignment(contact=line[index].contact, agent=agent))
        if index + 1 < len(line):
            heapq.heappush(heads, (line[index + 1].rank, index + 1, line, candidates))
    return tuple(assignments)


def _qualified(need: Need, ready: Sequence[ReadyAgent], taken: set[AgentId]) -> Iterator[AgentId]:
    """Yield who can serve `need` and is not taken at the moment of asking, idle longest first."""
    for agent in ready:
        if agent.agent not in taken and agent.can_serve(need):
            yield agent.agent
