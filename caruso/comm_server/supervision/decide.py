"""Decide what happens while a supervisor listens, whispers or barges in. Pure: knows no Asterisk, clock or call.

    CALLING -> ACTIVE -> ENDED          in ACTIVE, by choice: LISTEN <-> WHISPER <-> BARGE

    listen    phone ─┬─ bridge of the supervision      whisper   phone ─┬─ bridge of the supervision
                    ear (hears both, says nothing)                     ear (and is heard by the agent alone)
    barge     phone ─── the conversation's own bridge

So the customer cannot notice listening: in that mode nothing that the supervisor says has a way into the call.
There is one ear, and it is another in whisper: what is heard must not be whispered, or the agent hears an echo.
Whoever hangs up at whatever step: ear and bridge go, the conversation is not touched.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_never

from msgspec.structs import replace

from caruso.comm_server.supervision.watch import (
    CallChanged,
    CancelTimer,
    ModeAsked,
    SetTimer,
    Stage,
    StopAsked,
    TakeOver,
    Timer,
    TimerFired,
    Watch,
    WatchEvent,
    WatchStep,
)
from caruso.model import ids
from caruso.model.facts import SupervisionBegun, SupervisionEnded, SupervisionModeChanged
from caruso.model.ids import LegId, PlaybackId
from caruso.model.supervision import Announcement, SupervisionMode, SupervisionOutcome
from caruso.model.telephony import (
    CloseBridge,
    CommandFailed,
    Dial,
    DigitPressed,
    HangUp,
    Join,
    LegAnswered,
    LegEnded,
    LegRinging,
    LinkUp,
    OpenBridge,
    Part,
    Play,
    Snoop,
    TelephonyCommand,
)

#: How long the supervisor's phone rings, seconds.
RING_SECONDS = 30.0
#: The PBX gives up ringing this much later, seconds.
RING_GRACE_SECONDS = 5.0
#: After this an ear that went away by itself is replaced, seconds.
MEND_SECONDS = 1.0
#: A conversation is listened to, or entered, this long after it began, seconds. Asterisk 22.10 hands the packets
#: of two parties through by itself and, once somebody listens, sends its own. When that happens within the first
#: half second, a phone (Baresip 1.0) may play none of them: it did not in four of nine attempts within 0.2 s, and
#: did in all of eight after 0.7 s.
STEADY_SECONDS = 1.5
#: A leg that has not reported its end after this is hung up once more and forgotten, seconds.
FORGET_SECONDS = 10.0
#: Tells a browser phone that its supervisor has asked for this call: it picks up by itself.
SUPERVISION_HEADER = "X-Caruso-Supervision"
#: What is heard where listening is announced: a sound that Asterisk brings along.
TONE = "sound:beep"
#: Keys on the supervisor's phone, those of Asterisk's ChanSpy, and one more.
TAKE_OVER_KEY = "7"
KEYS = {"4": SupervisionMode.LISTEN, "5": SupervisionMode.WHISPER, "6": SupervisionMode.BARGE}


def begin(watch: Watch, *, endpoint: str, number: str, caller_number: str, caller_name: str, to: str) -> WatchStep:
    """Call the supervisor: at `endpoint`, or at a `number` outside; `to` is what the journal keeps of where.

    `caller_number` and `caller_name` are what the supervisor's phone shows.
    """
    dial = Dial(
        leg=watch.phone,
        endpoint=endpoint,
        number=number,
        caller_number=caller_number,
        caller_name=caller_name,
        timeout_seconds=RING_SECONDS + RING_GRACE_SECONDS,
        headers={SUPERVISION_HEADER: "yes"},
    )
    fact = SupervisionBegun(
        at=watch.asked_at,
        supervision=watch.id,
        contact=watch.contact,
        agent=watch.agent,
        queue=watch.queue,
        by=watch.supervisor.user,
        mode=watch.mode,
        phone=to,
        announced=watch.announcement,
    )
    return WatchStep(
        watch=replace(watch, open_legs=watch.open_legs | {watch.phone}),
        commands=(dial,),
        facts=(fact,),
        timers=(SetTimer(timer=Timer.RING, seconds=RING_SECONDS),),
    )


def advance(watch: Watch, event: WatchEvent, now: datetime) -> WatchStep:
    """Return what follows from `event`; what does not fit (any more) changes nothing."""
    match event:
        case LegRinging():
            return WatchStep(watch=watch)
        case LegAnswered(leg=leg):
            return _answered(watch, leg, now)
        case LegEnded(leg=leg):
            return _leg_ended(watch, leg, now)
        case CommandFailed():
            return _refused(watch, event, now)
        case DigitPressed(leg=leg, digit=digit):
            wanted = KEYS.get(digit) if leg == watch.phone else None
            if leg == watch.phone and digit == TAKE_OVER_KEY:
                return WatchStep(watch=watch, wants_over=watch.stage is Stage.ACTIVE)
            return change_mode(watch, wanted, now) if wanted is not None else WatchStep(watch=watch)
        case ModeAsked(mode=mode):
            return change_mode(watch, mode, now)
        case StopAsked():
            return end(watch, SupervisionOutcome.STOPPED, now)
        case TakeOver():
            return _taken_over(watch, now)
        case CallChanged():
            return _call_changed(watch, event, now)
        case LinkUp():
            return _link_up(watch, event, now)
        case TimerFired(timer=timer):
            return _timer_fired(watch, timer, now)
        case _:
            assert_never(event)


def change_mode(watch: Watch, mode: SupervisionMode, now: datetime) -> WatchStep:
    """Take part in another way; before the phone is answered, from then on."""
    if watch.stage is Stage.ENDED or mode is watch.mode:
        return WatchStep(watch=watch)
    changed = replace(watch, mode=mode)
    if watch.stage is Stage.CALLING:
        return WatchStep(watch=changed)
    return replace(_settle(changed, now), facts=(_mode_fact(changed, now),))


def end(watch: Watch, outcome: SupervisionOutcome, now: datetime) -> WatchStep:
    """Clear everything away that was made for it."""
    if watch.stage is Stage.ENDED:
        return WatchStep(watch=watch)
    heard = (now - watch.answered_at).total_seconds() if watch.answered_at is not None else 0.0
    fact = SupervisionEnded(
        at=now,
        supervision=watch.id,
        contact=watch.contact,
        agent=watch.agent,
        queue=watch.queue,
        by=watch.supervisor.user,
        outcome=outcome,
        seconds=round(max(0.0, heard), 3),
    )
    return WatchStep(
        watch=replace(watch, stage=Stage.ENDED, ear=None, in_call=False, aside=False),
        commands=_clear(watch),
        facts=(fact,),
        timers=(
            CancelTimer(timer=Timer.RING),
            CancelTimer(timer=Timer.MEND),
            SetTimer(timer=Timer.FORGET, seconds=FORGET_SECONDS),
        ),
    )


def _taken_over(watch: Watch, now: datetime) -> WatchStep:
    """End it, but for the phone: that is the call's from now on."""
    over = end(replace(watch, open_legs=watch.open_legs - {watch.phone}), SupervisionOutcome.TAKEN_OVER, now)
    if watch.announcement is not Announcement.EVERYBODY:
        return over
    tone = PlaybackId(f"supervision~{watch.id}~taken")
    told = Play(leg=ids.caller_leg(watch.contact), playback=tone, sounds=(TONE,))
    return replace(over, commands=(*over.commands, told))


