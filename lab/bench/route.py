"""``make bench-route``: how long the decision takes who gets which waiting contact.

180 ready agents and 1,000 waiting contacts in 12 lines of 6 queues, skills as in a mixed centre; and the worst
case, where hardly anybody waiting can be served, so that every line looks at every agent.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from caruso.comm_server.acd.route import Need, ReadyAgent, Waiting, route
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId
from lab.bench.report import percentile

AGENTS, CONTACTS, QUEUES = 180, 1000, 6
ROUNDS = 300
GOAL_MS = 1.0
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

World = tuple[list[list[Waiting]], list[ReadyAgent]]


def mixed_centre(seed: int = 1) -> World:
    """Return lines and agents: every agent works for two queues, a third of the contacts want a skill."""
    dice = random.Random(seed)
    skill = SkillId("dutch")
    lines: dict[Need, list[Waiting]] = defaultdict(list)
    for number in range(CONTACTS):
        need = Need(queue=_queue(dice), skills=((skill, 5),) if dice.random() < 0.33 else ())
        since = _EPOCH + timedelta(seconds=dice.uniform(0, 600))
        lines[need].append(
            Waiting(contact=ContactId(f"c{number}"), need=need, priority=dice.choice((0, 0, 0, 1)), since=since)
        )
    agents = [
        ReadyAgent(
            agent=AgentId(f"a{number}"),
            queues=frozenset({_queue(dice), _queue(dice)}),
            skills={skill: dice.randint(1, 10)},
            idle_since=_EPOCH + timedelta(seconds=dice.uniform(0, 600)),
        )
        for number in range(AGENTS)
    ]
    return [sorted(line, key=lambda w: w.rank) for line in lines.values()], sorted(agents, key=lambda a: a.rank)


def nobody_able() -> World:
    """Return the same, with agents who can serve none."""
    lines, agents = mixed_centre()
    others = frozenset({QueueId("elsewhere")})
    return lines, [
        ReadyAgent(agent=a.agent, queues=others, skills=a.skills, idle_since=a.idle_since) for a in agents
    ]


def one_agent() -> World:
    """Return the same, with a single agent who has just become free: what happens most."""
    lines, agents = mixed_centre()
    return lines, agents[:1]


def _queue(dice: random.Random) -> QueueId:
    return QueueId(f"q{dice.randrange(QUEUES)}")


def durations_ms(world: World, rounds: int = ROUNDS) -> list[float]:
    """Return the processor time that each of many decisions took."""
    lines, ready = world
    return [_duration_ms(lines, ready) for _ in range(rounds)]


def _duration_ms(lines: Sequence[Sequence[Waiting]], ready: Sequence[ReadyAgent]) -> float:
    begun = time.thread_time_ns()  # not the clock on the wall: others may run in between
    route(lines, ready)
    return (time.thread_time_ns() - begun) / 1e6


def decision_ms() -> float:
    """Return the 99th percentile of the decision in the mixed centre."""
    return percentile(durations_ms(mixed_centre()), 0.99) or 0.0


def main() -> None:
    """Print a table."""
    worlds = {"mixed centre": mixed_centre(), "nobody able": nobody_able(), "one agent free": one_agent()}
    print(f"{AGENTS} ready agents, {CONTACTS} waiting contacts; goal: p99 below {GOAL_MS:g} ms")
    for name, world in worlds.items():
        times = durations_ms(world)
        p50, p99 = percentile(times, 0.5) or 0.0, percentile(times, 0.99) or 0.0
        assigned = len(route(*world))
        print(f"  {name:16} p50 {p50:7.3f} ms   p99 {p99:7.3f} ms   {assigned:4} assigned")


if __name__ == "__main__":
    main()
