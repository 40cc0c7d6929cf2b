"""Decide what happens to a call: pure steps from one state to the next.

    DIALOG <-> WAITING <-> OFFERED -> TALKING <-> RECONNECTING
       |         |           |          |             |
       +---------+-----------+----------+-------------+--> ENDED

A step takes the call, an event and `now`, and returns the call, telephony commands, facts and timers. It knows
no Asterisk, no script engine (prompts and digits are `caruso.comm_server.ivr`) and does not choose agents (that is
`caruso.comm_server.acd`): an `Offer` comes in as an event.

Hang-up is possible in every state and is an event like any other. Events that no longer fit (a leg that ended
twice, a ring timer that fired too late) change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactQueued,
    ContactResumed,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    QueueOutcome,
    TalkEnded,
)
from caruso.model.ids import AgentId, ContactId, EntryPointId, LegId, QueueId, SkillId
from caruso.model.telephony import (
    Answer,
    CloseBridge,
    CommandFailed,
    Dial,
    EndCause,
    HangUp,
    Join,
    LegAnswered,
    LegArrived,
    LegEnded,
    LegRinging,
    Mute,
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
#: A leg that has not reported its end after this is hung up once more and forgotten, seconds.
FORGET_SECONDS = 10.0
#: The PBX gives up ringing this much after the centre's own ring timer, seconds.
RING_GRACE_SECONDS = 5.0

#: One pressed digit and the pause after it, seconds. The PBX leaves a leg alone while it hears digits, and lets
#: everybody wait who asks for something else: so they are given one by one.
DIGIT_SECONDS = 0.25

RESUME_HEADER = "X-Caruso-Resume"
CONTACT_HEADER = "X-Caruso-Contact"


class Phase(StrEnum):
    """Where a call is."""

    DIALOG = "dialog"
    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    RECONNECTING = "reconnecting"
    ENDED = "ended"


class Timer(StrEnum):
    """The timers of a call; each runs once at most."""

    RING = "ring"
    REDIAL = "redial"
    RECONNECT = "reconnect"
    MAX_WAIT = "max-wait"
    FORGET = "forget"
    DIGIT = "digit"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlace:
    """The call's visit to a queue, with the queue's rules as they were on entry."""

    queue: QueueId
    since: datetime
    priority: int = 0
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    #: What a script asked for beside the queue's rules, which may change meanwhile.
    own_priority: int | None = None
    own_skills: Mapping[SkillId, int] = field(default_factory=dict)
    music: str = "default"
    short_abandon_seconds: float = 5.0
    max_wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The agent the call is offered to or talks with."""

    agent: AgentId
    kind: StationKind
    endpoint: str
    offered_at: datetime
    connected_at: datetime | None = None
    held_since: datetime | None = None
    hold_seconds: float = 0.0
    muted: bool = False
    #: False while the agent's leg is dialled or away.
    leg_up: bool = False
    #: What the agent has pressed: the digit the caller's side hears now, and those that follow.
    digits: str = ""
    #: Number of the offer in the facts; legs dialled again for the same offer count on.
    offer: int = 0
    #: The phone has rung: it is there, or was a moment ago.
    rang: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A voice contact."""

    contact: ContactId
    arrived_at: datetime
    phase: Phase = Phase.DIALOG
    caller_number: str = ""
    caller_name: str = ""
    dialled: str = ""
    entry_point: EntryPointId | None = None
    #: The caller's leg was answered (somebody pays from here on).
    answered: bool = False
    caller_up: bool = True
    #: The caller hears music by our command.
    music: bool = False
    visit: int = 0
    place: QueuePlace | None = None
    offer: int = 0
    desk: Desk | None = None
    #: Agents' legs that were made and have not reported their end.
    open_legs: frozenset[LegId] = frozenset()

    @property
    def agent_leg(self) -> LegId | None:
        """Return the leg of the present offer."""
        return ids.agent_leg(self.contact, self.offer, self.desk.agent) if self.desk else None

    @property
    def gone(self) -> bool:
        """Tell whether nothing of the call is left in the PBX."""
        return self.phase is Phase.ENDED and not self.caller_up and not self.open_legs


# -- What can happen besides telephony ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginDialog:
    """A script leads the caller from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """Wait in a queue, or in another."""

    place: QueuePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWaiting:
    """Nobody was free at once: let the caller hear music."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Present the call to this agent."""

    agent: AgentId
    kind: StationKind
    endpoint: str
    ring_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The agent refuses the offer."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The centre takes the offer back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUpByAgent:
    """The agent ends the conversation."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked:
    """The agent puts the customer on hold, or takes him back."""

    agent: AgentId
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteAsked:
    """The agent's voice is kept from the customer, or let through again."""

    agent: AgentId
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsAsked:
    """The agent presses digits."""

    agent: AgentId
    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """A timer of the call has run out."""

    timer: Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The centre ends the call: dialog complete, closed, or something failed."""

    cause: ContactCause


CallEvent = (
    LegArrived
    | LegRinging
    | LegAnswered
    | LegEnded
    | CommandFailed
    | BeginDialog
    | Enqueue
    | KeptWaiting
    | Offer
    | Declined
    | Withdrawn
    | HungUpByAgent
    | HoldAsked
    | MuteAsked
    | DigitsAsked
    | TimerFired
    | Ended
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """Start a timer, anew if it runs."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTimer:
    """Stop a timer."""

    timer: Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What follows from an event. Commands are given first, then timers, then the facts are made known."""

    call: Call
    commands: tuple[TelephonyCommand, ...] = ()
    facts: tuple[AnyFact, ...] = ()
    timers: tuple[SetTimer | CancelTimer, ...] = ()


def arrive(event: LegArrived, entry_point: EntryPointId | None, now: datetime, *, offers: int = 0) -> Step:
    """Begin the life of a call. Without an entry point it ends at once.

    `offers`: how many agents' legs were made for it before a crash that left nothing but those legs; a name
    is never given twice, for what is told of the old one would be taken for the new one's.
    """
    call = Call(
        contact=ids.contact_of(event.leg),
        arrived_at=now,
        caller_number=event.caller_number,
        caller_name=event.caller_name,
        dialled=event.dialled,
        entry_point=entry_point,
        answered=event.answered,
        offer=offers,
    )
    arrived = ContactArrived(
        at=now,
        contact=call.contact,
        entry_point=entry_point,
        caller_number=event.caller_number,
        caller_name=event.caller_name,
        dialled=event.dialled,
    )
    if entry_point is None:
        ended = _end(call, ContactCause.NO_ENTRY_POINT, now)
        refuse = HangUp(leg=event.leg, cause=EndCause.NO_SUCH_NUMBER)
        return replace(ended, commands=(refuse,), facts=(arrived, *ended.facts))
    return Step(call=call, facts=(arrived,))


def advance(call: Call, event: CallEvent, now: datetime) -> Step:
    """Return what follows from `event`.

    Raises:
        IllegalMove: an agent asked for something that is not possible now. Everything else that does not fit is
            ignored.
    """
    match event:
        case LegEnded(leg=leg, cause=cause):
            return _leg_ended(call, leg, cause, now)
        case LegAnswered(leg=leg):
            return _leg_answered(call, leg, now)
        case LegRinging(leg=leg):
            return _rings(call, leg)
        case LegArrived():
            return Step(call=call)
        case CommandFailed():
            return _command_failed(call, event, now)
        case BeginDialog():
            return _begin_dialog(call)
        case Enqueue(place=place):
            return _enqueue(call, place, now)
        case KeptWaiting():
            return _kept_waiting(call)
        case Offer():
            return _offer(call, event, now)
        case Declined(agent=agent):
            _expect_desk(call, agent, Phase.OFFERED)
            return _offer_ended(call, OfferOutcome.DECLINED, now)
        case Withdrawn():
            return _offer_ended(call, OfferOutcome.WITHDRAWN, now)
        case HungUpByAgent(agent=agent):
            _expect_desk(call, agent, Phase.TALKING, Phase.RECONNECTING)
            return _end(call, ContactCause.AGENT_HUNG_UP, now)
        case HoldAsked(agent=agent, on=on):
            desk = _expect_desk(call, agent, Phase.TALKING)
            return _hold(call, desk, now) if on else _resume(call, desk, now)
        case MuteAsked(agent=agent, on=on):
            desk = _expect_desk(call, agent, Phase.TALKING)
            leg = ids.agent_leg(call.contact, call.offer, agent)
            return Step(call=replace(call, desk=replace(desk, muted=on)), commands=(Mute(leg=leg, on=on),))
        case DigitsAsked(agent=agent, digits=digits):
            desk = _expect_desk(call, agent, Phase.TALKING)
            return _press(call, desk, desk.digits + digits, pressing=bool(desk.digits))
        case TimerFired(timer=timer):
            return _timer_fired(call, timer, now)
        case Ended(cause=cause):
            return Step(call=call) if call.phase is Phase.ENDED else _end(call, cause, now)
        case _:
            assert_never(event)


# -- Waiting and offers ---------------------------------------------------------------------------------------


def _begin_dialog(call: Call) -> Step:
    if call.phase is not Phase.DIALOG or call.answered:
        return Step(call=call)
    return Step(call=replace(call, answered=True), commands=(Answer(leg=ids.caller_leg(call.contact)),))


def _enqueue(call: Call, place: QueuePlace, now: datetime) -> Step:
    if call.phase is Phase.WAITING and call.place is not None:
        return _move(call, call.place, place, now)
    if call.phase is not Phase.DIALOG:
        return Step(call=call)
    queued, fact = _queued(call, place, now)
    return Step(call=queued, facts=(fact,), timers=_max_wait(place))


def _move(call: Call, left: QueuePlace, place: QueuePlace, now: datetime) -> Step:
    """Let a waiting caller wait in another queue."""
    queued, fact = _queued(call, place, now)
    return Step(
        call=queued,
        facts=(_left_queue(call, left, QueueOutcome.TRANSFERRED, now), fact),
        timers=(CancelTimer(timer=Timer.MAX_WAIT), *_max_wait(place)),
    )


def _queued(call: Call, place: QueuePlace, now: datetime) -> tuple[Call, ContactQueued]:
    queued = replace(call, phase=Phase.WAITING, visit=call.visit + 1, place=place, desk=None)
    fact = ContactQueued(
        at=now,
        contact=call.contact,
        visit=queued.visit,
        queue=place.queue,
        priority=place.priority,
        skills=dict(place.skills),
        own_priority=place.own_priority,
        own_skills=dict(place.own_skills),
    )
    return queued, fact


def _max_wait(place: QueuePlace) -> tuple[SetTimer, ...]:
    if place.max_wait_seconds <= 0:
        return ()
    return (SetTimer(timer=Timer.MAX_WAIT, seconds=place.max_wait_seconds),)


def _kept_waiting(call: Call) -> Step:
    if call.phase is not Phase.WAITING or call.music:
        return Step(call=call)
    leg = ids.caller_leg(call.contact)
    music = call.place.music if call.place else "default"
    answer: tuple[TelephonyCommand, ...] = () if call.answered else (Answer(leg=leg),)
    return Step(
        call=replace(call, answered=True, music=True), commands=(*answer, StartMusic(leg=leg, music=music))
    )


def _offer(call: Call, event: Offer, now: datetime) -> Step:
    if call.phase is not Phase.WAITING or call.place is None:
        return Step(call=call)
    desk = Desk(agent=event.agent, kind=event.kind, endpoint=event.endpoint, offered_at=now)
    desk = replace(desk, offer=call.offer + 1)
    offered = _with_new_leg(replace(call, phase=Phase.OFFERED, desk=desk))
    leg = ids.caller_leg(call.contact)
    dial = _dial(offered, desk, event.ring_seconds + RING_GRACE_SECONDS)
    # A caller who was not answered yet goes on hearing the ringing the PBX began with.
    commands: tuple[TelephonyCommand, ...] = (dial,)
    if call.answered and not call.music:
        commands = (dial, StartMusic(leg=leg, music=call.place.music))
        offered = replace(offered, music=True)
    fact = OfferMade(at=now, contact=call.contact, offer=offered.offer, queue=call.place.queue, agent=event.agent)
    return Step(
        call=offered,
        commands=commands,
        facts=(fact,),
        timers=(SetTimer(timer=Timer.RING, seconds=event.ring_seconds),),
    )


def _with_new_leg(call: Call) -> Call:
    """Count one more offer and expect its leg."""
    assert call.desk is not None  # noqa: S101 - for the type checker; callers have just set it
    leg = ids.agent_leg(call.contact, call.offer + 1, call.desk.agent)
    return replace(call, offer=call.offer + 1, open_legs=call.open_legs | {leg})


def _dial(call: Call, desk: Desk, timeout: float, *, resume: bool = False) -> Dial:
    headers: dict[str, str] = {CONTACT_HEADER: call.contact}
    if resume:
        headers[RESUME_HEADER] = "yes"
    return Dial(
        leg=ids.agent_leg(call.contact, call.offer, desk.agent),
        endpoint=desk.endpoint,
        caller_number=call.caller_number,
        caller_name=call.caller_name,
        timeout_seconds=timeout,
        headers=headers,
    )


def _offer_ended(call: Call, outcome: OfferOutcome, now: datetime) -> Step:
    """Take the call back to its old place in the queue."""
    if call.phase is not Phase.OFFERED or call.desk is None or call.place is None:
        return Step(call=call)
    leg = ids.agent_leg(call.contact, call.offer, call.desk.agent)
    hang_up = (HangUp(leg=leg),) if leg in call.open_legs else ()
    return Step(
        call=replace(call, phase=Phase.WAITING, desk=None),
        commands=hang_up,
        facts=(_offer_fact(call, call.desk, call.place, outcome, now),),
        timers=(CancelTimer(timer=Timer.RING), CancelTimer(timer=Timer.REDIAL)),
    )


def _rings(call: Call, leg: LegId) -> Step:
    if call.desk is None or leg != call.agent_leg:
        return Step(call=call)
    return Step(call=replace(call, desk=replace(call.desk, rang=True)))


def _offer_fact(call: Call, desk: Desk, place: QueuePlace, outcome: OfferOutcome, now: datetime) -> OfferEnded:
    return OfferEnded(
        at=now,
        contact=call.contact,
        offer=desk.offer,
        queue=place.queue,
        agent=desk.agent,
        outcome=outcome,
        ring_seconds=_seconds(desk.offered_at, now),
    )


def _flow_out(call: Call, place: QueuePlace, now: datetime) -> Step:
    """Take a caller who waited too long out of the queue, back to where words can be said."""
    if call.phase not in (Phase.WAITING, Phase.OFFERED):
        return Step(call=call)
    facts: list[AnyFact] = []
    if call.phase is Phase.OFFERED and call.desk is not None:
        facts.append(_offer_fact(call, call.desk, place, OfferOutcome.WITHDRAWN, now))
    facts.append(_left_queue(call, place, QueueOutcome.FLOWED_OUT, now))
    caller = ids.caller_leg(call.contact)
    answer: tuple[TelephonyCommand, ...] = () if call.answered else (Answer(leg=caller),)
    silence: tuple[TelephonyCommand, ...] = (StopMusic(leg=caller),) if call.music else ()
    leg = call.agent_leg
    hang_up = (HangUp(leg=leg),) if leg is not None and leg in call.open_legs else ()
    return Step(
        call=replace(call, phase=Phase.DIALOG, answered=True, music=False, place=None, desk=None),
        commands=(*hang_up, *answer, *silence),
        facts=tuple(facts),
        timers=(CancelTimer(timer=Timer.RING), CancelTimer(timer=Timer.REDIAL)),
    )


# -- Talking --------------------------------------------------------------------------------------------------


def _leg_answered(call: Call, leg: LegId, now: datetime) -> Step:
    if leg not in call.open_legs or leg != call.agent_leg or call.desk is None:
        # An offer that was taken back was answered in the same moment: nobody is there for that agent.
        return Step(call=call, commands=(HangUp(leg=leg),))
    match call.phase:
        case Phase.OFFERED:
            return _connect(call, call.desk, leg, now)
        case Phase.RECONNECTING:
            return _reconnect(call, call.desk, leg, now)
        case Phase.TALKING:
            return Step(call=call)
        case Phase.DIALOG | Phase.WAITING | Phase.ENDED:
            return Step(call=call, commands=(HangUp(leg=leg),))
        case _:
            assert_never(call.phase)


def _connect(call: Call, desk: Desk, leg: LegId, now: datetime) -> Step:
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
        _offer_fact(call, desk, place, OfferOutcome.ACCEPTED, now),
        _left_queue(call, place, QueueOutcome.ANSWERED, now),
        ContactConnected(at=now, contact=call.contact, agent=desk.agent, queue=place.queue),
    )
    timers = tuple(CancelTimer(timer=timer) for timer in (Timer.RING, Timer.REDIAL, Timer.MAX_WAIT))
    return Step(call=talking, commands=_bridge_commands(call, leg), facts=facts, timers=timers)


def _bridge_commands(call: Call, leg: LegId) -> tuple[TelephonyCommand, ...]:
    """Let caller and agent hear each other, whatever the caller heard before."""
    caller = ids.caller_leg(call.contact)
    answer: tuple[TelephonyCommand, ...] = () if call.answered else (Answer(leg=caller),)
    silence: tuple[TelephonyCommand, ...] = (StopMusic(leg=caller),) if call.music else ()
    return (*answer, *silence, OpenBridge(bridge=ids.bridge(call.contact), legs=(caller, leg)))


def _hold(call: Call, desk: Desk, now: datetime) -> Step:
    if desk.held_since is not None:
        return Step(call=call)
    return Step(
        call=replace(call, music=True, desk=replace(desk, held_since=now, digits="")),
        commands=park(call),
        facts=(ContactHeld(at=now, contact=call.contact, agent=desk.agent),),
        timers=(CancelTimer(timer=Timer.DIGIT),),
    )


def park(call: Call) -> tuple[TelephonyCommand, ...]:
    """Return how to take the caller out of the bridge and let him hear music."""
    caller = ids.caller_leg(call.contact)
    music = call.place.music if call.place else "default"
    return (Part(bridge=ids.bridge(call.contact), leg=caller), StartMusic(leg=caller, music=music))


def _resume(call: Call, desk: Desk, now: datetime) -> Step:
    if desk.held_since is None:
        return Step(call=call)
    caller = ids.caller_leg(call.contact)
    return Step(
        call=replace(call, music=False, desk=_off_hold(desk, now)),
        commands=(StopMusic(leg=caller), Join(bridge=ids.bridge(call.contact), leg=caller)),
        facts=(ContactResumed(at=now, contact=call.contact, agent=desk.agent),),
    )


def _off_hold(desk: Desk, now: datetime) -> Desk:
    if desk.held_since is None:
        return desk
    return replace(desk, held_since=None, hold_seconds=desk.hold_seconds + _seconds(desk.held_since, now))


def _press(call: Call, desk: Desk, digits: str, *, pressing: bool) -> Step:
    """Let the caller's side hear the first of `digits`, unless one is being pressed: then they follow it."""
    pressed = replace(call, desk=replace(desk, digits=digits))
    if pressing or not digits:
        return Step(call=pressed)
    return Step(
        call=pressed,
        commands=(SendDigits(leg=ids.caller_leg(call.contact), digits=digits[0]),),
        timers=(SetTimer(timer=Timer.DIGIT, seconds=DIGIT_SECONDS),),
    )


