"""Leads callers from arrival to a queue: opening hours, the entry point's script, hand-over.

What a caller gets when something fails here is always the same: the entry point's queue, where a person is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from caruso.clock import Clock
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import BeginDialog, Call, Ended, Enqueue, Phase
from caruso.comm_server.calls.rebuilding import place_in
from caruso.comm_server.conversations import Conversation, Conversations, call_values
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.onward import onward
from caruso.comm_server.run_moves import RunMoves
from caruso.comm_server.runs.tokens import CODE_DIGITS
from caruso.comm_server.sentences import CLOSED, CODE, NOBODY_FREE, WRONG_CODE, spoken
from caruso.comm_server.voicemail.answering import Answering
from caruso.comm_server.waiting.attendant import INTERRUPTION, PROMISE, SORRY, Attendant, Away
from caruso.comm_server.waiting.closed import is_closed, stands_in
from caruso.errors import CarusoError
from caruso.model.centre import Centre, EntryPoint
from caruso.model.facts import (
    OUTBOUND,
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    ContactTransferred,
    OfferEnded,
    QueueOutcome,
)
from caruso.model.ids import ContactId, QueueId, ScriptId, SkillId
from caruso.model.run_records import RunToken
from caruso.model.telephony import DigitPressed, PlaybackEnded, RecordingEnded
from caruso.script_engine.turns import (
    Answered,
    DigitRule,
    Finished,
    HandOver,
    Happened,
    Input,
    ScriptChannel,
    Segment,
    TakenOver,
    Turn,
)

log = structlog.get_logger(__name__)

#: Items of turns that are the centre's own, not a script's.
_CLOSED = "centre.closed"
_NOBODY_FREE = "centre.nobody-free"
_CODE = "centre.code"
#: Codes a caller may key in before he is treated like any other.
MOST_CODE_TRIES = 3
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
        self._staff = staff
        self._centre = centre
        self._clock = clock
        self._attendant = attendant
        self._answering = answering
        self._tasks = tasks
        self._queue_open = queue_open
        self._hand_overs: dict[ContactId, HandOver] = {}
        #: Callers whose turn is being presented after a restart of ours.
        self._resuming: set[ContactId] = set()
        #: Callers who are being asked for a code, with the number of wrong ones.
        self._codes: dict[ContactId, int] = {}

    # -- Arrival ----------------------------------------------------------------------------------------------

    def arrived(self, call: Call) -> None:
        """Decide what a new call gets."""
        entry_point = self._entry_point(call)
        if entry_point is None:
            self._staff.exchange.post(call.contact, Ended(cause=ContactCause.NO_ENTRY_POINT))
        else:
            self._admit(call, entry_point)

    def _admit(self, call: Call, entry_point: EntryPoint) -> None:
        """Give a caller what an entry point has for him at this hour."""
        entry_point = stands_in(entry_point, self._centre(), self._clock.now())
        goes_in = entry_point.script or entry_point.voicemail or self._queue_open(entry_point.queue)
        if self._closed(entry_point) or not goes_in:
            self._say_closed(call, entry_point)
        elif entry_point.codes:
            self._staff.exchange.post(call.contact, BeginDialog())
            self._tasks.start(self._recognise(call, entry_point), name="recognise_caller")
        else:
            self._begin_with(call, entry_point)

    def _begin_with(self, call: Call, entry_point: EntryPoint) -> None:
        """Give the caller what the entry point is there for."""
        if entry_point.voicemail and self._leaves_message(call, entry_point):
            return
        if entry_point.script is None:
            self._enqueue(call.contact, entry_point.queue)
            self._tasks.start(self._identify(call), name="identify")
        else:
            self._staff.exchange.post(call.contact, BeginDialog())
            self._tasks.start(self._begin(call, entry_point), name="begin_dialog")

    def _leaves_message(self, call: Call, entry_point: EntryPoint, intro: str = "") -> bool:
        """Let a caller leave a message for the queue of an entry point; False when it takes none."""
        begun = self._answering.begin(call, entry_point.queue, owner=entry_point.voicemail_for, intro=intro)
        if begun:
            self._tasks.start(self._identify(call), name="identify")
        return begun

    def dialog_resumed(self, call: Call) -> None:
        """Let a caller who was in a dialog hear the question again; where there was none yet, begin anew."""
        conversation = self._staff.conversations.get(call.contact)
        if self._answering.resumed(call):
            pass
        elif call.flowed_out:
            # It was out of the queue again, and about to be told so.
            self._staff.exchange.post(call.contact, BeginDialog())
            if call.called_back:
                self._attendant.promised(call.contact)
            else:
                self._nobody_free(call.contact)
        elif conversation is not None and conversation.channel is ScriptChannel.PHONE:
            self._staff.exchange.post(call.contact, BeginDialog())
            self._resuming.add(call.contact)
            try:
                self._staff.conversations.resume(call.contact)
            finally:
                self._resuming.discard(call.contact)
        elif conversation is not None:
            self._to_a_person(call.contact)
        else:
            self.arrived(call)

    def _entry_point(self, call: Call) -> EntryPoint | None:
        entry_points = self._centre().entry_points
        return entry_points.get(call.entry_point) if call.entry_point else None

    def _closed(self, entry_point: EntryPoint) -> bool:
        return is_closed(entry_point, self._centre(), self._clock.now())

    def _say_closed(self, call: Call, entry_point: EntryPoint | None) -> None:
        other = entry_point.closed_queue if entry_point is not None else None
        if other is not None and self._queue_open(other):
            self._enqueue(call.contact, other)
            self._tasks.start(self._identify(call), name="identify")
            return
        language = entry_point.language if entry_point else "en"
        leaves = entry_point is not None and entry_point.closed_voicemail
        if leaves and entry_point is not None and self._leaves_message(call, entry_point, entry_point.closed_text):
            return
        text = (entry_point.closed_text if entry_point else "") or CLOSED.get(language, CLOSED["en"])
        if entry_point is not None and entry_point.closed_call_back:
            self._staff.exchange.post(call.contact, BeginDialog())
            if self._attendant.offer_when_open(call, entry_point, text):
                return
        self._staff.exchange.post(call.contact, BeginDialog())
        self._say(call.contact, _CLOSED, text, language)

    def _say(self, contact: ContactId, item: str, text: str, language: str) -> None:
        segments = (Segment(text=text, barge_in=False),)
        turn = Turn(number=0, item=item, kind="end", segments=segments, language=language)
        self._staff.phone.present(contact, turn)

    def _called_out(self, contact: ContactId) -> None:
        """Find out whom an agent calls."""
        call = self._staff.exchange.call(contact)
        if call is not None:
            self._tasks.start(self._identify(call), name="identify")

    async def _identify(self, call: Call) -> None:
        """Find out who it is; where an agent has the call by then, show the history, too."""
        await self._staff.cards.identify(call.contact, call.caller_number)
        now = self._staff.exchange.call(call.contact)
        if now is not None and now.desk is not None:
            await self._staff.cards.load_history(call.contact)

    async def _begin(self, call: Call, entry_point: EntryPoint) -> None:
        """Greet by name where the name is known in time."""
        script = entry_point.script
        if script is None:
            return
        try:
            customer = await self._staff.cards.identify(call.contact, call.caller_number)
            if not self._in_dialog(call.contact):
                return
            await self._staff.conversations.begin(
                call.contact,
                script,
                channel=ScriptChannel.PHONE,
                language=entry_point.language,
                call=call_values(
                    contact=call.contact,
                    caller_number=call.caller_number,
                    caller_name=call.caller_name,
                    dialled=call.dialled,
                    customer=customer,
                ),
                agent={},
                time_zone=self._centre().timezone,
                still_wanted=lambda: self._in_dialog(call.contact),
                queue=entry_point.queue,
                entry_point=entry_point.id,
            )
        except Exception:
            log.exception("dialog_not_begun", contact_id=call.contact, script=script)
            self._to_a_person(call.contact)

    def _onward(self, contact: ContactId, script: ScriptId | None) -> None:
        """Lead a customer whom an agent gave away: by a script, or as at the entry point he was given to.

        A dialog goes on where it was, when it is this one.
        """
        call = self._staff.exchange.call(contact)
        entry_point = self._entry_point(call) if call is not None else None
        if call is None or entry_point is None:
            self._to_a_person(contact)
            return
        if script is not None:
            entry_point = replace(entry_point, script=script)
        if script is None and self._closed(entry_point):
            self._say_closed(call, entry_point)
        elif not self._goes_on(contact, entry_point):
            self._staff.conversations.forget(contact)
            self._begin_with(call, entry_point)

    def _goes_on(self, contact: ContactId, entry_point: EntryPoint) -> bool:
        conversation = self._staff.conversations.get(contact)
        if conversation is None or conversation.finished or conversation.elsewhere:
            return False
        if conversation.dialog.id != entry_point.script:
            return False
        try:
            self._staff.conversations.give(contact, TakenOver(channel=ScriptChannel.PHONE, by=""))
        except Exception:
            log.exception("dialog_not_taken_over", contact_id=contact)
            return False
        return True

    def _in_dialog(self, contact: ContactId) -> bool:
        call = self._staff.exchange.call(contact)
        return call is not None and call.phase is Phase.DIALOG

    # -- Callers who come from the web ------------------------------------------------------------------------

    async def _recognise(self, call: Call, entry_point: EntryPoint) -> None:
        """Go on with the dialog that a known customer left on the web; ask others for the code they were shown."""
        customer = await self._staff.cards.identify(call.contact, call.caller_number)
        try:
            token = await self._staff.moves.token_for(customer.id) if customer is not None else None
        except CarusoError as error:
            log.warning("code_not_looked_up", contact_id=call.contact, error=str(error))
            token = None
        if not self._in_dialog(call.contact):
            return
        if token is None or not await self._continue(call, token):
            self._ask_code(call, entry_point, CODE)

    def _ask_code(self, call: Call, entry_point: EntryPoint, text: Mapping[str, str], tries: int = 0) -> None:
        if not self._in_dialog(call.contact):
            return
        self._codes[call.contact] = tries
        turn = Turn(
            number=-tries,
            item=_CODE,
            kind="question",
            segments=(Segment(text=text.get(entry_point.language, text["en"])),),
            digits=DigitRule(minimum=CODE_DIGITS, maximum=CODE_DIGITS, end_key="#"),
            language=entry_point.language,
        )
        self._staff.phone.present(call.contact, turn)

    def _code_given(self, contact: ContactId, given: Input) -> None:
        tries = self._codes.pop(contact) + 1
        call = self._staff.exchange.call(contact)
        entry_point = self._entry_point(call) if call is not None else None
        if call is None or entry_point is None:
            self._to_a_person(contact)
        elif isinstance(given, Answered) and given.text:
            self._tasks.start(self._try_code(call, entry_point, given.text, tries), name="try_code")
        else:
            self._begin_with(call, entry_point)

    async def _try_code(self, call: Call, entry_point: EntryPoint, code: str, tries: int) -> None:
        try:
            token = await self._staff.moves.token_of(code, call.caller_number)
        except CarusoError as error:
            log.warning("code_not_looked_up", contact_id=call.contact, error=str(error))
            tries, token = MOST_CODE_TRIES, None
        if token is not None and await self._continue(call, token):
            return
        if not self._in_dialog(call.contact):
            return
        if tries < MOST_CODE_TRIES:
            self._ask_code(call, entry_point, WRONG_CODE, tries)
        else:
            self._begin_with(call, entry_point)

    async def _continue(self, call: Call, token: RunToken) -> bool:
        """Queue the caller with the dialog of the token; an agent goes on with it."""
        conversation = await self._staff.moves.bring_to_call(
            call.contact, token, lambda: self._in_dialog(call.contact)
        )
        if conversation is None:
            return False
        customer = conversation.kept.customer
        if customer is not None and self._staff.cards.customer(call.contact) is None:
            self._tasks.start(self._staff.cards.restore(call.contact, customer), name="restore_card")
        order = self._staff.moves.order_of(conversation)
        if order is not None:
            self._enqueue_as_told(call, order)
        else:
            self._enqueue(call.contact, self._own_queue(call))
        return True

    # -- The dialog on the phone ------------------------------------------------------------------------------

    def heard(self, contact: ContactId, event: DigitPressed | PlaybackEnded | RecordingEnded) -> None:
        """Hand digits and ends of prompts and recordings to the phone channel; who waits presses other keys."""
        if isinstance(event, DigitPressed) and self._attendant.pressed(contact, event.digit):
            return
        if isinstance(event, RecordingEnded) and self._answering.heard(contact, event):
            return
        self._staff.phone.heard(contact, event)

    def given(self, contact: ContactId, given: Input) -> None:
        """Hand the caller's input to the script; one that fails costs the caller nothing but the rest of it."""
        if self._attendant.given(contact, given) or self._answering.given(contact, given):
            return
        if contact in self._codes:
            self._code_given(contact, given)
            return
        try:
            self._staff.conversations.give(contact, given)
        except CarusoError as error:
            log.warning("input_refused", contact_id=contact, error=str(error))
            self._to_a_person(contact)
        except Exception:
            log.exception("dialog_failed", contact_id=contact)
            self._to_a_person(contact)

    def present(self, conversation: Conversation, turn: Turn) -> None:
        """Lead a turn on the phone, while the caller is there to hear it."""
        if conversation.channel is ScriptChannel.PHONE and self._in_dialog(conversation.contact):
            self._lead(conversation.contact, turn)

    def _lead(self, contact: ContactId, turn: Turn) -> None:
        if contact in self._resuming:
            self._staff.phone.present_again(contact, turn, f".{int(self._clock.now().timestamp())}")
        else:
            self._staff.phone.present(contact, turn)

    def hand_over(self, conversation: Conversation, order: HandOver) -> None:
        """Say what the script says, then queue the caller."""
        if conversation.channel is ScriptChannel.PHONE and self._in_dialog(conversation.contact):
            self._hand_overs[conversation.contact] = order
            self._lead(conversation.contact, order.turn)

    def finished(self, conversation: Conversation, end: Finished) -> None:
        """Say goodbye on the phone."""
        if conversation.channel is ScriptChannel.PHONE and self._in_dialog(conversation.contact):
            self._lead(conversation.contact, end.turn)

    def said(self, contact: ContactId, turn: Turn) -> None:
        """Go on after a turn that expected nothing has been said; while a service works, nothing follows."""
        order = self._hand_overs.pop(contact, None)
        call = self._staff.exchange.call(contact)
        if call is None or self._answering.said(contact, turn):
            return
        if turn.item == INTERRUPTION:
            self._attendant.music_again(call)
        elif order is not None and order.channel is ScriptChannel.WEB:
            # The customer goes on with a link; nothing more is to be said on the phone.
            self._staff.exchange.post(contact, Ended(cause=ContactCause.CONTINUED))
        elif order is not None:
            self._enqueue_as_told(call, order)
        elif call.phase is Phase.DIALOG and turn.kind == "end":
            other = self._after(call) if turn.item not in _LAST_WORDS else None
            if other is not None:
                self._go_on(call, other)
            else:
                cause = _LAST_WORDS.get(turn.item, ContactCause.COMPLETED)
                self._staff.exchange.post(contact, Ended(cause=cause))

    def _after(self, call: Call) -> EntryPoint | None:
        """Return where a caller goes on whose dialog is over."""
        conversation = self._staff.conversations.get(call.contact)
        if conversation is None or not conversation.finished or conversation.channel is not ScriptChannel.PHONE:
            return None
        run = conversation.run
        return onward(self._centre(), self._entry_point(call), ScriptId(conversation.dialog.id), run.outcome)

    def _go_on(self, call: Call, entry_point: EntryPoint) -> None:
        """Give a caller what another entry point has for him; without a dialog there, this one's answers stay."""
        log.info("caller_sent_on", contact_id=call.contact, entry_point=entry_point.id)
        if stands_in(entry_point, self._centre(), self._clock.now()).script is not None:
            self._staff.conversations.forget(call.contact)
        self._admit(call, entry_point)

    def prompts_over(self, contact: ContactId) -> None:
        """Fall silent: the caller waits, talks, or is gone."""
        self._hand_overs.pop(contact, None)
        self._codes.pop(contact, None)
        self._staff.phone.leave(contact)

    def _caller_gone(self, contact: ContactId) -> None:
        """Let the script know that its caller hung up."""
        conversation = self._staff.conversations.get(contact)
        if conversation is None or conversation.finished or conversation.channel is not ScriptChannel.PHONE:
            return
        if conversation.elsewhere:
            return
        try:
            self._staff.conversations.give(contact, Happened(event="hang-up"))
        except Exception:
            log.exception("dialog_failed", contact_id=contact)

    # -- Queueing ---------------------------------------------------------------------------------------------

    def _to_a_person(self, contact: ContactId) -> None:
        call = self._staff.exchange.call(contact)
        if call is not None and call.phase is Phase.DIALOG:
            self._enqueue(contact, self._own_queue(call))

    def _own_queue(self, call: Call) -> QueueId | None:
        """Return the queue of the caller's entry point; any other, when that was taken away during the call."""
        entry_point = self._entry_point(call)
        queues = self._centre().queues
        if entry_point is not None and entry_point.queue in queues:
            return entry_point.queue
        return next(iter(queues), None)

    def _enqueue_as_told(self, call: Call, order: HandOver) -> None:
        queue: QueueId | None = QueueId(order.queue)
        if queue not in self._centre().queues:
            if order.queue:
                log.error("unknown_queue_in_script", contact_id=call.contact, queue=order.queue)
            queue = self._own_queue(call)
        skills = {SkillId(skill): level for skill, level in order.skills.items()}
        if order.voicemail and self._answering.begin(call, queue, priority=order.priority, skills=skills):
            return
        self._enqueue(call.contact, queue, priority=order.priority, skills=skills)

    def _enqueue(
        self,
        contact: ContactId,
        queue: QueueId | None,
        *,
        priority: int | None = None,
        skills: dict[SkillId, int] | None = None,
    ) -> None:
        rules = self._centre().queues.get(queue) if queue else None
        if rules is None:
            log.error("no_queue_left", contact_id=contact)
            self._staff.exchange.post(contact, Ended(cause=ContactCause.FAILED))
            return
        call = self._staff.exchange.call(contact)
        if call is not None and call.phase is Phase.DIALOG and not self._queue_open(rules.id):
            self._say_closed(call, self._entry_point(call))
            return
        place = place_in(rules, self._clock.now(), priority=priority, skills=skills)
        self._staff.exchange.post(contact, Enqueue(place=place))

    def hear(self, fact: AnyFact) -> None:
        """Mind callers who hang up, waited too long, were given away or lost their queue; and whom agents call."""
        match fact:
            case ContactArrived(contact=contact, channel=channel) if channel == OUTBOUND:
                self._called_out(contact)
            case ContactEnded(
                contact=contact,
                cause=ContactCause.CALLER_HUNG_UP | ContactCause.PBX_LOST | ContactCause.ENDED_UNSEEN,
            ):
                self._caller_gone(contact)
            case ContactTransferred(contact=contact, entry_point=point, script=script) if point or script:
                self._onward(contact, script)
            case ContactLeftQueue(contact=contact, outcome=QueueOutcome.FLOWED_OUT):
                self._nobody_free(contact)
            case OfferEnded(contact=contact, queue=queue) if queue not in self._centre().queues:
                call = self._staff.exchange.call(contact)
                if call is not None and call.phase is Phase.WAITING:
                    self._move(call)
            case _:
                pass

    def _nobody_free(self, contact: ContactId) -> None:
        call = self._staff.exchange.call(contact)
        away = self._attendant.leaving_for(contact)
        if call is None or call.phase is not Phase.DIALOG:
            return
        other = self._centre().entry_points.get(away.entry_point) if away.entry_point is not None else None
        if other is not None:
            self._admit(call, other)
        elif away.place is not None:
            self._staff.exchange.post(contact, Enqueue(place=away.place))
        elif away.voicemail is not None and self._leave_for(call, away):
            pass
        else:
            entry_point = self._entry_point(call)
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

    def queues_changed(self) -> None:
        """Let callers whose queue was taken away wait in another."""
        for call in self._staff.exchange.calls.values():
            if call.phase is Phase.WAITING and call.place and call.place.queue not in self._centre().queues:
                self._move(call)

    def _move(self, call: Call) -> None:
        log.warning("caller_moved", contact_id=call.contact, queue=call.place.queue if call.place else "")
        # Before those who come later: it is not the caller who left.
        priority = call.place.priority + 1 if call.place else None
        self._enqueue(call.contact, self._own_queue(call), priority=priority)
