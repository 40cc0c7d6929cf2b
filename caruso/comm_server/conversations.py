"""Script runs of live contacts: feeds inputs to the engine and carries out its effects.

A run belongs to its contact. Whoever leads it (phone channel, agent's desk) shows turns and gives inputs; what
follows for the call is handed to `Outlet`. Each input is one turn: answers and new state are written together.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from caruso.clock import Clock
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.script_library import ScriptLibrary
from caruso.errors import CarusoError, IllegalMove, NotFound
from caruso.model.facts import DialogEnded, DialogStarted
from caruso.model.ids import ContactId, RunId, ScriptId
from caruso.model.records import Customer, SavedRun
from caruso.ports import ActionServices, Journal, ScriptObjects
from caruso.script_engine import engine, runs
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Run
from caruso.script_engine.turns import (
    CallService,
    Effect,
    FindObjects,
    Finished,
    HandOver,
    Input,
    Noted,
    ObjectsFound,
    Present,
    Refused,
    RunStart,
    SaveObject,
    ScriptChannel,
    ServiceAnswered,
    TakenOver,
    TrailEntry,
    Turn,
    Value,
)

log = structlog.get_logger(__name__)

#: A record that has not come by then is taken for missing: a slow database never holds a caller.
OBJECT_TIMEOUT_SECONDS = 2.0


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
        services: ActionServices,
        journal: Journal,
        stream: FactStream,
        clock: Clock,
        tasks: GuardedTasks,
        outlet: Outlet,
    ) -> None:
        """Begin with no run."""
        self._library = library
        self._objects = objects
        self._services = services
        self._journal = journal
        self._stream = stream
        self._clock = clock
        self._tasks = tasks
        self._outlet = outlet
        self._conversations: dict[ContactId, Conversation] = {}

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
            run = runs.run_from_json(entry.state)
            self._conversations[entry.contact] = Conversation(
                contact=entry.contact,
                dialog=dialog,
                run=run,
                channel=run.channel,
                by=run.by,
                finished=_end_of(engine.resume(dialog, run, self._clock.now())) if run.finished else None,
            )

    def forget(self, contact: ContactId) -> None:
        """Drop the run of a contact that is over, wrap-up included."""
        self._conversations.pop(contact, None)

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
    ) -> None:
        """Start a script for a contact: load its objects, then present the first item.

        Raises:
            NotFound: there is no such script.
        """
        dialog = self._library.current(script)
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
        objects = await self._load_objects(dialog, bare)
        if contact in self._conversations or not still_wanted():
            return
        now = self._clock.now()
        run, effects = engine.start(dialog, replace(bare, objects=objects), now)
        conversation = Conversation(
            contact=contact, dialog=dialog, run=run, channel=channel, by=str(agent.get("id", ""))
        )
        self._conversations[contact] = conversation
        self._stream.publish(
            DialogStarted(at=now, contact=contact, run=run.id, script=script, version=dialog.version)
        )
        self._turn_made(conversation, effects)

    def give(self, contact: ContactId, given: Input) -> None:
        """Give the run an input.

        Raises:
            NotFound: no script leads this contact.
            IllegalMove: the input was refused; the message is for the person.
        """
        conversation = self._conversations.get(contact)
        if conversation is None:
            raise NotFound("No dialog leads this contact.")
        run, effects = engine.step(conversation.dialog, conversation.run, given, self._clock.now())
        conversation = replace(conversation, run=run)
        if isinstance(given, TakenOver):
            conversation = replace(conversation, channel=given.channel, by=given.by)
        self._conversations[contact] = conversation
        self._turn_made(conversation, effects)
        for effect in effects:
            if isinstance(effect, Refused):
                raise IllegalMove(effect.message)

    def resume(self, contact: ContactId) -> None:
        """Meet a run again after a restart: present its item once more, ask again for what was being asked."""
        conversation = self._conversations.get(contact)
        if conversation is not None:
            for effect in engine.resume(conversation.dialog, conversation.run, self._clock.now()):
                self._carry_out(conversation, effect)

    def turn(self, conversation: Conversation) -> Turn:
        """Return the item that waits now."""
        return engine.present(conversation.dialog, conversation.run)

    def trail(self, conversation: Conversation) -> tuple[TrailEntry, ...]:
        """Return the answers given so far."""
        return engine.trail(conversation.dialog, conversation.run)

    # -- Effects ----------------------------------------------------------------------------------------------

    def _turn_made(self, conversation: Conversation, effects: tuple[Effect, ...]) -> None:
        """Write the turn down, then do what follows from it."""
        # A correction may open a run that had come to its end again.
        finished = _end_of(effects) or (conversation.finished if conversation.run.finished else None)
        ended = conversation.finished is None and finished is not None
        if finished is not conversation.finished:
            conversation = replace(conversation, finished=finished)
            self._conversations[conversation.contact] = conversation
        self._save(conversation)
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

    def _save(self, conversation: Conversation) -> None:
        run = conversation.run
        self._journal.save_run(
            SavedRun(
                id=run.id,
                contact=conversation.contact,
                script=run.script,
                version=conversation.dialog.version,
                state=runs.run_to_json(run),
                updated_at=self._clock.now(),
                finished=run.finished,
                answers=tuple((entry.question, entry.shown) for entry in self.trail(conversation)),
            )
        )

    def _carry_out(self, conversation: Conversation, effect: Effect) -> None:
        match effect:
            case Present(turn=turn):
                self._outlet.present(conversation, turn)
            case HandOver():
                self._outlet.hand_over(conversation, effect)
            case Finished():
                self._outlet.finished(conversation, effect)
            case CallService():
                self._tasks.start(self._call_service(conversation.contact, effect), name="script_action")
            case FindObjects():
                self._tasks.start(self._find_objects(conversation.contact, effect), name="find_objects")
            case SaveObject():
                self._tasks.start(self._save_object(conversation, effect), name="save_object")
            case Noted(event="log"):
                log.info("script_logged", contact_id=conversation.contact, item=effect.item, pii_text=effect.text)
            case Noted() | Refused():
                pass

    async def _call_service(self, contact: ContactId, order: CallService) -> None:
        """Carry out an action; the dialog hears of its result where it waits for it."""
        answer = ServiceAnswered(key=order.key)
        for attempt in range(order.retries + 1):
            if attempt:
                await asyncio.sleep(order.retry_wait_seconds)
            try:
                async with asyncio.timeout(order.timeout_seconds):
                    result = await self._services.call(order.service, dict(order.params), key=order.key)
            except TimeoutError:
                answer = ServiceAnswered(key=order.key, failure="timeout")
            except CarusoError as error:
                answer = ServiceAnswered(key=order.key, failure=error.code)
            except Exception:
                log.exception("script_action_failed", contact_id=contact, service=order.service)
                answer = ServiceAnswered(key=order.key, failure="failed")
            else:
                answer = ServiceAnswered(key=order.key, result=result)
                break
        if answer.failure:
            log.warning("script_action_failed", contact_id=contact, service=order.service, code=answer.failure)
        else:
            self._outlet.written(contact)
        if contact in self._conversations:
            self.give(contact, answer)

    async def _find_objects(self, contact: ContactId, order: FindObjects) -> None:
        """Look for what a question offers; a search that fails or takes too long has found nothing."""
        objects: Sequence[Mapping[str, object]] = ()
        try:
            async with asyncio.timeout(OBJECT_TIMEOUT_SECONDS):
                objects = await self._objects.find(order.class_name, order.where, order.limit)
        except (CarusoError, TimeoutError) as error:
            log.warning("objects_not_found", class_name=order.class_name, error=str(error) or "timeout")
        except Exception:
            log.exception("objects_not_found", class_name=order.class_name)
        if contact in self._conversations:
            self.give(contact, ObjectsFound(key=order.key, objects=objects))

    async def _save_object(self, conversation: Conversation, order: SaveObject) -> None:
        by = conversation.by or "customer"
        try:
            async with asyncio.timeout(OBJECT_TIMEOUT_SECONDS):
                await self._objects.save(order.class_name, order.key, dict(order.changes), by=by)
        except (CarusoError, TimeoutError) as error:
            log.error(
                "object_not_saved",
                contact_id=conversation.contact,
                class_name=order.class_name,
                error=str(error) or "timeout",
            )
        else:
            self._outlet.written(conversation.contact)

    async def _load_objects(self, dialog: Dialog, start: RunStart) -> dict[str, Mapping[str, Value]]:
        """Load what the script declares; what is missing, late or failing is empty where the script allows it.

        Raises:
            NotFound: a record is missing that the script cannot do without.
        """
        loaded: dict[str, Mapping[str, Value]] = {}
        for needed in engine.needed_objects(dialog, start, self._clock.now()):
            values = await self._load(needed.class_name, needed.key)
            if not values and not needed.may_be_missing:
                raise NotFound(f"The script cannot begin without its “{needed.name}”.")
            loaded[needed.name] = values
        return loaded

    async def _load(self, class_name: str, key: Any) -> Mapping[str, Value]:
        if key in (None, ""):
            return {}
        try:
            async with asyncio.timeout(OBJECT_TIMEOUT_SECONDS):
                return await self._objects.load(class_name, key) or {}
        except (CarusoError, TimeoutError) as error:
            log.warning("object_not_loaded", class_name=class_name, error=str(error) or "timeout")
            return {}


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