def _lose_browser(call: Call, desk: Desk, now: datetime) -> Step:
    """Keep the customer for an agent whose browser went away (reload, crash, network): it will be back."""
    facts: tuple[AnyFact, ...] = ()
    commands: tuple[TelephonyCommand, ...] = ()
    if desk.held_since is None:
        facts = (ContactHeld(at=now, contact=call.contact, agent=desk.agent),)
        commands = park(call)
    away = replace(desk, leg_up=False, held_since=desk.held_since or now, muted=False, digits="")
    return Step(
        call=replace(call, phase=Phase.RECONNECTING, music=True, desk=away),
        commands=commands,
        facts=facts,
        timers=(
            SetTimer(timer=Timer.REDIAL, seconds=REDIAL_SECONDS),
            SetTimer(timer=Timer.RECONNECT, seconds=RECONNECT_SECONDS),
        ),
    )


def _redial(call: Call, desk: Desk) -> Step:
    if call.agent_leg in call.open_legs:
        return Step(call=call)
    again = _with_new_leg(call)
    resume = call.phase is Phase.RECONNECTING
    return Step(call=again, commands=(_dial(again, desk, RECONNECT_SECONDS, resume=resume),))


def _reconnect(call: Call, desk: Desk, leg: LegId, now: datetime) -> Step:
    return Step(
        call=replace(call, phase=Phase.TALKING, music=False, desk=replace(_off_hold(desk, now), leg_up=True)),
        commands=_bridge_commands(call, leg),
        facts=(ContactResumed(at=now, contact=call.contact, agent=desk.agent),),
        timers=(CancelTimer(timer=Timer.REDIAL), CancelTimer(timer=Timer.RECONNECT)),
    )


