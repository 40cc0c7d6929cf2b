"""Looks after callers who wait: tells them their place and what they can know, comforts them, minds their keys.

What is said when is decided in `experience`. A caller whose phone rings at an agent's hears music until then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from caruso.clock import Clock
from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import Call, Ended, LeaveQueue, Phase, QueuePlace
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.sentences import (
    CALLING_BACK,
    COMFORT,
    NOT_PROMISED,
    NOT_PROMISED_LATER,
    PROMISED,
    PROMISED_LATER,
    offer_call_back,
    offer_when_open,
    own_words,
    position,
    spoken,
    wait,
    whole_minutes,
)
from caruso.comm_server.waiting.call_backs import CallBacks
from caruso.comm_server.waiting.closed import opens_at
from caruso.comm_server.waiting.estimates import Estimates
from caruso.comm_server.waiting.experience import (
    Announcement,
    Words,
    information_due,
    information_for,
    is_offered,
    next_announcement,
)
from caruso.comm_server.waiting.waits import Waits
from caruso.model import ids
from caruso.model.centre import Centre, EntryPoint, Information, Queue
from caruso.model.facts import (
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    QueueOutcome,
    WaitAnnounced,
)
from caruso.model.ids import ContactId, EntryPointId
from caruso.model.telephony import StartMusic, StopMusic
from caruso.ports.telephony import Telephony
from caruso.ports.timers import TimerHandle, Timers
from caruso.script_engine.turns import Answered, DigitRule, Input, Segment, Turn

log = structlog.get_logger(__name__)

#: Items of turns that interrupt the music, and of the last words to who will be called back.
INTERRUPTION, PROMISE = "centre.while-waiting", "centre.call-back"
#: Of a caller who came while we are closed: the offer, and that it could not be kept.
OFFER, SORRY = "centre.closed-call-back", "centre.no-call-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Whom the attendant works with."""

    exchange: Exchange
    dispatcher: Dispatcher
    phone: PhoneChannel
    telephony: Telephony
    call_backs: CallBacks
    estimates: Estimates
    waits: Waits
    stream: FactStream


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Where a caller goes who leaves a queue: an entry point, another queue, or home after these words.

    Before he goes home he can leave a message for the queue in which he had this place (`voicemail`).
    """

    entry_point: EntryPointId | None = None
    place: QueuePlace | None = None
    text: str = ""
    voicemail: QueuePlace | None = None


class Attendant:
    """Callers in queues."""

    def __init__(
        self,
        around: Around,
        *,
        centre: Callable[[], Centre],
        clock: Clock,
        timers: Timers,
        tasks: GuardedTasks,
    ) -> None:
        """Begin with nobody waiting."""
        self._around = around
        self._centre = centre
        self._clock = clock
        self._timers = timers
        self._tasks = tasks
        #: When each waiting caller is talked to next.
        self._next: dict[ContactId, TimerHandle] = {}
        #: Callers whose wish to be called back is being written down.
        self._wished: set[ContactId] = set()
        #: Callers who are leaving a queue.
        self._leaving: dict[ContactId, Away] = {}
        #: Callers who came while we are closed, with the queue that may call them, and when.
        self._closed: dict[ContactId, tuple[Queue, datetime]] = {}

    # -- Words ------------------------------------------------------------------------------------------------

    def hear(self, fact: ContactQueued | ContactLeftQueue | ContactEnded) -> None:
        """Look after who begins to wait; say goodbye to who will be called back."""
        match fact:
            case ContactQueued(contact=contact, visit=visit):
                call = self._around.exchange.call(contact)
                if call is not None and call.outgoing is not None and call.outgoing.reached_at is not None:
                    self._say(call, INTERRUPTION, spoken(CALLING_BACK, self._language(call)))
                self._announce_later(contact, visit)
            case ContactLeftQueue(contact=contact, outcome=outcome):
                self._say_no_more(contact)
                if outcome is QueueOutcome.CALL_BACK:
                    self.promised(contact)
            case ContactEnded(contact=contact):
                self._say_no_more(contact)
                self._closed.pop(contact, None)
                self._leaving.pop(contact, None)
                self._around.waits.forget(contact)
            case _:
                pass

    def promised(self, contact: ContactId) -> None:
        """Tell a caller who has left the queue that he will be called back."""
        call = self._around.exchange.call(contact)
        if call is not None and call.phase is Phase.DIALOG:
            self._say(call, PROMISE, spoken(PROMISED, self._language(call)))

    def look_after_again(self) -> None:
        """Look after those who wait, after a restart or by other rules."""
        for call in self._around.exchange.calls.values():
            if call.phase in (Phase.WAITING, Phase.OFFERED):
                self._announce_later(call.contact, call.visit)

    def music_again(self, call: Call) -> None:
        """Let a caller hear music again after words."""
        if call.phase in (Phase.WAITING, Phase.OFFERED) and call.place is not None:
            self._around.telephony.send(StartMusic(leg=ids.caller_leg(call.contact), music=call.place.music))

    def _say_no_more(self, contact: ContactId) -> None:
        due = self._next.pop(contact, None)
        if due is not None:
            due.cancel()

    def _announce_later(self, contact: ContactId, visit: int, said_until: float = 0.0) -> None:
        self._say_no_more(contact)
        call = self._around.exchange.call(contact)
        queue = self._queue(call)
        if call is None or queue is None or call.visit != visit:
            return
        waited = self._waited(call)
        ahead = next_announcement(queue, max(waited, said_until))
        if ahead is not None:
            seconds = max(0.0, ahead.after_seconds - waited)
            self._next[contact] = self._timers.call_later(seconds, lambda: self._announce(contact, visit, ahead))

    def _announce(self, contact: ContactId, visit: int, due: Announcement) -> None:
        self._next.pop(contact, None)
        call = self._around.exchange.call(contact)
        queue = self._queue(call)
        if call is None or queue is None or call.visit != visit:
            return
        # The announcement before may not be over: then this one is left out.
        if call.phase is Phase.WAITING and call.music and not self._around.phone.speaks(contact):
            language = self._language(call)
            sentences = [self._sentence(call, queue, word, language) for word in due.words]
            text = " ".join(sentence for sentence in sentences if sentence)
            told = information_due(queue, due.until_seconds) if Words.INFORMATION in due.words else None
            if text or told is not None:
                self._around.telephony.send(StopMusic(leg=ids.caller_leg(contact)))
                self._say(call, INTERRUPTION, text, *self._told(told, language))
                if Words.WAIT in due.words:
                    self._wait_told(call, queue)
        if call.phase in (Phase.WAITING, Phase.OFFERED):
            self._announce_later(contact, visit, due.until_seconds)

    def _wait_told(self, call: Call, queue: Queue) -> None:
        """Have written down what a caller was told of his wait, so that it can be held against what came."""
        left = self._around.estimates.left(call.contact)
        if left is None:
            return
        least, most = whole_minutes(*left)
        self._around.stream.publish(
            WaitAnnounced(
                at=self._clock.now(),
                contact=call.contact,
                visit=call.visit,
                queue=queue.id,
                waited_seconds=round(self._waited(call), 3),
                least=60.0 * least,
                most=60.0 * most,
            )
        )

    def _sentence(self, call: Call, queue: Queue, words: Words, language: str) -> str:
        match words:
            case Words.POSITION:
                return position(self._around.dispatcher.position(call.contact), language)
            case Words.WAIT:
                left = self._around.estimates.left(call.contact)
                return wait(*left, language) if left is not None else ""
            case Words.COMFORT:
                return queue.comfort_text.get(language) or spoken(COMFORT, language)
            case Words.CALL_BACK if queue.call_back is not None and self._around.call_backs.can_promise(call):
                return offer_call_back(queue.call_back.key, language)
            case _:
                return ""

    def _told(self, information: Information | None, language: str) -> tuple[Segment, ...]:
        if information is None:
            return ()
        return (Segment(text=own_words(information.text, language), audio=information.sound, barge_in=False),)

    def _say(self, call: Call, item: str, text: str, *more: Segment) -> None:
        segments = ((Segment(text=text, barge_in=False),) if text else ()) + more
        turn = Turn(number=0, item=item, kind="end", segments=segments, language=self._language(call))
        self._around.phone.present(call.contact, turn)

    # -- Keys -------------------------------------------------------------------------------------------------

    def pressed(self, contact: ContactId, digit: str) -> bool:
        """Do what a waiting caller wants with a key; False when he does not wait, or the key means nothing."""
        call = self._around.exchange.call(contact)
        queue = self._queue(call)
        if call is None or queue is None or call.phase is not Phase.WAITING:
            return False
        rules = queue.call_back
        if rules is not None and digit == rules.key and is_offered(queue, self._waited(call)):
            if contact not in self._wished and self._around.call_backs.can_promise(call):
                self._wished.add(contact)
                self._tasks.start(self._promise(call), name="promise_callback")
            return True
        if queue.voicemail is not None and digit == queue.voicemail.key:
            self.leave(contact, Away(voicemail=call.place))
            return True
        if queue.escape_to is not None and digit == queue.escape_key:
            self.leave(contact, Away(entry_point=queue.escape_to))
            return True
        told = information_for(queue, digit)
        if told is not None:
            # What is being said to him ends: he has asked for something else.
            if not self._around.phone.speaks(contact):
                self._around.telephony.send(StopMusic(leg=ids.caller_leg(contact)))
            self._say(call, INTERRUPTION, "", *self._told(told, self._language(call)))
        return told is not None

    def leave(self, contact: ContactId, away: Away) -> None:
        """Take a caller out of the queue."""
        self._leaving[contact] = away
        self._around.exchange.post(contact, LeaveQueue(outcome=QueueOutcome.FLOWED_OUT))

    def leaving_for(self, contact: ContactId) -> Away:
        """Return, once, where a caller goes who has left the queue; nowhere when he waited too long."""
        return self._leaving.pop(contact, Away())

    async def _promise(self, call: Call) -> None:
        """Write the promise down, and only then let the caller go."""
        try:
            kept = await self._around.call_backs.promise(call)
        finally:
            self._wished.discard(call.contact)
        now = self._around.exchange.call(call.contact)
        if now is None or now.phase is Phase.ENDED:
            return  # he hung up, and will be called
        if not kept:
            if now.phase is Phase.WAITING:
                self._around.telephony.send(StopMusic(leg=ids.caller_leg(call.contact)))
                self._say(now, INTERRUPTION, spoken(NOT_PROMISED, self._language(now)))
        elif now.phase in (Phase.WAITING, Phase.OFFERED) and now.visit == call.visit:
            self._around.exchange.post(call.contact, LeaveQueue(outcome=QueueOutcome.CALL_BACK))
        else:
            await self._around.call_backs.take_back(call)  # an agent was quicker

    # -- Outside the hours ------------------------------------------------------------------------------------

    def offer_when_open(self, call: Call, entry_point: EntryPoint, text: str) -> bool:
        """Tell a caller that we are closed, and offer to call him when we are open; False when that cannot be."""
        queue = self._centre().queues.get(entry_point.queue)
        at = opens_at(entry_point, self._centre(), self._clock.now())
        if queue is None or queue.call_back is None or at is None:
            return False
        if not self._around.call_backs.can_call(call.caller_number, queue):
            return False
        language, key = entry_point.language, queue.call_back.key
        self._closed[call.contact] = (queue, at)
        words = f"{text} {offer_when_open(key, language)}"
        turn = Turn(
            number=0,
            item=OFFER,
            kind="question",
            segments=(Segment(text=words),),
            digits=DigitRule(minimum=1, maximum=1, end_key=""),
            language=language,
        )
        self._around.phone.present(call.contact, turn)
        return True

    def given(self, contact: ContactId, given: Input) -> bool:
        """Take the answer of a caller who was offered that; False when nobody asked him."""
        offered = self._closed.pop(contact, None)
        call = self._around.exchange.call(contact)
        if offered is None or call is None:
            return offered is not None
        queue, at = offered
        wanted = isinstance(given, Answered) and queue.call_back is not None and given.text == queue.call_back.key
        if wanted:
            self._tasks.start(self._promise_later(call, queue, at), name="promise_callback")
        else:
            self._around.exchange.post(contact, Ended(cause=ContactCause.CLOSED))
        return True

    async def _promise_later(self, call: Call, queue: Queue, at: datetime) -> None:
        kept = await self._around.call_backs.promise_later(call, queue, at)
        now = self._around.exchange.call(call.contact)
        if now is None or now.phase is not Phase.DIALOG:
            return
        words = PROMISED_LATER if kept else NOT_PROMISED_LATER
        self._say(now, PROMISE if kept else SORRY, spoken(words, self._language(now)))

    # -- What is known ----------------------------------------------------------------------------------------

    def _queue(self, call: Call | None) -> Queue | None:
        return self._centre().queues.get(call.place.queue) if call is not None and call.place is not None else None

    def _waited(self, call: Call) -> float:
        return self._around.waits.waited(call)

    def _language(self, call: Call) -> str:
        entry_point = self._centre().entry_points.get(call.entry_point) if call.entry_point else None
        return entry_point.language if entry_point else "en"
