"""The fold of facts into rows."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactQueued,
    NoteWritten,
    Presence,
    PresenceChanged,
    QueueOutcome,
    TalkEnded,
    WrapUpEnded,
)
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.storage.projection import contacts_to_load, fold
from caruso.storage.projection_rows import Changes, ContactRows, Row
from lab.journal_facts import answered_call, arrival
from lab.storage import replayed

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONTACT, ANNA, BERT, SERVICE = ContactId("c1"), AgentId("anna"), AgentId("bert"), QueueId("service")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def queued(visit: int, seconds: float) -> ContactQueued:
    return ContactQueued(at=at(seconds), contact=CONTACT, visit=visit, queue=SERVICE, priority=2, skills={})


def left(
    visit: int, seconds: float, waited: float, outcome: QueueOutcome, agent: AgentId | None
) -> ContactLeftQueue:
    return ContactLeftQueue(
        at=at(seconds),
        contact=CONTACT,
        visit=visit,
        queue=SERVICE,
        outcome=outcome,
        waited_seconds=waited,
        agent=agent,
    )


def connected(agent: AgentId, seconds: float) -> ContactConnected:
    return ContactConnected(at=at(seconds), contact=CONTACT, agent=agent, queue=SERVICE)


def talk_ended(agent: AgentId, seconds: float, talk: float, hold: float = 0.0) -> TalkEnded:
    return TalkEnded(
        at=at(seconds), contact=CONTACT, agent=agent, queue=SERVICE, talk_seconds=talk, hold_seconds=hold
    )


def wrapped_up(agent: AgentId, seconds: float, disposition: str) -> WrapUpEnded:
    return WrapUpEnded(
        at=at(seconds),
        contact=CONTACT,
        agent=agent,
        queue=SERVICE,
        disposition=disposition,
        note="all is well",
        wrap_up_seconds=3.0,
    )


def test_a_contact_transferred_from_one_agent_to_another_has_a_segment_with_each() -> None:
    rows = replayed(
        list(
            enumerate(
                [
                    arrival(CONTACT, NOON),
                    queued(1, 1),
                    left(1, 4, 3.0, QueueOutcome.ANSWERED, ANNA),
                    connected(ANNA, 4),
                    ContactHeld(at=at(5), contact=CONTACT, agent=ANNA),
                    talk_ended(ANNA, 10, 5.0, 1.0),
                    queued(2, 10),
                    left(2, 15, 5.0, QueueOutcome.ANSWERED, BERT),
                    connected(BERT, 15),
                    wrapped_up(ANNA, 16, "passed-on"),
                    talk_ended(BERT, 25, 10.0),
                    ContactEnded(at=at(25), contact=CONTACT, cause=ContactCause.AGENT_HUNG_UP),
                    wrapped_up(BERT, 28, "done"),
                ],
                1,
            )
        )
    )
    (contact,) = rows.contacts
    assert (contact["agent"], contact["waited_seconds"], contact["talk_seconds"]) == (BERT, 8.0, 15.0)
    assert (contact["cause"], contact["disposition"], contact["ended_at"]) == ("agent-hung-up", "done", at(25))
    assert [(v["visit"], v["outcome"], v["agent"], v["priority"]) for v in rows.visits] == [
        (1, "answered", ANNA, 2),
        (2, "answered", BERT, 2),
    ]
    assert [(s["agent"], s["talk_seconds"], s["hold_seconds"], s["holds"]) for s in rows.segments] == [
        (ANNA, 5.0, 1.0, 1),
        (BERT, 10.0, 0.0, 0),
    ]
    assert [(s["disposition"], s["wrapped_up_at"]) for s in rows.segments] == [
        ("passed-on", at(16)),
        ("done", at(28)),
    ]


def test_a_contact_that_comes_back_to_an_agent_begins_a_new_segment() -> None:
    facts: list[AnyFact] = [
        arrival(CONTACT, NOON),
        connected(ANNA, 1),
        talk_ended(ANNA, 5, 4.0),
        connected(ANNA, 9),
        talk_ended(ANNA, 12, 3.0),
    ]
    rows = replayed(list(enumerate(facts, 1)))
    assert [(s["seq"], s["talk_seconds"]) for s in rows.segments] == [(2, 4.0), (4, 3.0)]
    assert rows.contacts[0]["talk_seconds"] == 7.0


def test_a_note_is_kept_before_the_agent_has_finished() -> None:
    facts: list[AnyFact] = [
        arrival(CONTACT, NOON),
        NoteWritten(at=at(1), contact=CONTACT, agent=ANNA, text="wants"),
        NoteWritten(at=at(2), contact=CONTACT, agent=ANNA, text="wants a new meter"),
    ]
    assert replayed(list(enumerate(facts, 1))).contacts[0]["note"] == "wants a new meter"


def test_while_it_waits_again_a_contact_has_no_outcome() -> None:
    facts: list[AnyFact] = [
        arrival(CONTACT, NOON),
        queued(1, 1),
        left(1, 4, 3.0, QueueOutcome.TRANSFERRED, None),
        queued(2, 4),
    ]
    (contact,) = replayed(list(enumerate(facts, 1))).contacts
    assert contact["queue_outcome"] == ""


def test_the_intervals_of_an_agent_have_no_gap_and_no_overlap() -> None:
    changes: list[AnyFact] = [
        PresenceChanged(at=at(second), agent=ANNA, presence=presence)
        for second, presence in enumerate(
            [Presence.READY, Presence.OFFERED, Presence.NOT_READY, Presence.SIGNED_OUT]
        )
    ]
    intervals = replayed(list(enumerate(changes, 1))).intervals
    assert [i["presence"] for i in intervals] == ["ready", "offered", "not-ready", "signed-out"]
    assert all(before["ended_at"] == after["began_at"] for before, after in pairwise(intervals))
    assert intervals[-1]["ended_at"] is None


def test_facts_without_a_beginning_make_a_row_all_the_same() -> None:
    facts: list[AnyFact] = [
        left(3, 4, 3.0, QueueOutcome.LOST, None),
        talk_ended(ANNA, 10, 5.0),
        wrapped_up(BERT, 11, "done"),
    ]
    rows = replayed(list(enumerate(facts, 1)))
    assert (rows.contacts[0]["queue_outcome"], rows.contacts[0]["caller_number"]) == ("lost", "")
    assert rows.visits[0]["visit"] == 3
    assert rows.segments[0]["ended_at"] == at(10)


def test_only_contacts_that_are_neither_known_nor_new_must_be_read() -> None:
    new, known, unknown = (answered_call(number, NOON) for number in (1, 2, 3))
    facts = [*new, *known[1:], *unknown[1:]]
    assert contacts_to_load({ContactId("call-2"): ContactRows()}, facts) == {"call-3"}


def test_presence_alone_needs_no_contact() -> None:
    fact = PresenceChanged(at=NOON, agent=ANNA, presence=Presence.TALKING, contact=CONTACT)
    assert contacts_to_load({}, [fact]) == set()


calls = st.lists(
    st.builds(
        lambda number, length: answered_call(number, NOON)[:length],
        st.integers(0, 6),
        st.integers(1, len(answered_call(0, NOON))),
    ),
    max_size=8,
)


@given(calls=calls, chance=st.randoms(use_true_random=False), cuts=st.sets(st.integers(0, 100)))
def test_folding_in_pieces_gives_the_same_as_at_once(
    calls: list[list[AnyFact]], chance: object, cuts: set[int]
) -> None:
    facts = [fact for call in calls for fact in call]
    chance.shuffle(facts)  # type: ignore[attr-defined]
    numbered = list(enumerate(facts, 1))
    at_once = fold({}, {}, numbered)

    contacts: dict[ContactId, ContactRows] = {}
    intervals: dict[AgentId, Row] = {}
    together = Changes()
    edges = [0, *sorted(cut for cut in cuts if cut < len(numbered)), len(numbered)]
    for start, end in pairwise(edges):
        before = copy.deepcopy((contacts, intervals))
        changes = fold(contacts, intervals, numbered[start:end])
        assert (contacts, intervals) == before, "what was known is not touched"
        contacts |= changes.known_contacts
        intervals |= changes.known_intervals
        together.contacts |= changes.contacts
        together.visits |= changes.visits
        together.segments |= changes.segments
        together.intervals |= changes.intervals
    assert together.contacts == at_once.contacts
    assert together.visits == at_once.visits
    assert together.segments == at_once.segments
    assert together.intervals == at_once.intervals


@given(calls=calls)
def test_every_contact_that_arrived_has_its_row(calls: list[list[AnyFact]]) -> None:
    facts = [fact for call in calls for fact in call]
    arrived = {fact.contact for fact in facts if isinstance(fact, ContactArrived)}
    assert fold({}, {}, enumerate(facts, 1)).contacts.keys() == arrived