def _give_to_another(call: Call, desk: Desk, now: datetime) -> Step:
    """The agent did not come back: the customer waits again, before those who came later and one step up."""
    place = call.place
    if place is None:
        return _end(call, ContactCause.FAILED, now)
    first = replace(place, since=now, priority=place.priority + 1)
    queued, fact = _queued(call, first, now)
    leg = call.agent_leg
    hang_up = (HangUp(leg=leg),) if leg in call.open_legs and leg is not None else ()
    return Step(
        call=queued,
        commands=(*hang_up, CloseBridge(bridge=ids.bridge(call.contact))),
        facts=(_talk_fact(call, desk, place, now), fact),
        timers=(CancelTimer(timer=Timer.REDIAL), *_max_wait(first)),
    )


# -- The end --------------------------------------------------------------------------------------------------


def _leg_ended(call: Call, leg: LegId, cause: EndCause, now: datetime) -> Step:
    if leg == ids.caller_leg(call.contact):
        return _caller_left(call, cause, now)
    if leg not in call.open_legs:
        return Step(call=call)
    current = leg == call.agent_leg
    call = replace(call, open_legs=call.open_legs - {leg})
    if not current or call.desk is None:
        return Step(call=call)
    match call.phase:
        case Phase.OFFERED if _reloaded(call.desk, cause):
            return Step(call=call, timers=(SetTimer(timer=Timer.REDIAL, seconds=REDIAL_SECONDS),))
        case Phase.OFFERED:
            return _offer_ended(call, _offer_outcome(cause), now)
        case Phase.TALKING if call.desk.kind is StationKind.BROWSER:
            return _lose_browser(call, call.desk, now)
        case Phase.TALKING:
            ended = ContactCause.PBX_LOST if cause is EndCause.LOST else ContactCause.AGENT_HUNG_UP
            return _end(call, ended, now)
        case Phase.RECONNECTING:
            return Step(call=call, timers=(SetTimer(timer=Timer.REDIAL, seconds=REDIAL_SECONDS),))
        case Phase.DIALOG | Phase.WAITING | Phase.ENDED:
            return Step(call=call)
        case _:
            assert_never(call.phase)


