"""A run of the demo is good only when every call is accounted for and nothing is left over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    Presence,
    QueueOutcome,
)
from caruso.model.ids import AgentId, ContactId, EntryPointId, QueueId
from caruso.model.views import AgentRow, CallRow, MonitorView, QueueRow
from lab.demo.verdict import Evidence, problems, table

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BILLS = QueueId("bills")
BRAM = AgentId("bram")


def handled(name: str) -> list[AnyFact]:
    contact = ContactId(name)
    return [
        ContactArrived(
            at=NOON,
            contact=contact,
            entry_point=EntryPointId("billing"),
            caller_number="+442079460000",
            caller_name="",
            dialled="7002",
        ),
        ContactQueued(at=NOON, contact=contact, visit=1, queue=BILLS, priority=0, skills={}),
        ContactLeftQueue(
            at=NOON,
            contact=contact,
            visit=1,
            queue=BILLS,
            outcome=QueueOutcome.ANSWERED,
            waited_seconds=2.0,
            agent=BRAM,
        ),
        ContactConnected(at=NOON, contact=contact, agent=BRAM, queue=BILLS),
        ContactEnded(at=NOON, contact=contact, cause=ContactCause.AGENT_HUNG_UP),
    ]


def queue_row(**changed: int) -> QueueRow:
    figures: dict[str, Any] = {
        "entered": 2,
        "answered": 2,
        "answered_in_target": 2,
        "abandoned": 0,
        "waiting": 0,
        "lost": 0,
    } | changed
    return QueueRow(
        id=BILLS,
        name="Bills",
        oldest=None,
        ready=1,
        talking=0,
        short_abandoned=0,
        flowed_out=0,
        service_level=100.0,
        target_seconds=20.0,
        average_answer_seconds=2.0,
        longest_wait_seconds=2.5,
        **figures,
    )


def agent_row(presence: Presence) -> AgentRow:
    return AgentRow(id=BRAM, name="Bram", presence=presence, reason="", since=NOON, handled=2)


def shown(*, presence: Presence = Presence.SIGNED_OUT, queue: QueueRow | None = None) -> MonitorView:
    return MonitorView(seq=1, now=NOON, whole=True, agents=[agent_row(presence)], queues=[queue or queue_row()])


GOOD = Evidence(
    calls_made=2,
    call_failures=[],
    facts=handled("1") + handled("2"),
    monitor=shown(),
    channels=[],
    bridges=[],
    log=['{"event":"call_moved","level":"info"}', '{"event":"prompt_not_played","level":"warning"}', ""],
    agent_problems=[],
    server_exits=[0],
)


def test_a_good_run_has_no_problems() -> None:
    assert problems(GOOD) == ()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(GOOD, calls_made=3), "SIPp made 3 calls, the journal knows 2."),
        (
            replace(GOOD, call_failures=["+44 to 7001: 503"]),
            "1 callers met something unexpected: +44 to 7001: 503",
        ),
        (replace(GOOD, channels=["PJSIP/trunk-1"]), "Asterisk still has 1 channels: PJSIP/trunk-1."),
        (replace(GOOD, bridges=["1~bridge"]), "Asterisk still has 1 bridges: 1~bridge."),
        (replace(GOOD, monitor=shown(presence=Presence.TALKING)), "Bram is still talking."),
        (replace(GOOD, monitor=shown(queue=queue_row(waiting=1))), "Bills: the monitor still shows 1 waiting."),
        (
            replace(GOOD, monitor=shown(queue=queue_row(answered=1))),
            "Bills: the monitor shows 1 answered, the journal has 2.",
        ),
        (replace(GOOD, server_exits=[1]), "The server ended with 1."),
        (replace(GOOD, server_exits=[None]), "The server ended with None."),
        (replace(GOOD, server_exits=[-9, 1, -11, 0]), "The server ended in the middle with 1, -11."),
        (replace(GOOD, agent_problems=["bram was refused: internal"]), "bram was refused: internal"),
        (
            replace(GOOD, log=['{"event":"call_failed","level":"error"}']),
            'The server\'s log has 1 errors: {"event":"call_failed","level":"error"}',
        ),
    ],
)
def test_each_thing_that_went_wrong_is_told(found: Evidence, said: str) -> None:
    assert problems(found) == (said,)


def test_a_server_that_was_killed_and_came_back_is_fine() -> None:
    assert problems(replace(GOOD, server_exits=[-9, 0])) == ()
    assert problems(replace(GOOD, server_exits=[-9, 0], calls_made=3)) == ()
    assert problems(replace(GOOD, server_exits=[-9, 0], calls_made=1)) != ()


def test_a_call_that_never_ended_or_never_left_the_queue_is_told() -> None:
    found = problems(replace(GOOD, facts=[*handled("1"), *handled("2")[:2]], monitor=shown(queue=queue_row())))
    assert "1 calls have no end in the journal: 2." in found
    assert "Queue bills does not balance: 2 entered, 1 left." in found


def test_a_run_in_which_nobody_was_connected_is_not_good() -> None:
    empty = Evidence(**{name: getattr(GOOD, name) for name in Evidence.__dataclass_fields__} | {"facts": []})
    assert "No call reached an agent." in problems(empty)


def test_a_call_that_is_still_shown_is_told() -> None:
    row = CallRow(id=ContactId("1"), phase="talking", caller="", agent="Bram", queue=BILLS, since=NOON)
    view = MonitorView(seq=1, now=NOON, whole=True, calls=[row], queues=[queue_row()])
    assert problems(replace(GOOD, monitor=view)) == ("The monitor still shows 1 calls.",)


def test_the_table_has_a_row_for_each_queue() -> None:
    lines = table([queue_row()], [agent_row(Presence.SIGNED_OUT)]).splitlines()
    assert " ".join(lines[0].split()) == "Queue Calls Answered Abandoned Service level Average wait Longest wait"
    assert " ".join(lines[2].split()) == "Bills 2 2 0 100 % in 20 s 2.0 s 2.5 s"
    assert lines[-1] == "Conversations: Bram 2"
