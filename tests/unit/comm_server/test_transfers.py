"""Transfers, consultations and conferences: each form step by step, and all that can happen at every step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from caruso.comm_server.calls.lifecycle import (
    CallEvent,
    CompleteAsked,
    ConferenceAsked,
    ConsultAsked,
    Declined,
    DropAsked,
    Enqueue,
    HoldAsked,
    HungUpByAgent,
    MuteAsked,
    Offer,
    Onward,
    PartyState,
    Phase,
    Target,
    Timer,
    TimerFired,
    ToggleAsked,
    TransferAsked,
    Withdrawn,
)
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import (
    ConsultEnded,
    ConsultOutcome,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactQueued,
    ContactTransferred,
    OfferEnded,
    OfferOutcome,
    OutsideEnded,
    TalkEnded,
    TransferForm,
)
from caruso.model.ids import AgentId, EntryPointId
from caruso.model.telephony import EndCause, LegAnswered, LegState
from tests.unit.comm_server.call_walk import ANNA, BERT, CALLER, CORA, GAS, OTHER_PLACE, PLACE, WATER, Walk

BROWSER, SIP = StationKind.BROWSER, StationKind.SIP
SOMEBODY_OUTSIDE = Target(number="+4930123", ring_seconds=20, caller_id="+31209")


def to(agent: AgentId, kind: StationKind = SIP) -> Target:
    return Target(agent=agent, kind=kind, endpoint=agent, ring_seconds=20)


# -- How far a call is taken: each is a step of one of the forms ----------------------------------------------


def talking(kind: StationKind = SIP) -> Walk:
    walk = Walk(kind).then(Enqueue(place=PLACE), Offer(agent=ANNA, kind=kind, endpoint=ANNA, ring_seconds=20))
    return walk.answers(ANNA)


def held(kind: StationKind = SIP) -> Walk:
    return talking(kind).then(HoldAsked(agent=ANNA, on=True))


def given_to_a_queue(kind: StationKind = SIP) -> Walk:
    return talking(kind).then(TransferAsked(agent=ANNA, to=OTHER_PLACE))


def given_to_a_dialog(kind: StationKind = SIP) -> Walk:
    return talking(kind).then(TransferAsked(agent=ANNA, to=Onward(entry_point=EntryPointId("other"))))


def given_to_a_colleague(kind: StationKind = SIP) -> Walk:
    return talking(kind).then(TransferAsked(agent=ANNA, to=to(BERT, kind)))


def given_outside(kind: StationKind = SIP) -> Walk:
    return talking(kind).then(TransferAsked(agent=ANNA, to=SOMEBODY_OUTSIDE))


def outside(kind: StationKind = SIP) -> Walk:
    return given_outside(kind).answers(None)


def calling_a_colleague(kind: StationKind = SIP) -> Walk:
    return talking(kind).then(ConsultAsked(agent=ANNA, to=to(BERT, kind)))


def calling_outside(kind: StationKind = SIP) -> Walk:
    return talking(kind).then(ConsultAsked(agent=ANNA, to=SOMEBODY_OUTSIDE))


def consulting(kind: StationKind = SIP) -> Walk:
    return calling_a_colleague(kind).answers(BERT)


def consulting_outside(kind: StationKind = SIP) -> Walk:
    return calling_outside(kind).answers(None)


def toggled(kind: StationKind = SIP) -> Walk:
    return consulting(kind).then(ToggleAsked(agent=ANNA))


def conference(kind: StationKind = SIP) -> Walk:
    return consulting(kind).then(ConferenceAsked(agent=ANNA))


def conference_with_outside(kind: StationKind = SIP) -> Walk:
    return consulting_outside(kind).then(ConferenceAsked(agent=ANNA))


def consulting_in_a_conference(kind: StationKind = SIP) -> Walk:
    return conference(kind).then(ConsultAsked(agent=ANNA, to=to(CORA, kind))).answers(CORA)


def away_in_a_consultation(kind: StationKind = SIP) -> Walk:
    walk = consulting(BROWSER)
    return walk.ends(walk.leg(ANNA))


def away_in_a_conference(kind: StationKind = SIP) -> Walk:
    walk = conference(BROWSER)
    return walk.ends(walk.leg(ANNA))


def dialled_again_in_a_consultation(kind: StationKind = SIP) -> Walk:
    return away_in_a_consultation(kind).then(TimerFired(timer=Timer.REDIAL))


def dialled_again_in_a_conference(kind: StationKind = SIP) -> Walk:
    return away_in_a_conference(kind).then(TimerFired(timer=Timer.REDIAL))


Step = Callable[[StationKind], Walk]
STEPS: list[Step] = [
    talking,
    held,
    given_to_a_queue,
    given_to_a_dialog,
    given_to_a_colleague,
    given_outside,
    outside,
    calling_a_colleague,
    calling_outside,
    consulting,
    consulting_outside,
    toggled,
    conference,
    conference_with_outside,
    consulting_in_a_conference,
    away_in_a_consultation,
    away_in_a_conference,
    dialled_again_in_a_consultation,
    dialled_again_in_a_conference,
]
ASKED: list[CallEvent] = [
    *(
        kind(agent=agent)
        for kind in (ToggleAsked, ConferenceAsked, CompleteAsked, DropAsked, HungUpByAgent, Declined)
        for agent in (ANNA, BERT, CORA)
    ),
    *(HoldAsked(agent=agent, on=on) for agent in (ANNA, BERT) for on in (True, False)),
    *(MuteAsked(agent=agent, on=on) for agent in (ANNA, BERT) for on in (True, False)),
    *(
        TransferAsked(agent=agent, to=where)
        for agent in (ANNA, BERT)
        for where in (OTHER_PLACE, to(BERT), to(CORA), SOMEBODY_OUTSIDE, Onward(entry_point=EntryPointId("other")))
    ),
    *(
        ConsultAsked(agent=agent, to=whom)
        for agent in (ANNA, BERT)
        for whom in (to(BERT), to(CORA), SOMEBODY_OUTSIDE)
    ),
    *(TimerFired(timer=timer) for timer in Timer if timer is not Timer.FORGET),
    Withdrawn(),
    Enqueue(place=PLACE),
    Offer(agent=CORA, kind=SIP, endpoint=CORA, ring_seconds=20),
]


@pytest.mark.parametrize("kind", list(StationKind))
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_whatever_anybody_asks_for_at_any_step_leaves_nobody_alone_and_the_books_right(
    step: Step, kind: StationKind
) -> None:
    for asked in ASKED:
        walk = step(kind)
        possible = not isinstance(asked, TimerFired) or asked.timer in walk.timers
        if possible and walk.tries(asked):  # `tries` holds the call against telephone system and books
            walk.hears_of_ends()
            walk.check()
        end_of(walk)


@pytest.mark.parametrize("kind", list(StationKind))
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_whoever_hangs_up_at_any_step_leaves_nobody_alone_and_the_books_right(
    step: Step, kind: StationKind
) -> None:
    for number in range(len(step(kind).pbx.legs)):
        for cause in EndCause:
            walk = step(kind)
            leg = sorted(walk.pbx.legs)[number]
            walk.ends(leg, cause)
            walk.hears_of_ends()
            assert (walk.call.phase is Phase.ENDED) or leg != CALLER
            end_of(walk)


@pytest.mark.parametrize("kind", list(StationKind))
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_phone_that_is_answered_late_at_any_step_leaves_nobody_alone(step: Step, kind: StationKind) -> None:
    """Each leg there ever was is answered, be it expected or not."""
    walk = step(kind)
    for offer in range(1, walk.call.offer + 1):
        for agent in (ANNA, BERT, CORA):
            late = step(kind)
            leg = ids.agent_leg(late.call.contact, offer, agent)
            late.pbx.legs.setdefault(leg, LegState.UP)
            late.pbx.legs[leg] = LegState.UP
            late.then(LegAnswered(leg=leg))
            late.hears_of_ends()
            end_of(late)


@pytest.mark.parametrize("kind", list(StationKind))
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_the_server_is_killed_at_any_step_and_goes_on(step: Step, kind: StationKind) -> None:
    before, walk = step(kind), step(kind)
    walk.restarts()
    walk.check()
    assert walk.call.phase is before.call.phase
    assert walk.call.parties == before.call.parties
    assert (walk.call.desk and walk.call.desk.agent) == (before.call.desk and before.call.desk.agent)
    end_of(walk)


def end_of(walk: Walk) -> None:
    """Let the caller hang up, and see that nothing is left."""
    if CALLER in walk.pbx.legs:
        walk.ends(CALLER)
    walk.hears_of_ends()
    assert walk.call.gone
    assert not walk.pbx.legs


# -- The forms ------------------------------------------------------------------------------------------------


def test_a_customer_given_to_a_queue_waits_there_with_music_and_the_agent_is_free() -> None:
    walk = given_to_a_queue()
    assert walk.call.phase is Phase.WAITING
    assert CALLER in walk.pbx.music
    (talked,), (given,) = walk.of(TalkEnded), walk.of(ContactTransferred)
    assert talked.agent == ANNA
    assert (given.by, given.queue, given.from_queue, given.form) == (ANNA, WATER, GAS, TransferForm.BLIND)
    assert [fact.queue for fact in walk.of(ContactQueued)] == [GAS, WATER]


def test_a_colleague_gets_the_customer_and_each_has_her_own_time() -> None:
    walk = talking().then(TransferAsked(agent=ANNA, to=to(BERT)), after=60).answers(BERT)
    walk.hears_of_ends()
    walk.now += timedelta(minutes=30)
    walk.ends(CALLER)
    talks = {fact.agent: fact.talk_seconds for fact in walk.of(TalkEnded)}
    assert talks[ANNA] == 60
    assert talks[BERT] == pytest.approx(30 * 60 + 1, abs=0.1)
    assert len(walk.of(ContactQueued)) == 1, "a colleague is no queue"


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        (Declined(agent=BERT), OfferOutcome.DECLINED),
        (TimerFired(timer=Timer.PARTY), OfferOutcome.RONA),
        (EndCause.BUSY, OfferOutcome.DECLINED),
        (EndCause.UNREACHABLE, OfferOutcome.UNREACHABLE),
    ],
)
def test_a_customer_whom_the_colleague_does_not_take_waits_again_before_all_others(
    how: CallEvent | EndCause, outcome: OfferOutcome
) -> None:
    walk = given_to_a_colleague()
    if isinstance(how, EndCause):
        walk.ends(walk.leg(BERT), how)
    else:
        walk.then(how)
    assert walk.of(OfferEnded)[-1].outcome is outcome
    assert walk.call.phase is Phase.WAITING
    assert walk.call.place is not None
    assert (walk.call.place.queue, walk.call.place.priority) == (GAS, PLACE.priority + 1)


def test_a_customer_who_hangs_up_while_a_colleague_is_rung_for_abandons_no_queue() -> None:
    walk = given_to_a_colleague()
    walk.ends(CALLER)
    assert walk.of(OfferEnded)[-1].outcome is OfferOutcome.ABANDONED
    assert len(walk.of(ContactQueued)) == 1


def test_somebody_outside_who_gets_the_customer_ends_the_call_by_hanging_up() -> None:
    walk = outside()
    assert walk.call.phase is Phase.OUTSIDE
    walk.ends(walk.leg(None))
    (ended,) = walk.of(ContactEnded)
    assert ended.cause is ContactCause.OUTSIDE_HUNG_UP
    assert [fact.outcome for fact in walk.of(OutsideEnded)] == [OfferOutcome.ACCEPTED]


def test_in_a_consultation_the_two_talk_and_the_customer_hears_music() -> None:
    walk = consulting()
    assert walk.pbx.bridge == {walk.leg(ANNA), walk.leg(BERT)}
    assert walk.pbx.music == {CALLER}
    walk.then(ToggleAsked(agent=ANNA))
    assert walk.pbx.bridge == {walk.leg(ANNA), CALLER}
    assert walk.pbx.music == {walk.leg(BERT)}
    walk.then(ToggleAsked(agent=ANNA))
    assert walk.pbx.music == {CALLER}


def test_a_completed_consultation_counts_consultation_and_talk_apart() -> None:
    walk = talking().then(ConsultAsked(agent=ANNA, to=to(BERT)), after=60).answers(BERT)
    walk.then(CompleteAsked(agent=ANNA), after=20)
    walk.hears_of_ends()
    walk.then(HungUpByAgent(agent=BERT), after=100)
    (consulted,) = walk.of(ConsultEnded)
    assert (consulted.outcome, consulted.consult_seconds) == (ConsultOutcome.COMPLETED, 20)
    anna, bert = walk.of(TalkEnded)
    assert (anna.agent, anna.talk_seconds, anna.hold_seconds) == (ANNA, 60, 21)
    assert bert.agent == BERT
    assert bert.talk_seconds == pytest.approx(100, abs=0.1)
    (given,) = walk.of(ContactTransferred)
    assert (given.form, given.agent) == (TransferForm.ATTENDED, BERT)


def test_whoever_is_consulted_and_hangs_up_leaves_the_customer_on_hold_with_the_agent() -> None:
    walk = consulting()
    walk.ends(walk.leg(BERT))
    assert walk.call.held
    assert walk.call.parties == ()
    assert walk.of(ConsultEnded)[-1].outcome is ConsultOutcome.LEFT
    walk.then(HoldAsked(agent=ANNA, on=False))
    assert walk.pbx.bridge == {CALLER, walk.leg(ANNA)}


def test_an_agent_who_hangs_up_a_sip_phone_in_a_consultation_completes_the_transfer() -> None:
    walk = consulting()
    walk.ends(walk.leg(ANNA))
    assert walk.call.desk is not None
    assert walk.call.desk.agent == BERT
    assert walk.pbx.bridge == {CALLER, walk.leg(BERT)}


def test_an_agent_whose_browser_does_not_come_back_leaves_the_customer_to_whoever_is_consulted() -> None:
    walk = away_in_a_consultation()
    assert walk.call.phase is Phase.RECONNECTING
    assert walk.call.parties[0].state is PartyState.PARKED
    walk.then(TimerFired(timer=Timer.RECONNECT))
    assert walk.call.desk is not None
    assert walk.call.desk.agent == BERT


def test_whoever_is_consulted_does_not_hear_the_customer_when_the_server_is_killed_during_a_reload() -> None:
    walk = dialled_again_in_a_consultation()
    walk.restarts()
    assert walk.leg(BERT) in walk.pbx.music
    walk.answers(ANNA)
    assert walk.call.phase is Phase.TALKING
    assert walk.pbx.bridge == {CALLER, walk.leg(ANNA)}
    assert walk.call.parties[0].state is PartyState.PARKED


def test_a_conference_goes_on_while_the_agents_browser_is_away() -> None:
    walk = away_in_a_conference()
    assert walk.pbx.bridge == {CALLER, walk.leg(BERT)}
    walk.then(TimerFired(timer=Timer.REDIAL)).answers(ANNA)
    assert walk.pbx.bridge == {CALLER, walk.leg(ANNA), walk.leg(BERT)}


def test_six_can_talk_together_and_no_more() -> None:
    walk = talking()
    colleagues = (BERT, CORA, AgentId("dora"))
    for colleague in colleagues:
        walk.then(ConsultAsked(agent=ANNA, to=to(colleague))).answers(colleague).then(ConferenceAsked(agent=ANNA))
    walk.then(ConsultAsked(agent=ANNA, to=SOMEBODY_OUTSIDE)).answers(None).then(ConferenceAsked(agent=ANNA))
    assert len(walk.pbx.bridge or ()) == 6
    assert not walk.tries(ConsultAsked(agent=ANNA, to=to(AgentId("emil"))))
    assert {fact.agent for fact in walk.of(ContactConnected)} == {ANNA, *colleagues}
    walk.then(CompleteAsked(agent=ANNA))
    walk.hears_of_ends()
    assert len(walk.pbx.bridge or ()) == 5
    assert walk.of(ContactTransferred)[-1].form is TransferForm.CONFERENCE


def test_only_the_one_who_has_the_call_decides_about_it() -> None:
    walk = conference()
    for asked in (
        HoldAsked(agent=BERT, on=True),
        TransferAsked(agent=BERT, to=OTHER_PLACE),
        CompleteAsked(agent=BERT),
    ):
        assert not walk.tries(asked)
    walk.then(HungUpByAgent(agent=BERT))
    walk.hears_of_ends()
    assert walk.pbx.bridge == {CALLER, walk.leg(ANNA)}


def test_a_transfer_is_refused_with_a_sentence_while_somebody_is_consulted() -> None:
    walk = consulting()
    with pytest.raises(IllegalMove, match="End the consultation first"):
        walk.then(TransferAsked(agent=ANNA, to=OTHER_PLACE))
