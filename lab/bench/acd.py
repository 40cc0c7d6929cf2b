"""``make bench-acd``: what an event costs in the core of the distribution, however many wait and are signed in.

Six queues that want a skill at a level, at two priorities; agents of two or three queues with levels and ranks.
An event is a contact that comes or gives up, or an agent who becomes ready or leaves, with the decision that
follows. Half of the events find contacts waiting for agents, half agents waiting for contacts. Prints a table and
writes ``build/bench/acd.json``.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from caruso.comm_server.acd.built_in import built_in_policies
from caruso.comm_server.acd.floor import Floor
from caruso.comm_server.acd.needs import Abilities, Course, ReadyAgent, Waiting, abilities
from caruso.comm_server.acd.plan import Plan, Wish
from caruso.model.centre import Centre, Queue, Relaxation
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId
from lab.bench.recovery import table
from lab.bench.report import Figure, percentile

OUTPUT = Path("build/bench")
SIZES = tuple((agents, waiting) for agents in (10, 180, 2_000, 10_000) for waiting in (10, 1_000, 10_000))
EVENTS = 20_000
#: Before it is measured: who first needs something costs a look at every ready agent.
WARM_UP = 2_000
POLICIES = ("longest-idle", "least-occupied", "most-skilled", "cost-index")
EVENTS_A_SECOND, DECISION_MS, DEARER = 20_000.0, 1.0, 2.0
_QUEUES = tuple(QueueId(f"q{number}") for number in range(6))
Name = TypeVar("Name")
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def plan(policy: str) -> Plan:
    """Return the rules of the centre that is measured."""
    queues = [
        Queue(
            id=queue,
            name=queue,
            skills={SkillId(f"s{number}"): 3},
            priority=number % 2,
            policy=policy,
            relax=(
                Relaxation(after_seconds=60, skills={SkillId(f"s{number}"): 1}),
                Relaxation(after_seconds=120, queues=(_QUEUES[(number + 1) % 6],)),
            ),
        )
        for number, queue in enumerate(_QUEUES)
    ]
    return Plan(
        Centre(
            name="Bench", timezone="UTC", queues={queue.id: queue for queue in queues}, entry_points={}, agents={}
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the events of one cell took."""

    #: An event and its decision, microseconds of processor time.
    event_us: float
    #: Each decision, milliseconds of processor time.
    decision_ms: Sequence[float]


class Load:
    """A floor at a size, and events for it."""

    def __init__(self, policy: str, agents: int, waiting: int, *, idle: bool, seed: int = 1) -> None:
        """Let everybody sign in and contacts wait: for agents who are busy, or (`idle`) for a skill nobody has."""
        self._dice = random.Random(seed)
        self._plan = plan(policy)
        self.floor = Floor(built_in_policies())
        self.now = 1_000.0
        self._turn = 0
        self._target = waiting
        self._idle = idle
        self.waiting: list[ContactId] = []
        self.busy: list[AgentId] = []
        self.can: dict[AgentId, Abilities] = {}
        for number in range(agents):
            name = AgentId(f"a{number}")
            self.can[name] = self._abilities()
            self.floor.on_duty(name, self.can[name], self.now)
            self.busy.append(name)
        for _ in range(waiting):
            self.contact(waited=self._dice.uniform(130, 900), rare=idle)
        self.floor.decide(self.now)
        for _ in range(agents if idle else 0):
            self.ready()
        self.floor.decide(self.now)

    def _abilities(self) -> Abilities:
        queues = self._dice.sample(_QUEUES, self._dice.choice((2, 3)))
        skills = {SkillId(f"s{number}"): self._dice.randint(1, 10) for number in range(6)}
        return abilities(frozenset(queues), skills, {queue: rank for rank, queue in enumerate(queues, 1)})

    def contact(self, waited: float = 0.0, *, rare: bool = False) -> None:
        """Let a contact come; a `rare` one needs what nobody can."""
        self._turn += 1
        name = ContactId(f"c{self._turn}")
        skills = ((SkillId("rare"), 5),) if rare else ()
        wish = Wish(queue=self._dice.choice(_QUEUES), skills=skills)
        course: Course = self._plan.course(wish, {}, _EPOCH)
        entered = self.now - waited
        since = _EPOCH + timedelta(seconds=entered)
        self.floor.wait(
            Waiting(contact=name, course=course, since=since, entered=entered, turn=self._turn), self.now
        )
        self.waiting.append(name)

    def leave(self) -> None:
        """Let a contact give up."""
        while self.waiting and self.floor.leave(_any(self.waiting, self._dice)) is None:
            pass  # that one talks

    def ready(self) -> None:
        """Let an agent become ready."""
        if self.busy:
            name = _any(self.busy, self._dice)
            load = self._dice.uniform(-3, 0) + self.now / 3600
            self.floor.ready(ReadyAgent(agent=name, can=self.can[name], idle_since=self.now, load=load))

    def decide(self) -> None:
        """Let the floor decide, and whoever talks be busy."""
        for decision in self.floor.decide(self.now):
            self.busy.append(decision.agent.agent)

    def rare(self) -> None:
        """Let a contact come that nobody can serve."""
        self.contact(rare=True)

    def events(self, count: int) -> Iterator[str]:
        """Yield what happens; as many go on waiting, and as many agents are ready or busy."""
        for number in range(count):
            self.now += 0.01
            if self._idle:
                yield ("contact", "ready", "contact", "ready", "leave", "rare")[number % 6]
            else:
                yield ("contact", "ready", "contact", "leave")[number % 4]