def _clear(watch: Watch) -> tuple[TelephonyCommand, ...]:
    bridge = (CloseBridge(bridge=watch.bridge),) if watch.answered_at is not None else ()
    return (*(HangUp(leg=leg) for leg in sorted(watch.open_legs)), *bridge)


def strays(link: LinkUp, known: frozenset[str]) -> tuple[TelephonyCommand, ...]:
    """Return how to clear away what supervisions left that nobody knows any more: the server was killed."""
    legs = [leg for leg in link.legs if _is_stray(ids.supervision_of(leg), known)]
    bridges = [bridge for bridge in link.bridges if _is_stray(ids.supervision_of(bridge), known)]
    return (*(HangUp(leg=leg) for leg in legs), *(CloseBridge(bridge=bridge) for bridge in bridges))


def _is_stray(owner: str | None, known: frozenset[str]) -> bool:
    return owner is not None and owner not in known


# -- What happens ---------------------------------------------------------------------------------------------


def _answered(watch: Watch, leg: LegId, now: datetime) -> WatchStep:
    if leg not in watch.open_legs or watch.stage is Stage.ENDED:
        return WatchStep(watch=watch, commands=(HangUp(leg=leg),))
    if leg == watch.ear:
        return WatchStep(watch=watch, commands=(Join(bridge=watch.bridge, leg=leg),))
    if leg != watch.phone:
        return WatchStep(watch=watch, commands=(HangUp(leg=leg),))
    if watch.stage is Stage.ACTIVE:
        return WatchStep(watch=watch)
    active = replace(watch, stage=Stage.ACTIVE, answered_at=now)
    settled = _settle(active, now)
    return replace(
        settled, facts=(_mode_fact(active, now),), timers=(CancelTimer(timer=Timer.RING), *settled.timers)
    )


