"""Calls people back: begins the calls that are due, follows them, and writes down what became of each promise.

Whom to call when is decided in `promises`, how such a call goes in `calls.lifecycle.calling`. The store is
the truth: a call-back is under way as long as its call lives, and begins anew when the server does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from caruso.clock import Clock
from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import Call, Ended, Outgoing, Phase, QueuePlace, Step, begin, not_there
from caruso.comm_server.calls.rebuilding import place_in
from caruso.comm_server.conversations import Conversations
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.run_moves import RunMoves
from caruso.comm_server.waiting import promises
from caruso.errors import CarusoError, IllegalMove, NotFound, StorageUnavailable
from caruso.model import ids
from caruso.model.callbacks import Callback, CallbackId, CallbackState
from caruso.model.centre import CallBackRules, CallFirst, Centre, Queue
from caruso.model.facts import ContactCause, ContactConnected, ContactEnded
from caruso.model.ids import ContactId, CustomerId, QueueId, RunId
from caruso.model.opening_hours import is_open
from caruso.ports.callbacks import CallbackStore

log = structlog.get_logger(__name__)

#: At most so many call-backs are looked at at once; the others follow.
MOST_AT_ONCE = 500
#: Who gets through is looked up together with all who do within so long, seconds.
TOGETHER_SECONDS = 1.0
#: Until something that could not be written down is tried again, seconds.
RETRY_SECONDS = 2.0

#: Returns the call-back as it is now, or None when nothing is to be changed.
Change = Callable[[Callback], Callback | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Helpers:
    """Whom it works with."""

    exchange: Exchange
    dispatcher: Dispatcher
    moves: RunMoves
    cards: CustomerCards
    conversations: Conversations


class CallBacks:
    """All call-backs that the centre makes itself."""

    def __init__(
        self,
        *,
        store: CallbackStore,
        helpers: Helpers,
        centre: Callable[[], Centre],
        calls_outside: bool,
        clock: Clock,
        tasks: GuardedTasks,
    ) -> None:
        """Begin with none under way. `calls_outside`: the PBX knows how to call numbers outside."""
        self._store = store
        self._helpers = helpers
        self._centre = centre
        self._calls_outside = calls_outside
        self._clock = clock
        self._tasks = tasks
        #: Call-backs whose call lives, or whose end is being written down.
        self._under_way: dict[CallbackId, ContactId] = {}
        #: Those of which the promise and the dialog are being fetched, while they are wanted still.
        self._beginning: set[CallbackId] = set()
        #: Calls of callers who got through and may have been promised a call-back, and when they did.
        self._through: list[tuple[Call, datetime]] = []
        #: Changes are written in the order in which they happened.
        self._writing = asyncio.Lock()

    # -- Promising --------------------------------------------------------------------------------------------

    def can_promise(self, call: Call) -> bool:
        """Tell whether a waiting caller can be called back."""
        if call.place is None or call.outgoing is not None:
            return False
        queue = self._centre().queues.get(call.place.queue)
        return queue is not None and self.can_call(call.caller_number, queue)

    def can_call(self, number: str, queue: Queue) -> bool:
        """Tell whether somebody with this number can be called for a queue."""
        return self._calls_outside and queue.call_back is not None and promises.can_be_called(number)

    async def promise(self, call: Call) -> bool:
        """Promise a waiting caller to call back; False when that could not be written down."""
        if call.place is None:
            return False
        return await self._add(call, call.place)

    async def promise_later(self, call: Call, queue: Queue, due_at: datetime) -> bool:
        """Promise a caller who does not wait to call him at a later time; False as with `promise`."""
        return await self._add(call, place_in(queue, self._clock.now()), due_at)

    async def _add(self, call: Call, place: QueuePlace, due_at: datetime | None = None) -> bool:
        customer = self._helpers.cards.customer(call.contact)
        promise = promises.promised(
            call,
            place,
            call.caller_number,
            customer=customer.id if customer else None,
            name=customer.name if customer else "",
            now=self._clock.now(),
        )
        conversation = self._helpers.conversations.get(call.contact)
        if conversation is not None and not conversation.finished:
            promise = replace(promise, run=conversation.run.id)
        if due_at is not None:
            promise = replace(promise, due_at=due_at, waiting_since=None)
        try:
            await self._store.add(promise)
        except StorageUnavailable:
            log.warning("callback_not_promised", contact_id=call.contact)
            return False
        log.info("callback_promised", contact_id=call.contact, callback_id=promise.id)
        return True

    async def take_back(self, call: Call) -> None:
        """Cancel what was promised to a caller whom an agent answered in that moment."""
        at = self._clock.now()
        await self._settle(
            promises.promise_id(call),
            lambda known: promises.needless(known, at) if known.state is CallbackState.OPEN else None,
        )

    # -- Calling ----------------------------------------------------------------------------------------------

    async def call_due(self) -> None:
        """Begin the calls that are due. Raises `StorageUnavailable`."""
        centre = self._centre()
        queues = [queue.id for queue in centre.queues.values() if queue.call_back is not None]
        if not queues or not self._calls_outside or not self._helpers.exchange.link_up:
            return
        now = self._clock.now()
        self._note_calls()
        states = (CallbackState.OPEN, CallbackState.TAKEN)
        found = await self._store.find(queues=queues, states=states, limit=MOST_AT_ONCE)
        await self._tidy([callback for callback in found if callback.id not in self._under_way], now)
        due = promises.whom_to_call(
            # Who still hears our goodbye cannot be called, and leads his dialog.
            [known for known in found if known.origin is None or not self._is_on_the_line(known.origin)],
            centre.queues,
            under_way=self._under_way.keys(),
            free=self._free,
            may_call=lambda rules: self._may_call(rules, now),
            now=now,
        )
        for callback, rules in list(due):
            await self._begin(callback, rules)

    async def look_after(self, waiting: Mapping[QueueId, int]) -> None:
        """Let call-backs whose queue was taken away be made for another; `waiting`: how many are open, by queue.

        Raises `StorageUnavailable`.
        """
        centre, now = self._centre(), self._clock.now()
        gone = [queue for queue in waiting if queue not in centre.queues]
        if not gone:
            return
        found = await self._store.find(queues=gone, states=(CallbackState.OPEN,), limit=MOST_AT_ONCE)
        for callback in found:
            other = promises.instead(callback, centre)
            if other is not None:
                log.warning("callback_queue_changed", callback_id=callback.id, queue=callback.queue, to=other)
                await self._settle(callback.id, partial(_moved, gone=gone, to=other, now=now))

    async def _tidy(self, callbacks: Sequence[Callback], now: datetime) -> None:
        """Give up those whose time is over; open those again whose call ended while it could not be written."""
        for callback in callbacks:
            if promises.overdue(callback, now):
                await self._settle(callback.id, lambda known: promises.given_up(known, now))
            elif promises.stranded(callback):
                await self._settle(callback.id, lambda known: promises.opened_again(known, now))

    def _note_calls(self) -> None:
        """Know of calls that live since before a restart."""
        for contact, call in self._helpers.exchange.calls.items():
            # Of one that has ended the end was heard already, though the PBX may still let go its legs.
            if ids.is_outgoing(contact) and call.phase is not Phase.ENDED:
                self._under_way.setdefault(CallbackId(ids.callback_of(contact)), contact)

    def _is_on_the_line(self, contact: ContactId) -> bool:
        call = self._helpers.exchange.call(contact)
        return call is not None and call.phase is not Phase.ENDED

    def _may_call(self, rules: CallBackRules, now: datetime) -> bool:
        hours = self._centre().hours.get(rules.hours) if rules.hours else None
        return hours is None or is_open(hours, now)

    def _free(self, queue: QueueId, since: datetime) -> int:
        """Return how many agents are there for somebody in line since then whom we have not called yet."""
        waiting = [w for w in self._helpers.dispatcher.everybody() if w.queue == queue and w.since <= since]
        ringing = [
            call
            for call in self._helpers.exchange.calls.values()
            if call.outgoing is not None and call.phase is Phase.DIALOG and call.outgoing.place.queue == queue
        ]
        return self._helpers.dispatcher.ready(queue) - len(waiting) - len(ringing)

    async def _begin(self, callback: Callback, rules: CallBackRules) -> None:
        """Begin a call, unless somebody was quicker while the promise and its dialog were fetched."""
        self._beginning.add(callback.id)
        try:
            known = await self._store.get(callback.id)
            queue = self._centre().queues.get(callback.queue)
            if known is not None and known.version == callback.version and queue is not None:
                await self._call(callback, queue, rules)
        finally:
            self._beginning.discard(callback.id)

    async def _call(self, callback: Callback, queue: Queue, rules: CallBackRules) -> None:
        now = self._clock.now()
        place = promises.place(callback, queue, now)
        contact = ids.outgoing_contact(callback.id, callback.attempts + 1, int(now.timestamp() * 1000))
        outgoing = Outgoing(
            number=callback.number,
            caller_id=queue.caller_id or self._number_of(callback),
            ring_seconds=rules.ring_seconds,
            agent_first=rules.first is CallFirst.AGENT,
            place=place,
        )
        step = begin(contact, outgoing, name=callback.name, entry_point=callback.entry_point, now=now)
        self._under_way[callback.id] = contact
        if callback.run is not None:
            await self._bring(callback.id, callback.run, contact, step)
        wanted, begun = callback.id in self._beginning, self._helpers.exchange.call(contact) is not None
        if not wanted:
            log.info("callback_not_begun", contact_id=contact, callback_id=callback.id)
            if begun:
                self._withdraw(callback.id)
            else:
                self._under_way.pop(callback.id, None)
            return
        if not begun:
            self._helpers.exchange.begin(step)
        if callback.customer is not None:
            self._tasks.start(self._helpers.cards.restore(contact, callback.customer), name="restore_card")

    async def _bring(self, callback: CallbackId, run: RunId, contact: ContactId, step: Step) -> None:
        """Begin the call with the dialog in which it was promised."""
        try:
            await self._helpers.moves.bring(
                contact,
                run,
                lambda: callback in self._beginning,
                announce=lambda: self._helpers.exchange.begin(step),
            )
        except CarusoError as error:
            # The call is made all the same; only its dialog is not at hand.
            log.warning("callback_without_dialog", contact_id=contact, error=str(error))

    def _number_of(self, callback: Callback) -> str:
        """Return our number that the customer knows: where he called, or where calls of the queue come in."""
        points = self._centre().entry_points
        asked = points.get(callback.entry_point) if callback.entry_point else None
        candidates = [asked] if asked else [p for p in points.values() if p.queue == callback.queue]
        return next((point.numbers[0] for point in candidates if point.numbers), "")

    # -- Following --------------------------------------------------------------------------------------------

    def hear(self, fact: ContactConnected | ContactEnded) -> None:
        """Follow the calls; notice customers who got through otherwise."""
        match fact:
            case ContactConnected(contact=contact, agent=agent, at=at) if ids.is_outgoing(contact):
                self._write(
                    CallbackId(ids.callback_of(contact)),
                    lambda known: promises.taken(known, agent, at) if known.state is CallbackState.OPEN else None,
                )
            case ContactConnected(contact=contact, at=at):
                call = self._helpers.exchange.call(contact)
                if call is not None and call.outgoing is None:
                    self._got_through(call, at)
            case ContactEnded(contact=contact, cause=cause, at=at) if ids.is_outgoing(contact):
                call = self._helpers.exchange.call(contact)
                reached = call is not None and call.outgoing is not None and call.outgoing.reached_at is not None
                self._tasks.start(
                    self._ended(CallbackId(ids.callback_of(contact)), cause, reached=reached, at=at),
                    name="end_callback",
                )
            case _:
                pass

    async def _ended(self, callback: CallbackId, cause: ContactCause, *, reached: bool, at: datetime) -> None:
        def change(known: Callback) -> Callback | None:
            mine = known.state is CallbackState.OPEN or known.changed_by == promises.BY
            if not mine or known.state not in (CallbackState.OPEN, CallbackState.TAKEN):
                return None  # somebody does it by hand, or it is over
            if reached and known.state is CallbackState.TAKEN:
                return promises.done(known, at)
            queue = self._centre().queues.get(known.queue)
            rules = queue.call_back if queue is not None else None
            return promises.not_reached(known, rules or CallBackRules(), cause, at)

        try:
            await self._settle(callback, change)
        finally:
            self._under_way.pop(callback, None)

    def _got_through(self, call: Call, at: datetime) -> None:
        self._through.append((call, at))
        if len(self._through) == 1:
            self._tasks.start(self._cancel_needless(), name="cancel_callbacks")

    async def _cancel_needless(self) -> None:
        await asyncio.sleep(TOGETHER_SECONDS)
        through, self._through = self._through, []
        by_number: dict[str, tuple[Call, datetime]] = {}
        by_customer: dict[CustomerId, tuple[Call, datetime]] = {}
        for call, at in through:
            if call.caller_number:
                by_number[call.caller_number] = (call, at)
            customer = self._helpers.cards.customer(call.contact)
            if customer is not None:
                by_customer[customer.id] = (call, at)
        try:
            found = await self._store.of_callers(by_number, by_customer)
        except StorageUnavailable:
            return  # they will be called once too often, which is better than not at all
        for callback in found:
            whose = by_number.get(callback.number) or (
                by_customer.get(callback.customer) if callback.customer else None
            )
            if whose is not None and callback.origin != whose[0].contact:
                await self._call_off(callback.id, *whose)

    async def _call_off(self, callback: CallbackId, call: Call, at: datetime) -> None:
        log.info("callback_needless", contact_id=call.contact, callback_id=callback)
        await self._settle(
            callback, lambda known: promises.needless(known, at) if known.state is CallbackState.OPEN else None
        )
        self._withdraw(callback)

    def moved(self, callback: Callback) -> None:
        """Let go the call of a call-back that somebody has taken or cancelled by hand."""
        if callback.state is not CallbackState.OPEN and callback.changed_by != promises.BY:
            self._withdraw(callback.id)

    def _withdraw(self, callback: CallbackId) -> None:
        self._beginning.discard(callback)
        contact = self._under_way.get(callback)
        call = self._helpers.exchange.call(contact) if contact is not None else None
        if contact is not None and call is not None and not_there(call) and call.phase is not Phase.TALKING:
            self._helpers.exchange.post(contact, Ended(cause=ContactCause.WITHDRAWN))

    # -- Writing down -----------------------------------------------------------------------------------------

    def _write(self, callback: CallbackId, change: Change) -> None:
        self._tasks.start(self._settle(callback, change), name="write_callback")

    async def _settle(self, callback: CallbackId, change: Change) -> None:
        """Change a call-back, however often somebody else is quicker or the store is away."""
        async with self._writing:
            while True:
                try:
                    known = await self._store.get(callback)
                    changed = change(known) if known is not None else None
                    if changed is None or await self._store.change(changed):
                        return
                except StorageUnavailable:
                    await asyncio.sleep(RETRY_SECONDS)
                except (IllegalMove, NotFound) as error:
                    log.warning("callback_not_changed", callback_id=callback, error=str(error))
                    return


def _moved(known: Callback, *, gone: Collection[QueueId], to: QueueId, now: datetime) -> Callback | None:
    """Return a call-back as one of another queue, unless somebody has done something with it meanwhile."""
    waits = known.state is CallbackState.OPEN and known.queue in gone
    return promises.moved_to(known, to, now) if waits else None