def _any(names: list[Name], dice: random.Random) -> Name:
    index = dice.randrange(len(names))
    names[index], names[-1] = names[-1], names[index]
    return names.pop()


def measure(load: Load, events: int = EVENTS) -> Cost:
    """Return what events cost in processor time, the making of them left out."""
    actions = {"contact": load.contact, "leave": load.leave, "ready": load.ready, "rare": load.rare}
    for name in load.events(WARM_UP):
        actions[name]()
        load.decide()
    load.now += 200  # whatever waits has been through its steps
    load.decide()
    gc.collect()
    total, took = 0, []
    for name in load.events(events):
        begun = time.thread_time_ns()  # not the clock on the wall: others may run in between
        actions[name]()
        middle = time.thread_time_ns()
        load.decide()
        ended = time.thread_time_ns()
        total += ended - begun
        took.append((ended - middle) / 1e6)
    return Cost(event_us=total / events / 1e3, decision_ms=took)


def cell(policy: str, agents: int, waiting: int, events: int = EVENTS) -> Cost:
    """Measure both halves at a size: contacts that wait for agents, and agents who wait for contacts."""
    halves = [measure(Load(policy, agents, waiting, idle=idle), events // 2) for idle in (False, True)]
    took = [ms for half in halves for ms in half.decision_ms]
    return Cost(event_us=sum(half.event_us for half in halves) / 2, decision_ms=took)


def decision_ms() -> float:
    """Return the 99th percentile of a decision with 1,000 contacts waiting for 180 agents."""
    return percentile(cell("longest-idle", 180, 1_000, 4_000).decision_ms, 0.99) or 0.0


def figures(costs: Mapping[tuple[str, int, int], Cost]) -> list[Figure]:
    """Hold the costs against their goals."""
    found: list[Figure] = []
    for (policy, agents, waiting), cost in costs.items():
        name, fast = f"acd.{policy}.{agents}-agents.{waiting}-waiting", 1e6 / cost.event_us
        wanted = agents == 180
        found.append(
            Figure(
                name=f"{name}.events",
                value=fast,
                unit="/s",
                goal=f">= {EVENTS_A_SECOND:g}" if wanted else "",
                met=fast >= EVENTS_A_SECOND if wanted else None,
            )
        )
        p99 = percentile(cost.decision_ms, 0.99) or 0.0
        wanted = waiting == 10_000
        found.append(
            Figure(
                name=f"{name}.decision.p99",
                value=p99,
                unit="ms",
                goal=f"<= {DECISION_MS:g}" if wanted else "",
                met=p99 <= DECISION_MS if wanted else None,
            )
        )
    for policy in dict.fromkeys(policy for policy, _, _ in costs):
        small, large = costs.get((policy, 180, 10)), costs.get((policy, 10_000, 10_000))
        if small and large:
            ratio = large.event_us / small.event_us
            found.append(
                Figure(
                    name=f"acd.{policy}.10000-10000-to-180-10",
                    value=ratio,
                    unit="x",
                    goal=f"<= {DEARER:g}",
                    met=ratio <= DEARER,
                )
            )
    return found


def main() -> int:
    """Measure all sizes, and report."""
    costs: dict[tuple[str, int, int], Cost] = {}
    for policy in POLICIES:
        for agents, waiting in SIZES:
            costs[policy, agents, waiting] = cell(policy, agents, waiting)
    lines = figures(costs)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "acd.json").write_bytes(msgspec.json.format(msgspec.json.encode(lines)))
    print(table(lines))
    print(f"\nfigures in {OUTPUT / 'acd.json'}")
    return 0 if all(line.met is not False for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