def _mode_fact(watch: Watch, now: datetime) -> SupervisionModeChanged:
    return SupervisionModeChanged(
        at=now,
        supervision=watch.id,
        contact=watch.contact,
        agent=watch.agent,
        queue=watch.queue,
        by=watch.supervisor.user,
        mode=watch.mode,
    )


def _leg_ended(watch: Watch, leg: LegId, now: datetime) -> WatchStep:
    if leg not in watch.open_legs:
        return WatchStep(watch=watch)
    watch = replace(watch, open_legs=watch.open_legs - {leg})
    if watch.stage is Stage.ENDED:
        return WatchStep(watch=watch)
    if leg == watch.phone:
        answered = watch.stage is Stage.ACTIVE
        return end(watch, SupervisionOutcome.STOPPED if answered else SupervisionOutcome.NOT_ANSWERED, now)
    if leg != watch.ear:
        return WatchStep(watch=watch)
    # Usually the agent's leg is gone, and the call tells in a moment what follows.
    return WatchStep(watch=replace(watch, ear=None), timers=(SetTimer(timer=Timer.MEND, seconds=MEND_SECONDS),))


def _refused(watch: Watch, event: CommandFailed, now: datetime) -> WatchStep:
    if watch.stage is Stage.ENDED:
        return WatchStep(watch=watch)
    if event.leg is not None and event.leg != watch.phone:
        hang_up = HangUp(leg=event.leg)  # an ear that cannot be joined is worth nothing
        step = _leg_ended(watch, event.leg, now) if event.gone else WatchStep(watch=watch)
        return replace(step, commands=(*step.commands, hang_up))
    if event.command in ("OpenBridge", "Join"):
        return end(watch, SupervisionOutcome.FAILED, now)
    return WatchStep(watch=watch)


def _call_changed(watch: Watch, event: CallChanged, now: datetime) -> WatchStep:
    if watch.stage is Stage.ENDED:
        return WatchStep(watch=watch)
    if event.agent != watch.agent:
        return end(watch, SupervisionOutcome.CONVERSATION_OVER, now)
    if event.leg == watch.target:
        return WatchStep(watch=watch)
    steady_at = now + timedelta(seconds=STEADY_SECONDS)
    deaf, commands = _without_ear(replace(watch, target=event.leg, steady_at=steady_at))
    settled = _settle(deaf, now)
    return replace(settled, commands=(*commands, *settled.commands))


def _link_up(watch: Watch, link: LinkUp, now: datetime) -> WatchStep:
    """Hold what the PBX has against what it should have; the last commands may not have arrived."""
    mine = frozenset(leg for leg in link.legs if ids.supervision_of(leg) == watch.id) | (
        {watch.phone} & link.legs.keys()
    )
    watch = replace(watch, open_legs=frozenset(mine))
    if watch.stage is Stage.ENDED:
        return WatchStep(watch=watch, commands=_clear(watch))
    if watch.phone not in mine:
        return end(watch, SupervisionOutcome.LOST, now)
    deaf, commands = _without_ear(watch)
    in_call = watch.phone in link.bridges.get(ids.bridge(watch.contact), frozenset())
    found = replace(deaf, in_call=in_call, aside=watch.phone in link.bridges.get(watch.bridge, frozenset()))
    settled = _settle(found, now)
    others = tuple(HangUp(leg=leg) for leg in sorted(mine - {watch.phone}))
    return replace(settled, commands=(*commands, *others, *settled.commands))


