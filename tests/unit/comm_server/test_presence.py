"""Presence: which moves are possible, and what they lead to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from caruso.comm_server.agents.presence import (
    CONSOLE_GONE,
    LEAST_LEFT,
    LINE_OPENING,
    MESSAGE,
    RONA,
    After,
    AgentState,
    ConsoleGone,
    GoNotReady,
    GoReady,
    LineOpen,
    MessageAccepted,
    MessageOver,
    OfferBegan,
    OfferFailed,
    OfferVanished,
    OwnCallBegan,
    PresenceEvent,
    SignIn,
    SignOut,
    TalkBegan,
    TalkOver,
    WrapUpExtended,
    WrapUpFitted,
    WrapUpOver,
    check_reason,
    late_at,
    move,
)
from caruso.errors import IllegalMove
from caruso.model.centre import NotReadyReason
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONTACT = ContactId("1.1")
START = AgentState(agent=AgentId("anna"), since=NOW)


def after(*events: PresenceEvent) -> AgentState:
    state = START
    for second, event in enumerate(events):
        state = move(state, event, NOW + timedelta(seconds=second))
    return state


OFFERED = (SignIn(), GoReady(), OfferBegan(CONTACT))
TALKING = (*OFFERED, TalkBegan(CONTACT))
WRAPPING = (*TALKING, TalkOver(timedelta(seconds=30)))


def test_signing_in_makes_not_ready_so_that_nobody_is_surprised_by_a_call() -> None:
    assert after(SignIn()).presence is Presence.NOT_READY


def test_rona_makes_the_agent_not_ready() -> None:
    state = after(*OFFERED, OfferFailed(RONA))
    assert (state.presence, state.reason, state.contact) == (Presence.NOT_READY, RONA, None)


def test_a_caller_who_hangs_up_while_it_rings_does_not_send_the_agent_to_the_back() -> None:
    ready = after(SignIn(), GoReady())
    assert after(*OFFERED, OfferVanished()).idle_since == ready.idle_since


def test_wrap_up_follows_talk_and_ends_in_ready() -> None:
    assert after(*WRAPPING).until == NOW + timedelta(seconds=34)
    assert after(*WRAPPING, WrapUpOver()).presence is Presence.READY


def test_not_ready_asked_for_in_a_conversation_takes_effect_after_wrap_up() -> None:
    state = after(*TALKING, GoNotReady("lunch"), TalkOver(timedelta(seconds=30)))
    assert state.presence is Presence.WRAP_UP
    state = move(state, WrapUpOver(), NOW)
    assert (state.presence, state.reason) == (Presence.NOT_READY, "lunch")


def test_not_ready_in_wrap_up_leaves_the_agent_her_time_and_no_offer_slips_in_after_it() -> None:
    state = after(*WRAPPING, GoNotReady("lunch"))
    assert (state.presence, state.until) == (Presence.WRAP_UP, NOW + timedelta(seconds=34))
    state = move(state, WrapUpOver(), NOW)
    assert (state.presence, state.reason) == (Presence.NOT_READY, "lunch")


def test_a_line_that_is_open_makes_ready_who_waited_for_it_and_ends_no_wrap_up() -> None:
    waits = GoNotReady(LINE_OPENING)
    assert after(SignIn(), waits, LineOpen()).presence is Presence.READY
    assert after(SignIn(), GoNotReady("lunch"), LineOpen()).reason == "lunch"
    state = after(*WRAPPING, waits, LineOpen())
    assert state.presence is Presence.WRAP_UP
    assert move(state, WrapUpOver(), NOW).presence is Presence.READY
    state = after(*WRAPPING, waits, WrapUpOver())
    assert (state.presence, state.reason) == (Presence.NOT_READY, LINE_OPENING)
    assert after(*TALKING, waits, GoNotReady("lunch"), LineOpen()).after.reason == "lunch"


def test_an_agent_cannot_sign_out_in_a_conversation_but_a_supervisor_can_arrange_it() -> None:
    with pytest.raises(IllegalMove):
        after(*TALKING, SignOut())
    assert after(*TALKING, SignOut(forced=True), TalkOver(timedelta(0))).presence is Presence.SIGNED_OUT


def test_an_offer_not_taken_ends_in_the_sign_out_that_was_arranged_meanwhile() -> None:
    assert after(*OFFERED, SignOut(forced=True), OfferFailed(RONA)).presence is Presence.SIGNED_OUT


def test_who_accepts_a_message_is_offered_nothing_until_she_is_done_with_it() -> None:
    state = after(*OFFERED, MessageAccepted())
    assert (state.presence, state.reason, state.contact) == (Presence.NOT_READY, MESSAGE, None)
    assert after(*OFFERED, MessageAccepted(), MessageOver()).presence is Presence.READY
    calls_back = (*OFFERED, MessageAccepted(), OwnCallBegan(CONTACT), TalkBegan(CONTACT))
    assert after(*calls_back, TalkOver(timedelta(0))).reason == MESSAGE
    assert after(*calls_back, MessageOver(), TalkOver(timedelta(0))).presence is Presence.READY


def test_being_done_with_a_message_makes_nobody_ready_who_has_other_reasons() -> None:
    state = after(*OFFERED, MessageAccepted(), GoNotReady("lunch"), MessageOver())
    assert (state.presence, state.reason) == (Presence.NOT_READY, "lunch")
    state = after(*OFFERED, GoNotReady("lunch"), MessageAccepted())
    assert (state.presence, state.reason) == (Presence.NOT_READY, "lunch")
    with pytest.raises(IllegalMove):
        after(*TALKING, MessageAccepted())


def test_an_offer_in_wrap_up_is_impossible() -> None:
    with pytest.raises(IllegalMove):
        after(*WRAPPING, OfferBegan(CONTACT))


def test_a_console_that_goes_away_leaves_a_sign_out_that_was_arranged() -> None:
    left = after(*TALKING, SignOut(forced=True), ConsoleGone(), TalkOver(timedelta(0)))
    assert left.presence is Presence.SIGNED_OUT


def test_a_console_that_comes_back_in_a_conversation_leaves_no_trace() -> None:
    state = after(*TALKING, ConsoleGone())
    assert state.after.reason == CONSOLE_GONE
    assert after(*TALKING, ConsoleGone(), SignIn(), TalkOver(timedelta(0))).presence is Presence.READY


def test_wrap_up_is_extended_as_often_as_the_queue_allows() -> None:
    longer = WrapUpExtended(by=timedelta(seconds=60), most=2)
    state = after(*WRAPPING, longer, longer)
    assert (state.until, state.extended) == (NOW + timedelta(seconds=34 + 120), 2)
    with pytest.raises(IllegalMove, match="any more"):
        move(state, longer, NOW)
    with pytest.raises(IllegalMove, match="not in wrap-up"):
        after(*TALKING, longer)
    again = (longer, WrapUpOver(), OfferBegan(CONTACT), TalkBegan(CONTACT), TalkOver(timedelta(1)))
    assert after(*WRAPPING, *again).extended == 0, "each wrap-up has its own"


def test_an_outcome_with_a_wrap_up_of_its_own_decides_how_long_it_lasts() -> None:
    wrapping = after(*WRAPPING)
    assert move(wrapping, WrapUpFitted(timedelta(minutes=5)), NOW).until == wrapping.since + timedelta(minutes=5)
    soon = NOW + timedelta(seconds=20)
    assert move(wrapping, WrapUpFitted(timedelta(seconds=5)), soon).until == soon + LEAST_LEFT
    granted = move(wrapping, WrapUpExtended(by=timedelta(minutes=1), most=1), NOW)
    assert move(granted, WrapUpFitted(timedelta(seconds=5)), soon) is granted, "what was granted stays"


LUNCH = NotReadyReason(id="lunch", name="Lunch", limit_seconds=1800, at_most=1)
TRAINING = NotReadyReason(id="training", name="Training")


def test_so_many_agents_may_be_not_ready_for_a_reason_at_a_time() -> None:
    away = replace(START, agent=AgentId("ben"), presence=Presence.NOT_READY, reason="lunch")
    will_be = replace(START, agent=AgentId("ben"), presence=Presence.TALKING, after=After(reason="lunch"))
    for state in (away, will_be):
        with pytest.raises(IllegalMove, match="one colleague is away"):
            check_reason("lunch", START.agent, (LUNCH, TRAINING), [START, state])
        check_reason("training", START.agent, (LUNCH, TRAINING), [START, state])
        check_reason("lunch", state.agent, (LUNCH, TRAINING), [START, state])
    check_reason("", START.agent, (LUNCH,), [away])
    with pytest.raises(IllegalMove, match="no such reason"):
        check_reason("nonsense", START.agent, (LUNCH,), [])


def test_who_stays_away_longer_than_a_reason_allows_is_late() -> None:
    assert late_at(Presence.NOT_READY, "lunch", NOW, (TRAINING, LUNCH)) == NOW + timedelta(minutes=30)
    assert late_at(Presence.NOT_READY, "training", NOW, (TRAINING, LUNCH)) is None
    assert late_at(Presence.TALKING, "lunch", NOW, (LUNCH,)) is None


EVENTS = st.sampled_from(
    [
        SignIn(),
        SignOut(),
        SignOut(forced=True),
        GoReady(),
        GoNotReady("lunch"),
        OfferBegan(CONTACT),
        OfferFailed(RONA),
        OfferVanished(),
        MessageAccepted(),
        MessageOver(),
        OwnCallBegan(CONTACT),
        TalkBegan(CONTACT),
        TalkOver(timedelta(seconds=5)),
        TalkOver(timedelta(0)),
        WrapUpExtended(by=timedelta(seconds=60), most=2),
        WrapUpFitted(timedelta(seconds=3)),
        WrapUpOver(),
        ConsoleGone(),
    ]
)


@given(events=st.lists(EVENTS, max_size=40))
def test_whatever_happens_a_state_is_consistent(events: list[PresenceEvent]) -> None:
    state = START
    for event in events:
        before = state
        try:
            state = move(state, event, NOW)
        except IllegalMove:
            assert state is before
        in_contact = state.presence in (Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP)
        assert (state.contact is not None) == in_contact
        assert (state.until is not None) == (state.presence is Presence.WRAP_UP)
        assert state.extended <= (2 if state.presence is Presence.WRAP_UP else 0)
        if isinstance(event, OfferBegan) and state is not before:
            assert before.presence is Presence.READY
