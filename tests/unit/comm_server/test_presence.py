"""Presence: which moves are possible, and what they lead to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.agents.presence import (
    CONSOLE_GONE,
    RONA,
    AgentState,
    ConsoleGone,
    GoNotReady,
    GoReady,
    OfferBegan,
    OfferFailed,
    OfferVanished,
    PresenceEvent,
    SignIn,
    SignOut,
    TalkBegan,
    TalkOver,
    WrapUpOver,
    move,
)
from caruso.errors import IllegalMove
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


def test_an_agent_cannot_sign_out_in_a_conversation_but_a_supervisor_can_arrange_it() -> None:
    with pytest.raises(IllegalMove):
        after(*TALKING, SignOut())
    assert after(*TALKING, SignOut(forced=True), TalkOver(timedelta(0))).presence is Presence.SIGNED_OUT


def test_an_offer_in_wrap_up_is_impossible() -> None:
    with pytest.raises(IllegalMove):
        after(*WRAPPING, OfferBegan(CONTACT))


def test_a_console_that_comes_back_in_a_conversation_leaves_no_trace() -> None:
    state = after(*TALKING, ConsoleGone())
    assert state.after.reason == CONSOLE_GONE
    assert after(*TALKING, ConsoleGone(), SignIn(), TalkOver(timedelta(0))).presence is Presence.READY


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
        TalkBegan(CONTACT),
        TalkOver(timedelta(seconds=5)),
        TalkOver(timedelta(0)),
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
        if isinstance(event, OfferBegan) and state is not before:
            assert before.presence is Presence.READY
