"""Runs that live in the database: each input is loaded, stepped and written in one transaction, then acted upon.

Nothing of a run is kept in memory between two inputs. Of two inputs at once one is written; the other finds the
run moved on and is stepped again, where it comes too late and changes nothing. A run that a call leads (`live`) is
not touched here: whoever wants it elsewhere has it released first.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import structlog

from caruso.clock import Clock
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.runs.ledger import Kept, kept_of, turn_of
from caruso.comm_server.runs.outbox import Heard, Outbox
from caruso.comm_server.runs.page_facts import PageFacts
from caruso.comm_server.runs.records import find_records, load_records
from caruso.comm_server.runs.views import RunView
from caruso.comm_server.script_library import ScriptLibrary, sources_of
from caruso.errors import IllegalMove, NotFound, RunExpired, StorageUnavailable
from caruso.model.centre import EntryPoint
from caruso.model.facts import ContactCause
from caruso.model.ids import ContactId, CustomerId, RunId, ScriptId, is_web, web_contact
from caruso.model.run_records import ActionOutcome, ActionState, RunTurn, SavedRun, StoredFile
from caruso.model.script_versions import Asker
from caruso.ports.centres import CentreStore
from caruso.ports.runs import RunStore
from caruso.ports.scripts import ScriptObjects
from caruso.script_engine import engine, runs
from caruso.script_engine.migrate import migrate
from caruso.script_engine.nodes import Dialog, Question
from caruso.script_engine.runs import Phase, Run
from caruso.script_engine.turns import (
    Answered,
    AnsweredTogether,
    Corrected,
    Effect,
    FindObjects,
    Finished,
    HandOver,
    Happened,
    Input,
    Noted,
    QuestionType,
    Refused,
    RunStart,
    ScriptChannel,
    ServiceAnswered,
    TakenOver,
    Value,
)

log = structlog.get_logger(__name__)

#: A run nobody has touched for so long is over, unless its script says otherwise.
LIFETIME = timedelta(days=30)
#: How often an input is stepped again because somebody else's was written first.
MOST_TRIES = 50
#: A run untouched for so long has no facts on their way to the journal any more.
SETTLED = timedelta(minutes=2)
#: Questions that are answered with a stored file.
FILE_TYPES = frozenset({QuestionType.FILE, QuestionType.VOICE_RECORD, QuestionType.SIGNATURE})
#: Between looks at a run that may change on another server, seconds.
LOOK_SECONDS = 1.0
#: A released run may be written a moment later, seconds.
RELEASE_PAUSE_SECONDS = 0.05
MOST_RELEASE_PAUSES = 100


class LiveRuns(Protocol):
    """The runs that calls lead on this server."""

    async def release(self, run: RunId) -> None:
        """Let a run go on in the database."""
        ...

    def follow(self, saved: SavedRun) -> None:
        """Show what happened to a run that went on here."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    saved: SavedRun
    dialog: Dialog
    run: Run


