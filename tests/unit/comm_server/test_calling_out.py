"""Calls that agents make: her own phone first, then the customer's; and everything that can come between."""

from __future__ import annotations

import pytest

from caruso.comm_server.calls.lifecycle import (
    Call,
    CallEvent,
    HungUpByAgent,
    OwnCall,
    Phase,
    QueuePlace,
    Step,
    Timer,
    TimerFired,
    advance,
    call_out,
)
from caruso.comm_server.calls.rebuilding import rebuild
from caruso.comm_server.calls.recovery import resume
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    OfferEnded,
    OfferOutcome,
    TalkEnded,
)
from caruso.model.telephony import (
    Dial,
    EndCause,
    HangUp,
    Leg,
    LegAnswered,
    LegEnded,
    LegState,
    LinkUp,
    OpenBridge,
    StartRinging,
    StopRinging,
)
from tests.unit.comm_server.call_walk import ANNA, GAS, NOW, around

CONTACT = ids.outbound_contact("1")
CUSTOMER, ANNAS = ids.caller_leg(CONTACT), ids.agent_leg(CONTACT, 1, ANNA)
ORDER = OwnCall(
    agent=ANNA,
    kind=StationKind.SIP,
    endpoint="anna-sip",
    ring_seconds=20,
    number="+4930123",
    caller_id="+31205550100",
    place=QueuePlace(queue=GAS, since=NOW),
)


class Story:
    def __init__(self) -> None:
        self.facts: list[AnyFact] = []
        self.call: Call = self._took(call_out(CONTACT, ORDER, NOW))

    def _took(self, step: Step) -> Call:
        self.step = step
        self.facts.extend(step.facts)
        return step.call

    def then(self, *events: CallEvent) -> Story:
        for event in events:
            self.call = self._took(advance(self.call, event, NOW))
        return self

    def ended_by(self) -> ContactCause:
        (ended,) = [fact for fact in self.facts if isinstance(fact, ContactEnded)]
        return ended.cause

    def offer_ended(self) -> list[OfferOutcome]:
        return [fact.outcome for fact in self.facts if isinstance(fact, OfferEnded)]


def test_the_agents_own_phone_rings_first_and_shows_whom_she_calls() -> None:
    story = Story()
    (dial,) = story.step.commands
    assert isinstance(dial, Dial)
    assert (dial.leg, dial.endpoint, dial.caller_number) == (ANNAS, "anna-sip", "+4930123")
    (arrived,) = [fact for fact in story.facts if isinstance(fact, ContactArrived)]
    assert arrived.channel == "outbound"


def test_then_the_customers_phone_rings_and_he_sees_the_queues_number() -> None:
    story = Story().then(LegAnswered(leg=ANNAS))
    ringing, dial = story.step.commands
    assert ringing == StartRinging(leg=ANNAS)
    assert isinstance(dial, Dial)
    assert (dial.leg, dial.number, dial.caller_number) == (CUSTOMER, "+4930123", "+31205550100")


def test_when_he_answers_both_talk() -> None:
    story = Story().then(LegAnswered(leg=ANNAS), LegAnswered(leg=CUSTOMER))
    assert story.step.commands == (
        StopRinging(leg=ANNAS),
        OpenBridge(bridge=ids.bridge(CONTACT), legs=(CUSTOMER, ANNAS)),
    )
    assert story.call.phase is Phase.TALKING
    assert story.offer_ended() == [OfferOutcome.ACCEPTED]
    story.then(LegEnded(leg=CUSTOMER, cause=EndCause.NORMAL))
    assert story.ended_by() is ContactCause.CALLER_HUNG_UP
    assert [type(fact) for fact in story.facts if isinstance(fact, ContactConnected | TalkEnded)] == [
        ContactConnected,
        TalkEnded,
    ]


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (EndCause.BUSY, ContactCause.BUSY),
        (EndCause.REJECTED, ContactCause.BUSY),
        (EndCause.NO_ANSWER, ContactCause.NO_ANSWER),
        (EndCause.NO_SUCH_NUMBER, ContactCause.UNREACHABLE),
        (EndCause.LOST, ContactCause.PBX_LOST),
    ],
)
def test_a_customer_who_does_not_answer_leaves_the_agent_free_and_the_books_say_why(
    cause: EndCause, why: ContactCause
) -> None:
    story = Story().then(LegAnswered(leg=ANNAS), LegEnded(leg=CUSTOMER, cause=cause))
    assert story.ended_by() is why
    assert story.offer_ended() == [OfferOutcome.WITHDRAWN]
    assert HangUp(leg=ANNAS) in story.step.commands


def test_an_agent_who_gives_up_or_whose_phone_is_not_answered_calls_nobody_any_more() -> None:
    assert Story().then(HungUpByAgent(agent=ANNA)).ended_by() is ContactCause.AGENT_HUNG_UP
    rang = Story().then(LegAnswered(leg=ANNAS), HungUpByAgent(agent=ANNA))
    assert {HangUp(leg=CUSTOMER), HangUp(leg=ANNAS)} <= set(rang.step.commands)
    assert Story().then(LegEnded(leg=ANNAS, cause=EndCause.BUSY)).ended_by() is ContactCause.AGENT_HUNG_UP
    assert Story().then(TimerFired(timer=Timer.RING)).ended_by() is ContactCause.NO_ANSWER


def test_a_customer_who_answers_after_the_agent_gave_up_is_hung_up() -> None:
    story = Story().then(LegAnswered(leg=ANNAS), HungUpByAgent(agent=ANNA), LegAnswered(leg=CUSTOMER))
    assert story.step.commands == (HangUp(leg=CUSTOMER),)


@pytest.mark.parametrize(
    ("customer", "agent", "phase"),
    [
        (LegState.RINGING, LegState.UP, Phase.DIALLING),
        (LegState.UP, LegState.UP, Phase.TALKING),
        (LegState.UP, None, Phase.ENDED),
        (None, LegState.UP, Phase.ENDED),
    ],
)
def test_after_a_crash_the_call_goes_on_from_what_the_pbx_has(
    customer: LegState | None, agent: LegState | None, phase: Phase
) -> None:
    story = Story().then(LegAnswered(leg=ANNAS))
    call = rebuild(story.facts, around(StationKind.SIP))
    assert call is not None
    found = {CUSTOMER: customer, ANNAS: agent}
    legs = {leg: Leg(leg=leg, state=state) for leg, state in found.items() if state is not None}
    link = LinkUp(legs=legs, bridges={})
    assert resume(call, link, around(StationKind.SIP), pbx_restarted=False, now=NOW).call.phase is phase
