"""Rules of distribution in force: relaxation by the clock, edits, what is known of a customer, and the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from caruso.comm_server.acd.needs import Need
from caruso.model.centre import AgentProfile, Queue, Relaxation, RoutingRule
from caruso.model.facts import (
    ContactIdentified,
    ContactLeftQueue,
    ContactQueued,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    Presence,
    PresenceChanged,
    QueueOutcome,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, SkillId
from lab.dispatching import NOON, Desk

GAS, POWER = QueueId("gas"), QueueId("power")
DUTCH = SkillId("dutch")
ANNA, BRAM = AgentId("anna"), AgentId("bram")
FIRST, SECOND = ContactId("1"), ContactId("2")
RELAXED = (Relaxation(after_seconds=20, skills={DUTCH: 3}), Relaxation(after_seconds=40, queues=(POWER,)))


def gas(**rules: object) -> Queue:
    return replace(Queue(id=GAS, name="Gas"), **rules)  # type: ignore[arg-type]


def agent(name: AgentId, *queues: QueueId, dutch: int = 0) -> AgentProfile:
    return AgentProfile(id=name, name=name, queues=queues or (GAS,), skills={DUTCH: dutch})


class Floor(Desk):
    """A desk with words of its own."""

    def __init__(self, *queues: Queue, agents: tuple[AgentProfile, ...]) -> None:
        super().__init__(queues, agents)
        self.agents = agents
        self.dispatcher.resume()

    def presence(self, name: AgentId, presence: Presence, reason: str = "") -> None:
        self.dispatcher.hear(PresenceChanged(at=self.clock.now(), agent=name, presence=presence, reason=reason))
        self.dispatcher.dispatch()

    def queued(self, contact: ContactId, queue: QueueId = GAS, **own: object) -> None:
        fact = ContactQueued(
            at=self.clock.now(), contact=contact, visit=1, queue=queue, priority=0, skills={}, own_skills={}
        )
        for name, value in own.items():
            fact = replace_fact(fact, name, value)
        self.dispatcher.hear(fact)
        self.dispatcher.dispatch()

    def edit(self, *queues: Queue) -> None:
        self.rules(queues, self.agents)
        self.dispatcher.rules_changed()
        self.dispatcher.dispatch()


def replace_fact(fact: ContactQueued, name: str, value: object) -> ContactQueued:
    import msgspec

    return msgspec.structs.replace(fact, **{name: value})


def test_a_waiting_contact_is_offered_when_its_next_step_begins_though_nothing_happens() -> None:
    floor = Floor(gas(skills={DUTCH: 5}, relax=RELAXED), agents=(agent(ANNA, dutch=3),))
    floor.presence(ANNA, Presence.READY)
    floor.queued(FIRST)
    floor.clock.move(19)
    assert floor.asked == []
    floor.clock.move(2)
    assert floor.asked == [(FIRST, ANNA)]


def test_a_clock_that_is_set_back_does_not_delay_a_step() -> None:
    floor = Floor(gas(skills={DUTCH: 5}, relax=RELAXED), agents=(agent(ANNA, dutch=3),))
    floor.presence(ANNA, Presence.READY)
    floor.queued(FIRST)
    floor.clock.set_by = -timedelta(hours=1)
    floor.clock.move(21)
    assert floor.asked == [(FIRST, ANNA)]


def test_no_timer_runs_when_nobody_waits() -> None:
    floor = Floor(gas(skills={DUTCH: 5}, relax=RELAXED), agents=(agent(ANNA),))
    floor.queued(FIRST)
    assert floor.clock.running == 1
    floor.dispatcher.hear(
        ContactLeftQueue(
            at=NOON, contact=FIRST, visit=1, queue=GAS, outcome=QueueOutcome.ABANDONED, waited_seconds=1
        )
    )
    floor.dispatcher.dispatch()
    assert floor.clock.running == 0


def test_an_edit_of_skills_reaches_those_who_wait() -> None:
    floor = Floor(gas(skills={DUTCH: 5}), agents=(agent(ANNA, dutch=3),))
    floor.presence(ANNA, Presence.READY)
    floor.queued(FIRST)
    assert floor.asked == []
    floor.edit(gas(skills={DUTCH: 3}))
    assert floor.asked == [(FIRST, ANNA)]


def test_an_edit_of_the_relaxation_reaches_those_who_wait_and_counts_from_their_coming() -> None:
    floor = Floor(gas(skills={DUTCH: 5}), agents=(agent(ANNA, dutch=3),))
    floor.presence(ANNA, Presence.READY)
    floor.queued(FIRST)
    floor.clock.move(15)
    floor.edit(gas(skills={DUTCH: 5}, relax=RELAXED))
    floor.clock.move(6)
    assert floor.asked == [(FIRST, ANNA)]


def test_an_edit_of_the_priority_reaches_those_who_wait_and_keeps_what_a_script_asked_for() -> None:
    floor = Floor(gas(), Queue(id=POWER, name="Power"), agents=(agent(ANNA, GAS, POWER),))
    floor.queued(FIRST, POWER)
    floor.queued(SECOND)
    assert [waiting.contact for waiting in floor.dispatcher.everybody()] == [FIRST, SECOND]
    floor.edit(gas(priority=5), Queue(id=POWER, name="Power"))
    assert [waiting.contact for waiting in floor.dispatcher.everybody()] == [SECOND, FIRST]
    third = ContactId("3")
    floor.queued(third, own_priority=1)
    floor.edit(gas(priority=0), Queue(id=POWER, name="Power"))
    assert [waiting.contact for waiting in floor.dispatcher.everybody()] == [third, FIRST, SECOND]


def test_what_a_script_asked_for_is_not_relaxed_away_by_a_later_edit() -> None:
    floor = Floor(gas(skills={DUTCH: 5}), agents=(agent(ANNA, dutch=3),))
    floor.presence(ANNA, Presence.READY)
    floor.queued(FIRST, own_skills={DUTCH: 4})
    floor.edit(gas())
    assert floor.asked == []


def test_a_contact_that_rings_goes_by_the_new_rules_when_the_offer_comes_to_nothing() -> None:
    floor = Floor(gas(), agents=(agent(ANNA), agent(BRAM, dutch=5)))
    floor.queued(FIRST)
    floor.dispatcher.hear(OfferMade(at=NOON, contact=FIRST, offer=1, queue=GAS, agent=ANNA))
    floor.edit(gas(skills={DUTCH: 5}))
    floor.dispatcher.hear(
        OfferEnded(
            at=NOON, contact=FIRST, offer=1, queue=GAS, agent=ANNA, outcome=OfferOutcome.RONA, ring_seconds=9
        )
    )
    floor.presence(ANNA, Presence.READY)
    assert floor.asked == []
    floor.presence(BRAM, Presence.READY)
    assert floor.asked == [(FIRST, BRAM)]


GOLD = RoutingRule(when="customer.segment = 'gold'", priority=10)


def test_a_rule_over_the_customer_applies_as_soon_as_the_customer_is_known() -> None:
    floor = Floor(gas(rules=(GOLD,)), agents=(agent(ANNA),))
    floor.queued(FIRST)
    floor.queued(SECOND)
    floor.known[SECOND] = {"customer": {"segment": "gold"}}
    floor.dispatcher.hear(ContactIdentified(at=NOON, contact=SECOND, customer=CustomerId("c")))
    floor.presence(ANNA, Presence.READY)
    assert floor.asked == [(SECOND, ANNA)]
    assert (floor.why[0].rule, floor.why[0].priority) == (1, 10)


def test_a_rule_over_answers_asks_for_skills_and_the_first_that_applies_holds() -> None:
    rules = (
        RoutingRule(when="answers.amount gt 1000", skills={DUTCH: 5}),
        RoutingRule(when="answers.amount gt 10", priority=7),
    )
    floor = Floor(gas(rules=rules), agents=(agent(ANNA), agent(BRAM, dutch=9)))
    floor.known[FIRST] = {"answers": {"amount": Decimal(5000)}}
    floor.presence(ANNA, Presence.READY)
    floor.queued(FIRST)
    assert floor.asked == []
    floor.presence(BRAM, Presence.READY)
    assert floor.asked == [(FIRST, BRAM)]
    assert floor.why[0].priority == 0


def test_the_agent_of_last_time_is_asked_first_and_waited_for() -> None:
    floor = Floor(gas(last_agent_seconds=30), agents=(agent(ANNA), agent(BRAM)))
    floor.presence(ANNA, Presence.READY)
    floor.presence(BRAM, Presence.TALKING)
    floor.last[FIRST] = BRAM
    floor.queued(FIRST)
    assert floor.asked == []
    floor.clock.move(31)
    assert floor.asked == [(FIRST, ANNA)]


def test_the_record_says_who_could_and_who_could_not_and_why() -> None:
    names = [AgentId(name) for name in ("anna", "bram", "chloe", "deniz", "elif", "finn")]
    able = [agent(name, dutch=0 if name == "chloe" else 5) for name in names]
    floor = Floor(gas(skills={DUTCH: 5}), agents=tuple(able))
    floor.idle_since = {name: NOON - timedelta(seconds=number) for number, name in enumerate(names)}
    for name in names[:3]:
        floor.presence(name, Presence.READY)
    floor.presence(names[3], Presence.WRAP_UP)
    floor.presence(names[4], Presence.NOT_READY, "lunch")
    floor.clock.move(4)
    floor.queued(FIRST)
    (why,) = floor.why
    assert (why.contact, why.agent, why.queue, why.visit) == (FIRST, names[1], GAS, 1)
    assert [(c.agent, c.rank) for c in why.candidates] == [(names[1], 1), (names[0], 1)]
    assert {left.agent: left.reason for left in why.left_out} == {
        "chloe": "skill:dutch",
        "deniz": "wrap-up",
        "elif": "not-ready:lunch",
        "finn": "signed-out",
    }
    assert why.presences == {"ready": 3, "wrap-up": 1, "not-ready": 1}
    assert why.skills == {DUTCH: 5}


def test_the_record_names_the_step_that_held() -> None:
    floor = Floor(gas(skills={DUTCH: 5}, relax=RELAXED), agents=(agent(ANNA, POWER, dutch=9),))
    floor.presence(ANNA, Presence.READY)
    floor.queued(FIRST)
    floor.clock.move(41)
    (why,) = floor.why
    assert (why.step, why.also, why.skills, why.candidates[0].rank) == (2, [POWER], {DUTCH: 3}, 11)


def test_several_offers_at_one_moment_are_all_made_and_told() -> None:
    floor = Floor(gas(), agents=(agent(ANNA), agent(BRAM)))
    floor.dispatcher.pause()
    for name in (ANNA, BRAM):
        floor.presence(name, Presence.READY)
    floor.queued(FIRST)
    floor.queued(SECOND)
    floor.dispatcher.resume()
    floor.dispatcher.dispatch()
    assert floor.asked == [(FIRST, ANNA), (SECOND, BRAM)]
    assert [left.reason for why in floor.why for left in why.left_out] == ["offer-under-way"]


def test_an_offer_that_cannot_be_made_keeps_neither_the_contact_nor_the_agent() -> None:
    floor = Floor(gas(), agents=(agent(ANNA), agent(BRAM)))
    for name in (ANNA, BRAM):
        floor.presence(name, Presence.READY)
    floor.refused.add(FIRST)
    floor.queued(FIRST)
    assert floor.asked == []
    floor.refused.clear()
    floor.queued(SECOND)
    assert sorted(floor.asked) == [(FIRST, ANNA), (SECOND, BRAM)]


def test_who_is_free_for_a_consultation_has_been_idle_longest_of_those_who_can() -> None:
    floor = Floor(gas(), agents=(agent(ANNA), agent(BRAM, dutch=5), agent(AgentId("chloe"), POWER, dutch=9)))
    need = Need(queue=GAS, skills=((DUTCH, 3),))
    assert floor.dispatcher.idle_longest(need) is None
    for each in floor.agents:
        floor.presence(each.id, Presence.READY)
    assert floor.dispatcher.idle_longest(need) == BRAM
    assert floor.dispatcher.idle_longest(Need(queue=GAS)) == ANNA


def test_how_long_contacts_keep_agents_busy_is_measured() -> None:
    floor = Floor(gas(), agents=(agent(ANNA),))
    for _ in range(3):
        floor.presence(ANNA, Presence.READY)
        floor.dispatcher.hear(OfferMade(at=NOON, contact=FIRST, offer=1, queue=GAS, agent=ANNA))
        for presence, seconds in ((Presence.OFFERED, 5), (Presence.TALKING, 80), (Presence.WRAP_UP, 15)):
            floor.presence(ANNA, presence)
            floor.clock.move(seconds)
    floor.presence(ANNA, Presence.READY)
    assert floor.dispatcher.floor.handling_seconds(GAS) == 100.0


def test_the_place_in_the_queue_counts_those_who_ring() -> None:
    floor = Floor(gas(), agents=(agent(ANNA),))
    floor.queued(FIRST)
    floor.queued(SECOND)
    assert floor.dispatcher.position(SECOND) == 2
    floor.dispatcher.hear(OfferMade(at=NOON, contact=FIRST, offer=1, queue=GAS, agent=ANNA))
    assert floor.dispatcher.position(SECOND) == 2
    assert floor.dispatcher.waiting_in(GAS) == (2, NOON)
    floor.dispatcher.hear(
        ContactLeftQueue(
            at=NOON, contact=FIRST, visit=1, queue=GAS, outcome=QueueOutcome.ANSWERED, waited_seconds=1
        )
    )
    assert floor.dispatcher.position(SECOND) == 1
