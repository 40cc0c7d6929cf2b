"""Leads callers from arrival to a queue: opening hours, the entry point's script, hand-over.

What a caller gets when something fails here is always the same: the entry point's queue, where a person is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from caruso.clock import Clock
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import BeginDialog, Call, Ended, Enqueue, Phase
from caruso.comm_server.conversations import Conversations
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.onward import onward
from caruso.comm_server.phone_dialogs import PhoneDialogs
from caruso.comm_server.queueing import Queueing, entry_point_of
from caruso.comm_server.recognition import Recognition
from caruso.comm_server.run_moves import RunMoves
from caruso.comm_server.sentences import CLOSED, NOBODY_FREE, spoken
from caruso.comm_server.voicemail.answering import Answering
from caruso.comm_server.waiting.attendant import INTERRUPTION, PROMISE, SORRY, Attendant, Away
from caruso.comm_server.waiting.closed import is_closed, stands_in
from caruso.model.centre import Centre, EntryPoint, Queue
from caruso.model.facts import (
    OUTBOUND,
    ContactArrived,
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    ContactTransferred,
    OfferEnded,
    QueueOutcome,
)
from caruso.model.ids import ContactId, QueueId, ScriptId
from caruso.model.telephony import DigitPressed, PlaybackEnded, RecordingEnded
from caruso.script_engine.turns import Input, ScriptChannel, Segment, Turn

log = structlog.get_logger(__name__)

#: Items of turns that are the centre's own, not a script's.
_CLOSED = "centre.closed"
_NOBODY_FREE = "centre.nobody-free"
#: Why a call ended after one of the centre's own last words.
_LAST_WORDS = {
    _CLOSED: ContactCause.CLOSED,
    _NOBODY_FREE: ContactCause.FLOWED_OUT,
    PROMISE: ContactCause.CALL_BACK,
    SORRY: ContactCause.CLOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Whom the reception works with."""

    exchange: Exchange
    conversations: Conversations
    cards: CustomerCards
    moves: RunMoves
    phone: PhoneChannel


