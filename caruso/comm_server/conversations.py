"""Script runs of live contacts: feeds inputs to the engine and carries out its effects.

A run belongs to its contact. Whoever leads it (phone channel, agent's desk) shows turns and gives inputs; what
follows for the call is handed to `Outlet`. Each input is one turn: state, audit and actions go to the journal,
which writes them together, behind our back; actions begin when they are written (`runs.outbox`), and nobody waits
for it. An action the dialog waits for that could not even be written in its time has failed, and never begins.

A run can move to a web page and come back: then it lives in the database, and is only followed here (`elsewhere`).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from caruso.clock import Clock
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.runs.ledger import Kept, keep_spoken, kept_of, turn_of
from caruso.comm_server.runs.outbox import TIMEOUT, Heard, Outbox
from caruso.comm_server.runs.records import find_records, load_records
from caruso.comm_server.script_library import ScriptLibrary
from caruso.errors import IllegalMove, NotFound, StorageUnavailable
from caruso.model import ids
from caruso.model.facts import DialogContinued, DialogEnded, DialogStarted
from caruso.model.ids import ContactId, CustomerId, EntryPointId, QueueId, RunId, ScriptId
from caruso.model.records import Customer
from caruso.model.run_records import ActionOutcome, OutboxAction, SavedRun
from caruso.model.script_versions import Asker, key_of
from caruso.ports.journal import Journal
from caruso.ports.scripts import ScriptObjects
from caruso.script_engine import engine, runs
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Run
from caruso.script_engine.turns import (
    Answered,
    CallService,
    ConsentGiven,
    Effect,
    FindObjects,
    Finished,
    HandOver,
    Input,
    Noted,
    Present,
    Refused,
    RunStart,
    SaveObject,
    ScriptChannel,
    ServiceAnswered,
    StartTimer,
    TakenOver,
    Turn,
    Value,
)

log = structlog.get_logger(__name__)

#: What a customer waits for the database when a run moves to a web page, seconds.
RELEASE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A contact's run, and how it ended."""

    contact: ContactId
    dialog: Dialog
    run: Run
    channel: ScriptChannel
    #: Which agent leads it; empty on the phone.
    by: str = ""
    finished: Finished | None = None
    kept: Kept

    @property
    def elsewhere(self) -> bool:
        """Whether it goes on on a web page, and is only followed here."""
        return not self.kept.live


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Who is told what follows from a turn."""

    #: A turn waits for the person on this channel.
    present: Callable[[Conversation, Turn], None]
    #: The dialog goes on elsewhere, once the turn has been said.
    hand_over: Callable[[Conversation, HandOver], None]
    #: The dialog came to an end, once the turn has been said.
    finished: Callable[[Conversation, Finished], None]
    #: Something to see has changed.
    changed: Callable[[ContactId], None]
    #: The script wrote to a record, its customer's perhaps.
    written: Callable[[ContactId], None]


class Conversations:
    """The runs of all live contacts."""

    def __init__(
        self,
        *,
        library: ScriptLibrary,
        objects: ScriptObjects,
        outbox: Outbox,
        journal: Journal,
        stream: FactStream,
        clock: Clock,
        tasks: GuardedTasks,
        outlet: Outlet,
    ) -> None:
        """Begin with no run."""
        self._library = library
        self._objects = objects
        self._outbox = outbox
        self._journal = journal
        self._stream = stream
        self._clock = clock
        self._tasks = tasks
        self._outlet = outlet
        self._conversations: dict[ContactId, Conversation] = {}
        self._contacts: dict[RunId, ContactId] = {}

    def _keep(self, conversation: Conversation) -> None:
        self._conversations[conversation.contact] = conversation
        self._contacts[conversation.run.id] = conversation.contact

    def of_run(self, run: RunId) -> Conversation | None:
        """Return the conversation a run belongs to, or None where it is not live here."""
        contact = self._contacts.get(run)
        return self._conversations.get(contact) if contact is not None else None

    def everywhere(self) -> tuple[Conversation, ...]:
        """Return all conversations."""
        return tuple(self._conversations.values())

    def live_runs(self) -> frozenset[RunId]:
        """Return the runs that are led here."""
        return frozenset(c.run.id for c in self._conversations.values() if not c.elsewhere)

    def get(self, contact: ContactId) -> Conversation | None:
        """Return the contact's conversation, or None where no script leads it."""
        return self._conversations.get(contact)

    def restore(self, saved: Iterable[SavedRun]) -> None:
        """Take over runs from before a crash. One whose script is gone is dropped, and the log says so."""
        for entry in saved:
            dialog = self._library.pinned(entry.script, entry.version)
            if dialog is None:
                log.error("run_without_script", run_id=entry.id, script=entry.script, version=entry.version)
                continue
            if entry.contact is not None:
                self._keep(self._restored(entry.contact, dialog, entry))

    def _restored(self, contact: ContactId, dialog: Dialog, saved: SavedRun) -> Conversation:
        run = runs.run_from_json(saved.state)
        return Conversation(
            contact=contact,
            dialog=dialog,
            run=run,
            channel=run.channel,
            by=run.by,
            finished=_end_of(engine.resume(dialog, run, self._clock.now())) if run.finished else None,
            kept=replace(kept_of(saved), contact=contact),
        )

    def forget(self, contact: ContactId) -> None:
        """Drop the run of a contact that is over, wrap-up included: from now on it lives in the database."""
        conversation = self._conversations.pop(contact, None)
        if conversation is None:
            return
        # The run may go on in another contact by now, which was found by its number or code.
        if self._contacts.get(conversation.run.id) == contact:
            del self._contacts[conversation.run.id]
        if not conversation.elsewhere:
            self._write(replace(conversation, kept=replace(conversation.kept, live=False)), ())

    async def begin(
        self,
        contact: ContactId,
        script: ScriptId,
        *,
        channel: ScriptChannel,
        language: str,
        call: Mapping[str, Value],
        agent: Mapping[str, Value],
        time_zone: str,
        still_wanted: Callable[[], bool],
        queue: QueueId | None = None,
        entry_point: EntryPointId | None = None,
    ) -> None:
        """Start a script for a contact: load its objects, then present the first item.

        `queue` and `entry_point`, where it came in, say which version it gets while one is staged.

        Raises:
            NotFound: there is no such script.
        """
        who = key_of(call.get("customer"), call.get("number"), contact)
        dialog = self._library.chosen(script, Asker(key=who, queue=queue, entry_point=entry_point))
        if dialog is None:
            raise NotFound(f"There is no script “{script}”.")
        bare = RunStart(
            run=RunId(uuid.uuid4().hex),
            script=script,
            channel=channel,
            language=language,
            call=call,
            agent=agent,
            time_zone=time_zone,
        )
        objects = await load_records(self._objects, dialog, bare, self._clock.now())
        if contact in self._conversations or not still_wanted():
            return
        now = self._clock.now()
        run, effects = engine.start(dialog, replace(bare, objects=objects), now)
        customer = call.get("customer")
        conversation = Conversation(
            contact=contact,
            dialog=dialog,
            run=run,
            channel=channel,
            by=str(agent.get("id", "")),
            kept=Kept(contact=contact, customer=CustomerId(str(customer)) if customer else None, live=True),
        )
        self._keep(conversation)
        self._stream.publish(
            DialogStarted(at=now, contact=contact, run=run.id, script=script, version=dialog.version)
        )
        self._turn_made(conversation, effects, remarks=(Noted(event="started", item=run.current.item),))

    def give(self, contact: ContactId, given: Input, *, outcomes: tuple[ActionOutcome, ...] = ()) -> None:
        """Give the run an input; `outcomes` of actions are written with the turn.

        Raises:
            NotFound: no script leads this contact.
            IllegalMove: the input was refused; the message is for the person.
        """
        conversation = self._conversations.get(contact)
        if conversation is None:
            raise NotFound("No dialog leads this contact.")
        if conversation.elsewhere:
            raise IllegalMove("The customer goes on with this on the web; take it back first.")
        orders = tuple(self._spoken(conversation, given))
        run, effects = engine.step(conversation.dialog, conversation.run, given, self._clock.now())
        conversation = replace(conversation, run=run)
        if isinstance(given, TakenOver):
            conversation = replace(conversation, channel=given.channel, by=given.by)
        self._keep(conversation)
        self._turn_made(conversation, effects, outcomes=outcomes, orders=orders)
        for effect in effects:
            if isinstance(effect, Refused):
                raise IllegalMove(effect.message)

    def _spoken(self, conversation: Conversation, given: Input) -> Iterable[OutboxAction]:
        """Return the orders to keep what the caller says in his answer."""
        if conversation.channel is ScriptChannel.PHONE and isinstance(given, Answered):
            for file in given.files.values():
                name = file.get("name") if isinstance(file, Mapping) else None
                if isinstance(name, str):
                    recording = ids.answer_called(conversation.contact, name)
                    item = conversation.run.current.item
                    yield keep_spoken(conversation.run.id, item, recording, self._clock.now())

    def resume(self, contact: ContactId) -> None:
        """Meet a run again after a restart: present its item once more.

        What was being asked is with the outbox; what it does not know yet (an older version's run) is written now.
        """
        conversation = self._conversations.get(contact)
        if conversation is None or conversation.elsewhere:
            return
        effects = engine.resume(conversation.dialog, conversation.run, self._clock.now())
        if any(isinstance(effect, CallService) for effect in effects):
            conversation = self._write(conversation, effects)
        for effect in effects:
            self._carry_out(conversation, effect)

    def order(self, contact: ContactId, order: CallService) -> None:
        """Have something carried out for the contact's run that its script did not ask for."""
        conversation = self._conversations.get(contact)
        if conversation is not None and not conversation.elsewhere:
            self._write(conversation, (order, Noted(event="ordered", item="", text=order.service)))

    def hear(self, heard: Heard) -> bool:
        """Let a run know how an action ended; False when it is not led here."""
        conversation = self.of_run(heard.action.run)
        if conversation is None or conversation.elsewhere:
            return False
        if not heard.failure:
            self._outlet.written(conversation.contact)
        outcomes = (heard.outcome,) if heard.outcome is not None else ()
        self.give(conversation.contact, heard.given, outcomes=outcomes)
        return True

    # -- To the web and back ----------------------------------------------------------------------------------

    def adopt(self, contact: ContactId, saved: SavedRun, *, by: str = "") -> Conversation:
        """Lead a run from the database in this contact from now on, by an agent perhaps; it must be held (`live`).

        Nothing is presented before the first input, a `TakenOver` as a rule. Raises `NotFound` when its script is
        not loaded.
        """
        dialog = self._library.pinned(saved.script, saved.version)
        if dialog is None:
            raise NotFound(f"There is no script “{saved.script}” in version {saved.version}.")
        conversation = self._restored(contact, dialog, saved)
        self._keep(conversation)
        self._stream.publish(
            DialogContinued(
                at=self._clock.now(),
                contact=contact,
                run=saved.id,
                script=saved.script,
                version=saved.version,
                channel=ScriptChannel.AGENT if by else ScriptChannel.PHONE,
                by=by,
            )
        )
        self._write(conversation, ())
        self._outlet.changed(contact)
        return conversation

    async def release(self, run: RunId) -> None:
        """Let a run that is led here go on in the database; it is only followed from now on.

        Raises `StorageUnavailable` when it could not be written; it is led here still then.
        """
        conversation = self.of_run(run)
        if conversation is None or conversation.elsewhere:
            return
        led = replace(conversation.kept, live=False)
        gone = self._write(replace(conversation, kept=led), ())
        self._outlet.changed(gone.contact)
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._journal.flush()
        except (TimeoutError, StorageUnavailable) as error:
            now = self.of_run(run)
            if now is not None and now.kept == gone.kept:
                self._write(replace(now, kept=replace(now.kept, live=True)), ())
            raise StorageUnavailable from error

    def follow(self, saved: SavedRun) -> None:
        """Show what happened to a run that went on elsewhere."""
        conversation = self.of_run(saved.id)
        if conversation is None or not conversation.elsewhere or saved.live:
            return
        if saved.revision > conversation.kept.revision:
            self._keep(self._restored(conversation.contact, conversation.dialog, saved))
            self._outlet.changed(conversation.contact)

    def turn(self, conversation: Conversation) -> Turn:
        """Return the item that waits now."""
        return engine.present(conversation.dialog, conversation.run)

    # -- Effects ----------------------------------------------------------------------------------------------

    def _turn_made(
        self,
        conversation: Conversation,
        effects: tuple[Effect, ...],
        *,
        outcomes: tuple[ActionOutcome, ...] = (),
        remarks: tuple[Noted, ...] = (),
        orders: tuple[OutboxAction, ...] = (),
    ) -> None:
        """Write the turn down, then do what follows from it."""
        # A correction may open a run that had come to its end again.
        finished = _end_of(effects) or (conversation.finished if conversation.run.finished else None)
        ended = conversation.finished is None and finished is not None
        conversation = self._write(
            replace(conversation, finished=finished), effects, outcomes=outcomes, remarks=remarks, orders=orders
        )
        if ended and finished is not None:
            self._stream.publish(
                DialogEnded(
                    at=self._clock.now(),
                    contact=conversation.contact,
                    run=conversation.run.id,
                    outcome=finished.outcome,
                )
            )
        for effect in effects:
            self._carry_out(conversation, effect)
        self._outlet.changed(conversation.contact)

    def _write(
        self,
        conversation: Conversation,
        effects: tuple[Effect, ...],
        *,
        outcomes: tuple[ActionOutcome, ...] = (),
        remarks: tuple[Noted, ...] = (),
        orders: tuple[OutboxAction, ...] = (),
    ) -> Conversation:
        """Give a turn to the journal; return the conversation with its new revision."""
        now = self._clock.now()
        turn = turn_of(
            conversation.dialog,
            conversation.run,
            effects,
            replace(conversation.kept, expires_at=_expiry(conversation.dialog, now)),
            now,
            outcomes=outcomes,
            remarks=remarks,
            orders=orders,
        )
        conversation = replace(conversation, kept=replace(conversation.kept, revision=turn.run.revision))
        if conversation.contact in self._conversations:
            self._keep(conversation)
        self._journal.save_turn(turn)
        return conversation

    def _carry_out(self, conversation: Conversation, effect: Effect) -> None:
        match effect:
            case Present(turn=turn):
                self._outlet.present(conversation, turn)
            case HandOver():
                self._outlet.hand_over(conversation, effect)
            case Finished():
                self._outlet.finished(conversation, effect)
            case CallService(wait=True):
                self._tasks.start(self._too_late(conversation.contact, effect), name="script_action_time")
            case FindObjects():
                self._tasks.start(self._find_objects(conversation.contact, effect), name="find_objects")
            case CallService() | SaveObject() | StartTimer():
                pass  # the outbox carries them out
            case Noted(event="log"):
                log.info("script_logged", contact_id=conversation.contact, item=effect.item, pii_text=effect.text)
            case Noted() | Refused() | ConsentGiven():
                pass  # written down

    async def _find_objects(self, contact: ContactId, order: FindObjects) -> None:
        """Look for what a question offers."""
        found = await find_records(self._objects, order)
        conversation = self._conversations.get(contact)
        if conversation is not None and not conversation.elsewhere:
            self.give(contact, found)

    async def _too_late(self, contact: ContactId, order: CallService) -> None:
        """Let the dialog go on when an action it waits for could not begin in its time: nobody is held."""
        await asyncio.sleep(order.timeout_seconds)
        conversation = self._conversations.get(contact)
        if conversation is None or conversation.elsewhere or conversation.run.pending != order.key:
            return
        if self._outbox.withdraw(order.key):
            log.warning("script_action_not_begun", contact_id=contact, service=order.service)
            self.give(
                contact,
                ServiceAnswered(key=order.key, failure=TIMEOUT),
                outcomes=(ActionOutcome(key=order.key, failure=TIMEOUT),),
            )


def call_values(
    *, contact: ContactId, caller_number: str, caller_name: str, dialled: str, customer: Customer | None
) -> dict[str, Value]:
    """Return what expressions see as ``call``."""
    return {
        "contact": contact,
        "number": caller_number,
        "name": caller_name,
        "dialled": dialled,
        "customer": customer.id if customer else None,
    }


def _end_of(effects: Iterable[Effect]) -> Finished | None:
    return next((effect for effect in effects if isinstance(effect, Finished)), None)


def _expiry(dialog: Dialog, now: datetime) -> datetime | None:
    """Return until when somebody has to go on; None for ever, as the dialog does not say."""
    return None if dialog.expires_seconds is None else now + timedelta(seconds=dialog.expires_seconds)