def _reloaded(desk: Desk, cause: EndCause) -> bool:
    """Tell whether a browser's page went away while it rang: it will be back before the ring time is over."""
    refused = cause in (EndCause.BUSY, EndCause.REJECTED)
    return desk.kind is StationKind.BROWSER and desk.rang and not refused


def _caller_left(call: Call, cause: EndCause, now: datetime) -> Step:
    call = replace(call, caller_up=False)
    if call.phase is Phase.ENDED:
        return Step(call=call)
    return _end(call, ContactCause.PBX_LOST if cause is EndCause.LOST else ContactCause.CALLER_HUNG_UP, now)


def _offer_outcome(cause: EndCause) -> OfferOutcome:
    match cause:
        case EndCause.BUSY | EndCause.REJECTED:
            return OfferOutcome.DECLINED
        case EndCause.NO_ANSWER | EndCause.NORMAL:
            return OfferOutcome.RONA
        case EndCause.UNREACHABLE | EndCause.NO_SUCH_NUMBER:
            return OfferOutcome.UNREACHABLE
        case EndCause.LOST:
            return OfferOutcome.WITHDRAWN
        case _:
            assert_never(cause)


def _end(call: Call, cause: ContactCause, now: datetime) -> Step:
    """End everything that is left of the call, in whatever phase it is."""
    return Step(
        call=replace(call, phase=Phase.ENDED, music=False),
        commands=_end_commands(call),
        facts=(*_closing_facts(call, cause, now), ContactEnded(at=now, contact=call.contact, cause=cause)),
        timers=(
            *(CancelTimer(timer=timer) for timer in Timer if timer is not Timer.FORGET),
            SetTimer(timer=Timer.FORGET, seconds=FORGET_SECONDS),
        ),
    )