class Reception:
    """Callers before an agent has them."""

    def __init__(
        self,
        staff: Staff,
        *,
        centre: Callable[[], Centre],
        clock: Clock,
        attendant: Attendant,
        answering: Answering,
        tasks: GuardedTasks,
        queue_open: Callable[[QueueId], bool],
    ) -> None:
        """Begin with nobody at the door; `queue_open` tells whether somebody may enter a queue now."""
        self._exchange = staff.exchange
        self._conversations = staff.conversations
        self._cards = staff.cards
        self._phone = staff.phone
        self._centre = centre
        self._clock = clock
        self._attendant = attendant
        self._answering = answering
        self._tasks = tasks
        self._queue_open = queue_open
        self.queueing = Queueing(
            exchange=staff.exchange,
            answering=answering,
            centre=centre,
            clock=clock,
            queue_open=queue_open,
            say_closed=self._say_closed,
        )
        self.dialogs = PhoneDialogs(
            exchange=staff.exchange,
            conversations=staff.conversations,
            cards=staff.cards,
            phone=staff.phone,
            queueing=self.queueing,
            centre=centre,
            clock=clock,
        )
        self._recognition = Recognition(
            exchange=staff.exchange,
            cards=staff.cards,
            moves=staff.moves,
            phone=staff.phone,
            dialogs=self.dialogs,
            queueing=self.queueing,
            centre=centre,
            tasks=tasks,
            otherwise=self._begin_with,
        )

    # -- Arrival ----------------------------------------------------------------------------------------------

    def arrived(self, call: Call) -> None:
        """Decide what a new call gets."""
        entry_point = entry_point_of(call, self._centre())
        if entry_point is None:
            self._exchange.post(call.contact, Ended(cause=ContactCause.NO_ENTRY_POINT))
        else:
            self._admit(call, entry_point)

    def _admit(self, call: Call, entry_point: EntryPoint) -> None:
        """Give a caller what an entry point has for him at this hour."""
        entry_point = stands_in(entry_point, self._centre(), self._clock.now())
        goes_in = entry_point.script or entry_point.voicemail or self._queue_open(entry_point.queue)
        if self._closed(entry_point) or not goes_in:
            self._say_closed(call, entry_point)
        elif entry_point.codes:
            self._exchange.post(call.contact, BeginDialog())
            self._tasks.start(self._recognition.recognise(call, entry_point), name="recognise_caller")
        else:
            self._begin_with(call, entry_point)

    def _begin_with(self, call: Call, entry_point: EntryPoint) -> None:
        """Give the caller what the entry point is there for."""
        if entry_point.voicemail and self._leaves_message(call, entry_point):
            return
        if entry_point.script is None:
            self._into_queue(call, entry_point.queue)
        else:
            self._exchange.post(call.contact, BeginDialog())
            self._tasks.start(self.dialogs.begin(call, entry_point), name="begin_dialog")

    def _into_queue(self, call: Call, queue: QueueId) -> None:
        """Let a caller wait; where it counts who he is, once that is known: an agent may be free at once."""
        rules = self._centre().queues.get(queue)
        if rules is not None and (rules.last_agent_seconds or rules.rules):
            self._tasks.start(self._into_queue_as_known(call, rules), name="identify")
        else:
            self.queueing.enqueue(call.contact, queue)
            self._tasks.start(self._identify(call), name="identify")

    async def _into_queue_as_known(self, call: Call, queue: Queue) -> None:
        try:
            if await self._cards.identify(call.contact, call.caller_number) and queue.last_agent_seconds:
                await self._cards.load_history(call.contact)
        except Exception:
            log.exception("customer_look_up_failed", contact_id=call.contact)
        now = self._exchange.call(call.contact)
        if now is not None and now.phase is Phase.DIALOG:
            there = queue.id in self._centre().queues
            self.queueing.enqueue(call.contact, queue.id if there else self.queueing.own_queue(now))

    def _leaves_message(self, call: Call, entry_point: EntryPoint, intro: str = "") -> bool:
        """Let a caller leave a message for the queue of an entry point; False when it takes none."""
        begun = self._answering.begin(call, entry_point.queue, owner=entry_point.voicemail_for, intro=intro)
        if begun:
            self._tasks.start(self._identify(call), name="identify")
        return begun

    def dialog_resumed(self, call: Call) -> None:
        """Let a caller who was in a dialog hear the question again; where there was none yet, begin anew."""
        conversation = self._conversations.get(call.contact)
        if self._answering.resumed(call):
            pass
        elif call.flowed_out:
            # It was out of the queue again, and about to be told so.
            self._exchange.post(call.contact, BeginDialog())
            if call.called_back:
                self._attendant.promised(call.contact)
            else:
                self._nobody_free(call.contact)
        elif conversation is not None and conversation.channel is ScriptChannel.PHONE:
            self.dialogs.resume(call)
        elif conversation is not None:
            self.queueing.to_a_person(call.contact)
        else:
            self.arrived(call)

    def _closed(self, entry_point: EntryPoint) -> bool:
        return is_closed(entry_point, self._centre(), self._clock.now())

    def _say_closed(self, call: Call, entry_point: EntryPoint | None) -> None:
        other = entry_point.closed_queue if entry_point is not None else None
        if other is not None and self._queue_open(other):
            self._into_queue(call, other)
            return
        language = entry_point.language if entry_point else "en"
        leaves = entry_point is not None and entry_point.closed_voicemail
        if leaves and entry_point is not None and self._leaves_message(call, entry_point, entry_point.closed_text):
            return
        text = (entry_point.closed_text if entry_point else "") or CLOSED.get(language, CLOSED["en"])
        if entry_point is not None and entry_point.closed_call_back:
            self._exchange.post(call.contact, BeginDialog())
            if self._attendant.offer_when_open(call, entry_point, text):
                return
        self._exchange.post(call.contact, BeginDialog())
        self._say(call.contact, _CLOSED, text, language)

    def _say(self, contact: ContactId, item: str, text: str, language: str) -> None:
        segments = (Segment(text=text, barge_in=False),)
        turn = Turn(number=0, item=item, kind="end", segments=segments, language=language)
        self._phone.present(contact, turn)

    def _called_out(self, contact: ContactId) -> None:
        """Find out whom an agent calls."""
        call = self._exchange.call(contact)
        if call is not None:
            self._tasks.start(self._identify(call), name="identify")

    async def _identify(self, call: Call) -> None:
        """Find out who it is; where an agent has the call by then, show the history, too."""
        await self._cards.identify(call.contact, call.caller_number)
        now = self._exchange.call(call.contact)
        if now is not None and now.desk is not None:
            await self._cards.load_history(call.contact)

    def _onward(self, contact: ContactId, script: ScriptId | None) -> None:
        """Lead a customer whom an agent gave away: by a script, or as at the entry point he was given to.

        A dialog goes on where it was, when it is this one.
        """
        call = self._exchange.call(contact)
        entry_point = entry_point_of(call, self._centre()) if call is not None else None
        if call is None or entry_point is None:
            self.queueing.to_a_person(contact)
            return
        if script is not None:
            entry_point = replace(entry_point, script=script, voicemail=False)
        if script is None and self._closed(entry_point):
            self._say_closed(call, entry_point)
        elif not self.dialogs.goes_on(contact, entry_point):
            self._conversations.forget(contact)
            self._begin_with(call, entry_point)

    # -- What callers hear and key in -------------------------------------------------------------------------

    def heard(self, contact: ContactId, event: DigitPressed | PlaybackEnded | RecordingEnded) -> None:
        """Hand digits and ends of prompts and recordings to the phone channel; who waits presses other keys."""
        if isinstance(event, DigitPressed) and self._attendant.pressed(contact, event.digit):
            return
        if isinstance(event, RecordingEnded) and self._answering.heard(contact, event):
            return
        self._phone.heard(contact, event)

    def given(self, contact: ContactId, given: Input) -> None:
        """Hand the caller's input to whoever has asked him."""
        if self._attendant.given(contact, given) or self._answering.given(contact, given):
            return
        if not self._recognition.given(contact, given):
            self.dialogs.given(contact, given)

    def said(self, contact: ContactId, turn: Turn) -> None:
        """Go on after a turn that expected nothing has been said; while a service works, nothing follows."""
        order = self.dialogs.taken_order(contact)
        call = self._exchange.call(contact)
        if call is None or self._answering.said(contact, turn):
            return
        if turn.item == INTERRUPTION:
            self._attendant.music_again(call)
        elif order is not None and order.channel is ScriptChannel.WEB:
            # The customer goes on with a link; nothing more is to be said on the phone.
            self._exchange.post(contact, Ended(cause=ContactCause.CONTINUED))
        elif order is not None:
            self.queueing.as_told(call, order)
        elif call.phase is Phase.DIALOG and turn.kind == "end":
            other = self._after(call) if turn.item not in _LAST_WORDS else None
            if other is not None:
                self._go_on(call, other)
            else:
                cause = _LAST_WORDS.get(turn.item, ContactCause.COMPLETED)
                self._exchange.post(contact, Ended(cause=cause))

    def _after(self, call: Call) -> EntryPoint | None:
        """Return where a caller goes on whose dialog is over."""
        conversation = self.dialogs.ended(call.contact)
        if conversation is None:
            return None
        centre, script = self._centre(), ScriptId(conversation.dialog.id)
        return onward(centre, entry_point_of(call, centre), script, conversation.run.outcome)

    def _go_on(self, call: Call, entry_point: EntryPoint) -> None:
        """Give a caller what another entry point has for him; without a dialog there, this one's answers stay."""
        log.info("caller_sent_on", contact_id=call.contact, entry_point=entry_point.id)
        if stands_in(entry_point, self._centre(), self._clock.now()).script is not None:
            self._conversations.forget(call.contact)
        self._admit(call, entry_point)

    def prompts_over(self, contact: ContactId) -> None:
        """Fall silent: the caller waits, talks, or is gone."""
        self.dialogs.forget(contact)
        self._recognition.forget(contact)
        self._phone.leave(contact)

    # -- What happens to them ---------------------------------------------------------------------------------

    def hear(
        self,
        fact: ContactArrived | ContactEnded | ContactTransferred | ContactQueued | ContactLeftQueue | OfferEnded,
    ) -> None:
        """Mind callers who hang up, waited too long, were given away or lost their queue; and whom agents call."""
        match fact:
            case ContactArrived(contact=contact, channel=channel) if channel == OUTBOUND:
                self._called_out(contact)
            case ContactEnded(
                contact=contact,
                cause=ContactCause.CALLER_HUNG_UP | ContactCause.PBX_LOST | ContactCause.ENDED_UNSEEN,
            ):
                self.dialogs.caller_gone(contact)
            case ContactTransferred(contact=contact, entry_point=point, script=script) if point or script:
                self._onward(contact, script)
            case ContactLeftQueue(contact=contact, outcome=QueueOutcome.FLOWED_OUT):
                self._nobody_free(contact)
            case ContactQueued(contact=contact, queue=queue) | OfferEnded(contact=contact, queue=queue) if (
                queue not in self._centre().queues
            ):
                self.queueing.look_after(contact, fact)
            case _:
                pass

    def _nobody_free(self, contact: ContactId) -> None:
        call = self._exchange.call(contact)
        away = self._attendant.leaving_for(contact)
        if call is None or call.phase is not Phase.DIALOG:
            return
        other = self._centre().entry_points.get(away.entry_point) if away.entry_point is not None else None
        if other is not None:
            self._admit(call, other)
        elif away.place is not None:
            self._exchange.post(contact, Enqueue(place=away.place))
        elif away.voicemail is not None and self._leave_for(call, away):
            pass
        else:
            entry_point = entry_point_of(call, self._centre())
            language = entry_point.language if entry_point else "en"
            self._say(contact, _NOBODY_FREE, away.text or spoken(NOBODY_FREE, language), language)

    def _leave_for(self, call: Call, away: Away) -> bool:
        """Let a caller who has left a queue leave a message there."""
        place = away.voicemail
        if place is None:
            return False
        return self._answering.begin(
            call,
            place.queue,
            intro=away.text,
            priority=place.own_priority,
            skills=dict(place.own_skills),
        )
