"""Decide what happens while customer and agent talk: hold, digits, a browser that goes away and comes back."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Desk, PartyState, Phase, off_hold
from caruso.comm_server.calls.lifecycle.calling import agent_there
from caruso.comm_server.calls.lifecycle.ending import end, left_queue, offer_fact, talk_fact
from caruso.comm_server.calls.lifecycle.events import Timer
from caruso.comm_server.calls.lifecycle.parties import changed, fetch_caller, park_party, resume_joined
from caruso.comm_server.calls.lifecycle.step import CancelTimer, SetTimer, Step
from caruso.comm_server.calls.lifecycle.waiting import dial_agent, max_wait, wait_in, with_new_leg
from caruso.model import ids
from caruso.model.facts import (
    AnyFact,
    ContactCause,
    ContactConnected,
    ContactHeld,
    ContactResumed,
    OfferOutcome,
    QueueOutcome,
)
from caruso.model.ids import LegId
from caruso.model.telephony import (
    Answer,
    CloseBridge,
    HangUp,
    Join,
    OpenBridge,
    Part,
    SendDigits,
    StartMusic,
    StopMusic,
    TelephonyCommand,
)

#: How long a browser phone may be away in a conversation before the customer is given to somebody else, seconds.
RECONNECT_SECONDS = 30.0
#: Between two attempts to reach it, seconds.
REDIAL_SECONDS = 1.0
#: One pressed digit and the pause after it, seconds. The PBX leaves a leg alone while it hears digits, and lets
#: everybody wait who asks for something else: so they are given one by one.
DIGIT_SECONDS = 0.25


def connect(call: Call, desk: Desk, leg: LegId, now: datetime) -> Step:
    """Begin the talk: the agent's phone was answered."""
    place = call.place
    if place is None:
        return Step(call=call)
    talking = replace(
        call,
        phase=Phase.TALKING,
        answered=True,
        music=False,
        desk=replace(desk, leg_up=True, connected_at=now),
    )
    facts = (
        offer_fact(call, desk, place, OfferOutcome.ACCEPTED, now),
        left_queue(call, place, QueueOutcome.ANSWERED, now),
        ContactConnected(at=now, contact=call.contact, agent=desk.agent, queue=place.queue),
    )
    timers = tuple(CancelTimer(timer=timer) for timer in (Timer.RING, Timer.REDIAL, Timer.MAX_WAIT))
    if call.outgoing is not None and not call.caller_up:
        waits = replace(talking, answered=False, desk=replace(desk, leg_up=True, connected_at=now, held_since=now))
        return replace(agent_there(waits, call.outgoing, leg, now), facts=facts, timers=timers)
    return Step(call=talking, commands=_bridge_commands(call, leg), facts=facts, timers=timers)


def _bridge_commands(call: Call, leg: LegId) -> tuple[TelephonyCommand, ...]:
    """Let caller and agent hear each other, whatever the caller heard before."""
    caller = ids.caller_leg(call.contact)
    answer: tuple[TelephonyCommand, ...] = () if call.answered else (Answer(leg=caller),)
    silence: tuple[TelephonyCommand, ...] = (StopMusic(leg=caller),) if call.music else ()
    return (*answer, *silence, OpenBridge(bridge=ids.bridge(call.contact), legs=(caller, leg)))


def hold(call: Call, desk: Desk, now: datetime) -> Step:
    """Put the customer on hold."""
    if desk.held_since is not None:
        return Step(call=call)
    colleagues = [party.agent for party in call.joined if party.agent is not None]
    parties = tuple(
        replace(party, held_since=now) if party.state is PartyState.JOINED else party for party in call.parties
    )
    return Step(
        call=replace(call, music=True, parties=parties, desk=replace(desk, held_since=now, digits="")),
        commands=park(call),
        facts=tuple(ContactHeld(at=now, contact=call.contact, agent=agent) for agent in (desk.agent, *colleagues)),
        timers=(CancelTimer(timer=Timer.DIGIT),),
    )


def park(call: Call) -> tuple[TelephonyCommand, ...]:
    """Return how to take the caller out of the bridge and let him hear music."""
    caller = ids.caller_leg(call.contact)
    music = call.place.music if call.place else "default"
    return (Part(bridge=ids.bridge(call.contact), leg=caller), StartMusic(leg=caller, music=music))


