"""The recordings that go on: looks at a call when something happens in it and carries out what `decide` decides.

What is done in the telephone system is done one by one for each contact, behind our back: no call waits for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from caruso.clock import Clock
from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.recording import decide
from caruso.comm_server.recording.scene import rules_of, scene_of
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
    Track,
)
from caruso.comm_server.sentences import RECORDED, spoken
from caruso.errors import CarusoError, LinkDown, NotFound, RecordingRefused
from caruso.model import ids
from caruso.model.centre import Centre
from caruso.model.facts import AnyFact, CallFact, ContactCause, ContactEnded, RecordingFact
from caruso.model.ids import ContactId, PlaybackId, RecordingId
from caruso.model.recordings import RecordedCalls
from caruso.model.telephony import Play, PlaybackEnded, TelephonyEvent
from caruso.model.views import RecordingView
from caruso.ports.recordings import TapeDeck
from caruso.ports.speech import SpeechSynthesis
from caruso.ports.telephony import Telephony
from caruso.ports.timers import Timers

log = structlog.get_logger(__name__)

#: An announcement that has not been heard after this never will be, seconds.
ANNOUNCEMENT_SECONDS = 60.0
#: Until what the telephone system did not answer is asked again, seconds.
AGAIN_SECONDS = 1.0
#: Of a call that ended so nobody knows when it did.
_UNSEEN = (ContactCause.PBX_LOST, ContactCause.ENDED_UNSEEN)
#: What an agent hears when a recording begins: a sound that Asterisk brings along.
TONE = "sound:beep"
#: Begins the names of what is played for a recording.
_PLAYBACK = "recording~"


@dataclass(slots=True)
class _Live:
    track: Track
    orders: deque[Order] = field(default_factory=deque)
    busy: bool = False
    #: What is being said, and how often something was.
    playback: PlaybackId | None = None
    said: int = 0
    #: How the contact ended; None while it goes on.
    ended: ContactCause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """What recording works with."""

    deck: TapeDeck
    telephony: Telephony
    speech: SpeechSynthesis
    stream: FactStream
    clock: Clock
    timers: Timers
    tasks: GuardedTasks
    centre: Callable[[], Centre]
    call: Callable[[ContactId], Call | None]
    #: Whether a sensitive item is open on the agent's screen.
    sensitive: Callable[[ContactId], bool]
    #: Whether there is room on the disk for more recordings.
    room: Callable[[], bool]
    new_id: Callable[[], str]
    #: What is shown of a contact has changed.
    changed: Callable[[ContactId], None]


class Recorder:
    """All of them."""

    def __init__(self, studio: Studio) -> None:
        """Begin with none; `restore` brings back those of before a crash."""
        self._studio = studio
        self._live: dict[ContactId, _Live] = {}
        #: Contacts of before our start whose legs have not been looked at yet.
        self._unchecked: set[ContactId] = set()

    def tapes(self) -> frozenset[RecordingId]:
        """Return the recordings that go on, or are prepared."""
        return frozenset(live.track.tape.id for live in self._live.values() if live.track.tape is not None)

    # -- What happens -----------------------------------------------------------------------------------------

    def hear(self, fact: CallFact | RecordingFact) -> None:
        """Look again at the call a fact is about."""
        contact = fact.contact
        if isinstance(fact, ContactEnded) and (live := self._live.get(contact)) is not None:
            live.ended = fact.cause
        self.look(contact)

    def look(self, contact: ContactId) -> None:
        """Look at a call: something about it may have changed."""
        if contact in self._unchecked:
            return
        studio, live = self._studio, self._live.get(contact)
        if live is not None and live.ended is None and self._is_over(contact):
            return  # how it ended is told in a moment
        if live is None:
            # Most calls are looked at for nothing, a dozen times each.
            rules = rules_of(studio.call(contact), studio.centre())
            if rules is None or rules.calls is RecordedCalls.NEVER:
                return
            live = self._live[contact] = _Live(Track(contact=contact))
        scene = self._scene(contact)
        fresh = RecordingId(studio.new_id())
        room = live.track.tape is not None or studio.room()
        now, unseen = studio.clock.now(), live.ended in _UNSEEN
        self._carry_out(live, decide.settle(live.track, scene, now, fresh=fresh, room=room, unseen=unseen))
        self._forget_when_over(live)

    def look_at_all(self) -> None:
        """Look at all calls: the rules may be others now."""
        for contact in list(self._live):
            self.look(contact)

    def on_telephony(self, event: TelephonyEvent) -> TelephonyEvent | None:
        """Take the end of what was played for recordings; return what is left of the event for others."""
        if not isinstance(event, PlaybackEnded) or not event.playback.startswith(_PLAYBACK):
            return event
        live = self._live.get(ids.contact_of(event.leg))
        if live is not None and event.playback == live.playback:
            self._heard(live, heard=not event.failed)
        return None

    def link_up(self) -> None:
        """Look at what the telephone system holds; an announcement whose end nobody told us is given again."""
        for contact in sorted(self._unchecked):
            self._studio.tasks.start(self._check(contact), name="check_recording")
        for live in list(self._live.values()):
            if live.playback is not None:
                self._heard(live, heard=None)

    # -- What people ask for ----------------------------------------------------------------------------------

    def ask(self, contact: ContactId, *, on: bool, by: str, supervises: bool) -> None:
        """Record, or do not any more; raise `IllegalMove`, or `NotFound` when the call is over."""
        live, scene = self._found(contact)
        live.track = decide.ask(live.track, scene, on=on, by=by, supervises=supervises)
        self.look(contact)
        self._studio.changed(contact)

    def pause(self, contact: ContactId, *, on: bool) -> None:
        """Keep what is said out of the recording, or let it in again; raise `IllegalMove` or `NotFound`."""
        live, _ = self._found(contact)
        live.track = decide.pause(live.track, on=on)
        self.look(contact)

    def _found(self, contact: ContactId) -> tuple[_Live, Scene]:
        scene = self._scene(contact)
        if scene is None:
            raise NotFound("The call is over.")
        live = self._live.get(contact)
        if live is None:
            live = self._live[contact] = _Live(Track(contact=contact))
        return live, scene

    def view(self, contact: ContactId) -> RecordingView | None:
        """Return what people see of it; None where nothing is ever recorded, or nobody talks."""
        scene = self._scene(contact)
        if scene is None or scene.rules.calls is RecordedCalls.NEVER or not scene.talking:
            return None
        live = self._live.get(contact)
        return decide.view(live.track if live is not None else Track(contact=contact), scene)

    # -- After a restart --------------------------------------------------------------------------------------

    def restore(self, contacts: Mapping[ContactId, Iterable[AnyFact]]) -> None:
        """Take over what went on before a crash; the first `link_up` tells what became of it."""
        for contact, facts in contacts.items():
            self._unchecked.add(contact)
            told = tuple(facts)
            track = decide.rebuild(contact, ids.caller_leg(contact), told)
            if track is not None:
                ended = next((fact.cause for fact in told if isinstance(fact, ContactEnded)), None)
                self._live[contact] = _Live(track, ended=ended)

    async def _check(self, contact: ContactId) -> None:
        """Find out what is being recorded on a leg, and go on from there."""
        leg, deck = ids.caller_leg(contact), self._studio.deck
        while self._studio.call(contact) is not None or contact in self._live:
            try:
                found = await deck.find(leg)
                break
            except (LinkDown, RecordingRefused) as error:
                log.info("recording_not_checked", contact_id=contact, reason=str(error))
                await asyncio.sleep(AGAIN_SECONDS)
        else:
            found = None
        self._unchecked.discard(contact)
        live = self._live.get(contact)
        known = live.track.tape.id if live is not None and live.track.tape is not None else None
        if found is not None and found != known:
            live = live if live is not None else self._live.setdefault(contact, _Live(Track(contact=contact)))
            # What it holds may still be wanted: it may have ended just before, and not be here yet.
            self._order(live, Eject(recording=found, leg=leg, drop=False))
        elif live is not None and live.track.tape is not None:
            if found is None:
                self._carry_out(live, decide.lost(live.track, self._studio.clock.now()))
            else:
                silent = live.track.tape.paused is not None
                self._order(live, Silence(recording=found, leg=leg, on=silent))
        self.look(contact)

    # -- Carrying out -----------------------------------------------------------------------------------------

    def _scene(self, contact: ContactId) -> Scene | None:
        studio = self._studio
        call = studio.call(contact)
        return scene_of(call, studio.centre(), sensitive=call is not None and studio.sensitive(contact))

    def _is_over(self, contact: ContactId) -> bool:
        call = self._studio.call(contact)
        return call is None or call.phase is Phase.ENDED

    def _carry_out(self, live: _Live, step: Step) -> None:
        before, live.track = live.track, step.track
        for order in step.orders:
            match order:
                case LookAgain(seconds=seconds):
                    self._studio.timers.call_later(seconds, lambda: self.look(live.track.contact))
                case Announce(scene=scene):
                    self._studio.tasks.start(self._announce(live, scene), name="announce_recording")
                case Beep(leg=leg, recording=recording):
                    tone = PlaybackId(f"{_PLAYBACK}{recording}~tone")
                    self._studio.telephony.send(Play(leg=leg, playback=tone, sounds=(TONE,)))
                case _:
                    self._order(live, order)
        for fact in step.facts:
            log.info("recording_moved", contact_id=live.track.contact, what=type(fact).__name__)
        if step.facts:
            self._studio.stream.publish(*step.facts)
        if step.facts or _shown(before) != _shown(live.track):
            self._studio.changed(live.track.contact)

    def _order(self, live: _Live, order: Order) -> None:
        live.orders.append(order)
        if not live.busy:
            live.busy = True
            self._studio.tasks.start(self._work(live), name="record")

    async def _work(self, live: _Live) -> None:
        """Carry out what is to be done for a contact, in order."""
        try:
            while live.orders:
                if await self._done(live, live.orders[0]):
                    live.orders.popleft()
                else:
                    await asyncio.sleep(AGAIN_SECONDS)
        finally:
            live.busy = False
            self._forget_when_over(live)

    async def _done(self, live: _Live, order: Order) -> bool:
        """Carry out one order; False when it is to be tried again."""
        deck, contact = self._studio.deck, live.track.contact
        try:
            match order:
                case Load(recording=recording, leg=leg):
                    await deck.load(leg, recording)
                    live.track = decide.loaded(live.track, recording)
                    self.look(contact)
                case Silence(recording=recording, leg=leg, on=on):
                    await deck.silence(leg, recording, on=on)
                case Eject(recording=recording, leg=leg, drop=drop):
                    await deck.eject(leg, recording)
                    if drop:
                        await deck.drop(recording)
                case _:
                    pass
        except (LinkDown, RecordingRefused) as error:
            log.warning("recording_refused", contact_id=contact, what=type(order).__name__, reason=str(error))
            if isinstance(order, Load):
                live.track = decide.refused(live.track, order.recording, self._studio.clock.now())
                self.look(contact)
                return True
            # What is gone needs no more orders; what lies about is found when the folder is tidied.
            return isinstance(error, RecordingRefused) or self._studio.call(contact) is None
        return True

    async def _announce(self, live: _Live, scene: Scene) -> None:
        """Let both parties hear that it is recorded."""
        language = scene.language
        text = scene.rules.announcement.get(language) or spoken(RECORDED, language)
        try:
            sound = str((await self._studio.speech.speak(text, language)).with_suffix(""))
        except (CarusoError, TimeoutError) as error:
            log.error("recording_not_announced", contact_id=scene.contact, reason=str(error))
            self._heard(live, heard=False)
            return
        live.said += 1
        legs = (scene.leg, scene.agent_leg) if scene.agent_leg is not None else (scene.leg,)
        for leg in legs:
            playback = PlaybackId(f"{_PLAYBACK}{leg}~{live.said}")
            self._studio.telephony.send(Play(leg=leg, playback=playback, sounds=(sound,), language=language))
        live.playback = playback = PlaybackId(f"{_PLAYBACK}{scene.leg}~{live.said}")
        self._studio.timers.call_later(ANNOUNCEMENT_SECONDS, lambda: self._not_heard(live, playback))

    def _not_heard(self, live: _Live, playback: PlaybackId) -> None:
        if live.playback == playback:
            self._heard(live, heard=False)

    def _heard(self, live: _Live, *, heard: bool | None) -> None:
        """Go on after an announcement; None: nobody knows, it is given again."""
        live.playback = None
        scene, now = self._scene(live.track.contact), self._studio.clock.now()
        if scene is not None:
            step = decide.told(live.track, scene.queue, now, heard=heard)
            self._carry_out(live, step)
        self.look(live.track.contact)

    def _forget_when_over(self, live: _Live) -> None:
        contact = live.track.contact
        over = live.track.tape is None and not live.orders and not live.busy
        if over and self._scene(contact) is None:
            self._live.pop(contact, None)


def _shown(track: Track) -> tuple[object, ...]:
    return (track.tape is not None and track.tape.begun, track.announcing, track.problem, track.asked)
