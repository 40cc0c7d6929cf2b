"""Who had a contact, how and for how long: METRICS' edge cases about transfers."""

from __future__ import annotations

import pytest

from caruso.comm_server.calls.lifecycle import (
    CompleteAsked,
    ConferenceAsked,
    ConsultAsked,
    Enqueue,
    HungUpByAgent,
    Offer,
    Target,
    Timer,
    TimerFired,
    TransferAsked,
)
from caruso.model.centre import StationKind
from caruso.model.facts import OfferPurpose
from caruso.model.segments import segments_of
from tests.unit.comm_server.call_walk import ANNA, BERT, CALLER, OTHER_PLACE, PLACE, Walk

TO_BERT = Target(agent=BERT, kind=StationKind.SIP, endpoint=BERT, ring_seconds=20)
OUTSIDE = Target(number="+49301", ring_seconds=20)


def talking() -> Walk:
    walk = Walk().then(Enqueue(place=PLACE))
    return walk.then(Offer(agent=ANNA, kind=StationKind.SIP, endpoint=ANNA, ring_seconds=20)).answers(ANNA)


def ended(walk: Walk, after: float) -> Walk:
    walk.hears_of_ends()
    walk.now = walk.now.replace(microsecond=0)
    return (
        walk.then(HungUpByAgent(agent=walk.call.desk.agent), after=after) if walk.call.desk else walk.ends(CALLER)
    )


def test_bob_talks_a_minute_and_the_report_says_a_minute() -> None:
    walk = talking().then(TransferAsked(agent=ANNA, to=TO_BERT), after=3600).answers(BERT)
    ended(walk, after=60)
    anna, bert = segments_of(walk.facts)
    assert (anna.agent, anna.talk_seconds, anna.given_to) == (ANNA, 3600, "bert")
    assert (bert.agent, bert.purpose, bert.by) == (BERT, OfferPurpose.TRANSFER, ANNA)
    assert bert.talk_seconds == pytest.approx(60, abs=1)
    assert bert.ring_seconds == 1


def test_an_attended_transfer_counts_hold_with_her_who_asks_and_consultation_with_him_who_is_asked() -> None:
    walk = talking().then(ConsultAsked(agent=ANNA, to=TO_BERT), after=100).answers(BERT)
    walk.then(CompleteAsked(agent=ANNA), after=40)
    ended(walk, after=20)
    anna, bert = sorted(segments_of(walk.facts), key=lambda segment: str(segment.agent))
    assert (anna.talk_seconds, anna.hold_seconds, anna.consult_seconds) == (100, 41, 0)
    assert (bert.consult_seconds, bert.hold_seconds) == (40, 0)
    assert bert.talk_seconds == pytest.approx(20, abs=1)


def test_a_conference_counts_each_ones_own_time() -> None:
    walk = talking().then(ConsultAsked(agent=ANNA, to=TO_BERT), after=10).answers(BERT)
    walk.then(ConferenceAsked(agent=ANNA), after=5)
    walk.then(CompleteAsked(agent=ANNA), after=30)
    ended(walk, after=60)
    talk = {segment.agent: segment.talk_seconds for segment in segments_of(walk.facts)}
    assert talk[ANNA] == 10 + 30
    assert talk[BERT] == pytest.approx(30 + 60, abs=1)


def test_a_second_offer_after_nobody_answered_a_transfer_is_a_segment_of_its_own() -> None:
    walk = talking().then(TransferAsked(agent=ANNA, to=TO_BERT), TimerFired(timer=Timer.PARTY), after=10)
    walk.hears_of_ends()
    walk.then(Offer(agent=ANNA, kind=StationKind.SIP, endpoint=ANNA, ring_seconds=20)).answers(ANNA)
    ended(walk, after=7)
    first, second = segments_of(walk.facts)
    assert (first.agent, first.talk_seconds, second.agent) == (ANNA, 10, ANNA)
    assert second.talk_seconds == pytest.approx(7, abs=1)


def test_a_call_of_more_than_four_hours_through_a_queue_keeps_every_second() -> None:
    walk = talking().then(TransferAsked(agent=ANNA, to=OTHER_PLACE), after=5 * 3600)
    walk.then(Offer(agent=BERT, kind=StationKind.SIP, endpoint=BERT, ring_seconds=20)).answers(BERT)
    ended(walk, after=6 * 3600)
    anna, bert = segments_of(walk.facts)
    assert anna.talk_seconds == 5 * 3600
    assert bert.talk_seconds == pytest.approx(6 * 3600, abs=1)


def test_somebody_outside_has_a_segment_and_no_agent_gets_that_time() -> None:
    walk = talking().then(TransferAsked(agent=ANNA, to=OUTSIDE), after=10).answers(None)
    walk.hears_of_ends()
    walk.now = walk.now.replace(microsecond=0)
    outside_leg = walk.leg(None)
    walk.then(after=0)
    walk.ends(outside_leg)
    anna, outside = segments_of(walk.facts)
    assert anna.talk_seconds == 10
    assert (outside.agent, outside.number) == (None, "+49301")
    assert outside.talk_seconds == pytest.approx(1, abs=1)