def resume(call: Call, desk: Desk, now: datetime) -> Step:
    """Take the customer back from hold."""
    if desk.held_since is None:
        return Step(call=call)
    together, colleagues = resume_joined(call, now)
    return Step(
        call=replace(together, music=False, desk=off_hold(desk, now)),
        commands=fetch_caller(call),
        facts=(ContactResumed(at=now, contact=call.contact, agent=desk.agent), *colleagues),
    )


def press(call: Call, desk: Desk, digits: str, *, pressing: bool) -> Step:
    """Let the caller's side hear the first of `digits`, unless one is being pressed: then they follow it."""
    pressed = replace(call, desk=replace(desk, digits=digits))
    if pressing or not digits:
        return Step(call=pressed)
    return Step(
        call=pressed,
        commands=(SendDigits(leg=ids.caller_leg(call.contact), digits=digits[0]),),
        timers=(SetTimer(timer=Timer.DIGIT, seconds=DIGIT_SECONDS),),
    )


def lose_browser(call: Call, desk: Desk, now: datetime) -> Step:
    """Keep the customer for an agent whose browser went away (reload, crash, network): it will be back.

    Others in a conference talk on meanwhile; whoever is consulted hears music.
    """
    facts: tuple[AnyFact, ...] = ()
    commands: tuple[TelephonyCommand, ...] = ()
    away = replace(desk, leg_up=False, muted=False, digits="")
    party = call.pending
    if party is not None and party.state is PartyState.CONSULTED:
        call = changed(call, replace(party, state=PartyState.PARKED))
        commands = park_party(call, party)
    if desk.held_since is None and not call.joined:
        facts = (ContactHeld(at=now, contact=call.contact, agent=desk.agent),)
        commands = (*commands, *park(call))
        away = replace(away, held_since=now)
    return Step(
        call=replace(call, phase=Phase.RECONNECTING, music=away.held_since is not None, desk=away),
        commands=commands,
        facts=facts,
        timers=(
            SetTimer(timer=Timer.REDIAL, seconds=REDIAL_SECONDS),
            SetTimer(timer=Timer.RECONNECT, seconds=RECONNECT_SECONDS),
            CancelTimer(timer=Timer.DIGIT),
        ),
    )


def redial(call: Call, desk: Desk) -> Step:
    """Call a browser that went away once more, unless that is under way."""
    if call.agent_leg in call.open_legs:
        return Step(call=call)
    again = with_new_leg(call)
    resume = call.phase is Phase.RECONNECTING
    return Step(call=again, commands=(dial_agent(again, desk, RECONNECT_SECONDS, resume=resume),))


def reconnect(call: Call, desk: Desk, leg: LegId, now: datetime) -> Step:
    """Go on with the talk: the browser is back."""
    timers = (CancelTimer(timer=Timer.REDIAL), CancelTimer(timer=Timer.RECONNECT))
    if desk.held_since is None:
        joined = replace(call, phase=Phase.TALKING, desk=replace(desk, leg_up=True))
        return Step(call=joined, commands=(Join(bridge=ids.bridge(call.contact), leg=leg),), timers=timers)
    together, colleagues = resume_joined(call, now)
    return Step(
        call=replace(together, phase=Phase.TALKING, music=False, desk=replace(off_hold(desk, now), leg_up=True)),
        commands=_bridge_commands(call, leg),
        facts=(ContactResumed(at=now, contact=call.contact, agent=desk.agent), *colleagues),
        timers=timers,
    )


def give_to_another(call: Call, desk: Desk, now: datetime) -> Step:
    """The agent did not come back: the customer waits again, before those who came later and one step up."""
    place = call.place
    if place is None:
        return end(call, ContactCause.FAILED, now)
    first = replace(place, since=now, priority=place.priority + 1)
    queued, fact = wait_in(call, first, now)
    leg = call.agent_leg
    hang_up = (HangUp(leg=leg),) if leg in call.open_legs and leg is not None else ()
    return Step(
        call=queued,
        commands=(*hang_up, CloseBridge(bridge=ids.bridge(call.contact))),
        facts=(talk_fact(call, desk, place.queue, now), fact),
        timers=(CancelTimer(timer=Timer.REDIAL), *max_wait(queued)),
    )
