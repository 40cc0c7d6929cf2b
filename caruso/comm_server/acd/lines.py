"""One line: the contacts in the same stage, and the ready agents who could take them. It keeps them in order.

Contacts are few enough to be kept sorted. Agents stand in heaps, one for each group the policy looks at apart; who
has gone is left in them until he comes to the front, so that leaving costs nothing.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import islice

from caruso.comm_server.acd.needs import ReadyAgent, Stage, Waiting
from caruso.comm_server.acd.policy import Policy
from caruso.model.ids import AgentId

#: An agent in a heap: rank for the contact, the policy's key, id, and the number under which he was parked.
Entry = tuple[int, tuple[float, ...], AgentId, int]


class Line:
    """Contacts in one stage, and agents for them."""

    __slots__ = ("_heaps", "_parked", "_ranks", "contacts", "policy", "stage", "weighs")

    def __init__(self, stage: Stage, policy: Policy, parked: Mapping[AgentId, int]) -> None:
        """Begin empty; `parked` tells under which number each agent is parked now."""
        self.stage = stage
        self.policy = policy
        #: Who was talked with last comes before any weighing.
        self.weighs = policy.weighs and stage.only is None
        #: The most urgent first: the two parts of `Waiting.rank`, which no two contacts share, and the contact.
        self.contacts: list[tuple[float, float, Waiting]] = []
        self._parked = parked
        self._heaps: dict[Hashable, list[Entry]] = {}
        self._ranks: dict[Hashable, int] = {}

    # -- Contacts ---------------------------------------------------------------------------------------------

    @property
    def head(self) -> Waiting:
        """Return the most urgent contact."""
        return self.contacts[0][2]

    def add(self, waiting: Waiting) -> None:
        """Let a contact wait."""
        insort(self.contacts, (*waiting.rank, waiting))

    def remove(self, waiting: Waiting) -> None:
        """Let a contact go."""
        del self.contacts[bisect_left(self.contacts, waiting.rank)]

    def before(self, rank: tuple[float, float]) -> int:
        """Return how many contacts go before one of this rank."""
        return bisect_left(self.contacts, rank)

    # -- Agents -----------------------------------------------------------------------------------------------

    def rank_of(self, agent: ReadyAgent) -> int | None:
        """Return at which rank the agent takes these contacts; None when he does not."""
        if self.stage.messages and not agent.sees:
            return None
        only = self.stage.only
        if only is None:
            return agent.can.rank_for(self.stage.need)
        return 0 if agent.agent == only and agent.can.rank_for(self.stage.need) is not None else None

    def park(self, agent: ReadyAgent, number: int) -> bool:
        """Put an agent among those who could take these contacts; tell whether he can."""
        rank = self.rank_of(agent)
        if rank is None:
            return False
        group = (rank, self.policy.group(agent))
        heap = self._heaps.get(group)
        if heap is None:
            heap = self._heaps[group] = []
            self._ranks[group] = rank
        elif len(heap) > 2 * len(self._parked) + 64:
            heap[:] = [entry for entry in heap if self._parked.get(entry[2]) == entry[3]]
            heapq.heapify(heap)
        heapq.heappush(heap, (rank, self.policy.key(agent, self.stage), agent.agent, number))
        return True

    def firsts(self) -> Iterator[Entry]:
        """Yield the first agent of each group."""
        for heap in self._heaps.values():
            if heap and (entry := self._front(heap)) is not None:
                yield entry

    def best(self, allowed: Callable[[AgentId], bool] | None) -> Entry | None:
        """Return the first agent of all who is allowed to take the head."""
        found: Entry | None = None
        for group, heap in self._heaps.items():
            if found is not None and self._ranks[group] > found[0]:
                continue
            entry = self._front(heap)
            if entry is not None and allowed is not None and not allowed(entry[2]):
                entry = next((e for e in self._in_order(heap) if allowed(e[2])), None)
            if entry is not None and (found is None or entry < found):
                found = entry
        return found

    def order(self, most: int) -> list[Entry]:
        """Return the first agents, the best first."""
        found: list[Entry] = []
        rank = 0
        for group in sorted(self._heaps, key=self._ranks.__getitem__):
            if len(found) >= most and self._ranks[group] > rank:
                break
            rank = self._ranks[group]
            if self._front(self._heaps[group]) is not None:
                found += islice(self._in_order(self._heaps[group]), most)
        return sorted(found)[:most]

    def _front(self, heap: list[Entry]) -> Entry | None:
        parked = self._parked
        while heap:
            entry = heap[0]
            if parked.get(entry[2]) == entry[3]:
                return entry
            heapq.heappop(heap)
        return None

    def _in_order(self, heap: list[Entry]) -> Iterator[Entry]:
        """Yield the agents of a heap in order, without taking it apart."""
        ahead, parked, size = ([(heap[0], 0)] if heap else []), self._parked, len(heap)
        while ahead:
            entry, at = heapq.heappop(ahead)
            if parked.get(entry[2]) == entry[3]:
                yield entry
            child = 2 * at + 1
            if child < size:
                heapq.heappush(ahead, (heap[child], child))
                if child + 1 < size:
                    heapq.heappush(ahead, (heap[child + 1], child + 1))
