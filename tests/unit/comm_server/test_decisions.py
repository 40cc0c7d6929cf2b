"""Why an agent got a contact: on her desk at once and after a crash, and decided again by today's rules."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from caruso.comm_server.acd.built_in import routing_policies
from caruso.comm_server.acd.needs import ReadyAgent, Stage
from caruso.comm_server.acd.plan import Plan
from caruso.comm_server.acd.policy import Key, LongestIdle, Policies
from caruso.comm_server.agents.why_views import why_view
from caruso.comm_server.decisions import DecidedAgain, Decisions
from caruso.comm_server.desk_contacts import decision_for
from caruso.model import desk, ids
from caruso.model.centre import AgentProfile, Centre, Queue, Relaxation, RoutingRule, Skill
from caruso.model.facts import (
    AnyFact,
    ContactIdentified,
    ContactQueued,
    ContactRouted,
    OfferMade,
    OfferPurpose,
    Presence,
    PresenceChanged,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, SkillId
from caruso.model.records import Customer
from lab.fake_stores import MemoryCustomers
from lab.fake_telephony import Pickup
from lab.memory_journal import MemoryJournal
from lab.routing_facts import decision
from lab.virtual_time import run_in_virtual_time
from lab.whole_centre import WholeCentre

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GAS, GERMAN, CALL = QueueId("gas"), SkillId("german"), ContactId("c1")
ANNA, BEN, BRAM = AgentId("anna"), AgentId("ben"), AgentId("bram")


def centre(**of_queue: object) -> Centre:
    queue = replace(Queue(id=GAS, name="Gas", skills={GERMAN: 3}), **of_queue)  # type: ignore[arg-type]
    agents = {
        name: AgentProfile(id=name, name=name.title(), queues=(GAS,), skills={GERMAN: level})
        for name, level in ((ANNA, 3), (BEN, 8))
    }
    skills = {GERMAN: Skill(id=GERMAN, name="German")}
    return Centre(name="C", timezone="UTC", queues={GAS: queue}, entry_points={}, agents=agents, skills=skills)


def journal(*, customer: CustomerId | None = None) -> MemoryJournal:
    """Return a journal in which Anna, idle longest, got the contact."""
    kept = MemoryJournal()
    for seconds, agent in ((0, ANNA), (5, BEN)):
        at = NOON + timedelta(seconds=seconds)
        kept.record(PresenceChanged(at=at, agent=agent, presence=Presence.READY))
    at = NOON + timedelta(seconds=30)
    place: dict[str, Any] = {"at": at, "contact": CALL, "visit": 1, "queue": GAS, "priority": 0}
    kept.record(ContactQueued(skills={GERMAN: 3}, own_skills={}, **place))
    if customer is not None:
        kept.record(ContactIdentified(at=at, contact=CALL, customer=customer))
    kept.record(ContactRouted(agent=ANNA, waited_seconds=0, policy="longest-idle", **place))
    return kept


class ByName(LongestIdle):
    """A policy that a plug-in might bring."""

    name = "by-name"

    def key(self, agent: ReadyAgent, stage: Stage) -> Key:
        """Return what puts the last name first."""
        return tuple(-float(ord(letter)) for letter in agent.agent)


def policies() -> Policies:
    return Policies(*routing_policies(), ByName())


def again(kept: MemoryJournal, rules: Centre, *customers: Customer) -> Sequence[DecidedAgain]:
    decisions = Decisions(
        facts=kept, customers=MemoryCustomers(*customers), policies=policies(), plan=lambda: Plan(rules)
    )
    return asyncio.run(decisions.again(CALL))


def test_the_same_rules_choose_the_same_again() -> None:
    (found,) = again(journal(), centre())
    assert (found.same, found.certain, found.then.agent) == (True, True, ANNA)
    assert found.now is not None
    assert [candidate.agent for candidate in found.now.candidates] == [ANNA, BEN]


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        ({"policy": "most-skilled"}, BEN),
        ({"policy": "by-name"}, BEN),
        ({"skills": {GERMAN: 5}}, BEN),
        ({"skills": {GERMAN: 9}}, None),
    ],
)
def test_other_rules_choose_otherwise_or_let_it_wait(rules: dict[str, object], chosen: AgentId | None) -> None:
    (found,) = again(journal(), centre(**rules))
    assert not found.same
    assert (found.now.agent if found.now else None) == chosen


def test_a_rule_over_the_customer_is_decided_by_what_is_known_today() -> None:
    gold = Customer(id=CustomerId("k1"), name="Mira", numbers=(), email="", attributes={"segment": "gold"})
    rule = RoutingRule(when="customer.segment = 'gold'", policy="most-skilled")
    (found,) = again(journal(customer=gold.id), centre(rules=(rule,)), gold)
    assert found.now is not None
    assert (found.now.agent, found.now.rule, found.certain) == (BEN, 1, False)


def test_a_contact_that_never_came_out_of_a_queue_has_nothing_to_decide_again() -> None:
    assert again(MemoryJournal(), centre()) == ()


def test_an_agent_is_told_her_own_levels_and_no_colleague_by_name() -> None:
    rules = centre(relax=(Relaxation(after_seconds=20), Relaxation(after_seconds=40)))
    view = why_view(decision(CALL, NOON), ANNA, rules)
    (skill,) = view.skills
    assert (skill.name, skill.level, skill.needed) == ("German", 3, 3)
    assert (view.candidates, view.rank, view.step, view.rule) == (2, 1, 1, 1)
    assert view.figure == NOON.timestamp() - 90
    gone = why_view(decision(CALL, NOON), AgentId("gone"), rules)
    assert (gone.figure, gone.skills[0].level) == (None, 0)


def test_a_transfer_to_an_agent_is_no_decision_of_rules() -> None:
    routed = decision(CALL, NOON)

    def offer(purpose: OfferPurpose) -> OfferMade:
        return OfferMade(at=NOON, contact=CALL, offer=1, queue=GAS, agent=ANNA, purpose=purpose)

    facts: list[AnyFact] = [routed, offer(OfferPurpose.QUEUE)]
    assert decision_for(facts, ANNA) is routed
    assert decision_for(facts, BEN) is None
    assert decision_for([*facts, offer(OfferPurpose.TRANSFER)], ANNA) is None


def test_the_desk_tells_why_while_it_rings_in_the_conversation_and_after_a_crash() -> None:
    async def main() -> None:
        house = WholeCentre(0)
        house.stores.patience = 0.0
        house.answers = lambda endpoint: Pickup(seconds=2)
        await house.start()
        house.open_console(ANNA)
        house.ask(ANNA, desk.GoReady)
        contact = ids.contact_of(house.telephony.call("200", "+31201"))
        await asyncio.sleep(1)
        ringing = house.views[ANNA].contact
        assert ringing is not None
        assert ringing.why is not None
        assert ringing.why.candidates == 1
        await asyncio.sleep(3)
        await house.crash(lost=0, away=1)
        house.open_console(ANNA)
        await asyncio.sleep(1)
        talking = house.views[ANNA].contact
        assert talking is not None
        assert (talking.id, talking.phase) == (contact, "talking")
        assert talking.why == ringing.why
        await house.centre.tasks.close()

    run_in_virtual_time(main)


def test_how_busy_agents_were_is_known_after_a_crash() -> None:
    async def main() -> None:
        house = WholeCentre(0)
        house.stores.patience = 0.0
        house.answers = lambda endpoint: Pickup(seconds=2)
        await house.start()
        for agent in (ANNA, BRAM):
            house.open_console(agent)
            house.ask(agent, desk.GoReady)
        house.telephony.call("200", "+31201")
        await asyncio.sleep(1800)
        before = busy(house)
        assert max(before.values()) > 0.3
        await house.crash(lost=0, away=1)
        assert busy(house) == pytest.approx(before, abs=0.001)
        await house.centre.tasks.close()

    run_in_virtual_time(main)


def busy(house: WholeCentre) -> dict[AgentId, float]:
    """Return how busy agents were lately."""
    now = house.clock.monotonic()
    return {agent: load.share_at(now) for agent, load in house.centre.dispatcher._loads.items() if load.share}


def test_a_queue_or_an_agent_that_is_gone_is_no_reason_to_fail() -> None:
    (found,) = again(journal(), Centre(name="C", timezone="UTC", queues={}, entry_points={}, agents={}))
    assert (found.now, found.same) == (None, False)
    queue_less = replace(centre(), queues={})
    (found,) = again(journal(), queue_less)
    assert found.then.agent == ANNA


def test_facts_may_begin_while_an_agent_is_being_offered_something() -> None:
    kept = MemoryJournal()
    rings = PresenceChanged(at=NOON - timedelta(minutes=1), agent=ANNA, presence=Presence.OFFERED)
    for fact in (rings, *journal().facts):
        kept.record(fact)
    (found,) = again(kept, centre())
    assert found.now is not None
    assert found.now.agent == ANNA
