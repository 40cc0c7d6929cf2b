"""What came of a simulated day, in the terms of the glossary: folds facts into figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean

import msgspec

from caruso.comm_server.acd.estimate import Estimator, Range, WaitEstimates
from caruso.model.centre import Centre
from caruso.model.facts import (
    AnyFact,
    ContactLeftQueue,
    ContactQueued,
    Presence,
    PresenceChanged,
    QueueOutcome,
    TalkEnded,
)
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.metrics import QueueCounts, ServiceLevelVariant, service_level

_ON_CONTACT = (Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP)


class QueueReport(msgspec.Struct, frozen=True, kw_only=True):
    """A queue, or all of them; seconds and per cent, None where there is nothing to divide by."""

    queue: str
    entered: int
    answered: int
    abandoned: int
    short_abandoned: int
    flowed_out: int
    waiting: int
    #: By variant (`caruso.model.metrics.FORMULAS`).
    service_levels: Mapping[ServiceLevelVariant, float | None]
    asa: float | None
    median_wait: float | None
    p95_wait: float | None
    longest_wait: float
    abandon_percent: float | None


class AgentReport(msgspec.Struct, frozen=True, kw_only=True):
    """An agent."""

    agent: AgentId
    contacts: int
    #: 0 to 1; None for one who was never ready.
    occupancy: float | None


class WaitReport(msgspec.Struct, frozen=True, kw_only=True):
    """How good estimates of the wait were, of contacts that waited and were answered."""

    queue: QueueId
    waited: int
    #: How many of them were told something.
    announced: int
    #: Whose wait was within what was told.
    within_range: int
    mean_error: float | None
    #: Within a fifth of the real wait.
    within_fifth: int
    #: Of each estimator at the end, seconds.
    errors: Mapping[Estimator, float]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A simulated time."""

    centre: str
    days: int
    seed: int
    arrivals: int
    everything: QueueReport
    queues: Sequence[QueueReport]
    agents: Sequence[AgentReport]
    #: Of the agents' occupancies: 0 all the same, towards 1 unequal.
    gini: float
    occupancy: float | None
    waits: Sequence[WaitReport]


@dataclass(slots=True)
class Tally:
    """What happened in a queue."""

    entered: int = 0
    waits: list[float] = field(default_factory=list)
    gave_up: list[float] = field(default_factory=list)
    short: int = 0
    other: int = 0
    in_target: int = 0
    gave_up_in_target: int = 0
    longest: float = 0.0

    def add(self, fact: ContactLeftQueue, target: float) -> None:
        """Count a contact that left."""
        waited = fact.waited_seconds
        self.longest = max(self.longest, waited)
        match fact.outcome:
            case QueueOutcome.ANSWERED:
                self.waits.append(waited)
                self.in_target += waited <= target
            case QueueOutcome.ABANDONED | QueueOutcome.SHORT_ABANDONED:
                self.gave_up.append(waited)
                self.short += fact.outcome is QueueOutcome.SHORT_ABANDONED
                self.gave_up_in_target += waited <= target
            case _:
                self.other += 1

    def report(self, name: str) -> QueueReport:
        """Return the figures."""
        counts = QueueCounts(
            answered=len(self.waits),
            answered_in_target=self.in_target,
            abandoned=len(self.gave_up),
            abandoned_in_target=self.gave_up_in_target,
            short_abandoned=self.short,
        )
        offered = len(self.waits) + len(self.gave_up) - self.short
        ordered = sorted(self.waits)
        return QueueReport(
            queue=name,
            entered=self.entered,
            answered=len(self.waits),
            abandoned=len(self.gave_up) - self.short,
            short_abandoned=self.short,
            flowed_out=self.other,
            waiting=self.entered - len(self.waits) - len(self.gave_up) - self.other,
            service_levels={variant: service_level(counts, variant) for variant in ServiceLevelVariant},
            asa=fmean(ordered) if ordered else None,
            median_wait=_at(ordered, 0.5),
            p95_wait=_at(ordered, 0.95),
            longest_wait=self.longest,
            abandon_percent=100.0 * (len(self.gave_up) - self.short) / offered if offered else None,
        )