def _end_commands(call: Call) -> tuple[TelephonyCommand, ...]:
    caller = (ids.caller_leg(call.contact),) if call.caller_up else ()
    bridged = call.phase in (Phase.TALKING, Phase.RECONNECTING)
    bridge = (CloseBridge(bridge=ids.bridge(call.contact)),) if bridged else ()
    return (*(HangUp(leg=leg) for leg in caller), *(HangUp(leg=leg) for leg in sorted(call.open_legs)), *bridge)


def _closing_facts(call: Call, cause: ContactCause, now: datetime) -> tuple[AnyFact, ...]:
    place, desk = call.place, call.desk
    match call.phase:
        case Phase.WAITING if place is not None:
            return (_left_queue(call, place, _queue_outcome(place, cause, now), now),)
        case Phase.OFFERED if place is not None and desk is not None:
            by_caller = cause is ContactCause.CALLER_HUNG_UP
            outcome = OfferOutcome.ABANDONED if by_caller else OfferOutcome.WITHDRAWN
            return (
                _offer_fact(call, desk, place, outcome, now),
                _left_queue(call, place, _queue_outcome(place, cause, now), now),
            )
        case Phase.TALKING | Phase.RECONNECTING if place is not None and desk is not None:
            return (_talk_fact(call, desk, place, now),)
        case _:
            return ()


