"""Which messages are offered like calls, to whom, and when an offer is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.voicemail import box, offering
from caruso.comm_server.voicemail.offering import MessageOffer
from caruso.errors import IllegalMove
from caruso.model.centre import AgentProfile, Centre, Queue, VoicemailRules
from caruso.model.facts import OfferOutcome, VoicemailOffered
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId
from caruso.model.voicemails import Voicemail, VoicemailState

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
GAS, WATER, POWER = QueueId("gas"), QueueId("water"), QueueId("power")
ANNA, BEN, CARA = AgentId("anna"), AgentId("ben"), AgentId("cara")
GERMAN = SkillId("german")
OFFERED = VoicemailRules(offered=True, offer_below=4, offer_ageing_per_minute=0.5)
CENTRE = Centre(
    name="Test",
    timezone="UTC",
    queues={
        GAS: Queue(id=GAS, name="Gas", voicemail=OFFERED),
        WATER: Queue(id=WATER, name="Water", voicemail=VoicemailRules()),
        POWER: Queue(id=POWER, name="Power"),
    },
    entry_points={},
    agents={
        ANNA: AgentProfile(id=ANNA, name="Anna", queues=(GAS, WATER), skills={GERMAN: 5}),
        BEN: AgentProfile(id=BEN, name="Ben", queues=(GAS,), skills={GERMAN: 2}),
        CARA: AgentProfile(id=CARA, name="Cara", queues=(WATER,), skills={GERMAN: 9}),
    },
)
OFFER = MessageOffer(
    contact=ContactId("voicemail-1.1"), queue=GAS, agent=ANNA, since=NOW, until=NOW + timedelta(seconds=20)
)


def message(**change: Any) -> Voicemail:
    usual: dict[str, Any] = {"queue": GAS, "state": VoicemailState.OPEN, "received_at": NOW}
    return Voicemail(
        contact=OFFER.contact, origin=ContactId("1.1"), begun_at=NOW, **{**usual, "version": 2, **change}
    )


def test_a_message_is_below_calls_and_ages_by_itself() -> None:
    wanted = offering.wish(message(priority=3, skills={GERMAN: 3, SkillId("any"): 0}, owner=ANNA), CENTRE)
    assert wanted is not None
    assert (wanted.priority, wanted.skills, wanted.owner) == (-1, ((GERMAN, 3),), ANNA)
    assert wanted.ageing_per_minute == 0.5


@pytest.mark.parametrize("queue", [WATER, POWER, QueueId("gone")])
def test_where_the_queue_does_not_say_so_none_is_offered(queue: QueueId) -> None:
    assert offering.wish(message(queue=queue), CENTRE) is None


def test_what_is_not_open_is_not_offered() -> None:
    for state in VoicemailState:
        assert (offering.wish(message(state=state), CENTRE) is not None) is (state is VoicemailState.OPEN)
    assert offering.wish(None, CENTRE) is None


MESSAGES = st.builds(
    message,
    queue=st.sampled_from([GAS, WATER, POWER]),
    owner=st.sampled_from([None, ANNA, BEN, CARA]),
    skills=st.sampled_from([{}, {GERMAN: 3}, {GERMAN: 6}]),
    state=st.sampled_from(VoicemailState),
    agent=st.sampled_from([None, ANNA, BEN]),
)


@given(known=MESSAGES, agent=st.sampled_from([ANNA, BEN, CARA, AgentId("gone")]))
def test_as_long_as_an_offer_goes_on_its_agent_can_take_the_message(known: Voicemail, agent: AgentId) -> None:
    """And she is not kept from it without a reason."""
    offer = replace(OFFER, agent=agent)
    who = offering.who_takes(agent, CENTRE)
    try:
        box.take(known, who, known.version, NOW)
        can = True
    except IllegalMove:
        can = False
    outcome = offering.over(offer, known, CENTRE)
    offered = offering.wish(known, CENTRE) is not None
    assert (outcome is None) is (can and offered)
    taken = known.state is VoicemailState.TAKEN and known.agent == agent
    assert (outcome is OfferOutcome.ACCEPTED) is taken


def test_what_facts_leave_open_is_asked_again_after_a_restart() -> None:
    first = VoicemailOffered(at=NOW, contact=OFFER.contact, queue=GAS, agent=ANNA)
    second = VoicemailOffered(at=NOW, contact=ContactId("voicemail-2.1"), queue=GAS, agent=BEN)
    ended = offering.ended(OFFER, OfferOutcome.DECLINED, NOW + timedelta(seconds=7))
    assert offering.open_offers((first, second, ended)) == {BEN: second}
    assert ended.offered_seconds == 7.0


def test_the_message_at_hand_is_the_one_that_was_taken_last() -> None:
    older = message(state=VoicemailState.TAKEN, agent=ANNA, taken_at=NOW)
    newer = replace(older, contact=ContactId("voicemail-2.1"), taken_at=NOW + timedelta(seconds=1))
    bens = replace(newer, contact=ContactId("voicemail-3.1"), agent=BEN)
    assert offering.at_hand(ANNA, [newer, older, bens, message()]) == newer.contact
    assert offering.at_hand(CARA, [older, bens]) is None