class DurableRuns:
    """Starts runs, gives them inputs and shows them."""

    def __init__(
        self,
        *,
        store: RunStore,
        library: ScriptLibrary,
        centres: CentreStore,
        objects: ScriptObjects,
        outbox: Outbox,
        live: LiveRuns,
        stream: FactStream,
        clock: Clock,
        tasks: GuardedTasks,
        time_zone: Callable[[], str],
        entry_point: Callable[[ScriptId], EntryPoint | None] = lambda script: None,
    ) -> None:
        """Work on these; `time_zone` is the centre's, `entry_point` where a script is on the web."""
        self._store = store
        self._library = library
        self._centres = centres
        self._objects = objects
        self._outbox = outbox
        self._live = live
        self._facts = PageFacts(stream, clock)
        self._clock = clock
        self._time_zone = time_zone
        self._entry_point = entry_point
        self._tasks = tasks
        #: Keys of searches under way.
        self._finding: set[str] = set()
        #: Who waits for a change of which run.
        self._waiting: dict[RunId, list[asyncio.Future[None]]] = {}

    # -- On the web -------------------------------------------------------------------------------------------

    async def start(
        self,
        script: ScriptId,
        *,
        language: str,
        call: Mapping[str, Value] | None = None,
        customer: CustomerId | None = None,
        address: str = "",
    ) -> RunView:
        """Begin a script on the web; the view shows its first item.

        Raises:
            NotFound: there is no such script for the web, or a record it cannot do without is missing.
        """
        run_id = RunId(uuid.uuid4().hex)
        entry_point = self._entry_point(script)
        asker = Asker(
            key=customer or address or run_id,
            queue=entry_point.queue if entry_point else None,
            entry_point=entry_point.id if entry_point else None,
        )
        dialog = self._library.chosen(script, asker)
        if dialog is None or ScriptChannel.WEB not in dialog.channels:
            raise NotFound("There is no such page.")
        contact = web_contact(run_id, 1)
        told: dict[str, Value] = {"number": "", "name": "", "dialled": script, **(call or {})}
        begin = RunStart(
            run=run_id,
            script=script,
            channel=ScriptChannel.WEB,
            language=language,
            call={**told, "contact": contact, "customer": customer},
            time_zone=self._time_zone(),
        )
        begin = replace(begin, objects=await load_records(self._objects, dialog, begin, self._clock.now()))
        now = self._clock.now()
        run, effects = engine.start(dialog, begin, now)
        kept = Kept(contact=contact, customer=customer, expires_at=_expiry(dialog, now))
        started = Noted(event="started", item=run.current.item, text=address)
        turn = turn_of(dialog, run, effects, kept, now, remarks=(started,))
        await self._store.create(turn)
        self._facts.started(turn.run, address)
        return self._written(_Loaded(saved=turn.run, dialog=dialog, run=run), turn, effects)

    async def view(self, run: RunId) -> RunView:
        """Return the run as it is now. Raises `NotFound`, `RunExpired`."""
        loaded = await self._load(run)
        if loaded.run.searching and not loaded.saved.live:
            self._find(engine.resume(loaded.dialog, loaded.run, self._clock.now()), run)
        return self._view(loaded, ())

    async def give(self, run: RunId, given: Input, *, patience_seconds: float = 3.0) -> RunView:
        """Give an input, and return what waits then.

        Raises:
            NotFound: there is no such run.
            RunExpired: it was left too long ago.
            IllegalMove: an agent leads it now.
        """
        first = view = await self._step(run, given)
        if view.turn.kind == "working" and patience_seconds > 0:
            view = await self._until(run, lambda now: now.turn.kind != "working", view, patience_seconds)
        return replace(view, taken=first.taken, refused=first.refused)

    async def changed(self, run: RunId, revision: int, *, seconds: float) -> RunView:
        """Return as soon as the run is not as in `revision` any more, at the latest after `seconds`."""
        view = await self.view(run)
        if view.revision != revision:
            return view
        return await self._until(run, lambda now: now.revision != revision, view, seconds)

    async def bring_to_web(self, run: RunId) -> RunView:
        """Lead a run on the web from now on, wherever it was before, in a new contact: who had it is left.

        Raises:
            NotFound, RunExpired: as `give`.
            StorageUnavailable: a call leads it, and could not let it go.
        """
        await self._live.release(run)
        before = await self._let_go(run)
        if before.finished:
            return await self.view(run)
        contact = web_contact(run, before.revision + 1)
        return await self._step(run, TakenOver(channel=ScriptChannel.WEB), contact=contact)

    async def _let_go(self, run: RunId) -> SavedRun:
        """Return the run once the database knows that no call leads it: one that is just over is still written."""
        for _ in range(MOST_RELEASE_PAUSES):
            saved = (await self._load(run)).saved
            if not saved.live:
                break
            await asyncio.sleep(RELEASE_PAUSE_SECONDS)
        return saved

    # -- From and to calls ------------------------------------------------------------------------------------

    async def hold(self, run: RunId) -> SavedRun:
        """Take a run from the database to lead it in memory (`Conversations.adopt`); its web page is left.

        Raises:
            NotFound, RunExpired: as `give`.
            IllegalMove: somebody leads it in memory already.
        """
        loaded = await self._load(run)
        held = await self._store.held(run, live=True)
        if held is None:
            raise IllegalMove("An agent leads this dialog already.")
        self._notify(run)
        if is_web(loaded.saved.contact) and not held.finished:
            self._facts.left(loaded.saved, ContactCause.CONTINUED)
        return held

    async def give_back(self, run: RunId) -> None:
        """Undo `hold` when nobody could lead the run after all."""
        await self._store.held(run, live=False)
        self._notify(run)

    async def hear(self, heard: Heard) -> None:
        """Let a run know how an action ended. Raises `StorageUnavailable` when it could not be told."""
        action = heard.action
        outcomes = (heard.outcome,) if heard.outcome is not None else ()
        for _ in range(MOST_RELEASE_PAUSES):
            loaded = await self._load(action.run, expired=True)
            if not _waits_for(loaded.run, heard.given):
                if heard.outcome is not None:
                    await self._store.settle(heard.outcome)
                return
            if not loaded.saved.live and await self._try(loaded, heard.given, outcomes=outcomes) is not None:
                return
            await asyncio.sleep(RELEASE_PAUSE_SECONDS)
        if heard.outcome is not None and not await self._is_theirs(heard.outcome):
            return  # another server has taken it over, and told the run
        raise StorageUnavailable

    async def _is_theirs(self, outcome: ActionOutcome) -> bool:
        action = await self._store.action(outcome.key)
        return action is not None and action.owner == outcome.owner and action.state is ActionState.RUNNING

    async def tend(self) -> None:
        """End what nobody came back to, and tell the journal what it has not heard because a server died."""
        now = self._clock.now()
        before = now - SETTLED
        for saved in await self._store.unarrived(before):
            self._facts.continued(saved)
        for contact, saved in await self._store.unended(now, before):
            moved = saved.live or saved.contact != contact
            if not moved and not saved.finished:
                await self._expire(saved.id)
            causes = (ContactCause.CONTINUED if moved else ContactCause.LEFT, ContactCause.COMPLETED)
            self._facts.left(replace(saved, contact=contact), causes[saved.finished and not moved])
        for saved in await self._store.overdue(now):
            await self._expire(saved.id)

    async def _expire(self, run: RunId) -> None:
        """Let the script know that nobody has gone on for too long."""
        loaded = await self._load(run, expired=True)
        if loaded.run.phase in (Phase.ASKING, Phase.HANDOVER):
            await self._try(loaded, Happened(event="expire"), expires_at=loaded.saved.expires_at, quiet=True)

    # -- One turn ---------------------------------------------------------------------------------------------

    async def _step(self, run: RunId, given: Input, *, contact: ContactId | None = None) -> RunView:
        for _ in range(MOST_TRIES):
            loaded = await self._load(run)
            if loaded.saved.live:
                raise IllegalMove("An agent leads this dialog now.")
            view = await self._try(loaded, given, contact=contact)
            if view is not None:
                return view
        raise StorageUnavailable

    async def _try(
        self,
        loaded: _Loaded,
        given: Input,
        *,
        contact: ContactId | None = None,
        outcomes: tuple[ActionOutcome, ...] = (),
        expires_at: datetime | None = None,
        quiet: bool = False,
    ) -> RunView | None:
        """Step a run and write it; None when somebody else's turn was written meanwhile.

        `quiet`: the end of the contact is told by the caller.
        """
        now = self._clock.now()
        given = await self._with_files(loaded, given)
        run, effects = engine.step(loaded.dialog, loaded.run, given, now)
        if run is loaded.run and not outcomes:
            return self._view(loaded, effects, taken=False)
        kept = replace(kept_of(loaded.saved), expires_at=expires_at or _expiry(loaded.dialog, now))
        if contact is not None:
            kept = replace(kept, contact=contact)
        turn = turn_of(loaded.dialog, run, effects, kept, now, outcomes=outcomes)
        if not await self._store.commit(turn):
            return None
        if contact is not None:
            self._facts.continued(turn.run, loaded.saved)
        after = _Loaded(saved=turn.run, dialog=loaded.dialog, run=run)
        return self._written(after, turn, effects, was_finished=loaded.run.finished or quiet)

    async def _with_files(self, loaded: _Loaded, given: Input) -> Input:
        """Add what was stored for the run to an answer that may name it."""
        if not isinstance(given, (Answered, AnsweredTogether, Corrected)) or given.files:
            return given
        questions = (item for item in loaded.dialog.items.values() if isinstance(item, Question))
        if not any(question.type in FILE_TYPES for question in questions):
            return given
        files = await self._store.files(loaded.saved.id)
        return replace(given, files={file.id: _file_value(file) for file in files}) if files else given

    def _written(
        self, loaded: _Loaded, turn: RunTurn, effects: tuple[Effect, ...], *, was_finished: bool = False
    ) -> RunView:
        """Do what follows from a turn that is committed."""
        self._outbox.begin(turn.actions)
        self._find(effects, turn.run.id)
        if loaded.run.finished and not was_finished:
            self._facts.ended(loaded.saved, loaded.run.outcome)
        self._notify(turn.run.id)
        self._live.follow(turn.run)
        return self._view(loaded, effects)

    def _view(self, loaded: _Loaded, effects: tuple[Effect, ...], *, taken: bool = True) -> RunView:
        saved, dialog, run = loaded.saved, loaded.dialog, loaded.run
        standing = (
            engine.resume(dialog, run, self._clock.now()) if run.phase in (Phase.HANDOVER, Phase.FINISHED) else ()
        )
        return RunView(
            run=saved.id,
            dialog=dialog,
            channel=ScriptChannel.AGENT if saved.live else run.channel,
            by=run.by,
            language=run.spoken_language,
            turn=engine.present(dialog, run),
            trail=engine.trail(dialog, run),
            revision=saved.revision,
            contact=saved.contact,
            customer=saved.customer,
            hand_over=next((effect for effect in standing if isinstance(effect, HandOver)), None),
            finished=next((effect for effect in standing if isinstance(effect, Finished)), None),
            expires_at=saved.expires_at,
            taken=taken,
            refused=next((effect.message for effect in effects if isinstance(effect, Refused)), ""),
        )

    def _find(self, effects: tuple[Effect, ...], run: RunId) -> None:
        """Look for what a question offers, behind the page's back; after a crash the next look at it does."""
        for effect in effects:
            if isinstance(effect, FindObjects) and effect.key not in self._finding:
                self._finding.add(effect.key)
                self._tasks.start(self._find_objects(run, effect), name="find_objects")

    async def _find_objects(self, run: RunId, order: FindObjects) -> None:
        try:
            await self._step(run, await find_records(self._objects, order))
        finally:
            self._finding.discard(order.key)

    async def _load(self, run: RunId, *, expired: bool = False) -> _Loaded:
        saved = await self._store.load(run)
        if saved is None:
            raise NotFound("There is no such dialog.")
        over = saved.expires_at is not None and saved.expires_at <= self._clock.now()
        if over and not (expired or saved.live):
            raise RunExpired
        dialog = await self.dialog(saved.script, saved.version)
        return await self._brought_up(_Loaded(saved=saved, dialog=dialog, run=runs.run_from_json(saved.state)))

    async def _brought_up(self, loaded: _Loaded) -> _Loaded:
        """Move a run to the version in force, where that version says so; written down before anything else."""
        saved, newest = loaded.saved, self._library.current(loaded.saved.script)
        if saved.live or saved.finished or newest is None or newest.version == saved.version:
            return loaded
        moved = migrate(loaded.dialog, newest, loaded.run)
        if not isinstance(moved, Run):
            return loaded
        remark = Noted(event="migrated", item=moved.current.item, text=f"{saved.version} → {newest.version}")
        turn = turn_of(newest, moved, (), kept_of(saved), self._clock.now(), remarks=(remark,))
        if not await self._store.commit(turn):
            return await self._load(saved.id)
        log.info("run_migrated", run_id=saved.id, version=saved.version, to=newest.version)
        self._notify(saved.id)
        return _Loaded(saved=turn.run, dialog=newest, run=moved)

    async def dialog(self, script: ScriptId, version: str) -> Dialog:
        """Return the version a run is pinned to, loading it where it is an older one. Raises `NotFound`."""
        known = self._library.pinned(script, version)
        if known is not None:
            return known
        sources = await sources_of(self._centres, script, version)
        if not sources:
            log.error("run_without_script", script=script, version=version)
            raise NotFound(f"There is no script “{script}” in version {version}.")
        await asyncio.to_thread(self._library.keep, *sources)
        dialog = self._library.pinned(script, version)
        if dialog is None:
            raise NotFound(f"Script “{script}” is kept as version {version}, but says it is another.")
        return dialog

    # -- Waiting ----------------------------------------------------------------------------------------------

    async def _until(self, run: RunId, done: Callable[[RunView], bool], view: RunView, seconds: float) -> RunView:
        """Look at a run each time it changes, until it is `done` or time is over; return the last look."""
        until = self._clock.monotonic() + seconds
        while not done(view) and (left := until - self._clock.monotonic()) > 0:
            view = await self._next_look(view, min(left, LOOK_SECONDS))
        return view

    async def _next_look(self, seen: RunView, seconds: float) -> RunView:
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(seen.run, [])
        waiting.append(change)
        try:
            now = await self.view(seen.run)  # it may have changed since
            if now.revision == seen.revision:
                await asyncio.wait((change,), timeout=seconds)
                now = await self.view(seen.run)
        finally:
            waiting.remove(change)
            if not waiting and self._waiting.get(seen.run) is waiting:
                del self._waiting[seen.run]
        return now

    def _notify(self, run: RunId) -> None:
        for change in self._waiting.get(run, ()):
            if not change.done():
                change.set_result(None)


def _waits_for(run: Run, given: Input) -> bool:
    """Tell whether the run does not know yet how its action ended."""
    if not isinstance(given, ServiceAnswered):
        return not run.finished
    fired = run.fired.get(given.key)
    return fired is not None and fired.state == "sent"


def _file_value(file: StoredFile) -> Value:
    return {"id": file.id, "name": file.name, "type": file.media_type, "size": Decimal(file.size)}


def _expiry(dialog: Dialog, now: datetime) -> datetime:
    return now + (LIFETIME if dialog.expires_seconds is None else timedelta(seconds=dialog.expires_seconds))