def _queue_outcome(place: QueuePlace, cause: ContactCause, now: datetime) -> QueueOutcome:
    match cause:
        case ContactCause.CALLER_HUNG_UP | ContactCause.ENDED_UNSEEN:
            short = _seconds(place.since, now) <= place.short_abandon_seconds
            return QueueOutcome.SHORT_ABANDONED if short else QueueOutcome.ABANDONED
        case ContactCause.FLOWED_OUT | ContactCause.CLOSED | ContactCause.COMPLETED:
            return QueueOutcome.FLOWED_OUT
        case _:
            return QueueOutcome.LOST


def _left_queue(call: Call, place: QueuePlace, outcome: QueueOutcome, now: datetime) -> ContactLeftQueue:
    answered = outcome is QueueOutcome.ANSWERED and call.desk is not None
    return ContactLeftQueue(
        at=now,
        contact=call.contact,
        visit=call.visit,
        queue=place.queue,
        outcome=outcome,
        waited_seconds=_seconds(place.since, now),
        agent=call.desk.agent if answered and call.desk else None,
    )


def _talk_fact(call: Call, desk: Desk, place: QueuePlace, now: datetime) -> TalkEnded:
    hold = _off_hold(desk, now).hold_seconds
    total = _seconds(desk.connected_at or now, now)
    return TalkEnded(
        at=now,
        contact=call.contact,
        agent=desk.agent,
        queue=place.queue,
        talk_seconds=round(max(0.0, total - hold), 3),
        hold_seconds=round(hold, 3),
    )


