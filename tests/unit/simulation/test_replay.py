"""A journal's decisions are decided again: the same by the same rules, and others by other rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caruso.comm_server.acd.built_in import built_in_policies
from caruso.comm_server.acd.plan import Plan
from caruso.comm_server.acd.replay import replay
from caruso.model.centre import AgentProfile, Centre, Queue, Relaxation
from caruso.model.facts import AnyFact
from caruso.model.ids import AgentId, QueueId, SkillId
from caruso.simulation.arrivals import Profile, QueueProfile, drawn
from caruso.simulation.runs import simulate

pytestmark = pytest.mark.slow

GAS, POWER = QueueId("gas"), QueueId("power")
DUTCH = SkillId("dutch")


def centre(policy: str, level: int = 5) -> Centre:
    gas = Queue(
        id=GAS,
        name="Gas",
        skills={DUTCH: level},
        policy=policy,
        ageing_per_minute=1,
        relax=(Relaxation(after_seconds=15, skills={DUTCH: 1}), Relaxation(after_seconds=30, queues=(POWER,))),
    )
    power = Queue(id=POWER, name="Power", policy=policy, priority=1)
    made = {}
    for number in range(14):
        name = AgentId(f"a{number:02}")
        works = ((GAS,), (POWER,), (GAS, POWER))[number % 3]
        ranks = {GAS: 1, POWER: 2} if number % 3 == 2 else {}
        made[name] = AgentProfile(id=name, name=name, queues=works, skills={DUTCH: number % 10}, preference=ranks)
    return Centre(name="Day", timezone="UTC", queues={GAS: gas, POWER: power}, entry_points={}, agents=made)


def a_day(policy: str) -> list[AnyFact]:
    facts: list[AnyFact] = []
    callers = QueueProfile(calls=450, talk_seconds=150, patience_seconds=100)
    hours = (0,) * 8 + (3, 5, 4) + (0,) * 13
    arrivals = drawn(Profile(queues={GAS: callers, POWER: callers}, hours=hours), 1, 4)
    simulate(centre(policy), arrivals, days=1, seed=4, listener=facts.append)
    return facts


@pytest.mark.parametrize("policy", ["longest-idle", "least-occupied", "most-skilled", "cost-index"])
def test_the_same_rules_decide_the_same(policy: str) -> None:
    again = list(replay(a_day(policy), Plan(centre(policy)), built_in_policies()))
    assert len(again) > 700
    assert [each.then.contact for each in again if not each.same] == []
    assert all(each.now is not None and each.now.candidates == each.then.candidates for each in again)


def test_other_rules_decide_otherwise() -> None:
    facts = a_day("longest-idle")
    other = centre("longest-idle", level=9)
    found = list(replay(facts, Plan(other), built_in_policies()))
    assert any(each.now is None for each in found), "nobody would have waited on"
    fairer = replace(
        other, queues={q: replace(queue, policy="least-occupied") for q, queue in other.queues.items()}
    )
    assert any(not each.same for each in replay(facts, Plan(fairer), built_in_policies()))
