"""Leads dialogs on callers' phones: begins them, goes on with them, hands input to the script.

A dialog that fails costs its caller nothing but the rest of it: he waits for a person in his entry point's queue.
Where callers go afterwards is `reception`'s business.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from caruso.clock import Clock
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import BeginDialog, Call, Phase
from caruso.comm_server.conversations import Conversation, Conversations, call_values
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.queueing import Queueing
from caruso.errors import CarusoError
from caruso.model.centre import Centre, EntryPoint
from caruso.model.ids import ContactId
from caruso.script_engine.turns import Finished, HandOver, Happened, Input, ScriptChannel, TakenOver, Turn

log = structlog.get_logger(__name__)


class PhoneDialogs:
    """Dialogs of callers nobody talks with yet."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        conversations: Conversations,
        cards: CustomerCards,
        phone: PhoneChannel,
        queueing: Queueing,
        centre: Callable[[], Centre],
        clock: Clock,
    ) -> None:
        """Begin with no dialog."""
        self._exchange = exchange
        self._conversations = conversations
        self._cards = cards
        self._phone = phone
        self._queueing = queueing
        self._centre = centre
        self._clock = clock
        #: Where callers go once what their script says last has been said.
        self._hand_overs: dict[ContactId, HandOver] = {}
        #: Callers whose turn is being presented after a restart of ours.
        self._resuming: set[ContactId] = set()

    def in_dialog(self, contact: ContactId) -> bool:
        """Tell whether a caller is led by a dialog now."""
        call = self._exchange.call(contact)
        return call is not None and call.phase is Phase.DIALOG

    async def begin(self, call: Call, entry_point: EntryPoint) -> None:
        """Greet by name where the name is known in time."""
        script = entry_point.script
        if script is None:
            return
        try:
            customer = await self._cards.identify(call.contact, call.caller_number)
            if not self.in_dialog(call.contact):
                return
            await self._conversations.begin(
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
                still_wanted=lambda: self.in_dialog(call.contact),
                queue=entry_point.queue,
                entry_point=entry_point.id,
            )
        except Exception:
            log.exception("dialog_not_begun", contact_id=call.contact, script=script)
            self._queueing.to_a_person(call.contact)

    def resume(self, call: Call) -> None:
        """Let a caller hear the question again after a restart of ours."""
        self._exchange.post(call.contact, BeginDialog())
        self._resuming.add(call.contact)
        try:
            self._conversations.resume(call.contact)
        finally:
            self._resuming.discard(call.contact)

    def goes_on(self, contact: ContactId, entry_point: EntryPoint) -> bool:
        """Take over on the phone the dialog an agent led, when it is that of this entry point."""
        conversation = self._conversations.get(contact)
        if conversation is None or conversation.finished or conversation.elsewhere:
            return False
        if conversation.dialog.id != entry_point.script:
            return False
        try:
            self._conversations.give(contact, TakenOver(channel=ScriptChannel.PHONE, by=""))
        except Exception:
            log.exception("dialog_not_taken_over", contact_id=contact)
            return False
        return True

    def given(self, contact: ContactId, given: Input) -> None:
        """Hand the caller's input to the script; one that fails costs the caller nothing but the rest of it."""
        try:
            self._conversations.give(contact, given)
        except CarusoError as error:
            log.warning("input_refused", contact_id=contact, error=str(error))
            self._queueing.to_a_person(contact)
        except Exception:
            log.exception("dialog_failed", contact_id=contact)
            self._queueing.to_a_person(contact)

    def present(self, conversation: Conversation, turn: Turn) -> None:
        """Lead a turn on the phone, while the caller is there to hear it."""
        if conversation.channel is ScriptChannel.PHONE and self.in_dialog(conversation.contact):
            self._lead(conversation.contact, turn)

    def _lead(self, contact: ContactId, turn: Turn) -> None:
        if contact in self._resuming:
            self._phone.present_again(contact, turn, f".{int(self._clock.now().timestamp())}")
        else:
            self._phone.present(contact, turn)

    def hand_over(self, conversation: Conversation, order: HandOver) -> None:
        """Say what the script says, then queue the caller."""
        if conversation.channel is ScriptChannel.PHONE and self.in_dialog(conversation.contact):
            self._hand_overs[conversation.contact] = order
            self._lead(conversation.contact, order.turn)

    def finished(self, conversation: Conversation, end: Finished) -> None:
        """Say goodbye on the phone."""
        if conversation.channel is ScriptChannel.PHONE and self.in_dialog(conversation.contact):
            self._lead(conversation.contact, end.turn)

    def caller_gone(self, contact: ContactId) -> None:
        """Let the script know that its caller hung up."""
        conversation = self._conversations.get(contact)
        if conversation is None or conversation.finished or conversation.channel is not ScriptChannel.PHONE:
            return
        if conversation.elsewhere:
            return
        try:
            self._conversations.give(contact, Happened(event="hang-up"))
        except Exception:
            log.exception("dialog_failed", contact_id=contact)

    def taken_order(self, contact: ContactId) -> HandOver | None:
        """Return once, when the turn has been said, where the script hands the caller over to."""
        return self._hand_overs.pop(contact, None)

    def ended(self, contact: ContactId) -> Conversation | None:
        """Return a dialog that came to its end on the phone."""
        conversation = self._conversations.get(contact)
        if conversation is None or not conversation.finished or conversation.channel is not ScriptChannel.PHONE:
            return None
        return conversation

    def forget(self, contact: ContactId) -> None:
        """Hand nobody over any more: the caller waits, talks, or is gone."""
        self._hand_overs.pop(contact, None)
