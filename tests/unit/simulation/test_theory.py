"""Simulations agree with Erlang's formulas and with a simulator that somebody else could have written."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from caruso.model.centre import AgentProfile, Centre, Queue
from caruso.model.ids import AgentId, QueueId
from caruso.simulation.arrivals import Arrival, Profile, QueueProfile, drawn
from caruso.simulation.centre import People
from caruso.simulation.outcome import Report
from caruso.simulation.runs import simulate
from tests.unit.simulation import independent
from tests.unit.simulation.erlang import erlang_a, erlang_c, waits_longer

pytestmark = pytest.mark.slow

MAIN, VIP = QueueId("main"), QueueId("vip")
HANDLING = 180.0


def centre(agents: int) -> Centre:
    queue = Queue(id=MAIN, name="Main", wrap_up_seconds=0, target_seconds=20, short_abandon_seconds=0)
    return Centre(
        name="Erlang",
        timezone="UTC",
        queues={MAIN: queue},
        entry_points={},
        agents={a: AgentProfile(id=a, name=a, queues=(MAIN,)) for a in map(AgentId, map(str, range(agents)))},
    )


def day(agents: int, load: float, patience: float, seed: int) -> Report:
    """Simulate 23 hours of a day in the steady state (M/M/n, M/M/n+M)."""
    per_day = load / HANDLING * 86_400
    queue = QueueProfile(calls=per_day, talk_seconds=HANDLING, talk_cv=0.0, patience_seconds=patience)
    dice = random.Random(seed)  # noqa: S311 -- chance for a test
    arrivals = [
        Arrival(
            at=a.at,
            queue=MAIN,
            patience_seconds=a.patience_seconds,
            talk_seconds=dice.expovariate(1 / HANDLING),
        )
        for a in drawn(Profile(queues={MAIN: queue}), 1, seed)
    ]
    return simulate(centre(agents), arrivals, days=1, seed=seed, people=People(answer_seconds=0), warm_up=3_600)


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean of independent days and four standard errors of it."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, 4 * math.sqrt(variance / len(values))


@pytest.mark.parametrize(("agents", "load"), [(6, 4.0)])
def test_service_level_and_asa_are_those_of_erlang_c(agents: int, load: float) -> None:
    days = [day(agents, load, 0, seed) for seed in range(16)]
    late, error = spread([100 - (r.everything.service_levels["exclude-short"] or 0) for r in days])  # type: ignore[index]
    expected = 100 * waits_longer(agents, load, HANDLING, 20)
    assert abs(late - expected) < error, f"{late} is not {expected}"
    asa, error = spread([r.everything.asa or 0 for r in days])
    expected = erlang_c(agents, load) * HANDLING / (agents - load)
    assert abs(asa - expected) < error, f"{asa} is not {expected}"
    assert error < 0.5 * expected, "the test could not tell"


@pytest.mark.parametrize(("agents", "load", "patience"), [(10, 11.0, 90.0)])
def test_abandons_are_those_of_erlang_a(agents: int, load: float, patience: float) -> None:
    days = [day(agents, load, patience, seed) for seed in range(4)]
    expected, _ = erlang_a(agents, load, HANDLING, patience)
    gone, error = spread([(r.everything.abandon_percent or 0) / 100 for r in days])
    assert abs(gone - expected) < error, f"{gone} is not {expected}"
    assert error < 0.5 * expected, "the test could not tell"
    busy, error = spread([r.occupancy or 0 for r in days])
    assert abs(busy - load * (1 - expected) / agents) < error


def test_an_independent_simulator_lets_every_caller_leave_in_the_same_way() -> None:
    """Two queues, three kinds of agents, priorities and patience: caller by caller the same wait."""
    skills = {"0": ["main"], "1": ["main"], "2": ["vip"], "3": ["main", "vip"], "4": ["main", "vip"]}
    queues = {
        MAIN: Queue(id=MAIN, name="Main", wrap_up_seconds=10, short_abandon_seconds=0),
        VIP: Queue(id=VIP, name="VIP", wrap_up_seconds=10, priority=1, short_abandon_seconds=0),
    }
    agents = {
        AgentId(name): AgentProfile(id=AgentId(name), name=name, queues=tuple(map(QueueId, works)))
        for name, works in skills.items()
    }
    house = Centre(name="Both", timezone="UTC", queues=queues, entry_points={}, agents=agents)
    profiles = {
        MAIN: QueueProfile(calls=1_500, talk_seconds=150, patience_seconds=120),
        VIP: QueueProfile(calls=700, talk_seconds=150, patience_seconds=60),
    }
    arrivals = drawn(Profile(queues=profiles), 1, 7)
    callers = [independent.Caller(a.at, a.queue, a.patience_seconds, a.talk_seconds + 10) for a in arrivals]
    theirs = independent.Centre(skills, {"main": 0, "vip": 1}).run(callers)
    report = simulate(house, arrivals, days=1, seed=7, people=People(answer_seconds=0))
    for queue in (MAIN, VIP):
        found = next(each for each in report.queues if each.queue == queue)
        waits = [left.waited for left in theirs if left.caller.queue == queue and left.agent is not None]
        gone = [left for left in theirs if left.caller.queue == queue and left.agent is None]
        assert (found.answered, found.abandoned) == (len(waits), len(gone))
        assert found.asa == pytest.approx(sum(waits) / len(waits), abs=0.01)
        assert found.longest_wait == pytest.approx(
            max(left.waited for left in theirs if left.caller.queue == queue), abs=0.01
        )
        assert len(gone) > 20, "nobody had to give up: the test could not tell"