def _timer_fired(watch: Watch, timer: Timer, now: datetime) -> WatchStep:
    match timer:
        case Timer.RING if watch.stage is Stage.CALLING:
            return end(watch, SupervisionOutcome.NOT_ANSWERED, now)
        case Timer.MEND if watch.stage is Stage.ACTIVE:
            return _settle(watch, now)
        case Timer.FORGET if watch.stage is Stage.ENDED:
            return WatchStep(watch=replace(watch, open_legs=frozenset()), commands=_clear(watch))
        case Timer.RING | Timer.MEND | Timer.FORGET:
            return WatchStep(watch=watch)
        case _:
            assert_never(timer)


# -- From what is to what is wanted ---------------------------------------------------------------------------


def _settle(watch: Watch, now: datetime) -> WatchStep:
    """Bring the PBX from what it holds to what the mode wants."""
    if watch.stage is not Stage.ACTIVE:
        return WatchStep(watch=watch)
    wait = (watch.steady_at - now).total_seconds()
    if wait > 0 and watch.target is not None and not watch.in_call:
        apart = _stand_aside(replace(watch, target=None))
        again = SetTimer(timer=Timer.MEND, seconds=min(wait, STEADY_SECONDS))
        return replace(apart, watch=replace(apart.watch, target=watch.target), timers=(again,))
    if watch.mode is SupervisionMode.BARGE and (watch.in_call or watch.target is not None):
        return _barge(watch)
    return _stand_aside(watch)


def _barge(watch: Watch) -> WatchStep:
    deaf, commands = _without_ear(watch)
    if watch.in_call:
        return WatchStep(watch=deaf, commands=commands)
    # The bridge she stood in stays, empty: Asterisk 22.10 may answer 404 for one that is made again by its name,
    # when it was destroyed with a leg in it that was joined to another bridge. A call's legs know only one bridge.
    join = Join(bridge=ids.bridge(watch.contact), leg=watch.phone)
    return WatchStep(watch=replace(deaf, in_call=True, aside=False), commands=(*commands, join))


def _stand_aside(watch: Watch) -> WatchStep:
    commands: list[TelephonyCommand] = []
    if watch.in_call:
        commands.append(Part(bridge=ids.bridge(watch.contact), leg=watch.phone))
    if not watch.aside:
        commands.append(OpenBridge(bridge=watch.bridge, legs=(watch.phone,)))
    watch = replace(watch, in_call=False, aside=True)
    whispers = watch.mode is SupervisionMode.WHISPER
    if watch.ear is not None and watch.whispers is not whispers:
        commands.append(HangUp(leg=watch.ear))
        watch = replace(watch, ear=None)
    if watch.target is None:
        return WatchStep(watch=watch, commands=tuple(commands))
    if watch.ear is None:
        ear = ids.ear(watch.id, watch.made + 1)
        commands.append(Snoop(leg=ear, of=watch.target, whisper=whispers))
        legs = watch.open_legs | {ear}
        watch = replace(watch, ear=ear, whispers=whispers, made=watch.made + 1, open_legs=legs)
    announced, tones = _announce(watch)
    return WatchStep(watch=announced, commands=(*commands, *tones))


def _announce(watch: Watch) -> tuple[Watch, tuple[TelephonyCommand, ...]]:
    """Let a tone tell, once, where the centre wants it."""
    if watch.announced or watch.target is None or watch.announcement is Announcement.NOBODY:
        return watch, ()
    told = [watch.target]
    if watch.announcement is Announcement.EVERYBODY:
        told.append(ids.caller_leg(watch.contact))
    tones = tuple(
        Play(leg=leg, playback=PlaybackId(f"supervision~{watch.id}~tone{index}"), sounds=(TONE,))
        for index, leg in enumerate(told)
    )
    return replace(watch, announced=True), tones


def _without_ear(watch: Watch) -> tuple[Watch, tuple[TelephonyCommand, ...]]:
    hang_up = (HangUp(leg=watch.ear),) if watch.ear is not None else ()
    return replace(watch, ear=None), hang_up
