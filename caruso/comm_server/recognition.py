"""Recognises callers who come from the web, by their number or a code they key in, and lets them go on.

Whoever has nothing to go on with is treated like any other caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import Call
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.phone_dialogs import PhoneDialogs
from caruso.comm_server.queueing import Queueing, entry_point_of
from caruso.comm_server.run_moves import RunMoves
from caruso.comm_server.runs.tokens import CODE_DIGITS
from caruso.comm_server.sentences import CODE, WRONG_CODE
from caruso.errors import CarusoError
from caruso.model.centre import Centre, EntryPoint
from caruso.model.ids import ContactId
from caruso.model.run_records import RunToken
from caruso.script_engine.turns import Answered, DigitRule, Input, Segment, Turn

log = structlog.get_logger(__name__)

#: Item of the turn that asks for a code; it is the centre's own, not a script's.
_CODE = "centre.code"
#: Codes a caller may key in before he is treated like any other.
MOST_CODE_TRIES = 3


class Recognition:
    """Callers who may have begun on the web."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        cards: CustomerCards,
        moves: RunMoves,
        phone: PhoneChannel,
        dialogs: PhoneDialogs,
        queueing: Queueing,
        centre: Callable[[], Centre],
        tasks: GuardedTasks,
        otherwise: Callable[[Call, EntryPoint], None],
    ) -> None:
        """`otherwise` gives a caller what the entry point is there for: he has nothing to go on with."""
        self._exchange = exchange
        self._cards = cards
        self._moves = moves
        self._phone = phone
        self._dialogs = dialogs
        self._queueing = queueing
        self._centre = centre
        self._tasks = tasks
        self._otherwise = otherwise
        #: Callers who are being asked for a code, with the number of wrong ones.
        self._codes: dict[ContactId, int] = {}

    async def recognise(self, call: Call, entry_point: EntryPoint) -> None:
        """Go on with the dialog that a known customer left on the web; ask others for the code they were shown."""
        customer = await self._cards.identify(call.contact, call.caller_number)
        try:
            token = await self._moves.token_for(customer.id) if customer is not None else None
        except CarusoError as error:
            log.warning("code_not_looked_up", contact_id=call.contact, error=str(error))
            token = None
        if not self._dialogs.in_dialog(call.contact):
            return
        if token is None or not await self._continue(call, token):
            self._ask_code(call, entry_point, CODE)

    def given(self, contact: ContactId, given: Input) -> bool:
        """Take the code that a caller has keyed in; False when he was not asked for one."""
        if contact not in self._codes:
            return False
        self._code_given(contact, given)
        return True

    def forget(self, contact: ContactId) -> None:
        """Ask no more: the caller waits, talks, or is gone."""
        self._codes.pop(contact, None)

    def _ask_code(self, call: Call, entry_point: EntryPoint, text: Mapping[str, str], tries: int = 0) -> None:
        if not self._dialogs.in_dialog(call.contact):
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
        self._phone.present(call.contact, turn)

    def _code_given(self, contact: ContactId, given: Input) -> None:
        tries = self._codes.pop(contact) + 1
        call = self._exchange.call(contact)
        entry_point = entry_point_of(call, self._centre()) if call is not None else None
        if call is None or entry_point is None:
            self._queueing.to_a_person(contact)
        elif isinstance(given, Answered) and given.text:
            self._tasks.start(self._try_code(call, entry_point, given.text, tries), name="try_code")
        else:
            self._otherwise(call, entry_point)

    async def _try_code(self, call: Call, entry_point: EntryPoint, code: str, tries: int) -> None:
        try:
            token = await self._moves.token_of(code, call.caller_number)
        except CarusoError as error:
            log.warning("code_not_looked_up", contact_id=call.contact, error=str(error))
            tries, token = MOST_CODE_TRIES, None
        if token is not None and await self._continue(call, token):
            return
        if not self._dialogs.in_dialog(call.contact):
            return
        if tries < MOST_CODE_TRIES:
            self._ask_code(call, entry_point, WRONG_CODE, tries)
        else:
            self._otherwise(call, entry_point)

    async def _continue(self, call: Call, token: RunToken) -> bool:
        """Queue the caller with the dialog of the token; an agent goes on with it."""
        conversation = await self._moves.bring_to_call(
            call.contact, token, lambda: self._dialogs.in_dialog(call.contact)
        )
        if conversation is None:
            return False
        customer = conversation.kept.customer
        if customer is not None and self._cards.customer(call.contact) is None:
            self._tasks.start(self._cards.restore(call.contact, customer), name="restore_card")
        order = self._moves.order_of(conversation)
        if order is not None:
            self._queueing.as_told(call, order)
        else:
            self._queueing.enqueue(call.contact, self._queueing.own_queue(call))
        return True
