"""`route`: priority, then age; the qualified agent idle longest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.acd.route import Assignment, Need, ReadyAgent, Waiting, route
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
GAS, POWER = QueueId("gas"), QueueId("power")
DUTCH = SkillId("dutch")


def waiting(name: str, *, queue: QueueId = GAS, since: float = 0, priority: int = 0, dutch: int = 0) -> Waiting:
    need = Need(queue=queue, skills=((DUTCH, dutch),) if dutch else ())
    return Waiting(contact=ContactId(name), need=need, priority=priority, since=EPOCH + timedelta(seconds=since))


def agent(name: str, *queues: QueueId, idle: float = 0, dutch: int = 0) -> ReadyAgent:
    return ReadyAgent(
        agent=AgentId(name),
        queues=frozenset(queues or (GAS,)),
        skills={DUTCH: dutch} if dutch else {},
        idle_since=EPOCH + timedelta(seconds=idle),
    )


def lines(*contacts: Waiting) -> list[Sequence[Waiting]]:
    grouped: dict[Need, list[Waiting]] = {}
    for contact in sorted(contacts, key=lambda c: c.rank):
        grouped.setdefault(contact.need, []).append(contact)
    return list(grouped.values())


def pairs(assignments: tuple[Assignment, ...]) -> list[tuple[str, str]]:
    return [(assignment.contact, assignment.agent) for assignment in assignments]


def test_the_contact_that_waits_longest_gets_the_agent_idle_longest() -> None:
    contacts = lines(waiting("late", since=5), waiting("early", since=1))
    agents = sorted([agent("busy-till-now", idle=9), agent("idle", idle=2)], key=lambda a: a.rank)
    assert pairs(route(contacts, agents)) == [("early", "idle"), ("late", "busy-till-now")]


def test_priority_goes_before_age() -> None:
    contacts = lines(waiting("old", since=0), waiting("vip", since=9, priority=1))
    assert pairs(route(contacts, [agent("anna")])) == [("vip", "anna")]


def test_an_agent_without_the_skill_level_is_passed_over() -> None:
    contacts = lines(waiting("caller", dutch=5))
    agents = [agent("a", dutch=4), agent("b", dutch=5)]
    assert pairs(route(contacts, agents)) == [("caller", "b")]


def test_a_contact_nobody_can_serve_does_not_hold_up_the_others() -> None:
    contacts = lines(waiting("dutch", since=0, dutch=9), waiting("gas", since=5))
    assert pairs(route(contacts, [agent("anna")])) == [("gas", "anna")]


def test_nobody_ready_means_no_offer() -> None:
    assert route(lines(waiting("caller")), []) == ()


def naive(contacts: Sequence[Waiting], agents: Sequence[ReadyAgent]) -> list[tuple[str, str]]:
    """Say the same in the plainest words, as an oracle."""
    free = sorted(agents, key=lambda a: a.rank)
    result = []
    for contact in sorted(contacts, key=lambda c: c.rank):
        chosen = next((a for a in free if a.can_serve(contact.need)), None)
        if chosen is not None:
            free.remove(chosen)
            result.append((str(contact.contact), str(chosen.agent)))
    return result


CONTACTS = st.lists(
    st.builds(
        waiting,
        st.uuids().map(str),
        queue=st.sampled_from([GAS, POWER]),
        since=st.integers(0, 20),
        priority=st.integers(0, 2),
        dutch=st.integers(0, 3),
    ),
    max_size=30,
)
AGENTS = st.lists(
    st.builds(
        lambda name, queues, idle, dutch: agent(name, *queues, idle=idle, dutch=dutch),
        st.uuids().map(str),
        st.sets(st.sampled_from([GAS, POWER]), min_size=1),
        st.integers(0, 20),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(contacts=CONTACTS, agents=AGENTS)
def test_route_agrees_with_the_plainest_rule(contacts: list[Waiting], agents: list[ReadyAgent]) -> None:
    ready = sorted(agents, key=lambda a: a.rank)
    assert pairs(route(lines(*contacts), ready)) == naive(contacts, agents)
