"""What becomes of a call after we were away: every phase against everything the PBX may have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle import (
    Call,
    Ended,
    Phase,
    QueuePlace,
    SetTimer,
    Step,
    Timer,
    TimerFired,
    TransferAsked,
    advance,
)
from caruso.comm_server.calls.rebuilding import StationAt, Surroundings, rebuild
from caruso.comm_server.calls.recovery import resume, strays
from caruso.model import ids
from caruso.model.centre import Queue, StationKind
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactQueued,
    DialogStarted,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    QueueOutcome,
    TalkEnded,
)
from caruso.model.ids import AgentId, BridgeId, ContactId, EntryPointId, LegId, QueueId, RunId, ScriptId
from caruso.model.telephony import (
    CloseBridge,
    HangUp,
    Leg,
    LegState,
    LinkUp,
    Mute,
    OpenBridge,
    Part,
    StartMusic,
    StopMusic,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CONTACT = ContactId("100.1")
ANNA, GAS = AgentId("anna"), QueueId("gas")
ANNAS_LEG = ids.agent_leg(CONTACT, 1, ANNA)
BRIDGE = ids.bridge(CONTACT)
AROUND = Surroundings(
    queues={GAS: Queue(id=GAS, name="Gas", ring_seconds=20)},
    stations={ANNA: StationAt(kind=StationKind.SIP, endpoint="anna-sip")},
)
BROWSER = Surroundings(
    queues=AROUND.queues, stations={ANNA: StationAt(kind=StationKind.BROWSER, endpoint="anna-web")}
)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


ARRIVED = ContactArrived(
    at=at(0),
    contact=CONTACT,
    entry_point=EntryPointId("main"),
    caller_number="1",
    caller_name="",
    dialled="800",
)
IN_DIALOG: list[AnyFact] = [
    ARRIVED,
    DialogStarted(at=at(0), contact=CONTACT, run=RunId("r"), script=ScriptId("s"), version="1"),
]
WAITING: list[AnyFact] = [
    ARRIVED,
    ContactQueued(at=at(1), contact=CONTACT, visit=1, queue=GAS, priority=0, skills={}),
]
OFFERED: list[AnyFact] = [*WAITING, OfferMade(at=at(2), contact=CONTACT, offer=1, queue=GAS, agent=ANNA)]
TALKING: list[AnyFact] = [
    *OFFERED,
    OfferEnded(
        at=at(3),
        contact=CONTACT,
        offer=1,
        queue=GAS,
        agent=ANNA,
        outcome=OfferOutcome.ACCEPTED,
        ring_seconds=1,
    ),
    ContactLeftQueue(
        at=at(3),
        contact=CONTACT,
        visit=1,
        queue=GAS,
        outcome=QueueOutcome.ANSWERED,
        waited_seconds=2,
        agent=ANNA,
    ),
    ContactConnected(at=at(3), contact=CONTACT, agent=ANNA, queue=GAS),
]
HELD: list[AnyFact] = [*TALKING, ContactHeld(at=at(4), contact=CONTACT, agent=ANNA)]
STORIES: Mapping[str, list[AnyFact]] = {
    "dialog": IN_DIALOG,
    "waiting": WAITING,
    "offered": OFFERED,
    "talking": TALKING,
    "held": HELD,
}


def link(*, caller: bool = True, agent: LegState | None = None, bridged: Iterable[LegId] = ()) -> LinkUp:
    legs = {CALLER: Leg(leg=CALLER, state=LegState.UP)} if caller else {}
    if agent is not None:
        legs[ANNAS_LEG] = Leg(leg=ANNAS_LEG, state=agent)
    bridges = {BRIDGE: frozenset(bridged)} if bridged else {}
    return LinkUp(legs=legs, bridges=bridges)


CALLER = ids.caller_leg(CONTACT)
#: Whether an agent had muted herself is not in the journal; her screen says that she is heard, so she is.
UNMUTE = Mute(leg=ANNAS_LEG, on=False)
BOTH = (CALLER, ANNAS_LEG)


def resumed(
    story: list[AnyFact], found: LinkUp, *, around: Surroundings = AROUND, restarted: bool = False
) -> Step:
    call = rebuild(story, around)
    assert call is not None
    return resume(call, found, around, pbx_restarted=restarted, now=at(10))


@pytest.mark.parametrize(
    ("story", "phase"),
    [
        ("dialog", Phase.DIALOG),
        ("waiting", Phase.WAITING),
        ("offered", Phase.OFFERED),
        ("talking", Phase.TALKING),
        ("held", Phase.TALKING),
    ],
)
def test_facts_tell_where_a_call_was(story: str, phase: Phase) -> None:
    call = rebuild(STORIES[story], AROUND)
    assert call is not None
    assert call.phase is phase


def test_a_conversation_that_goes_on_is_left_alone() -> None:
    step = resumed(TALKING, link(agent=LegState.UP, bridged=BOTH))
    assert (step.commands, step.facts) == ((UNMUTE,), ())


def test_two_who_should_hear_each_other_and_do_not_are_joined_again() -> None:
    step = resumed(TALKING, link(agent=LegState.UP))
    assert step.commands == (UNMUTE, StopMusic(leg=CALLER), OpenBridge(bridge=BRIDGE, legs=BOTH))


def test_a_customer_on_hold_stays_on_hold() -> None:
    # Whether the music had begun nobody has told: to begin it again harms nobody.
    music = StartMusic(leg=CALLER, music="default")
    assert resumed(HELD, link(agent=LegState.UP, bridged=[ANNAS_LEG])).commands == (UNMUTE, music)


def test_a_customer_on_hold_whose_music_never_began_gets_it() -> None:
    step = resumed(HELD, link(agent=LegState.UP, bridged=BOTH))
    assert step.commands == (UNMUTE, Part(bridge=BRIDGE, leg=CALLER), StartMusic(leg=CALLER))


def test_a_muted_agent_is_muted_again() -> None:
    call = rebuild(TALKING, AROUND)
    assert call is not None
    assert call.desk is not None
    muted = replace(call, desk=replace(call.desk, muted=True))
    step = resume(muted, link(agent=LegState.UP, bridged=BOTH), AROUND, pbx_restarted=False, now=at(10))
    assert step.commands == (Mute(leg=ANNAS_LEG, on=True),)


def test_an_offer_that_was_answered_meanwhile_ends_music_of_which_nobody_knows() -> None:
    step = resumed(OFFERED, link(agent=LegState.UP))
    assert StopMusic(leg=CALLER) in step.commands
    assert step.call.phase is Phase.TALKING


def test_a_call_that_ended_while_the_pbx_could_not_be_told_is_hung_up_and_forgotten() -> None:
    call = rebuild(WAITING, AROUND)
    assert call is not None
    ended = advance(call, Ended(cause=ContactCause.FLOWED_OUT), at(5)).call
    forgotten = advance(ended, TimerFired(timer=Timer.FORGET), at(16)).call
    assert forgotten.gone
    step = resume(forgotten, link(), AROUND, pbx_restarted=False, now=at(20))
    assert step.commands == (HangUp(leg=CALLER),)
    assert not step.facts
    assert not step.call.gone
    assert [order.timer for order in step.timers] == [Timer.FORGET]


def test_a_sip_agent_who_hung_up_meanwhile_ends_the_call() -> None:
    step = resumed(TALKING, link())
    assert step.call.phase is Phase.ENDED
    assert HangUp(leg=CALLER) in step.commands


def test_a_browser_that_is_away_is_dialled_again() -> None:
    step = resumed(TALKING, link(), around=BROWSER)
    assert step.call.phase is Phase.RECONNECTING
    assert Timer.REDIAL in {timer.timer for timer in step.timers if isinstance(timer, SetTimer)}


def test_an_offer_that_still_rings_rings_for_what_is_left() -> None:
    step = resumed(OFFERED, link(agent=LegState.RINGING))
    assert step.timers == (SetTimer(timer=Timer.RING, seconds=12.0),)


def test_an_offer_answered_meanwhile_is_connected_and_counted() -> None:
    step = resumed(OFFERED, link(agent=LegState.UP))
    assert step.call.phase is Phase.TALKING
    assert [type(fact) for fact in step.facts] == [OfferEnded, ContactLeftQueue, ContactConnected]


def test_an_offer_whose_phone_is_gone_waits_again_at_its_old_place() -> None:
    step = resumed(OFFERED, link())
    assert step.call.phase is Phase.WAITING
    assert step.call.place is not None
    assert step.call.place.since == at(1)


def test_two_who_talk_without_the_journal_knowing_are_written_down() -> None:
    step = resumed(WAITING, link(agent=LegState.UP, bridged=BOTH))
    assert step.call.phase is Phase.TALKING
    assert [type(fact) for fact in step.facts] == [OfferMade, OfferEnded, ContactLeftQueue, ContactConnected]


def test_who_gave_the_customer_to_a_queue_while_the_link_was_away_does_not_get_him_back() -> None:
    """Nothing could be carried out then: her leg and his are still in the bridge."""
    to = QueuePlace(queue=GAS, priority=0, since=at(5))
    talking = rebuild(TALKING, AROUND)
    assert talking is not None
    waiting = advance(talking, TransferAsked(agent=ANNA, to=to), at(5)).call
    assert waiting.phase is Phase.WAITING
    step = resume(waiting, link(agent=LegState.UP, bridged=BOTH), AROUND, pbx_restarted=False, now=at(10))
    assert step.call.phase is Phase.WAITING
    assert list(step.facts) == []
    assert step.commands == (HangUp(leg=ANNAS_LEG), Part(bridge=BRIDGE, leg=CALLER), CloseBridge(bridge=BRIDGE))


@pytest.mark.parametrize("story", ["dialog", "waiting", "offered"])
def test_a_caller_who_was_left_in_a_bridge_is_taken_out_of_it(story: str) -> None:
    step = resumed(STORIES[story], link(bridged=(CALLER,)))
    assert [c for c in step.commands if isinstance(c, Part | CloseBridge)] == [
        Part(bridge=BRIDGE, leg=CALLER),
        CloseBridge(bridge=BRIDGE),
    ]


def test_a_call_that_ended_unseen_is_ended_with_that_cause() -> None:
    for story in STORIES.values():
        for restarted, cause in ((False, ContactCause.ENDED_UNSEEN), (True, ContactCause.PBX_LOST)):
            ended = resumed(story, link(caller=False), restarted=restarted).facts[-1]
            assert isinstance(ended, ContactEnded)
            assert ended.cause is cause


def test_what_nobody_owns_is_cleared_away_and_a_callers_leg_is_not() -> None:
    other = ContactId("200.1")
    found = LinkUp(
        legs={
            ids.caller_leg(other): Leg(leg=ids.caller_leg(other), state=LegState.UP),
            ids.agent_leg(other, 1, ANNA): Leg(leg=ids.agent_leg(other, 1, ANNA), state=LegState.UP),
        },
        bridges={BridgeId(ids.bridge(other)): frozenset()},
    )
    assert strays(found, {}) == (
        HangUp(leg=ids.agent_leg(other, 1, ANNA)),
        CloseBridge(bridge=ids.bridge(other)),
    )


LINKS = st.builds(
    link,
    caller=st.booleans(),
    agent=st.sampled_from([None, *LegState]),
    bridged=st.sampled_from([(), BOTH, (CALLER,), (ANNAS_LEG,)]),
)


@given(
    story=st.sampled_from(list(STORIES.values())),
    found=LINKS,
    around=st.sampled_from([AROUND, BROWSER]),
    restarted=st.booleans(),
)
def test_whatever_the_pbx_has_the_books_balance_afterwards(
    story: list[AnyFact], found: LinkUp, around: Surroundings, restarted: bool
) -> None:
    step = resumed(story, found, around=around, restarted=restarted)
    facts = [*story, *step.facts]
    waiting = step.call.phase in (Phase.WAITING, Phase.OFFERED)
    talking = step.call.phase in (Phase.TALKING, Phase.RECONNECTING)
    count = {
        kind: sum(1 for fact in facts if type(fact) is kind)
        for kind in (
            ContactQueued,
            ContactLeftQueue,
            OfferMade,
            OfferEnded,
            ContactConnected,
            TalkEnded,
            ContactEnded,
        )
    }
    assert count[ContactQueued] == count[ContactLeftQueue] + waiting
    assert count[OfferMade] == count[OfferEnded] + (step.call.phase is Phase.OFFERED)
    assert count[ContactConnected] == count[TalkEnded] + talking
    assert count[ContactEnded] == (step.call.phase is Phase.ENDED)
    again: Call | None = rebuild(facts, around)
    assert (again is None) == (step.call.phase is Phase.ENDED)
