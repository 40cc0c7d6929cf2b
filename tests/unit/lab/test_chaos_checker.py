"""The checker of a chaos run finds what is wrong, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    Presence,
    PresenceChanged,
    TalkEnded,
)
from caruso.model.ids import AgentId, ContactId, QueueId
from lab.chaos.checker import Invite, Outage, PhoneTalk, findings, on_a_steady_clock
from lab.chaos.faults import LASTING, LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS, Fault, plan

START = datetime(2026, 11, 27, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def record(number: str, contact: str = "c1", begin: float = 0) -> list[AnyFact]:
    return [
        ContactArrived(
            at=at(begin),
            contact=ContactId(contact),
            entry_point=None,
            caller_number=number,
            caller_name="",
            dialled="7001",
        ),
        ContactEnded(at=at(begin + 5), contact=ContactId(contact), cause=ContactCause.CALLER_HUNG_UP),
    ]


def invite(
    number: str, began: float = 0, over: float = 5, *, stuck: bool = False, cut_off: bool = False
) -> Invite:
    return Invite(number=number, began=began, over=over, status=200, stuck=stuck, cut_off=cut_off)


def test_a_call_with_one_record_is_fine() -> None:
    assert findings(record("491"), [invite("491")], [], []) == []


def test_a_call_without_a_record_is_found_unless_nobody_could_see_it() -> None:
    outage = Outage(fault="server-killed", began=100, over=110)
    for began, over, is_found in (
        (0, 5, True),
        (0, 0.5, False),
        (101, 109, False),
        (95, 108, False),
        (104, 120, True),
    ):
        found = findings([], [invite("491", began, over)], [], [outage])
        assert bool(found) is is_found, (began, over)


def test_two_records_are_found_unless_asterisk_died_in_between() -> None:
    twice = [*record("491", "c1"), *record("491", "c2", 10)]
    assert findings(twice, [invite("491", over=20)], [], [])
    assert not findings(twice, [invite("491", over=20, cut_off=True)], [], [])


def test_who_was_never_let_go_and_who_never_called_are_found() -> None:
    assert "never let go" in findings(record("491"), [invite("491", stuck=True)], [], [])[0]
    assert "never called" in findings(record("491"), [], [], [])[0]


@pytest.mark.parametrize(("over", "is_found"), [(9.0, False), (10.5, False), (13.0, True)])
def test_a_phone_in_two_calls_is_found(over: float, is_found: bool) -> None:
    talks = [PhoneTalk(phone="a1", began=0, over=over), PhoneTalk(phone="a1", began=10, over=20)]
    assert bool(findings([], [], talks, [])) is is_found


def test_an_agent_connected_twice_is_found() -> None:
    anna = AgentId("anna")
    facts: list[AnyFact] = [
        ContactConnected(at=at(1), contact=ContactId("c1"), agent=anna, queue=QueueId("gas")),
        ContactConnected(at=at(2), contact=ContactId("c2"), agent=anna, queue=QueueId("gas")),
    ]
    assert any("was connected with c2 while with c1" in line for line in findings(facts, [], [], []))


def test_jumps_of_the_clock_are_taken_out() -> None:
    anna, hour = AgentId("anna"), 3600
    facts: list[AnyFact] = [
        PresenceChanged(at=at(0), agent=anna, presence=Presence.NOT_READY),
        ContactConnected(at=at(1), contact=ContactId("c1"), agent=anna, queue=QueueId("gas")),
        PresenceChanged(at=at(2 + hour), agent=anna, presence=Presence.READY),
        TalkEnded(
            at=at(3 + hour),
            contact=ContactId("c1"),
            agent=anna,
            queue=QueueId("gas"),
            talk_seconds=2,
            hold_seconds=0,
        ),
        PresenceChanged(at=at(4), agent=anna, presence=Presence.NOT_READY),
    ]
    steady, jumped = on_a_steady_clock(facts)
    assert [fact.at for fact in steady] == [at(second) for second in range(5)]
    assert jumped == {"c1"}


def test_every_fault_has_its_turn_at_a_bearable_pace() -> None:
    strikes = plan(7, 40 * 60, set(Fault))
    assert {strike.fault for strike in strikes[: len(Fault)]} == set(Fault)
    for before, after in pairwise(strikes):
        pause = after.at_seconds - before.at_seconds - before.lasts_seconds
        assert LEAST_PAUSE_SECONDS <= pause <= MOST_PAUSE_SECONDS
    assert all((strike.fault in LASTING) is (strike.lasts_seconds > 0) for strike in strikes)
    assert strikes == plan(7, 40 * 60, set(Fault))
    assert strikes != plan(8, 40 * 60, set(Fault))
