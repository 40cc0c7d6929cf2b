"""Calls that the centre makes: agent first, customer first, and everything that may come in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from caruso.comm_server.calls.lifecycle import (
    Call,
    CallEvent,
    Ended,
    Enqueue,
    HoldAsked,
    HungUpByAgent,
    KeptWaiting,
    Offer,
    Outgoing,
    Phase,
    QueuePlace,
    SetTimer,
    Step,
    advance,
    begin,
)
from caruso.comm_server.calls.rebuilding import Surroundings, rebuild
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import (
    AnyFact,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    CustomerReached,
    QueueOutcome,
    TalkEnded,
)
from caruso.model.ids import AgentId, QueueId
from caruso.model.telephony import (
    Dial,
    EndCause,
    HangUp,
    LegAnswered,
    LegEnded,
    OpenBridge,
    StartMusic,
    StartRinging,
    StopRinging,
    TelephonyCommand,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ASKED = NOW - timedelta(minutes=8)
CONTACT = ids.outgoing_contact("b1", 1, 1)
CUSTOMER, ANNA = ids.caller_leg(CONTACT), ids.agent_leg(CONTACT, 1, AgentId("anna"))
OFFER = Offer(agent=AgentId("anna"), kind=StationKind.SIP, endpoint="anna-sip", ring_seconds=20)


def begun(*, agent_first: bool) -> Step:
    place = QueuePlace(queue=QueueId("gas"), since=NOW, in_line_since=ASKED)
    outgoing = Outgoing(number="+4930123", caller_id="100", place=place, agent_first=agent_first)
    return begin(CONTACT, outgoing, name="Eva", entry_point=None, now=NOW)


def led(call: Call, *events: CallEvent) -> Step:
    """Return the last step of these events, with all facts and commands."""
    step = Step(call=call)
    facts: list[AnyFact] = []
    commands: list[TelephonyCommand] = []
    for seconds, event in enumerate(events, 1):
        step = advance(step.call, event, NOW + timedelta(seconds=seconds))
        facts += step.facts
        commands += step.commands
    return Step(call=step.call, facts=tuple(facts), commands=tuple(commands))


_T = TypeVar("_T")


def of(step: Step, kind: type[_T]) -> list[_T]:
    return [each for each in (*step.facts, *step.commands) if isinstance(each, kind)]


def test_the_customers_leg_is_no_beginning_of_another() -> None:
    """Asterisk takes no id for a new channel with which another begins."""
    assert not ANNA.startswith(CUSTOMER)
    assert ids.contact_of(CUSTOMER) == CONTACT
    assert ids.callback_of(CONTACT) == "b1"
    assert ids.callback_of(ids.outgoing_contact("w1712.4-x-7", 2, 13)) == "w1712.4-x-7"
    assert ids.agent_of(CUSTOMER) is None


def test_agent_first_the_call_waits_at_its_place_and_nobody_hears_music() -> None:
    step = begun(agent_first=True)
    assert step.call.phase is Phase.WAITING
    assert not step.commands
    queued = of(step, ContactQueued)
    assert [fact.in_line_since for fact in queued] == [ASKED]
    assert led(step.call, KeptWaiting()).commands == ()


def test_agent_first_the_customer_is_called_when_the_agent_answers_and_talk_begins_when_he_does() -> None:
    offered = led(begun(agent_first=True).call, OFFER)
    assert offered.call.phase is Phase.OFFERED
    assert not of(offered, StartMusic)
    there = led(offered.call, LegAnswered(leg=ANNA))
    assert of(there, StartRinging)
    assert [dial.leg for dial in of(there, Dial)] == [CUSTOMER]
    assert of(there, ContactConnected)
    assert not of(there, OpenBridge)
    both = led(there.call, LegAnswered(leg=CUSTOMER), LegEnded(leg=CUSTOMER, cause=EndCause.NORMAL))
    assert of(both, StopRinging)
    assert [bridge.legs for bridge in of(both, OpenBridge)] == [(CUSTOMER, ANNA)]
    assert [fact.talk_seconds for fact in of(both, TalkEnded)] == [1.0]
    assert [fact.cause for fact in of(both, ContactEnded)] == [ContactCause.CALLER_HUNG_UP]


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (EndCause.BUSY, ContactCause.BUSY),
        (EndCause.REJECTED, ContactCause.BUSY),
        (EndCause.NO_ANSWER, ContactCause.NO_ANSWER),
        (EndCause.UNREACHABLE, ContactCause.UNREACHABLE),
        (EndCause.NO_SUCH_NUMBER, ContactCause.UNREACHABLE),
        (EndCause.LOST, ContactCause.WITHDRAWN),
    ],
)
@pytest.mark.parametrize("agent_first", [True, False])
def test_a_customer_who_is_not_reached_ends_the_call_and_frees_the_agent(
    agent_first: bool, cause: EndCause, expected: ContactCause
) -> None:
    before: list[CallEvent] = [OFFER, LegAnswered(leg=ANNA)] if agent_first else []
    step = led(begun(agent_first=agent_first).call, *before, LegEnded(leg=CUSTOMER, cause=cause))
    assert step.call.phase is Phase.ENDED
    assert [fact.cause for fact in of(step, ContactEnded)] == [expected]
    assert len(of(step, TalkEnded)) == len(of(step, ContactConnected)) == int(agent_first)
    hung_up = [command.leg for command in of(step, HangUp)]
    assert hung_up == ([ANNA] if agent_first else [])
    assert [fact.talk_seconds for fact in of(step, TalkEnded)] == [0.0] * agent_first


def test_customer_first_he_waits_at_his_place_once_he_has_answered() -> None:
    step = begun(agent_first=False)
    assert [dial.leg for dial in of(step, Dial)] == [CUSTOMER]
    assert not of(step, ContactQueued)
    there = led(step.call, LegAnswered(leg=CUSTOMER))
    assert there.call.phase is Phase.WAITING
    assert of(there, CustomerReached)
    assert [fact.in_line_since for fact in of(there, ContactQueued)] == [ASKED]
    talking = led(there.call, OFFER, LegAnswered(leg=ANNA))
    assert talking.call.phase is Phase.TALKING
    assert not of(talking, Dial)[1:]
    assert [bridge.legs for bridge in of(talking, OpenBridge)] == [(CUSTOMER, ANNA)]


def test_customer_first_the_ringing_of_his_phone_is_no_waiting() -> None:
    waiting = advance(begun(agent_first=False).call, LegAnswered(leg=CUSTOMER), NOW + timedelta(seconds=20)).call
    gone = advance(waiting, LegEnded(leg=CUSTOMER, cause=EndCause.NORMAL), NOW + timedelta(seconds=23))
    (left,) = of(gone, ContactLeftQueue)
    assert (left.outcome, left.waited_seconds) == (QueueOutcome.SHORT_ABANDONED, 3.0)


def test_who_is_called_back_is_not_sent_away_from_another_queue_either() -> None:
    limited = QueuePlace(queue=QueueId("water"), since=NOW, max_wait_seconds=10)
    moved = advance(begun(agent_first=True).call, Enqueue(place=limited), NOW)
    assert moved.call.place is not None
    assert moved.call.place.queue == "water"
    assert not [timer for timer in moved.timers if isinstance(timer, SetTimer)]


def test_what_needs_the_customer_is_refused_until_he_is_there() -> None:
    ringing = led(begun(agent_first=True).call, OFFER, LegAnswered(leg=ANNA)).call
    with pytest.raises(IllegalMove, match="not answered yet"):
        advance(ringing, HoldAsked(agent=AgentId("anna"), on=True), NOW)
    there = led(ringing, LegAnswered(leg=CUSTOMER)).call
    assert advance(there, HoldAsked(agent=AgentId("anna"), on=True), NOW).call.held


@pytest.mark.parametrize(
    "event", [HungUpByAgent(agent=AgentId("anna")), LegEnded(leg=ANNA, cause=EndCause.NORMAL)]
)
def test_an_agent_who_hangs_up_while_it_rings_lets_the_customer_go(event: CallEvent) -> None:
    step = led(begun(agent_first=True).call, OFFER, LegAnswered(leg=ANNA), event)
    assert step.call.phase is Phase.ENDED
    assert CUSTOMER in [command.leg for command in of(step, HangUp)]
    gone = led(step.call, LegEnded(leg=CUSTOMER, cause=EndCause.NORMAL), LegEnded(leg=ANNA, cause=EndCause.NORMAL))
    assert gone.call.gone


def test_a_customer_who_answers_in_the_moment_it_is_withdrawn_is_hung_up_on() -> None:
    withdrawn = led(begun(agent_first=False).call, Ended(cause=ContactCause.WITHDRAWN))
    assert CUSTOMER in [command.leg for command in of(withdrawn, HangUp)]
    late = led(withdrawn.call, LegAnswered(leg=CUSTOMER))
    assert late.call.phase is Phase.ENDED
    assert not of(late, ContactQueued)


def test_what_was_rung_before_a_crash_is_no_talk() -> None:
    """The server is killed while the customer's phone rings; the call begins anew."""
    begins = begun(agent_first=True)
    rings = led(begins.call, OFFER, LegAnswered(leg=ANNA))
    rebuilt = rebuild([*begins.facts, *rings.facts], Surroundings(queues={}, stations={}))
    assert rebuilt is not None
    over = advance(rebuilt, Ended(cause=ContactCause.WITHDRAWN), NOW + timedelta(seconds=12))
    assert [(fact.talk_seconds, fact.hold_seconds) for fact in of(over, TalkEnded)] == [(0.0, 10.0)]


def test_one_that_is_withdrawn_in_line_has_flowed_out() -> None:
    step = led(begun(agent_first=True).call, Ended(cause=ContactCause.WITHDRAWN))
    assert [fact.outcome for fact in of(step, ContactLeftQueue)] == [QueueOutcome.FLOWED_OUT]
    assert step.call.gone
