"""Decide what of a call is recorded. Pure: knows no Asterisk, clock or call.

    nothing ──somebody rings──► tape loaded, silent ──they talk, and know──► recording ◄──► paused
       ▲                               │                                        │
       └──────nobody took the call─────┴──────the turn is over──────────────────┘

A recording is one agent's turn with the customer: a transfer ends it, and the next turn has one of its own by the
rules of its queue. On hold, in a consultation, when it is paused and while a sensitive item is open it is silent
for as long. Whatever goes wrong: the call is not touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from caruso.comm_server.recording.tape import (
    Announce,
    Beep,
    Eject,
    Load,
    LookAgain,
    Order,
    Scene,
    Silence,
    Step,
    Tape,
    Track,
)
from caruso.errors import IllegalMove
from caruso.model.facts import (
    AnyFact,
    ContactEnded,
    RecordingBegun,
    RecordingImpossible,
    RecordingJoined,
    RecordingOver,
    RecordingPaused,
    RecordingResumed,
)
from caruso.model.ids import ContactId, LegId, QueueId, RecordingId
from caruso.model.recordings import PauseReason, RecordedCalls
from caruso.model.views import RecordingView

#: Until a recording that was refused is tried again, seconds.
AGAIN_SECONDS = 1.0
#: Refusals in a row after which people are told: the leg may just not be there yet.
TOLD_AFTER = 3
#: Why a recording is not possible.
PBX, DISK_FULL, ANNOUNCEMENT = "pbx", "disk-full", "announcement"


def settle(
    track: Track,
    scene: Scene | None,
    now: datetime,
    *,
    fresh: RecordingId,
    room: bool = True,
    unseen: bool = False,
) -> Step:
    """Bring the recording from what it is to what it should be; `scene` is None when the call is over.

    `fresh` names a new recording if there is to be one; `room`: there is room on the disk; `unseen`: nobody knows
    when the call ended.
    """
    orders: list[Order] = []
    facts: list[AnyFact] = []
    if track.tape is not None and _is_over(track, track.tape, scene):
        track = _ejected(track, track.tape, orders, facts, now, unseen=unseen)
    elif track.tape is not None and track.tape.begun and scene is not None and not _knows(track, scene):
        # The rules have changed meanwhile. What was paused by hand stays so in the next part.
        paused = track.paused
        track = replace(_ejected(track, track.tape, orders, facts, now, unseen=unseen), paused=paused)
    if scene is None or not is_wanted(track, scene) or not (scene.talking or scene.ringing):
        return Step(track=replace(track, announcing=False), orders=tuple(orders), facts=tuple(facts))
    if track.tape is None:
        track = _loaded_when_possible(track, scene, orders, facts, now, fresh=fresh, room=room)
    tape = track.tape
    if tape is not None and tape.loaded and scene.talking:
        track = _told(track, scene, orders) if not tape.begun else track
        track = _begun(track, tape, scene, orders, facts, now)
        track = _paused_or_not(track, scene, orders, facts, now)
    return Step(track=track, orders=tuple(orders), facts=tuple(facts))


def is_wanted(track: Track, scene: Scene) -> bool:
    """Tell whether this conversation is to be recorded."""
    match scene.rules.calls:
        case RecordedCalls.ALWAYS:
            return track.asked is not False
        case RecordedCalls.ON_DEMAND:
            return track.asked is True
        case _:
            return False


def strays(known: Iterable[RecordingId], found: Iterable[RecordingId]) -> tuple[RecordingId, ...]:
    """Return which of the recordings that were `found` in the telephone system nobody knows."""
    ours = frozenset(known)
    return tuple(recording for recording in found if recording not in ours)


# -- What happened --------------------------------------------------------------------------------------------


def loaded(track: Track, recording: RecordingId) -> Track:
    """Know that the telephone system has prepared a recording."""
    if track.tape is None or track.tape.id != recording:
        return track
    return replace(track, tape=replace(track.tape, loaded=True), problem="", refusals=0, again_at=None)


def refused(track: Track, recording: RecordingId, now: datetime) -> Track:
    """Know that it could not, and try again later."""
    if track.tape is None or track.tape.id != recording:
        return track
    again_at = now + timedelta(seconds=AGAIN_SECONDS)
    return replace(track, tape=None, announcing=False, refusals=track.refusals + 1, again_at=again_at)


def told(track: Track, queue: QueueId, now: datetime, *, heard: bool | None) -> Step:
    """Know that the customer has heard the announcement, or cannot hear it: then nothing is recorded.

    None: nobody knows, and it is given again.
    """
    if not track.announcing:
        return Step(track=track)
    if heard is not False:
        return Step(track=replace(track, announcing=False, announced=heard is True))
    fact = RecordingImpossible(at=now, contact=track.contact, queue=queue, reason=ANNOUNCEMENT)
    silent = replace(track, announcing=False, asked=False, asked_by="", problem=ANNOUNCEMENT)
    return Step(track=silent, facts=(fact,))


def lost(track: Track, now: datetime) -> Step:
    """Know that the telephone system does not have the recording any more that had begun."""
    if track.tape is None:
        return Step(track=track)
    over = RecordingOver(at=now, contact=track.contact, recording=track.tape.id, unseen=True)
    return Step(track=replace(track, tape=None), facts=(over,) if track.tape.begun else ())


# -- What people ask for --------------------------------------------------------------------------------------


def ask(track: Track, scene: Scene, *, on: bool, by: str, supervises: bool) -> Track:
    """Record, or do not any more, because somebody asks for it.

    Raises:
        IllegalMove: the rules of the queue do not allow it.
    """
    match scene.rules.calls:
        case RecordedCalls.NEVER:
            raise IllegalMove("Calls of this queue are never recorded.")
        case RecordedCalls.ALWAYS if not supervises:
            raise IllegalMove("Calls of this queue are always recorded. You can pause it.")
        case _:
            pass
    if on and not scene.talking:
        raise IllegalMove("Nobody talks there: there is nothing to record.")
    return replace(
        track,
        asked=on,
        asked_by=by if on else "",
        stopped_by="" if on else by,
        paused=False,
        problem="",
        refusals=0,
        again_at=None,
    )


def pause(track: Track, *, on: bool) -> Track:
    """Keep what is said out of the recording, or let it in again; raise `IllegalMove` when there is none."""
    if track.tape is None or not track.tape.begun:
        raise IllegalMove("Nothing is recorded here.")
    return replace(track, paused=on)


def view(track: Track, scene: Scene) -> RecordingView:
    """Return what people see of the recording of a conversation, and what an agent can do about it."""
    tape, on_demand = track.tape, scene.rules.calls is RecordedCalls.ON_DEMAND
    begun = tape is not None and tape.begun
    if tape is not None and tape.begun:
        state = "paused" if tape.paused is not None else "on"
    elif track.problem:
        state = "impossible"
    elif is_wanted(track, scene):
        state = "announcing" if track.announcing else "beginning"
    else:
        state = "off"
    return RecordingView(
        state=state,
        reason=(tape.paused.value if tape is not None and tape.paused is not None else track.problem),
        may_start=on_demand and not is_wanted(track, scene),
        may_stop=on_demand and is_wanted(track, scene),
        may_pause=begun,
        paused_by_hand=track.paused,
    )


# -- After a restart ------------------------------------------------------------------------------------------


def rebuild(contact: ContactId, leg: LegId, facts: Iterable[AnyFact]) -> Track | None:
    """Return the recordings of a contact as its facts tell; None when there were none, or it has ended."""
    track = Track(contact=contact)
    for fact in facts:
        match fact:
            case RecordingBegun():
                tape = Tape(
                    id=fact.recording,
                    leg=leg,
                    loaded=True,
                    begun=True,
                    agent=fact.agent,
                    queue=fact.queue,
                    others=fact.others,
                )
                asked = True if fact.asked_by else track.asked
                track = replace(
                    track,
                    parts=fact.part,
                    tape=tape,
                    announced=track.announced or fact.announced,
                    asked=asked,
                    asked_by=fact.asked_by,
                )
            case RecordingPaused(reason=reason) if track.tape is not None:
                # What is paused by hand is told as such, whatever else keeps it silent.
                paused = reason is PauseReason.ASKED
                track = replace(track, tape=replace(track.tape, paused=reason), paused=paused)
            case RecordingResumed() if track.tape is not None:
                track = replace(track, tape=replace(track.tape, paused=None), paused=False)
            case RecordingJoined(others=others) if track.tape is not None:
                track = replace(track, tape=replace(track.tape, others=others))
            case RecordingOver(by=by):
                track = replace(track, tape=None, paused=False, asked=False if by else track.asked)
            case ContactEnded() if track.tape is None:
                return None
            case _:
                pass
    return track if track.parts else None


# -- From what is to what should be ---------------------------------------------------------------------------


def _is_over(track: Track, tape: Tape, scene: Scene | None) -> bool:
    if scene is None or not is_wanted(track, scene):
        return True
    if tape.begun:
        return not scene.talking or (scene.agent, scene.queue) != (tape.agent, tape.queue)
    return not (scene.talking or scene.ringing)


def _knows(track: Track, scene: Scene) -> bool:
    """Tell whether the parties know as much as the rules ask for."""
    return track.announced or not scene.rules.announced


def _ejected(
    track: Track, tape: Tape, orders: list[Order], facts: list[AnyFact], now: datetime, *, unseen: bool
) -> Track:
    orders.append(Eject(recording=tape.id, leg=tape.leg, drop=not tape.begun))
    if tape.begun:
        over = RecordingOver(at=now, contact=track.contact, recording=tape.id, by=track.stopped_by, unseen=unseen)
        facts.append(over)
    return replace(track, tape=None, paused=False)


def _loaded_when_possible(
    track: Track,
    scene: Scene,
    orders: list[Order],
    facts: list[AnyFact],
    now: datetime,
    *,
    fresh: RecordingId,
    room: bool,
) -> Track:
    again_at = max((at for at in (track.again_at, scene.steady_at if scene.talking else None) if at), default=now)
    if again_at > now:
        orders.append(LookAgain(seconds=(again_at - now).total_seconds()))
        return track
    problem = PBX if track.refusals >= TOLD_AFTER else ""
    if not room:
        problem = DISK_FULL
        again_at = now + timedelta(seconds=AGAIN_SECONDS)
        orders.append(LookAgain(seconds=AGAIN_SECONDS))
        track = replace(track, again_at=again_at)
    if problem and problem != track.problem:
        facts.append(RecordingImpossible(at=now, contact=track.contact, queue=scene.queue, reason=problem))
        track = replace(track, problem=problem)
    if not room:
        return track
    orders.append(Load(recording=fresh, leg=scene.leg))
    return replace(track, tape=Tape(id=fresh, leg=scene.leg))


def _told(track: Track, scene: Scene, orders: list[Order]) -> Track:
    """Have the parties told before anything is recorded."""
    if _knows(track, scene) or track.announcing or scene.held:
        return track
    orders.append(Announce(scene=scene))
    return replace(track, announcing=True)


def _begun(
    track: Track, tape: Tape, scene: Scene, orders: list[Order], facts: list[AnyFact], now: datetime
) -> Track:
    if tape.begun:
        if scene.others == tape.others:
            return track
        joined = tuple(dict.fromkeys((*tape.others, *scene.others)))
        if joined != tape.others:
            facts.append(RecordingJoined(at=now, contact=track.contact, recording=tape.id, others=joined))
        return replace(track, tape=replace(tape, others=joined))
    if not _knows(track, scene) or track.announcing or scene.held:
        return track
    facts.append(
        RecordingBegun(
            at=now,
            contact=track.contact,
            recording=tape.id,
            part=track.parts + 1,
            queue=scene.queue,
            agent=scene.agent,
            others=scene.others,
            asked_by=track.asked_by,
            announced=track.announced,
        )
    )
    if scene.rules.agent_beep and scene.agent_leg is not None:
        orders.append(Beep(leg=scene.agent_leg, recording=tape.id))
    begun = replace(tape, begun=True, agent=scene.agent, queue=scene.queue, others=scene.others)
    if _pause_reason(track, scene) is None:
        orders.append(Silence(recording=tape.id, leg=tape.leg, on=False))
    return replace(track, parts=track.parts + 1, tape=begun)


def _paused_or_not(track: Track, scene: Scene, orders: list[Order], facts: list[AnyFact], now: datetime) -> Track:
    tape = track.tape
    if tape is None or not tape.begun:
        return track
    reason = _pause_reason(track, scene)
    if reason is tape.paused:
        return track
    if reason is not None:
        facts.append(RecordingPaused(at=now, contact=track.contact, recording=tape.id, reason=reason))
    else:
        facts.append(RecordingResumed(at=now, contact=track.contact, recording=tape.id))
    if reason is None or tape.paused is None:
        orders.append(Silence(recording=tape.id, leg=tape.leg, on=reason is not None))
    return replace(track, tape=replace(tape, paused=reason))


def _pause_reason(track: Track, scene: Scene) -> PauseReason | None:
    if track.paused:
        return PauseReason.ASKED
    if scene.sensitive:
        return PauseReason.SENSITIVE
    return PauseReason.HOLD if scene.held else None