# -- Timers and failures --------------------------------------------------------------------------------------


def _timer_fired(call: Call, timer: Timer, now: datetime) -> Step:
    match timer:
        case Timer.RING:
            return _offer_ended(call, OfferOutcome.RONA, now)
        case Timer.REDIAL:
            again = call.phase in (Phase.OFFERED, Phase.RECONNECTING)
            return _redial(call, call.desk) if again and call.desk else Step(call=call)
        case Timer.RECONNECT:
            away = call.phase is Phase.RECONNECTING and call.desk is not None
            return _give_to_another(call, call.desk, now) if away and call.desk else Step(call=call)
        case Timer.MAX_WAIT:
            return _flow_out(call, call.place, now) if call.place else Step(call=call)
        case Timer.FORGET:
            return _forget(call)
        case Timer.DIGIT:
            return _press(call, call.desk, call.desk.digits[1:], pressing=False) if call.desk else Step(call=call)
        case _:
            assert_never(timer)


def _forget(call: Call) -> Step:
    if call.phase is not Phase.ENDED:
        return Step(call=call)
    commands = _end_commands(call)
    return Step(call=replace(call, caller_up=False, open_legs=frozenset()), commands=commands)


def _command_failed(call: Call, event: CommandFailed, now: datetime) -> Step:
    """Take a leg that the PBX does not know for ended; end a call that could not be bridged."""
    if event.gone and event.leg is not None:
        ended = _leg_ended(call, event.leg, EndCause.NORMAL, now)
        # It may be the bridge that is gone: a leg that nobody owns any more must not stay up in silence.
        return replace(ended, commands=(*ended.commands, HangUp(leg=event.leg)))
    if event.command in ("OpenBridge", "Join") and call.phase is Phase.TALKING and not event.gone:
        return _end(call, ContactCause.FAILED, now)
    return Step(call=call)


def _expect_desk(call: Call, agent: AgentId, *phases: Phase) -> Desk:
    if call.desk is None or call.desk.agent != agent or call.phase not in phases:
        raise IllegalMove("The call is not at your desk in that way any more.")
    return call.desk


def _seconds(since: datetime, now: datetime) -> float:
    """Return the time between two wall-clock readings; a clock that was set back counts as no time."""
    return round(max(0.0, (now - since).total_seconds()), 3)
