"""`Floor`: who gets whom, and that it agrees with the plainest rule after any events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import structs

from caruso.comm_server.acd.built_in import built_in_policies
from caruso.comm_server.acd.cost_index import RESERVED_SECONDS, STRAINED
from caruso.comm_server.acd.floor import REVIEW_SECONDS, Decision, Floor, Reserve
from caruso.comm_server.acd.needs import Course, Need, ReadyAgent, Stage, Waiting, abilities
from caruso.comm_server.acd.plan import needs
from caruso.comm_server.acd.policy import Circumstances, Group, Staff
from caruso.model.centre import Relaxation
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
GAS, POWER, WATER = QueueId("gas"), QueueId("power"), QueueId("water")
DUTCH, GERMAN = SkillId("dutch"), SkillId("german")
POLICIES = built_in_policies()


def course(
    queue: QueueId = GAS,
    *,
    skills: dict[SkillId, int] | None = None,
    relax: tuple[Relaxation, ...] = (),
    priority: int = 0,
    ageing: float = 0.0,
    policy: str = "longest-idle",
    last_agent: float = 0.0,
    weight: float = 1.0,
    target: float = 20.0,
) -> Course:
    stages = tuple(
        (after, Stage(need=need, step=step, policy=policy, ageing=ageing, weight=weight, target_seconds=target))
        for step, (after, need) in enumerate(needs(queue, skills or {}, relax))
    )
    return Course(priority=priority, stages=stages, last_agent_seconds=last_agent)


def waiting(name: str, way: Course, *, entered: float = 0, turn: int = 1, last: str | None = None) -> Waiting:
    since = EPOCH + timedelta(seconds=entered)
    last_agent = None if last is None else AgentId(last)
    return Waiting(
        contact=ContactId(name), course=way, since=since, entered=entered, turn=turn, last_agent=last_agent
    )


def agent(name: str, *queues: QueueId, idle: float = 0, load: float = 0, **more: Any) -> ReadyAgent:
    can = abilities(frozenset(queues or (GAS,)), more.get("skills", {}), more.get("preference", {}))
    return ReadyAgent(agent=AgentId(name), can=can, idle_since=idle, load=load, sees=more.get("sees", True))


def message_course(
    queue: QueueId = GAS,
    *,
    priority: int = 0,
    skills: dict[SkillId, int] | None = None,
    ageing: float = 0.0,
    owner: str | None = None,
) -> Course:
    need = needs(queue, skills or {}, ())[0][1]
    stage = Stage(need=need, ageing=ageing, only=AgentId(owner) if owner else None, messages=True)
    return Course(priority=priority, stages=((0.0, stage),))


def pairs(decisions: Sequence[Decision]) -> list[tuple[str, str]]:
    return [(str(decision.waiting.contact), str(decision.agent.agent)) for decision in decisions]


def floor(*agents: ReadyAgent, reserves: Sequence[Reserve] = ()) -> Floor:
    made = Floor(POLICIES, reserves)
    for each in agents:
        made.on_duty(each.agent, each.can, 0)
        made.ready(each)
    made.decide(0)
    return made


# -- The rule -------------------------------------------------------------------------------------------------


def test_the_contact_that_waits_longest_gets_the_agent_idle_longest() -> None:
    way, found = course(), floor()
    for contact in (waiting("late", way, entered=5, turn=2), waiting("early", way, entered=1)):
        found.wait(contact, 9)
    for each in (agent("busy-till-now", idle=9), agent("idle", idle=2)):
        found.ready(each)
    assert pairs(found.decide(9)) == [("early", "idle"), ("late", "busy-till-now")]


def test_the_longest_wait_counts_across_queues() -> None:
    found = floor()
    found.wait(waiting("power", course(POWER), turn=1), 9)
    found.wait(waiting("gas", course(GAS), turn=2), 9)
    found.ready(agent("anna", GAS, POWER))
    assert pairs(found.decide(9)) == [("power", "anna")]


def test_idle_time_counts_across_queues() -> None:
    found = floor(agent("anna", GAS, idle=5), agent("bram", GAS, POWER, idle=2))
    found.wait(waiting("caller", course(GAS)), 9)
    assert pairs(found.decide(9)) == [("caller", "bram")]


def test_priority_goes_before_age_until_age_makes_up_for_it() -> None:
    for minutes, first in ((1, "vip"), (3, "old")):
        found = floor()
        found.wait(waiting("old", course(ageing=1 / 60), turn=1), 60 * minutes)
        found.wait(waiting("vip", course(POWER, priority=2), entered=60 * minutes, turn=2), 60 * minutes)
        found.ready(agent("anna", GAS, POWER))
        assert pairs(found.decide(60 * minutes)) == [(first, "anna")], minutes


def test_an_agent_without_the_skill_level_is_passed_over() -> None:
    found = floor(agent("a", skills={DUTCH: 4}), agent("b", idle=1, skills={DUTCH: 5}))
    found.wait(waiting("caller", course(skills={DUTCH: 5})), 0)
    assert pairs(found.decide(0)) == [("caller", "b")]


def test_a_contact_nobody_can_serve_does_not_hold_up_the_others() -> None:
    found = floor(agent("anna"))
    found.wait(waiting("dutch", course(skills={DUTCH: 9})), 0)
    found.wait(waiting("gas", course(), turn=2), 0)
    assert pairs(found.decide(0)) == [("gas", "anna")]


def test_an_agent_takes_the_preferred_queue_first_and_who_prefers_a_queue_is_asked_first() -> None:
    second: dict[str, Any] = {"preference": {GAS: 2}}
    found = floor(agent("second", GAS, POWER, idle=0, **second), agent("first", GAS, idle=9))
    found.wait(waiting("gas", course()), 9)
    assert pairs(found.decide(9)) == [("gas", "first")]
    found.wait(waiting("gas-2", course(), turn=2), 9)
    found.wait(waiting("power", course(POWER), turn=3), 9)
    assert pairs(found.decide(9)) == [("power", "second")]


def test_policies_choose_among_agents_of_the_same_rank() -> None:
    both = (
        agent("idle", idle=0, load=5, skills={DUTCH: 5}),
        agent("fresh", idle=5, load=1, skills={DUTCH: 4}),
        agent("able", idle=9, load=9, skills={DUTCH: 9}),
    )
    expected = {"longest-idle": "idle", "least-occupied": "fresh", "most-skilled": "able"}
    for policy, first in expected.items():
        found = floor(*both)
        found.wait(waiting("caller", course(skills={DUTCH: 1}, policy=policy)), 9)
        assert pairs(found.decide(9)) == [("caller", first)], policy


# -- Relaxation -----------------------------------------------------------------------------------------------

STEPS = (
    Relaxation(after_seconds=20, skills={DUTCH: 3}),
    Relaxation(after_seconds=40, skills={DUTCH: 0}),
    Relaxation(after_seconds=60, queues=(POWER,)),
)


def test_a_step_that_begins_now_but_for_the_rounding_is_looked_at_a_little_later() -> None:
    entered = 30.021060533511108
    now = entered + 3
    assert now - entered < 3, "or it shows nothing"
    found = floor(agent("none"))
    steps = (Relaxation(after_seconds=3, skills={DUTCH: 0}),)
    found.wait(waiting("caller", course(skills={DUTCH: 5}, relax=steps), entered=entered), entered)
    assert not found.decide(now)
    due = found.next_change()
    assert due is not None
    assert now < due < now + 0.001
    assert pairs(found.decide(now + 0.001)) == [("caller", "none")]


def test_requirements_loosen_while_a_contact_waits() -> None:
    for seconds, able in ((0, "five"), (20, "three"), (40, "none"), (60, "power")):
        found = floor(
            agent("five", skills={DUTCH: 5}, idle=9) if able == "five" else agent("x5", WATER),
            agent("three", skills={DUTCH: 3}, idle=5) if able in ("five", "three") else agent("x3", WATER),
            agent("none", idle=2) if able != "power" else agent("x0", WATER),
            agent("power", POWER),
        )
        found.wait(waiting("caller", course(skills={DUTCH: 5}, relax=STEPS)), 0)
        decisions = found.decide(0)
        while not decisions:
            due = found.next_change()
            assert due is not None
            decisions = found.decide(due)
            assert due <= seconds
        assert pairs(decisions) == [("caller", able)]
        assert decisions[0].stage.step == seconds // 20


def test_a_step_that_begins_as_an_agent_becomes_ready_counts_for_all_who_are_ready() -> None:
    step = (Relaxation(after_seconds=3, skills={DUTCH: 1}),)
    for patient, expected in (
        (agent("patient", skills={DUTCH: 1}, idle=1), [("relaxed", "patient"), ("other", "fresh")]),
        (agent("patient", skills={DUTCH: 0}, idle=1), [("relaxed", "fresh")]),
    ):
        found = floor(patient)
        found.wait(waiting("relaxed", course(skills={DUTCH: 3}, relax=step), turn=1), 0)
        found.wait(waiting("other", course(POWER), turn=2), 0)
        assert found.decide(0) == []
        found.ready(agent("fresh", GAS, POWER, skills={DUTCH: 1}, idle=3))
        assert pairs(found.decide(3)) == expected


def test_the_queues_own_agents_go_before_those_of_an_overflow() -> None:
    found = floor(agent("other", POWER, idle=0), agent("own", GAS, idle=9))
    found.wait(waiting("caller", course(relax=(Relaxation(after_seconds=1, queues=(POWER,)),))), 9)
    assert pairs(found.decide(9)) == [("caller", "own")]


# -- The agent of last time -----------------------------------------------------------------------------------


def test_the_agent_of_last_time_goes_first() -> None:
    found = floor(agent("anna", idle=0), agent("bram", idle=9))
    found.wait(waiting("caller", course(last_agent=30), last="bram"), 9)
    assert pairs(found.decide(9)) == [("caller", "bram")]


def test_the_agent_of_last_time_is_waited_for_and_no_longer_than_that() -> None:
    found = floor(agent("anna"))
    found.on_duty(AgentId("bram"), agent("bram").can, 0)
    found.wait(waiting("caller", course(last_agent=30), last="bram"), 0)
    assert found.decide(0) == []
    assert found.next_change() == 30
    assert pairs(found.decide(30)) == [("caller", "anna")]


def test_nobody_waits_for_an_agent_who_leaves_or_is_not_there() -> None:
    found = floor(agent("anna"))
    bram = agent("bram")
    found.on_duty(bram.agent, bram.can, 0)
    found.wait(waiting("caller", course(last_agent=30), last="bram"), 0)
    assert found.decide(0) == []
    found.on_duty(bram.agent, None, 1)
    assert pairs(found.decide(1)) == [("caller", "anna")]
    found.ready(agent("anna"))
    found.wait(waiting("next", course(last_agent=30), turn=2, last="bram"), 2)
    assert pairs(found.decide(2)) == [("next", "anna")]


# -- Messages -------------------------------------------------------------------------------------------------


def test_a_message_goes_after_the_calls_until_it_is_old() -> None:
    for minutes, first in ((4, "call"), (6, "message")):
        found = floor()
        found.wait(waiting("message", message_course(priority=-5, ageing=1 / 60)), 0)
        found.wait(waiting("call", course(), entered=60 * minutes, turn=2), 60 * minutes)
        found.ready(agent("anna"))
        assert pairs(found.decide(60 * minutes)) == [(first, "anna")], minutes


def test_a_message_for_one_agent_waits_for_her_however_long() -> None:
    found = floor(agent("anna"))
    found.wait(waiting("message", message_course(owner="bram")), 0)
    assert found.decide(0) == []
    assert found.next_change() is None, "nothing is to be looked at again and again"
    bram = agent("bram")
    found.on_duty(bram.agent, bram.can, 9)
    found.on_duty(bram.agent, None, 20)
    assert found.decide(9_000) == []
    found.ready(bram)
    assert pairs(found.decide(9_000)) == [("message", "bram")]


def test_a_message_is_offered_to_nobody_who_cannot_see_it_and_delays_no_call() -> None:
    found = floor(agent("anna", sees=False))
    found.wait(waiting("message", message_course(priority=3)), 0)
    assert found.decide(0) == []
    call = waiting("call", course(skills={DUTCH: 3}), turn=2)
    found.wait(call, 0)
    assert found.before(call) == 0
    found.ready(agent("anna"))
    assert pairs(found.decide(0)) == [("message", "anna")]


# -- Reserves -------------------------------------------------------------------------------------------------

VIP = Reserve(queue=POWER, agents=1, priority=5)


def test_a_reserved_agent_is_left_alone_by_contacts_of_lower_priority() -> None:
    found = floor(agent("anna", GAS, POWER), reserves=[VIP])
    found.wait(waiting("gas", course(GAS)), 0)
    assert found.decide(0) == []
    found.wait(waiting("vip", course(POWER, priority=5), turn=2), 0)
    assert pairs(found.decide(0)) == [("vip", "anna")]


def test_another_ready_agent_frees_a_reserved_one() -> None:
    found = floor(agent("anna", GAS, POWER), reserves=[VIP])
    found.wait(waiting("gas", course(GAS)), 0)
    found.decide(0)
    found.ready(agent("bram", POWER, idle=1))
    assert pairs(found.decide(1)) == [("gas", "anna")]


def test_a_reserved_agent_is_no_candidate_of_who_gets_another() -> None:
    vip, other = agent("anna", GAS, POWER), agent("bram", GAS, idle=1)
    (decision,) = _decided(floor(vip, other, reserves=[VIP]))
    assert [name for name, _, _ in decision.candidates] == ["bram"]


@pytest.mark.parametrize(("queues", "spared"), [((GAS,), False), ((GAS, POWER), True)])
def test_who_was_reserved_is_told_by_who_was_ready_before(queues: tuple[QueueId, ...], spared: bool) -> None:
    """The chosen agent counts as one more only where he belongs."""
    vip = agent("anna", GAS, POWER, idle=2)
    found = floor(vip, agent("bram", *queues), reserves=[VIP])
    (decision,) = _decided(found)
    assert decision.agent.agent == "bram"
    assert found.spares(vip.can, decision) is spared


def _decided(found: Floor) -> list[Decision]:
    found.wait(waiting("gas", course(GAS)), 0)
    return found.decide(0)


def test_age_frees_a_reserved_agent() -> None:
    found = floor(agent("anna", GAS, POWER), reserves=[VIP])
    found.wait(waiting("gas", course(GAS, ageing=1.0)), 0)
    now, decisions = 0.0, found.decide(0)
    while not decisions:
        due = found.next_change()
        assert due is not None
        assert due <= now + REVIEW_SECONDS
        now, decisions = due, found.decide(due)
    assert now == 5.0


# -- The policy that weighs pairs -----------------------------------------------------------------------------


def test_a_contact_is_held_for_an_own_agent_who_is_soon_free() -> None:
    home: dict[str, Any] = {"preference": {GAS: 1, POWER: 2}}
    away: dict[str, Any] = {"preference": {GAS: 2, POWER: 1}}
    found = floor()
    for number in range(50):
        found.on_duty(AgentId(f"gas-{number}"), agent("x", GAS, POWER, **home).can, 0)
    borrowed = agent("borrowed", GAS, POWER, **away)
    found.on_duty(borrowed.agent, borrowed.can, 0)
    found.ready(borrowed)
    found.wait(waiting("caller", course(policy="cost-index")), 0)
    assert found.decide(0) == []
    now = 0.0
    while not (decisions := found.decide(now)):
        due = found.next_change()
        assert due is not None
        now = due
    assert 1 < now < 20, "it is never held beyond its target"
    assert pairs(decisions) == [("caller", "borrowed")]


def test_who_is_held_back_is_looked_at_again_as_a_step_begins_and_an_agent_becomes_ready() -> None:
    def held() -> Floor:
        found = floor(agent("borrowed", GAS, POWER, preference={GAS: 2, POWER: 1}))
        for number in range(50):
            found.on_duty(AgentId(f"gas-{number}"), agent("x", GAS, preference={GAS: 1}).can, 0)
        found.wait(waiting("held", course(policy="cost-index")), 0)
        return found

    now, decisions = decided_at(held(), 0)
    assert pairs(decisions) == [("held", "borrowed")]
    found, begins = held(), now - REVIEW_SECONDS / 4
    step = (Relaxation(after_seconds=begins, skills={DUTCH: 1}),)
    found.wait(waiting("vip", course(WATER, priority=2, skills={DUTCH: 3}, relax=step), turn=2), 0)
    due: float | None = 0.0
    while due is not None and due < begins:
        assert found.decide(due) == []
        due = found.next_change()
    assert found.decide(now - REVIEW_SECONDS / 2) == [], "the borrowed agent is not lent between two looks"
    found.ready(agent("fresh", WATER, GAS, skills={DUTCH: 1}))
    assert pairs(found.decide(begins)) == [("vip", "fresh"), ("held", "borrowed")]


BOTH = abilities(frozenset({GAS, POWER}), {}, {})
LIGHT = course(GAS, policy="cost-index", weight=0.5, target=60)
HEAVY = course(POWER, policy="cost-index", weight=5.0)


def own(name: str, occupancy: float = 0.5) -> ReadyAgent:
    return ReadyAgent(agent=AgentId(name), can=BOTH, idle_since=0, load=0, occupancy=occupancy)


def large_team(*handled: QueueId) -> Floor:
    """Return a floor where 150 agents take light and heavy contacts, and have taken those of these queues."""
    found = floor()
    for number in range(150):
        found.on_duty(AgentId(f"own-{number}"), BOTH, 0)
    for queue in handled:
        found.handled(queue, 240.0)
    found.wait(waiting("gone", HEAVY, turn=1), 0)
    found.decide(0)
    found.leave(ContactId("gone"))
    return found


def decided_at(found: Floor, now: float) -> tuple[float, list[Decision]]:
    while not (decisions := found.decide(now)):
        due = found.next_change()
        assert due is not None
        now = due
    return now, decisions


def test_an_own_agent_is_kept_for_what_weighs_more_but_not_for_long() -> None:
    found = large_team()
    found.ready(own("own-1"))
    found.wait(waiting("light", LIGHT, turn=2), 0)
    assert found.decide(0) == []
    found.wait(waiting("heavy-2", HEAVY, turn=3), 1)
    assert pairs(found.decide(1)) == [("heavy-2", "own-1")]
    found.ready(own("own-2"))
    now, decisions = decided_at(found, 1.0)
    assert pairs(decisions) == [("light", "own-2")]
    assert now <= RESERVED_SECONDS[0] + REVIEW_SECONDS


def test_an_own_agent_under_strain_is_kept_longer_but_not_for_ever() -> None:
    waits = []
    for occupancy in (STRAINED[0], sum(STRAINED) / 2, STRAINED[1]):
        found = large_team()
        found.ready(own("own-1", occupancy))
        found.wait(waiting("light", LIGHT, turn=2), 0)
        assert found.decide(0) == []
        now, decisions = decided_at(found, 0.0)
        assert pairs(decisions) == [("light", "own-1")]
        waits.append(now)
    assert waits == sorted(set(waits))
    assert waits[-1] <= RESERVED_SECONDS[1] + REVIEW_SECONDS


def test_no_agent_is_kept_for_what_hardly_ever_comes() -> None:
    found = large_team(*[GAS] * 200)
    found.ready(own("own-1", STRAINED[1]))
    found.wait(waiting("light", LIGHT, turn=2), 0)
    assert pairs(found.decide(0)) == [("light", "own-1")]


def test_nobody_who_was_put_before_others_is_held_back_for_them() -> None:
    found = large_team()
    found.ready(own("own-1", STRAINED[1]))
    found.wait(waiting("light", LIGHT, turn=2), 0)
    assert found.decide(0) == []
    held = found.leave(ContactId("light"))
    assert held is not None
    found.wait(structs.replace(held, course=replace(LIGHT, priority=1)), 1)
    assert pairs(found.decide(1)) == [("light", "own-1")]


def test_an_own_agent_is_not_held_back_where_nothing_weighs_more() -> None:
    found = floor(agent("own", GAS))
    found.wait(waiting("caller", course(policy="cost-index")), 0)
    (decision,) = found.decide(0)
    assert decision.value is not None
    assert decision.value > 0


ORDERS = ((GAS, POWER), (GAS, WATER), (POWER, GAS), (WATER, GAS), (WATER, POWER, GAS), (POWER,))


@given(
    teams=st.lists(st.tuples(st.sampled_from(ORDERS), st.booleans()), max_size=12),
    occupancy=st.sampled_from((0.5, 0.96, 0.99)),
    weight=st.sampled_from((0.1, 0.5, 1.5)),
    waited=st.integers(0, 40),
    before=st.integers(0, 3),
)
def test_the_pair_that_is_worth_most_is_made(
    teams: list[tuple[tuple[QueueId, ...], bool]], occupancy: float, weight: float, waited: int, before: int
) -> None:
    """Counted anew from who is there; one who belongs to the queue goes before all others."""
    found, policy = floor(), POLICIES.get("cost-index")
    there = [
        structs.replace(
            agent(f"a{number}", *order, load=-number, preference={q: n for n, q in enumerate(order, 1)}),
            occupancy=occupancy,
        )
        for number, (order, _) in enumerate(teams)
    ]
    ready = [each for each, (_, is_ready) in zip(there, teams, strict=True) if is_ready]
    for each in there:
        found.on_duty(each.agent, each.can, 0)
    for each in ready:
        found.ready(each)
    # Nobody can take these, but agents of the queue are waited for by them, too.
    for number in range(before):
        found.wait(waiting(f"b{number}", course(skills={DUTCH: 9}, policy="cost-index", weight=9), turn=number), 0)
    way = course(policy="cost-index", weight=weight)
    found.wait(waiting("caller", way, turn=9), waited)

    def staff(queue: QueueId) -> Staff:
        return Staff(
            sum(1 for each in there if queue in each.can.home), sum(1 for each in ready if queue in each.can.home)
        )

    stage = way.stages[0][1]
    around = Circumstances(
        waited_seconds=waited,
        staff=staff(GAS),
        ahead=before,
        outweighing=1.0 if before else 0.0,
        handling_seconds=found.handling_seconds(GAS),
    )
    worth = {}
    for each in ready:
        rank = each.can.rank_for(stage.need)
        if rank is not None:
            group = Group(rank=rank, borrowed=GAS not in each.can.home, staff=staff(each.can.home[0]))
            price = policy.price(each, group, stage, around)
            worth[each.agent] = policy.worth(waiting("caller", way), stage, around) - price
    own = {name: value for name, value in worth.items() if GAS in found.ready_agents[name].can.home}
    most = max((own or worth).values(), default=0.0)
    decisions = found.decide(waited)
    assert [decision.value for decision in decisions] == ([most] if most > 0 else [])
    assert all(worth[decision.agent.agent] == most for decision in decisions)


# -- Against the plainest rule --------------------------------------------------------------------------------


def plainest(
    contacts: Sequence[Waiting], agents: Sequence[ReadyAgent], now: float, reserves: Sequence[Reserve]
) -> list[tuple[str, str]]:
    """Say the same in the plainest words, as an oracle: look at every pair, take the best, begin again."""
    left, free = list(contacts), list(agents)
    result: list[tuple[str, str]] = []
    while True:
        found = [p for c in left for a in free if (p := _place(c, a, free, now, reserves)) is not None]
        if not found:
            return result
        _, contact, chosen = min(found, key=lambda pair: pair[0])
        left.remove(contact)
        free.remove(chosen)
        result.append((str(contact.contact), str(chosen.agent)))


def _place(
    contact: Waiting, one: ReadyAgent, free: Sequence[ReadyAgent], now: float, reserves: Sequence[Reserve]
) -> tuple[tuple[Any, ...], Waiting, ReadyAgent] | None:
    waited = now - contact.entered
    stage = [stage for after, stage in contact.course.stages if after <= waited][-1]
    rank = one.can.rank_for(stage.need)
    if rank is None or stage.only not in (None, one.agent) or (stage.messages and not one.sees):
        return None
    if stage.only is not None:
        rank = 0
    points = contact.course.priority + stage.ageing * waited
    for reserve in reserves:
        ready = sum(1 for other in free if reserve.queue in other.can.queues)
        spared = ready > reserve.agents or reserve.queue not in one.can.queues
        if not spared and reserve.queue != stage.need.queue and math.floor(points + 1e-9) < reserve.priority:
            return None
    key = POLICIES.get(stage.policy).key(one, stage)
    return (-math.floor(points + 1e-9), rank, -points, contact.turn, key, one.agent), contact, one


COURSES = [
    course(GAS),
    course(POWER, priority=1),
    course(WATER, ageing=0.25),
    course(GAS, skills={DUTCH: 3}, relax=(Relaxation(after_seconds=3, skills={DUTCH: 1}),)),
    course(
        POWER,
        skills={DUTCH: 2, GERMAN: 2},
        policy="most-skilled",
        relax=(
            Relaxation(after_seconds=2, skills={GERMAN: 0}),
            Relaxation(after_seconds=6, queues=(GAS, WATER)),
        ),
    ),
    course(WATER, priority=2, policy="least-occupied"),
]
#: Messages: below the calls of their queue until they are old, for all of its agents or for one.
MESSAGES = [
    message_course(GAS, priority=-2, ageing=0.5),
    message_course(POWER, priority=-1, skills={DUTCH: 2}),
    message_course(GAS, priority=-2, ageing=0.25, owner="a1"),
    message_course(WATER, owner="a3"),
]


class Events(RuleBasedStateMachine):
    """Contacts come and go, agents, too; after each event the floor decides what the plainest rule says."""

    def __init__(self) -> None:
        super().__init__()
        self.reserves: list[Reserve] = []
        self.floor = Floor(POLICIES)
        self.contacts: list[Waiting] = []
        self.agents: list[ReadyAgent] = []
        self.now = 0.0
        self.turn = 0
        self.seen: set[str] = set()

    @rule(ways=st.lists(st.sampled_from([*COURSES, *MESSAGES]), min_size=1, max_size=4))
    def contacts_come(self, ways: list[Course]) -> None:
        for way in ways:
            self.turn += 1
            contact = waiting(f"c{self.turn}", way, entered=self.now, turn=self.turn)
            self.contacts.append(contact)
            self.floor.wait(contact, self.now)
        self.decide()

    @rule(
        several=st.lists(
            st.tuples(
                st.integers(0, 6),
                st.sets(st.sampled_from([GAS, POWER, WATER]), min_size=1),
                st.integers(0, 3),
                st.integers(0, 3),
                st.dictionaries(st.sampled_from([GAS, POWER, WATER]), st.integers(1, 3)),
                st.integers(0, 5),
                st.booleans(),
            ),
            min_size=1,
            max_size=4,
            unique_by=lambda made: made[0],
        ),
        meanwhile=st.sampled_from([0, 0, 2, 5]),
    )
    def agents_are_ready(
        self, several: list[tuple[int, set[QueueId], int, int, dict[QueueId, int], int, bool]], meanwhile: int
    ) -> None:
        self.now += meanwhile  # steps begin, and nothing has been decided yet
        for number, queues, dutch, german, preference, idle, sees in several:
            each = agent(
                f"a{number}",
                *queues,
                idle=idle,
                load=float(idle % 3),
                skills={DUTCH: dutch, GERMAN: german},
                preference=preference,
                sees=sees,
            )
            self.agents = [known for known in self.agents if known.agent != each.agent] + [each]
            self.floor.ready(each)
        self.decide()

    @precondition(lambda self: self.agents)
    @rule(which=st.integers(0, 99))
    def an_agent_goes(self, which: int) -> None:
        gone = self.agents.pop(which % len(self.agents))
        self.floor.unready(gone.agent)
        self.decide()

    @precondition(lambda self: self.contacts)
    @rule(which=st.integers(0, 99))
    def a_contact_goes(self, which: int) -> None:
        gone = self.contacts.pop(which % len(self.contacts))
        assert self.floor.leave(gone.contact) == gone
        self.decide()

    @precondition(lambda self: self.contacts)
    @rule(which=st.integers(0, 99), way=st.sampled_from([*COURSES, *MESSAGES]))
    def a_rule_is_edited_for_one_who_waits(self, which: int, way: Course) -> None:
        index = which % len(self.contacts)
        known = self.floor.leave(self.contacts[index].contact)
        assert known is not None
        self.contacts[index] = structs.replace(known, course=way)
        self.floor.wait(self.contacts[index], self.now)
        self.decide()

    @rule(
        reserves=st.lists(
            st.builds(
                Reserve, queue=st.sampled_from([GAS, WATER]), agents=st.integers(1, 2), priority=st.integers(1, 3)
            ),
            max_size=2,
        )
    )
    def agents_are_reserved(self, reserves: list[Reserve]) -> None:
        self.reserves = reserves
        self.floor.reserve(reserves)
        self.decide()

    @rule(seconds=st.integers(1, 7))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        self.decide()

    def decide(self) -> None:
        expected = plainest(self.contacts, self.agents, self.now, self.reserves)
        decisions = self.floor.decide(self.now)
        assert pairs(decisions) == expected
        for decision in decisions:
            contact, chosen = decision.waiting, decision.agent
            assert contact in self.contacts, "offered twice, or gone"
            assert chosen in self.agents, "two at one agent, or not ready"
            told = [name for name, _, _ in decision.candidates]
            assert told == _candidates(decision, self.agents, self.now, self.reserves)
            self.contacts.remove(contact)
            self.agents.remove(chosen)

    @invariant()
    def nobody_is_lost(self) -> None:
        assert {w.contact for w in self.floor.waiting} == {w.contact for w in self.contacts}
        assert set(self.floor.ready_agents) == {a.agent for a in self.agents}
        for contact in self.contacts:
            stage = contact.course.stages[0][1]
            mine = [w for w in self.contacts if w.queue == stage.need.queue and not _is_message(w)]
            ahead = sum(1 for other in mine if other.rank < contact.rank)
            assert self.floor.before(contact) == ahead


def _candidates(
    decision: Decision, free: Sequence[ReadyAgent], now: float, reserves: Sequence[Reserve]
) -> list[AgentId]:
    """Return who is to be told with a decision: the chosen agent, then the first of all who could be asked."""
    stage, key = decision.stage, POLICIES.get(decision.stage.policy).key
    able = [
        (rank, key(one, stage), one.agent)
        for one in free
        if (rank := one.can.rank_for(stage.need)) is not None
        and _place(decision.waiting, one, free, now, reserves) is not None
    ]
    others = [name for _, _, name in sorted(able)[:5] if name != decision.agent.agent]
    return [decision.agent.agent, *others][:5]


def _is_message(contact: Waiting) -> bool:
    return contact.course.stages[0][1].messages


TestEvents = pytest.mark.slow(Events.TestCase)
TestEvents.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


# -- Needs ----------------------------------------------------------------------------------------------------


def test_a_need_names_its_skills_in_order() -> None:
    assert needs(GAS, {GERMAN: 2, DUTCH: 1}, ()) == [(0.0, Need(queue=GAS, skills=((DUTCH, 1), (GERMAN, 2))))]
