"""Decide which waiting contact goes to which ready agent, event by event. Knows no clock and no network.

The rule, over all pairs of a contact and an agent who can take it:

1. the contact with the highest priority, ageing included, in whole points;
2. the agent's rank for the queue (who was talked with last goes before all, overflow comes after the own agents);
   where the policy weighs pairs, what the pair is worth;
3. the contact that comes first in its line: priority to the fraction, then age;
4. among agents of the same rank, the policy's order.

Between two events no pair is left that could talk, except where somebody is held back: for an agent of his own, by
the policy, or because an agent is reserved. So an event touches the lines of one contact or of one agent, and
costs the same however many contacts wait and agents are ready.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import msgspec

from caruso.comm_server.acd.lines import Line
from caruso.comm_server.acd.needs import Abilities, Need, ReadyAgent, Stage, Waiting
from caruso.comm_server.acd.policy import Circumstances, Policies, Staff
from caruso.model.ids import AgentId, ContactId, QueueId

#: Contacts that are held back by a policy are looked at again after so long, seconds.
REVIEW_SECONDS = 0.5
#: Until it has been measured.
USUAL_HANDLING_SECONDS = 240.0
#: A measured handling time counts for at least this part.
LEAST_SHARE = 1 / 200
#: Empty lines are kept up to this number: the next contact mostly needs what an earlier one did.
MOST_LINES = 512


class _Pair(msgspec.Struct, frozen=True, gc=False):
    """The head of a line, and an agent for it."""

    #: Among all pairs, the least first: priority, rank or worth, place in the line.
    place: tuple[float, float, float, float]
    agent: ReadyAgent
    rank: int
    value: float | None


class _Head(msgspec.Struct, frozen=True, gc=False):
    """The head of a line where contacts are weighed, and what holds for it whoever could be asked."""

    priority: int
    around: Circumstances
    worth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """So many ready agents of a queue are left alone by contacts of lower priority."""

    queue: QueueId
    agents: int
    priority: int


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """This contact is offered to this agent."""

    waiting: Waiting
    agent: ReadyAgent
    stage: Stage
    #: By now, with ageing.
    priority: int
    rank: int
    #: What the pair is worth, where the policy weighs pairs.
    value: float | None
    #: The first agents who could have been asked, with rank and figure; the chosen one among them.
    candidates: tuple[tuple[AgentId, int, float], ...]
    #: How many agents of the queue were ready.
    ready: int


class Floor:
    """Who waits, who is ready."""

    def __init__(self, policies: Policies, reserves: Iterable[Reserve] = (), candidates: int = 5) -> None:
        """Begin empty; so many candidates are told with each decision."""
        self._policies = policies
        self._reserves = tuple(reserves)
        self._told = candidates
        self._lines: dict[Stage, Line] = {}
        self._by_queue: dict[QueueId, dict[Stage, Line]] = defaultdict(dict)
        self._own: dict[AgentId, dict[Stage, Line]] = defaultdict(dict)
        self._where: dict[ContactId, tuple[Line, Waiting]] = {}
        self._wakes: list[tuple[float, float, ContactId]] = []
        self._agents: dict[AgentId, ReadyAgent] = {}
        #: Agents who are in the lines' heaps, with the number under which they were put there.
        self._parked: dict[AgentId, int] = {}
        self._numbers = 0
        self._fresh: dict[AgentId, None] = {}
        self._touched: dict[Line, _Head | None] = {}
        #: Lines in which somebody is held back: by the policy, or because agents are reserved.
        self._held: dict[Line, None] = {}
        self._review_at: float | None = None
        self._staff: dict[AgentId, Abilities] = {}
        #: The same by the queues they belong to.
        self._home: dict[QueueId, Staff] = defaultdict(Staff)
        #: Queues that the agents who belong to one belong to as well.
        self._siblings: dict[QueueId, tuple[QueueId, ...]] = {}
        #: The ready agents of each queue.
        self._ready_of: dict[QueueId, dict[AgentId, ReadyAgent]] = defaultdict(dict)
        self._handled: dict[QueueId, tuple[int, float]] = {}

    # -- What happens -----------------------------------------------------------------------------------------

    def wait(self, waiting: Waiting, now: float) -> None:
        """Let a contact wait, or wait again."""
        line = self._line(self._stage(waiting, now))
        line.add(waiting)
        self._where[waiting.contact] = (line, waiting)
        self._touched[line] = None
        self._wake(waiting, now)

    def leave(self, contact: ContactId) -> Waiting | None:
        """Let a contact go, and return it; None when it does not wait."""
        found = self._where.pop(contact, None)
        if found is None:
            return None
        line, waiting = found
        line.remove(waiting)
        if not line.contacts:
            self._held.pop(line, None)
        if line.stage.only is not None and not line.contacts:
            self._forget(line)
        return waiting

    def ready(self, agent: ReadyAgent) -> None:
        """Let an agent be offered contacts; what was known of him is replaced."""
        self.unready(agent.agent)
        self._agents[agent.agent] = agent
        self._fresh[agent.agent] = None
        for queue in agent.can.queues:
            self._ready_of[queue][agent.agent] = agent
        for queue in agent.can.home:
            self._home[queue].ready += 1

    def unready(self, agent: AgentId) -> ReadyAgent | None:
        """Offer an agent nothing."""
        known = self._agents.pop(agent, None)
        if known is None:
            return None
        self._fresh.pop(agent, None)
        self._parked.pop(agent, None)
        for queue in known.can.queues:
            del self._ready_of[queue][agent]
        for queue in known.can.home:
            self._home[queue].ready -= 1
        return known

    def on_duty(self, agent: AgentId, can: Abilities | None, now: float) -> None:
        """Take note of an agent who is there, or (None) is not: then nobody waits for him any longer."""
        before = self._staff.pop(agent, None)
        for queue in before.home if before else ():
            self._home[queue].on_duty -= 1
        if can is not None:
            self._staff[agent] = can
            for queue in can.home:
                self._home[queue].on_duty += 1
                self._siblings[queue] = can.home
            return
        for line in list(self._own.get(agent, {}).values()):
            for _, _, waiting in list(line.contacts):
                self.leave(waiting.contact)
                self.wait(msgspec.structs.replace(waiting, last_agent=None), now)

    def handled(self, queue: QueueId, seconds: float) -> None:
        """Take note of how long a contact of a queue has kept an agent busy."""
        count, mean = self._handled.get(queue, (0, 0.0))
        share = max(1 / (count + 1), LEAST_SHARE)
        self._handled[queue] = (count + 1, mean + share * (seconds - mean))

    def reserve(self, reserves: Iterable[Reserve]) -> None:
        """Reserve other agents from now on."""
        self._reserves = tuple(reserves)
        self._touched.update(self._held)

    # -- What is decided --------------------------------------------------------------------------------------

    def decide(self, now: float, only: ContactId | None = None) -> list[Decision]:
        """Return who talks with whom; they neither wait nor are ready any more.

        `only`: look at the line of this contact alone, whether or not it is time for it.
        """
        self._relax(now)
        if only is not None:
            self._park_all()
            self._touched.clear()
            if only in self._where:
                self._touched[self._where[only][0]] = None
            return self._match_touched(now)
        if self._review_at is not None and now >= self._review_at:
            self._review_at = None
            self._touched.update(self._held)
        elif self._fresh and self._reserves:
            self._touched.update(self._held)
        if len(self._fresh) == 1 and not (self._touched and self._others_are_asked()):
            self._touched.clear()
            (agent,) = self._fresh
            return self._serve(self._agents[agent], now)
        if not self._fresh and not self._touched:
            return []
        self._park_all()
        return self._match_touched(now)

    def next_change(self) -> float | None:
        """Return when something may change though nothing happens; None for never."""
        while self._wakes and self._wakes[0][2] not in self._where:
            heapq.heappop(self._wakes)
        times = [self._wakes[0][0]] if self._wakes else []
        if self._review_at is not None and self._held:
            times.append(self._review_at)
        return min(times, default=None)

    def _others_are_asked(self) -> bool:
        """Tell whether what was touched or is held back may go to others than who has just become ready."""
        return bool(self._held or self._reserves) or any(line.best(None) for line in self._touched)

    def _serve(self, agent: ReadyAgent, now: float) -> list[Decision]:
        """Let one agent choose: what happens most."""
        empty: list[Line] = []
        able: dict[Line, int] = {}
        heads: dict[Line, _Head | None] = {}
        for line in self._lines_of(agent):
            if not line.contacts:
                empty.append(line)
            elif (rank := line.rank_of(agent)) is not None:
                able[line] = rank
                heads[line] = self._head(line, now) if line.weighs else None
        best = self._choice(agent, able, heads, now)
        if best is not None and best[1] not in self._held:
            return [self._decide(best[1], best[0], now)]
        number = self._number(agent)
        for line, rank in able.items():
            line.enter(agent, rank, number)
        # Somebody else may be worth more to who was held back than the one who has just become ready.
        decisions = list(self._match(heads, now)) if best is not None else []
        if self._parked.get(agent.agent) == number:
            for line in empty:
                line.park(agent, number)
        return decisions

    def _choice(
        self, agent: ReadyAgent, able: Mapping[Line, int], heads: Mapping[Line, _Head | None], now: float
    ) -> tuple[_Pair, Line] | None:
        """Return the best pair of an agent and its line, None when nobody is to talk with him."""
        best: tuple[_Pair, Line] | None = None
        for line, rank in able.items():
            if self._reserves and not self._allowed(line, agent, now):
                self._hold(line, now, review=line.stage.ageing > 0)
                continue
            head = heads[line]
            pair = self._pair(line, agent, rank, now) if head is None else _weighed(line, head, agent, rank, now)
            if pair is None:
                self._hold(line, now, review=True)
            elif best is None or pair.place < best[0].place:
                best = (pair, line)
        return best

    def _match_touched(self, now: float) -> list[Decision]:
        if len(self._touched) == 1:  # what happens most: a contact came
            (line,) = self._touched
            decisions = []
            while (pair := self._best(line, now)) is not None:
                decisions.append(self._decide(line, pair, now))
        else:
            decisions = list(self._match(self._touched, now))
        self._touched.clear()
        return decisions

    def _match(self, lines: Mapping[Line, _Head | None], now: float) -> Iterator[Decision]:
        """Let the best pair of all these lines talk, until there is none; their heads may have been weighed."""
        made = 0
        pairs = [
            (n, line, pair)
            for n, (line, head) in enumerate(lines.items())
            if (pair := self._best(line, now, head))
        ]
        heap = [(pair.place, number, made, line, pair) for number, line, pair in pairs]
        heapq.heapify(heap)
        while heap:
            _, number, as_of, line, pair = heapq.heappop(heap)
            if as_of == made:
                yield self._decide(line, pair, now)
                made += 1
            # Somebody may have gone since: the pair is worked out anew, and cannot have become better.
            again = self._best(line, now)
            if again is not None:
                heapq.heappush(heap, (again.place, number, made, line, again))

    def _best(self, line: Line, now: float, head: _Head | None = None) -> _Pair | None:
        """Return the best pair of a line, None when its head waits on; `head`, where it was weighed already."""
        if not line.contacts:
            self._held.pop(line, None)
            return None
        if line.weighs:
            return self._most_valuable(line, now, head)
        entry = line.best((lambda agent: self._allowed(line, agent, now)) if self._reserves else None)
        if entry is None:
            if self._reserves:
                self._hold(line, now, review=line.stage.ageing > 0)
            return None
        self._held.pop(line, None)
        return self._pair(line, entry[4], entry[0], now)

    def _most_valuable(self, line: Line, now: float, head: _Head | None) -> _Pair | None:
        firsts = line.firsts()
        if not firsts:
            self._held.pop(line, None)
            return None
        head = head or self._head(line, now)
        price, stage = line.policy.price, line.stage
        most, best = 0.0, None
        for group, entry in firsts:
            if self._reserves and not self._allowed(line, entry[4], now):
                continue
            value = head.worth - price(entry[4], group, stage, head.around)
            if value > most:
                most, best = value, entry
        if best is None:
            self._hold(line, now, review=True)
            return None
        self._held.pop(line, None)
        return _Pair(_place(line, head.priority, -most, now), best[4], best[0], most)

    def _hold(self, line: Line, now: float, *, review: bool) -> None:
        self._held[line] = None
        if review and self._review_at is None:
            self._review_at = now + REVIEW_SECONDS

    def _pair(self, line: Line, agent: ReadyAgent, rank: int, now: float) -> _Pair:
        """Return the head of a line with an agent."""
        return _Pair(_place(line, line.head.priority_at(now), rank, now), agent, rank, None)

    def _head(self, line: Line, now: float) -> _Head:
        """Weigh the head of a line."""
        waiting, stage = line.head, line.stage
        priority = waiting.priority_at(now)
        ahead, outweighing = self._ahead(line)
        around = Circumstances(
            waited_seconds=max(0.0, now - waiting.entered),
            staff=self._home[line.queue],
            ahead=ahead,
            # Who was put before others, by somebody or by age, is not held back for them.
            outweighing=0.0 if priority > stage.priority else outweighing,
            handling_seconds=self.handling_seconds(line.queue),
        )
        return _Head(priority, around, line.policy.worth(waiting, stage, around))

    def _ahead(self, line: Line) -> tuple[int, float]:
        """Return what the agents who belong to the queue take before the head of a line.

        That is how many contacts, and what part of all they take weighs more. They take what weighs more first,
        from all queues they belong to. Looks at lines, not at contacts.
        """
        queue, weight, rank = line.queue, line.stage.weight, line.contacts[0][:2]
        count = heavier = every = 0
        for sibling in self._siblings.get(queue, (queue,)):
            # One more than were counted: a queue nobody has been served in yet is not one nobody comes to.
            handled = self._handled.get(sibling, (0, 0.0))[0] + 1
            outweighs = False
            for other in self._by_queue[sibling].values():
                if other is line or other.queue != sibling or other.stage.messages:
                    continue
                if other.stage.weight > weight:
                    outweighs = True
                    count += len(other.contacts)
                elif other.contacts and other.stage.weight == weight:
                    count += other.before(rank)
            every += handled
            heavier += handled if outweighs else 0
        return count, heavier / every

    def _decide(self, line: Line, pair: _Pair, now: float) -> Decision:
        head, agent = line.head, pair.agent
        decision = Decision(
            waiting=head,
            agent=agent,
            stage=line.stage,
            priority=head.priority_at(now),
            rank=pair.rank,
            value=pair.value,
            candidates=self._candidates(line, agent, pair.rank, now),
            ready=len(self._ready_of[line.queue]),
        )
        self.leave(head.contact)
        self.unready(agent.agent)
        return decision

    def _candidates(
        self, line: Line, agent: ReadyAgent, rank: int, now: float
    ) -> tuple[tuple[AgentId, int, float], ...]:
        figure, stage = line.policy.figure, line.stage
        found = {agent.agent: (agent.agent, rank, figure(agent, stage, now))}
        allowed = (lambda other: self._allowed(line, other, now)) if self._reserves else None
        for entry in line.order(self._told, allowed) if self._told > 1 else ():
            if entry[4] is not agent:
                found[entry[2]] = (entry[2], entry[0], figure(entry[4], stage, now))
        return tuple(found.values())[: self._told]

    def _allowed(self, line: Line, agent: ReadyAgent, now: float) -> bool:
        """Tell whether no reserve keeps the agent from the head of a line."""
        if not self._reserves:
            return True
        return self._spares(agent.can, line.queue, line.head.priority_at(now))

    def spares(self, can: Abilities, decision: Decision) -> bool:
        """Tell whether such an agent, ready now, could have been spared for a contact just decided on."""
        if not self._reserves:
            return True
        return self._spares(can, decision.stage.need.queue, decision.priority, gone=decision.agent.can.queues)

    def _spares(self, can: Abilities, queue: QueueId, priority: int, gone: Collection[QueueId] = ()) -> bool:
        """Tell whether no reserve keeps such an agent; somebody of the queues `gone` is not counted any more."""
        return all(
            priority >= reserve.priority
            or reserve.queue == queue
            or reserve.queue not in can.queues
            or len(self._ready_of[reserve.queue]) + (reserve.queue in gone) > reserve.agents
            for reserve in self._reserves
        )

    # -- Stages and lines -------------------------------------------------------------------------------------

    def _stage(self, waiting: Waiting, now: float) -> Stage:
        waited = max(0.0, now - waiting.entered)
        stage = waiting.course.stage_after(waited)
        agent = waiting.last_agent
        if agent is None or waited >= waiting.course.last_agent_seconds:
            return stage
        known = self._staff.get(agent)
        if known is None or known.rank_for(stage.need) is None:
            return stage
        return replace(stage, only=agent)

    def _wake(self, waiting: Waiting, now: float) -> None:
        """Look at the contact again when its next stage begins."""
        waited, course = now - waiting.entered, waiting.course
        after = course.next_after(waited)
        if waited < course.last_agent_seconds < after and self._where[waiting.contact][0].stage.only is not None:
            after = course.last_agent_seconds
        if after < math.inf:
            # Rounded, the moment may be now, and the stage not have begun: then it is looked at a little later.
            due = max(waiting.entered + after, math.nextafter(now, math.inf))
            heapq.heappush(self._wakes, (due, waiting.turn, waiting.contact))

    def _relax(self, now: float) -> None:
        while self._wakes and self._wakes[0][0] <= now:
            _, turn, contact = heapq.heappop(self._wakes)
            found = self._where.get(contact)
            if found is not None and found[1].turn == turn:
                self.leave(contact)
                self.wait(found[1], now)

    def _line(self, stage: Stage) -> Line:
        line = self._lines.get(stage)
        if line is not None:
            return line
        if len(self._lines) >= MOST_LINES:
            for empty in [known for known in self._lines.values() if not known.contacts]:
                self._forget(empty)
        line = self._lines[stage] = Line(stage, self._policies.get(stage.policy), self._parked, self._home)
        if stage.only is not None:
            self._own[stage.only][stage] = line
            if stage.only in self._parked:
                line.park(self._agents[stage.only], self._parked[stage.only])
            return line
        for queue in (stage.need.queue, *stage.need.also):
            self._by_queue[queue][stage] = line
        for name, agent in self.ready_in(stage.need).items():
            if (number := self._parked.get(name)) is not None:
                line.park(agent, number)
        return line

    def _forget(self, line: Line) -> None:
        stage = line.stage
        self._lines.pop(stage, None)
        self._touched.pop(line, None)
        self._held.pop(line, None)
        if stage.only is not None:
            self._own[stage.only].pop(stage, None)
            if not self._own[stage.only]:
                del self._own[stage.only]
        else:
            for queue in (stage.need.queue, *stage.need.also):
                self._by_queue[queue].pop(stage, None)

    def _lines_of(self, agent: ReadyAgent) -> Iterable[Line]:
        found: dict[Stage, Line] = {}
        for queue in agent.can.queues:
            if queue in self._by_queue:
                found.update(self._by_queue[queue])
        if agent.agent in self._own:
            found.update(self._own[agent.agent])
        return found.values()

    def _park_all(self) -> None:
        for name in list(self._fresh):
            agent = self._agents[name]
            self._touched.update((line, None) for line in self._park(agent) if line.contacts)

    def _park(self, agent: ReadyAgent) -> list[Line]:
        """Put an agent among those who wait for contacts, and return the lines he is in."""
        number = self._number(agent)
        return [line for line in self._lines_of(agent) if line.park(agent, number)]

    def _number(self, agent: ReadyAgent) -> int:
        """Return the number under which an agent is put among those who wait from now on."""
        self._fresh.pop(agent.agent, None)
        self._numbers += 1
        self._parked[agent.agent] = self._numbers
        return self._numbers

    # -- What others want to know -----------------------------------------------------------------------------

    @property
    def ready_agents(self) -> Mapping[AgentId, ReadyAgent]:
        """Return who is ready."""
        return self._agents

    @property
    def waiting(self) -> Iterable[Waiting]:
        """Return who waits, in no order."""
        return [waiting for _, waiting in self._where.values()]

    def ready_for(self, queue: QueueId) -> int:
        """Return how many agents of a queue are ready."""
        return len(self._ready_of[queue])

    def ready_in(self, need: Need) -> Mapping[AgentId, ReadyAgent]:
        """Return the ready agents of the queues whose agents are asked."""
        found: dict[AgentId, ReadyAgent] = {}
        for queue in (need.queue, *need.also):
            found.update(self._ready_of[queue])
        return found

    def before(self, waiting: Waiting) -> int:
        """Return how many calls of the same queue go before one; messages are not in the way of anybody."""
        own = (line for lines in self._own.values() for line in lines.values())
        every = chain(self._by_queue[waiting.queue].values(), own)
        calls = (line for line in every if line.stage.need.queue == waiting.queue and not line.stage.messages)
        return sum(line.before(waiting.rank) for line in calls)

    def stage_of(self, contact: ContactId) -> Stage | None:
        """Return the stage a contact waits in."""
        found = self._where.get(contact)
        return found[0].stage if found else None

    def handling_seconds(self, queue: QueueId) -> float:
        """Return how long a contact of a queue keeps an agent busy, on average."""
        return self._handled.get(queue, (0, USUAL_HANDLING_SECONDS))[1]

    def staff_of(self, queue: QueueId) -> int:
        """Return how many agents who belong to a queue are on duty."""
        return self._home[queue].on_duty


def _place(line: Line, priority: int, second: float, now: float) -> tuple[float, float, float, float]:
    rank, turn, head = line.contacts[0]
    return (-priority, second, rank - head.course.stages[0][1].ageing * now, turn)


def _weighed(line: Line, head: _Head, agent: ReadyAgent, rank: int, now: float) -> _Pair | None:
    """Return the head of a line with an agent; None when it had better wait."""
    value = head.worth - line.policy.price(agent, line.group(agent, rank), line.stage, head.around)
    return _Pair(_place(line, head.priority, -value, now), agent, rank, value) if value > 0 else None
