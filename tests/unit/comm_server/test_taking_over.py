"""A supervisor takes an agent's place in a conversation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caruso.comm_server.calls.lifecycle import (
    Call,
    Desk,
    Party,
    PartyState,
    Phase,
    QueuePlace,
    TakeOverAsked,
    advance,
)
from caruso.comm_server.calls.rebuilding import StationAt, Surroundings, rebuild
from caruso.comm_server.supervision.phones_taken import phones_taken
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.centre import Queue, StationKind
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactConnected,
    ContactQueued,
    ContactTransferred,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    SupervisionEnded,
    TalkEnded,
    TransferForm,
)
from caruso.model.ids import AgentId, ContactId, QueueId, SupervisionId, UserId
from caruso.model.supervision import SupervisionOutcome
from caruso.model.telephony import HangUp, Join, StopMusic

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=60)
CONTACT, GAS = ContactId("100.1"), QueueId("gas")
ANNA, OLGA, BOB = AgentId("anna"), AgentId("olga"), AgentId("bob")
ASKED = TakeOverAsked(agent=OLGA, kind=StationKind.SIP, endpoint="olga-sip")


def talking(**changes: object) -> Call:
    desk = Desk(
        agent=ANNA,
        kind=StationKind.SIP,
        endpoint="anna-sip",
        offered_at=NOW,
        connected_at=NOW,
        leg_up=True,
        leg=1,
        offer=1,
    )
    call = Call(
        contact=CONTACT,
        arrived_at=NOW,
        phase=Phase.TALKING,
        answered=True,
        place=QueuePlace(queue=GAS, since=NOW),
        offer=1,
        desk=desk,
        open_legs=frozenset({ids.agent_leg(CONTACT, 1, ANNA)}),
    )
    return Call(**{**{name: getattr(call, name) for name in call.__struct_fields__}, **changes})


def test_the_agent_leaves_with_her_own_time_and_the_supervisor_has_the_call() -> None:
    step = advance(talking(), ASKED, LATER)
    leg = ids.agent_leg(CONTACT, 2, OLGA)
    assert step.commands == (
        Join(bridge=ids.bridge(CONTACT), leg=leg),
        HangUp(leg=ids.agent_leg(CONTACT, 1, ANNA)),
    )
    assert step.call.desk is not None
    assert (step.call.desk.agent, step.call.agent_leg) == (OLGA, leg)
    ended = next(fact for fact in step.facts if isinstance(fact, TalkEnded))
    assert (ended.agent, ended.talk_seconds) == (ANNA, 60.0)
    given = next(fact for fact in step.facts if isinstance(fact, ContactTransferred))
    assert (given.form, given.by, given.agent) == (TransferForm.TAKEN_OVER, ANNA, OLGA)


def test_a_customer_on_hold_hears_the_supervisor() -> None:
    call = talking(music=True)
    assert call.desk is not None
    held = Desk(**{**{name: getattr(call.desk, name) for name in call.desk.__struct_fields__}, "held_since": NOW})
    step = advance(talking(music=True, desk=held), ASKED, LATER)
    assert StopMusic(leg=ids.caller_leg(CONTACT)) in step.commands
    assert Join(bridge=ids.bridge(CONTACT), leg=ids.caller_leg(CONTACT)) in step.commands
    assert not step.call.held
    ended = next(fact for fact in step.facts if isinstance(fact, TalkEnded))
    assert (ended.talk_seconds, ended.hold_seconds) == (0.0, 60.0)


def test_what_cannot_be_taken_over() -> None:
    asked = Party(offer=2, agent=BOB, by=ANNA, called_at=NOW, state=PartyState.CONSULTED)
    for call in (
        talking(phase=Phase.WAITING, desk=None),
        talking(parties=(asked,)),
    ):
        with pytest.raises(IllegalMove):
            advance(call, ASKED, LATER)
    with pytest.raises(IllegalMove):
        advance(talking(), TakeOverAsked(agent=ANNA, kind=StationKind.SIP, endpoint=""), LATER)


def test_after_a_crash_the_supervisor_has_the_call_and_her_phone_is_known() -> None:
    step = advance(talking(), ASKED, LATER)
    before: list[AnyFact] = [
        ContactArrived(
            at=NOW, contact=CONTACT, entry_point=None, caller_number="", caller_name="", dialled="7001"
        ),
        ContactQueued(at=NOW, contact=CONTACT, visit=1, queue=GAS, priority=0, skills={}),
        OfferMade(at=NOW, contact=CONTACT, offer=1, queue=GAS, agent=ANNA),
        OfferEnded(
            at=NOW,
            contact=CONTACT,
            offer=1,
            queue=GAS,
            agent=ANNA,
            outcome=OfferOutcome.ACCEPTED,
            ring_seconds=0,
        ),
        ContactConnected(at=NOW, contact=CONTACT, agent=ANNA, queue=GAS),
    ]
    over = SupervisionEnded(
        at=LATER,
        supervision=SupervisionId("s1"),
        contact=CONTACT,
        agent=ANNA,
        queue=GAS,
        by=UserId("olga"),
        outcome=SupervisionOutcome.TAKEN_OVER,
        seconds=5,
    )
    facts: list[AnyFact] = [*before, *step.facts, over]
    stations = {agent: StationAt(kind=StationKind.SIP, endpoint=f"{agent}-sip") for agent in (ANNA, OLGA)}
    around = Surroundings(queues={GAS: Queue(id=GAS, name="Gas")}, stations=stations)
    call = rebuild(facts, around)
    assert call is not None
    assert call.desk is not None
    assert (call.phase, call.desk.agent, call.parties) == (Phase.TALKING, OLGA, ())
    assert phones_taken(facts) == {call.agent_leg: ids.supervisor_leg(SupervisionId("s1"))}
    assert phones_taken(facts[:-1]) == {}
