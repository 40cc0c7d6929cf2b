"""A journal's decisions are decided again: the same by the same rules, and others by other rules."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from caruso.comm_server.acd.built_in import built_in_policies
from caruso.comm_server.acd.plan import Plan
from caruso.comm_server.acd.replay import replay
from caruso.comm_server.decisions import Decisions
from caruso.model.centre import AgentProfile, Centre, Queue, Relaxation
from caruso.model.facts import AnyFact, ContactRouted
from caruso.model.ids import AgentId, QueueId, SkillId
from caruso.model.records import Became
from caruso.simulation.arrivals import Profile, QueueProfile, drawn
from caruso.simulation.runs import simulate
from lab.fake_stores import MemoryCustomers
from lab.memory_journal import MemoryJournal

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


def a_busy_day() -> tuple[Centre, MemoryJournal]:
    """Return a day on which agents are lent to a queue that weighs less, and have more than enough to do."""
    lent = (Relaxation(after_seconds=0, queues=(POWER,)),)
    queues = {
        GAS: Queue(id=GAS, name="Gas", policy="cost-index", relax=lent),
        POWER: Queue(id=POWER, name="Power", policy="cost-index", weight=6, priority=1, target_seconds=10),
    }
    names = [AgentId(f"a{number:02}") for number in range(12)]
    agents = {
        name: AgentProfile(id=name, name=name, queues=(GAS, POWER) if number % 2 else (POWER,))
        for number, name in enumerate(names)
    }
    rules = Centre(name="Day", timezone="UTC", queues=queues, entry_points={}, agents=agents)
    callers = QueueProfile(calls=1_150, talk_seconds=150, patience_seconds=100)
    arrivals = drawn(Profile(queues={GAS: callers, POWER: callers}, hours=(0,) * 8 + (4,) * 6 + (0,) * 10), 1, 4)
    kept = MemoryJournal()
    simulate(rules, arrivals, days=1, seed=4, listener=kept.record)
    return rules, kept


def routed_at_noon(kept: MemoryJournal) -> list[ContactRouted]:
    return [fact for fact in kept.facts if isinstance(fact, ContactRouted) and fact.at.hour == 12]


def test_a_contact_alone_is_decided_the_same_by_what_was_before_it() -> None:
    """Under strain agents are kept longer for what weighs more, which the whole shift tells."""
    rules, kept = a_busy_day()
    decisions = Decisions(
        facts=kept, customers=MemoryCustomers(), policies=built_in_policies(), plan=lambda: Plan(rules)
    )
    contacts = [fact.contact for fact in routed_at_noon(kept)][::12]
    found = [one for contact in contacts for one in asyncio.run(decisions.again(contact))]
    assert len(found) > 15
    assert [one.then.contact for one in found if not one.same] == []


def test_how_busy_agents_were_before_the_facts_counts() -> None:
    """The figures of the policy are occupancies: right with what was before the last hour, far too low without."""
    rules, kept = a_busy_day()
    noon = routed_at_noon(kept)[0].at
    facts = asyncio.run(kept.routing_facts(noon - timedelta(minutes=10), noon + timedelta(minutes=10)))
    lately = asyncio.run(kept.presences(noon - timedelta(hours=7), noon))

    def worst(before: Sequence[Became]) -> float:
        decided = [one for one in replay(facts, Plan(rules), built_in_policies(), lately=before) if one.now]
        assert len(decided) > 20
        differences = [0.0]
        for one in decided:
            now = {c.agent: c.figure for c in one.now.candidates} if one.now else {}
            differences += [abs(c.figure - now[c.agent]) for c in one.then.candidates if c.agent in now]
        return max(differences)

    assert worst(lately) < 0.002
    assert worst(()) > 0.5


def test_other_rules_decide_otherwise() -> None:
    facts = a_day("longest-idle")
    other = centre("longest-idle", level=9)
    found = list(replay(facts, Plan(other), built_in_policies()))
    assert any(each.now is None for each in found), "nobody would have waited on"
    fairer = replace(
        other, queues={q: replace(queue, policy="least-occupied") for q, queue in other.queues.items()}
    )
    assert any(not each.same for each in replay(facts, Plan(fairer), built_in_policies()))
