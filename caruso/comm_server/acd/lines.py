"""One line: the contacts in the same stage, and the ready agents who could take them. It keeps them in order.

Contacts are few enough to be kept sorted. Agents stand in heaps, one for each rank and, where the policy weighs,
each home; who has gone is left in them until he comes to the front, so that leaving costs nothing.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping

from caruso.comm_server.acd.needs import ReadyAgent, Stage, Waiting
from caruso.comm_server.acd.policy import Group, Policy, Staff
from caruso.model.ids import AgentId, QueueId

#: An agent in a heap: rank for the contact, the policy's key, id, the number under which he was parked, himself.
Entry = tuple[int, tuple[float, ...], AgentId, int, ReadyAgent]

#: Heaps are swept when one of so many of their entries was met in vain: so sweeping costs little for each of them.
_SWEPT = 16


class Line:
    """Contacts in one stage, and agents for them."""

    __slots__ = (
        "_borrowed",
        "_groups",
        "_own",
        "_parked",
        "_ranks",
        "_staff",
        "contacts",
        "policy",
        "queue",
        "stage",
        "weighs",
    )

    def __init__(
        self, stage: Stage, policy: Policy, parked: Mapping[AgentId, int], staff: Mapping[QueueId, Staff]
    ) -> None:
        """Begin empty; `parked` tells under which number each agent is parked now, `staff` who belongs where."""
        self.stage = stage
        self.policy = policy
        self.queue = stage.need.queue
        #: Who was talked with last comes before any weighing.
        self.weighs = policy.weighs and stage.only is None
        #: The most urgent first: the two parts of `Waiting.rank`, which no two contacts share, and the contact.
        self.contacts: list[tuple[float, float, Waiting]] = []
        self._parked = parked
        self._staff = staff
        self._groups: dict[tuple[int, tuple[QueueId, ...]], tuple[Group, list[Entry]]] = {}
        #: The same: those who belong to the queue, and the others.
        self._own: list[tuple[Group, list[Entry]]] = []
        self._borrowed: list[tuple[Group, list[Entry]]] = []
        #: The heaps of each rank, the best first.
        self._ranks: dict[int, list[list[Entry]]] = {}

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

    def group(self, agent: ReadyAgent, rank: int) -> Group:
        """Return whom an agent of this rank is sorted among: all where nothing is weighed."""
        home = agent.can.home if self.weighs else ()
        found = self._groups.get((rank, home))
        return found[0] if found is not None else self._group(rank, home)

    def _group(self, rank: int, home: tuple[QueueId, ...]) -> Group:
        staff = self._staff[home[0] if home else self.queue]
        return Group(rank=rank, borrowed=self.queue not in home, staff=staff)

    def _heap(self, rank: int, home: tuple[QueueId, ...]) -> list[Entry]:
        found = self._groups.get((rank, home))
        if found is not None:
            return found[1]
        heap: list[Entry] = []
        group = self._group(rank, home)
        self._groups[rank, home] = (group, heap)
        (self._borrowed if group.borrowed else self._own).append((group, heap))
        self._ranks.setdefault(rank, []).append(heap)
        self._ranks = dict(sorted(self._ranks.items()))
        return heap

    def park(self, agent: ReadyAgent, number: int) -> bool:
        """Put an agent among those who could take these contacts; tell whether he can."""
        rank = self.rank_of(agent)
        if rank is not None:
            self.enter(agent, rank, number)
        return rank is not None

    def enter(self, agent: ReadyAgent, rank: int, number: int) -> None:
        """Put an agent who takes these contacts at this rank among the others."""
        heap = self._heap(rank, agent.can.home if self.weighs else ())
        if len(heap) > 2 * len(self._parked) + 64:
            self._sweep(heap)
        heapq.heappush(heap, (rank, self.policy.key(agent, self.stage), agent.agent, number, agent))

    def firsts(self) -> list[tuple[Group, Entry]]:
        """Return the first agent of each group; nobody is worth more than one who belongs to the queue."""
        found: list[tuple[Group, Entry]] = []
        for groups in (self._own, self._borrowed):
            for group, heap in groups:
                if heap and (entry := self._front(heap)) is not None:
                    found.append((group, entry))
            if found:
                break
        return found

    def best(self, allowed: Callable[[ReadyAgent], bool] | None) -> Entry | None:
        """Return the first agent of all who is allowed to take the head."""
        for heaps in self._ranks.values():
            fronts = [entry for heap in heaps if (entry := self._first(heap, allowed)) is not None]
            if fronts:
                return min(fronts)
        return None

    def order(self, most: int, allowed: Callable[[ReadyAgent], bool] | None) -> list[Entry]:
        """Return the first agents who are allowed to take the head, the best first."""
        found: list[Entry] = []
        for heaps in self._ranks.values():
            if len(found) >= most:
                break
            found += self._firsts_of(heaps, most - len(found), allowed)
        return found

    def _firsts_of(
        self, heaps: list[list[Entry]], most: int, allowed: Callable[[ReadyAgent], bool] | None
    ) -> list[Entry]:
        """Return the first agents of some heaps in order, without taking them apart."""
        ahead = [(heap[0], heap, 0) for heap in heaps if heap]
        heapq.heapify(ahead)
        parked, gone = self._parked, 0
        found: list[Entry] = []
        while ahead and len(found) < most:
            entry, heap, at = heapq.heappop(ahead)
            if parked.get(entry[2]) != entry[3]:
                gone += 1
            elif allowed is None or allowed(entry[4]):
                found.append(entry)
            child = 2 * at + 1
            for each in heap[child : child + 2]:
                heapq.heappush(ahead, (each, heap, child))
                child += 1
        if gone * _SWEPT > sum(map(len, heaps)):
            for heap in heaps:
                self._sweep(heap)
        return found

    def _sweep(self, heap: list[Entry]) -> None:
        """Drop all who have gone."""
        heap[:] = [entry for entry in heap if self._parked.get(entry[2]) == entry[3]]
        heapq.heapify(heap)

    def _first(self, heap: list[Entry], allowed: Callable[[ReadyAgent], bool] | None) -> Entry | None:
        """Return the first agent of a heap who is allowed to take the head."""
        entry = self._front(heap)
        if entry is None or allowed is None or allowed(entry[4]):
            return entry
        return next((entry for entry in self._in_order(heap) if allowed(entry[4])), None)

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
