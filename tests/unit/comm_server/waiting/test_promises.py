"""Whom the centre calls back when, and what an attempt that came to nothing means."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from caruso.comm_server.calls.lifecycle import Call, QueuePlace
from caruso.comm_server.waiting import promises
from caruso.model.callbacks import Callback, CallbackId, CallbackState
from caruso.model.centre import CallBackRules, CallFirst, Centre, EntryPoint, Queue
from caruso.model.facts import ContactCause
from caruso.model.ids import AgentId, ContactId, EntryPointId, QueueId, SkillId

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
GAS, BY_HAND = QueueId("gas"), QueueId("by-hand")
AGENT_FIRST = CallBackRules(attempts=3, retry_seconds=600, busy_seconds=60)
CUSTOMER_FIRST = replace(AGENT_FIRST, first=CallFirst.CUSTOMER)


def queues(rules: CallBackRules) -> dict[QueueId, Queue]:
    return {GAS: Queue(id=GAS, name="Gas", call_back=rules), BY_HAND: Queue(id=BY_HAND, name="By hand")}


def callback(name: str = "b1", *, waited: float = 0.0, due: float = 0.0, queue: QueueId = GAS) -> Callback:
    """Return a call-back of somebody who waited so many seconds, due so many seconds ago."""
    return Callback(
        id=CallbackId(name),
        number="+4930123456",
        queue=queue,
        due_at=NOW - timedelta(seconds=due),
        created_at=NOW,
        changed_at=NOW,
        changed_by="caller",
        waiting_since=NOW - timedelta(seconds=waited) if waited else None,
    )


def called(
    *callbacks: Callback,
    rules: CallBackRules = AGENT_FIRST,
    free: int = 0,
    under_way: set[CallbackId] | None = None,
    open_now: bool = True,
) -> list[str]:
    due = promises.whom_to_call(
        callbacks,
        queues(rules),
        under_way=under_way or set(),
        free=lambda queue, since: free,
        may_call=lambda rules: open_now,
        now=NOW,
    )
    return [found.id for found, _ in due]


def test_agent_first_all_that_are_due_stand_in_line_who_waited_longest_first() -> None:
    assert called(callback("new", waited=5), callback("old", waited=500)) == ["old", "new"]


def test_customer_first_no_more_are_called_than_agents_are_free() -> None:
    three = [callback(name, waited=waited) for name, waited in (("a", 30.0), ("b", 90.0), ("c", 60.0))]
    assert called(*three, rules=CUSTOMER_FIRST, free=0) == []
    assert called(*three, rules=CUSTOMER_FIRST, free=2) == ["b", "c"]


def test_nobody_is_called_before_the_time_twice_at_night_or_in_a_queue_that_calls_by_hand() -> None:
    assert called(callback(due=-60)) == []
    assert called(replace(callback(), next_at=NOW + timedelta(seconds=1))) == []
    assert called(callback(), under_way={CallbackId("b1")}) == []
    assert called(callback(), open_now=False) == []
    assert called(callback(queue=BY_HAND)) == []
    assert called(callback(queue=QueueId("gone"))) == []
    assert called(replace(callback(), state=CallbackState.TAKEN)) == []
    assert called(replace(callback(), until=NOW - timedelta(seconds=1))) == []


def test_a_call_back_stands_where_its_caller_stood_and_one_for_later_where_its_time_is() -> None:
    asked = replace(callback(waited=300), priority=7, skills={SkillId("german"): 4})
    rules = Queue(id=GAS, name="Gas", priority=1, max_wait_seconds=60, call_back=AGENT_FIRST)
    place = promises.place(asked, rules, NOW)
    assert (place.in_line_since, place.priority, place.skills) == (NOW - timedelta(seconds=300), 7, {"german": 4})
    assert place.since == NOW
    assert place.max_wait_seconds == 0
    promised = promises.place(callback(due=30), rules, NOW)
    assert (promised.in_line_since, promised.priority) == (NOW - timedelta(seconds=30), 1)


def test_who_asks_twice_is_promised_once_at_his_place() -> None:
    place = QueuePlace(queue=GAS, since=NOW - timedelta(seconds=90), priority=2, skills={SkillId("gas"): 1})
    call = Call(contact=ContactId("1.1"), arrived_at=NOW, caller_number="+491", place=place)
    first, second = (promises.promised(call, place, "+491", customer=None, name="", now=NOW) for _ in range(2))
    assert first == second
    assert (first.waiting_since, first.priority, first.skills) == (place.since, 2, {"gas": 1})
    assert first.origin == call.contact
    again = promises.promised(structs.replace(call, visit=1), place, "+491", customer=None, name="", now=NOW)
    assert again.id != first.id


def test_a_call_back_whose_queue_was_taken_away_is_made_where_its_caller_would_wait() -> None:
    by_hand, calling = Queue(id=GAS, name="Gas"), Queue(id=QueueId("water"), name="Water", call_back=AGENT_FIRST)
    point = EntryPoint(id=EntryPointId("main"), name="Main", numbers=("1",), queue=GAS)
    queues = {queue.id: queue for queue in (by_hand, calling)}
    centre = Centre(name="Test", timezone="UTC", queues=queues, entry_points={point.id: point}, agents={})
    lost = replace(callback(), queue=QueueId("oil"), entry_point=point.id, skills={SkillId("oil"): 1})
    assert promises.instead(lost, centre) == GAS
    assert promises.instead(replace(lost, entry_point=EntryPointId("gone")), centre) == "water"
    assert promises.instead(replace(lost, entry_point=None), replace(centre, queues={GAS: by_hand})) == GAS
    assert promises.instead(lost, replace(centre, queues={})) is None
    moved = promises.moved_to(lost, GAS, NOW)
    assert (moved.queue, moved.skills, moved.version) == (GAS, {}, lost.version + 1)
    assert moved.waiting_since == lost.waiting_since


@pytest.mark.parametrize("number", ["", "anonymous", "+", "12", "sip:x@y", "0123456789012345678901"])
def test_a_hidden_or_strange_number_is_not_offered_to_be_called(number: str) -> None:
    assert not promises.can_be_called(number)


@pytest.mark.parametrize(
    ("cause", "pause"),
    [(ContactCause.BUSY, 60), (ContactCause.NO_ANSWER, 600), (ContactCause.CALLER_HUNG_UP, 600)],
)
def test_an_attempt_that_came_to_nothing_is_made_again_later(cause: ContactCause, pause: float) -> None:
    after = promises.not_reached(callback(), AGENT_FIRST, cause, NOW)
    assert (after.state, after.attempts, after.result) == (CallbackState.OPEN, 1, cause)
    assert after.callable_at == NOW + timedelta(seconds=pause)


def test_a_call_back_is_over_after_the_last_attempt_or_when_the_next_would_be_too_late() -> None:
    last = promises.not_reached(replace(callback(), attempts=2), AGENT_FIRST, ContactCause.BUSY, NOW)
    assert (last.state, last.attempts) == (CallbackState.UNREACHED, 3)
    late = replace(callback(), until=NOW + timedelta(seconds=599))
    assert promises.not_reached(late, AGENT_FIRST, ContactCause.NO_ANSWER, NOW).state is CallbackState.UNREACHED


def test_an_attempt_that_failed_on_our_side_costs_the_customer_nothing() -> None:
    after = promises.not_reached(replace(callback(), attempts=2), AGENT_FIRST, ContactCause.WITHDRAWN, NOW)
    assert (after.state, after.attempts) == (CallbackState.OPEN, 2)
    assert after.version == 2
    assert after.callable_at == NOW


def test_what_the_centre_took_and_lost_is_opened_again_and_what_an_agent_took_is_not() -> None:
    ours = promises.taken(callback(), AgentId("anna"), NOW)
    again = promises.opened_again(ours, NOW)
    assert again is not None
    assert (again.state, again.attempts) == (CallbackState.OPEN, 0)
    assert promises.opened_again(replace(ours, changed_by="anna"), NOW) is None
    assert promises.opened_again(callback(), NOW) is None


@given(st.lists(st.sampled_from([*ContactCause]), max_size=30), st.integers(1, 5))
def test_nobody_is_called_more_often_than_the_rules_allow(causes: list[ContactCause], most: int) -> None:
    rules, known = replace(AGENT_FIRST, attempts=most), callback()
    for cause in causes:
        if known.state is CallbackState.OPEN:
            known = promises.not_reached(known, rules, cause, NOW)
    assert known.attempts <= most
    assert (known.state is CallbackState.UNREACHED) == (known.attempts == most)