def together(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of queues."""
    found = Tally()
    for tally in tallies:
        found.entered += tally.entered
        found.waits += tally.waits
        found.gave_up += tally.gave_up
        found.short += tally.short
        found.other += tally.other
        found.in_target += tally.in_target
        found.gave_up_in_target += tally.gave_up_in_target
        found.longest = max(found.longest, tally.longest)
    return found


def _at(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))] if ordered else None


def gini(values: Iterable[float]) -> float:
    """Return how unequal values are: 0 all the same, towards 1 one has everything (mean absolute difference)."""
    ordered = sorted(values)
    total, count = sum(ordered), len(ordered)
    if not total:
        return 0.0
    return sum((2 * rank - count - 1) * value for rank, value in enumerate(ordered, 1)) / (count * total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What estimates of a wait go by."""

    #: Contacts of the same queue that go before.
    ahead: int
    #: How long the first of the queue has waited, seconds.
    longest: float


class Outcome:
    """Hears facts and counts; what happened before `since` is left out (a centre fills up first)."""

    def __init__(
        self, centre: Centre, since: datetime, until: datetime, estimates: Callable[[ContactId], Guess | None]
    ) -> None:
        """Count contacts that come, and time that passes, from `since` to `until`."""
        self._centre = centre
        self._since = since
        self._until = until
        self._guess_of = estimates
        self.tallies: dict[QueueId, Tally] = {queue: Tally() for queue in centre.queues}
        self.estimates: dict[QueueId, WaitEstimates] = defaultdict(WaitEstimates)
        self._guesses: dict[ContactId, tuple[Mapping[Estimator, float], Range | None]] = {}
        self._told: dict[QueueId, list[tuple[Range | None, float]]] = defaultdict(list)
        #: Contacts that have found nobody free, by queue.
        self._wait_in: dict[QueueId, int] = defaultdict(int)
        self._counted: set[ContactId] = set()
        self._presences: dict[AgentId, tuple[Presence, datetime]] = {}
        self._busy: dict[AgentId, float] = defaultdict(float)
        self._idle: dict[AgentId, float] = defaultdict(float)
        self._contacts: dict[AgentId, int] = defaultdict(int)

    def hear(self, fact: AnyFact) -> None:
        """Count."""
        match fact:
            case ContactQueued():
                self._queued(fact)
            case ContactLeftQueue():
                self._left(fact)
            case PresenceChanged(agent=agent, presence=presence, at=at):
                self._passed(agent, at)
                self._presences[agent] = (presence, at)
            case TalkEnded(agent=agent, at=at) if self._since <= at < self._until:
                self._contacts[agent] += 1
            case _:
                pass

    def _queued(self, fact: ContactQueued) -> None:
        if self._since <= fact.at < self._until:
            self._counted.add(fact.contact)
            self.tallies[fact.queue].entered += 1
        guess = self._guess_of(fact.contact)
        if guess is not None:
            known = self.estimates[fact.queue]
            self._wait_in[fact.queue] += 1
            guesses = known.guess(ahead=guess.ahead, longest=guess.longest)
            self._guesses[fact.contact] = (guesses, known.announced(guesses))

    def _left(self, fact: ContactLeftQueue) -> None:
        if fact.contact in self._counted:
            self._counted.discard(fact.contact)
            self.tallies[fact.queue].add(fact, self._centre.queues[fact.queue].target_seconds)
        guess = self._guesses.pop(fact.contact, None)
        if guess is None:
            return
        self._wait_in[fact.queue] -= 1
        if fact.outcome is QueueOutcome.ANSWERED:
            now = (fact.at - self._since).total_seconds()
            others = self._wait_in[fact.queue] > 0
            self.estimates[fact.queue].answered(now, fact.waited_seconds, others_wait=others, guessed=guess[0])
            if self._since <= fact.at < self._until:
                self._told[fact.queue].append((guess[1], fact.waited_seconds))

    def _passed(self, agent: AgentId, at: datetime) -> None:
        """Count the time an agent was in a presence."""
        known = self._presences.get(agent)
        if known is None:
            return
        presence, since = known
        seconds = (min(at, self._until) - max(since, self._since)).total_seconds()
        if seconds > 0 and presence is Presence.READY:
            self._idle[agent] += seconds
        elif seconds > 0 and presence in _ON_CONTACT:
            self._busy[agent] += seconds

    def report(self, *, days: int, seed: int, arrivals: int) -> Report:
        """Return the figures."""
        for agent in list(self._presences):
            self._passed(agent, self._until)
        agents = [self._agent(agent) for agent in self._centre.agents]
        worked = [agent.occupancy for agent in agents if agent.occupancy is not None]
        busy, idle = sum(self._busy.values()), sum(self._idle.values())
        return Report(
            centre=self._centre.name,
            days=days,
            seed=seed,
            arrivals=arrivals,
            everything=together(self.tallies.values()).report("all"),
            queues=[tally.report(queue) for queue, tally in self.tallies.items()],
            agents=agents,
            gini=gini(worked),
            occupancy=busy / (busy + idle) if busy + idle else None,
            waits=[self._waits(queue) for queue in self._centre.queues if queue in self._told],
        )

    def _agent(self, agent: AgentId) -> AgentReport:
        busy, idle = self._busy[agent], self._idle[agent]
        occupancy = busy / (busy + idle) if busy + idle else None
        return AgentReport(agent=agent, contacts=self._contacts[agent], occupancy=occupancy)

    def _waits(self, queue: QueueId) -> WaitReport:
        told = [(range_, waited) for range_, waited in self._told[queue] if range_ is not None]
        errors = [abs(range_.estimate - waited) for range_, waited in told]
        return WaitReport(
            queue=queue,
            waited=len(self._told[queue]),
            announced=len(told),
            within_range=sum(range_.least <= waited <= range_.most for range_, waited in told),
            mean_error=fmean(errors) if errors else None,
            within_fifth=sum(abs(r.estimate - waited) <= 0.2 * waited for r, waited in told),
            errors={
                by: error.mean_seconds for by, error in self.estimates[queue].errors().items() if error.measured
            },
        )
