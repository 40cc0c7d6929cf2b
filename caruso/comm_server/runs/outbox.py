"""Carries out what scripts have ordered: after it was written down, and once.

An action begins when its row is committed: whoever wrote it calls `begin`, so nobody polls for it. Before it
begins it is claimed in the database, so that two servers never carry out the same one. How it ended is written
together with the run that hears of it.

    pending ──claim──► running ──► done | failed            a certain failure: back to pending, later
                          │
                          └─ died here ─► repeatable: pending again · else: failed, ``outcome-unknown``

What may have been done is never done again unless the operation says that twice is the same as once: after a
time-out it is waited for where it runs, and after a crash it counts as failed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

import structlog

from caruso.clock import Clock
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.runs import ledger
from caruso.comm_server.runs.ledger import OWN, TIMER, params_of
from caruso.comm_server.runs.spoken_answers import SpokenAnswers
from caruso.errors import CarusoError, StorageUnavailable
from caruso.model.ids import RecordingId, RunId
from caruso.model.run_records import ActionOutcome, ActionState, OutboxAction
from caruso.ports.runs import RunStore
from caruso.ports.scripts import ActionServices, ScriptObjects
from caruso.script_engine.turns import Happened, ServiceAnswered
from caruso.script_engine.values import from_json, to_json, to_value

log = structlog.get_logger(__name__)

#: A claim lasts so much longer than the action may take, seconds: for writing down how it ended.
LEASE_MARGIN_SECONDS = 30.0
#: Between looks for actions that came due, or were left by another server, seconds.
LOOK_SECONDS = 5.0
#: Between attempts to reach a database that is not there, seconds.
AGAIN_SECONDS = 0.25
#: After what has to be written to a record first is tried.
EARLIER = timedelta(seconds=0.5)
#: Actions under way at once; more wait for the next look.
MOST_AT_ONCE = 500
#: Actions taken back whose keys are remembered.
MOST_WITHDRAWN = 10_000

#: Failures after which it is not known whether it was done.
TIMEOUT, OUTCOME_UNKNOWN = "timeout", "outcome-unknown"
UNCERTAIN = frozenset({TIMEOUT, OUTCOME_UNKNOWN, "failed"})
#: Failures that trying again does not mend.
FINAL = frozenset(
    {
        "bad-arguments",
        "unknown-operation",
        "rejected-input",
        "not-found",
        "not-allowed",
        "mail-refused",
        "mail-not-set-up",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How an action ended, for its run."""

    action: OutboxAction
    #: What the run is given.
    given: ServiceAnswered | Happened
    #: A code; empty when it was done.
    failure: str = ""
    #: To be written with the turn that hears of it; None when it has been written.
    outcome: ActionOutcome | None


def heard_of(action: OutboxAction, answer: ServiceAnswered, outcome: ActionOutcome | None) -> Heard:
    """Return what a run hears when its action has ended with `answer`."""
    given = Happened(event="timer") if action.service == TIMER else answer
    return Heard(action=action, given=given, failure=answer.failure, outcome=outcome)


class Outbox:
    """The actions of all runs that this server carries out."""

    def __init__(
        self,
        *,
        store: RunStore,
        services: ActionServices,
        objects: ScriptObjects,
        clock: Clock,
        tasks: GuardedTasks,
        owner: str,
        hear: Callable[[Heard], Awaitable[None]],
        delayed: Callable[[OutboxAction, str], None] = lambda *_: None,
        spoken: SpokenAnswers | None = None,
    ) -> None:
        """`hear` lets the run know, and writes the outcome down; it may raise `StorageUnavailable`.

        Without `spoken` no spoken answer is kept: there is no telephone.

        `delayed` is told of an action that has failed, with a code, and is tried again.
        """
        self._store = store
        self._services = services
        self._objects = objects
        self._clock = clock
        self._tasks = tasks
        self._owner = owner
        self._hear = hear
        self._delayed = delayed
        self._spoken = spoken
        #: Actions under way.
        self._tasks_by_key: dict[str, asyncio.Task[None]] = {}
        #: Those of them that may have begun.
        self._begun: set[str] = set()
        self._withdrawn: OrderedDict[str, None] = OrderedDict()
        #: Held by whoever writes to records for a run.
        self._saving: WeakValueDictionary[RunId, asyncio.Lock] = WeakValueDictionary()
        self._look = asyncio.Event()
        self._closing = False

    def begin(self, actions: Iterable[OutboxAction]) -> None:
        """Carry out actions whose rows are written. Does not wait."""
        for action in actions:
            if self._closing or len(self._tasks_by_key) >= MOST_AT_ONCE:
                return  # the next look finds the rest, or the next start
            if action.next_at > self._clock.now():
                self._look.set()  # it is not due: the next look may have to come sooner
            elif action.key not in self._withdrawn:
                self._start(action, self._carry_out)

    def withdraw(self, key: str) -> bool:
        """Make sure that an action never begins here; False when it may have begun already."""
        if key in self._begun:
            return False
        self._withdrawn[key] = None
        while len(self._withdrawn) > MOST_WITHDRAWN:
            self._withdrawn.popitem(last=False)
        return True

    async def close(self, *, seconds: float = 5.0) -> None:
        """Begin nothing any more, and give what has begun its time to end: a break-off would leave it in doubt."""
        self._closing = True
        begun = [task for key, task in self._tasks_by_key.items() if key in self._begun]
        if begun:
            await asyncio.wait(begun, timeout=seconds)

    async def quiet(self) -> None:
        """Return when no action is under way."""
        while self._tasks_by_key:
            await asyncio.wait(list(self._tasks_by_key.values()))

    # -- The task ---------------------------------------------------------------------------------------------

    async def run(self, *, alone: bool = True) -> None:
        """Look for actions that came due; first for what was under way when a server died.

        `alone`: no other server carries out actions of this database, so whatever runs was left behind.
        """
        first = alone
        while True:
            pause = LOOK_SECONDS
            try:
                await self._recover(everybody=first)
                first = False
                self.begin(await self._store.due(self._clock.now()))
                pause = await self._pause()
            except StorageUnavailable:
                pause = AGAIN_SECONDS if first else 1.0
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._look.wait()
            self._look.clear()

    async def _pause(self) -> float:
        next_at = await self._store.next_due()
        if next_at is None:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(0.05, (next_at - self._clock.now()).total_seconds()))

    async def _recover(self, *, everybody: bool) -> None:
        now = self._clock.now()
        for action in await self._store.abandoned(now, mine=self._owner, everybody=everybody):
            if self._repeatable(action.service):
                await self._store.retry(action.key, owner=action.owner, now=now)
            else:
                self._start(action, self._give_up)

    async def _give_up(self, action: OutboxAction) -> None:
        """Let the run know that an action was under way when the server died."""
        log.error("script_action_outcome_unknown", run_id=action.run, service=action.service)
        await self._tell(action, ServiceAnswered(key=action.key, failure=OUTCOME_UNKNOWN), action.owner)

    # -- One action -------------------------------------------------------------------------------------------

    def _start(self, action: OutboxAction, work: Callable[[OutboxAction], Coroutine[Any, Any, None]]) -> None:
        if action.key not in self._tasks_by_key:
            task = self._tasks.start(work(action), name="script_action")
            self._tasks_by_key[action.key] = task
            task.add_done_callback(lambda _: self._over(action.key))

    def _over(self, key: str) -> None:
        self._begun.discard(key)
        self._tasks_by_key.pop(key, None)

    async def _carry_out(self, action: OutboxAction) -> None:
        claimed = await self._claim(action)
        if claimed is None:
            return
        if claimed.service == ledger.SAVE_OBJECT:
            await self._write(claimed)
        else:
            await self._try(claimed)

    async def _write(self, claimed: OutboxAction) -> None:
        """Write to a record when all is written that the run ordered for it before; else later."""
        turn = self._saving.setdefault(claimed.run, asyncio.Lock())
        async with turn:
            earlier = await self._earlier(claimed)
            if not earlier:
                await self._try(claimed)
                return
            until = max(self._clock.now(), *(each.next_at for each in earlier)) + EARLIER
            await self._until_stored(lambda: self._store.put_off(claimed.key, owner=self._owner, until=until))
        self._look.set()

    async def _earlier(self, save: OutboxAction) -> list[OutboxAction]:
        while True:
            try:
                return ledger.written_before(save, await self._store.actions_of(save.run, ledger.SAVE_OBJECT))
            except StorageUnavailable:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _try(self, claimed: OutboxAction) -> None:
        answer = await self._attempt(claimed)
        while answer.failure in UNCERTAIN and _tries_left(claimed) and not self._repeatable(claimed.service):
            # It may have been done, or be under way still: it is asked for under the same key, while we live.
            self._delayed(claimed, answer.failure)
            await asyncio.sleep(claimed.retry_wait_seconds)
            claimed = replace(claimed, attempts=claimed.attempts + 1)
            answer = await self._attempt(claimed)
        if answer.failure and answer.failure not in FINAL and _tries_left(claimed):
            await self._put_off(claimed, answer.failure)
        else:
            await self._tell(claimed, answer, self._owner)

    async def _claim(self, action: OutboxAction) -> OutboxAction | None:
        """Make the action ours; None when it is not to be carried out (any more)."""
        while action.key not in self._withdrawn:
            now = self._clock.now()
            # Nothing is awaited between the last look at `_withdrawn` and this line.
            self._begun.add(action.key)
            try:
                until, once = now + self._lease(action), not self._repeatable(action.service)
                if await self._store.claim(action.key, owner=self._owner, now=now, until=until, lasting=once):
                    return replace(action, attempts=action.attempts + 1, owner=self._owner)
                await self._ended_before(action.key)
                return None
            except StorageUnavailable:
                self._begun.discard(action.key)
                await asyncio.sleep(AGAIN_SECONDS)
        return None

    async def _ended_before(self, key: str) -> None:
        """Tell a run that orders what was done for it once (its turn had been lost) how that ended."""
        action = await self._store.action(key)
        if action is not None and action.state in (ActionState.DONE, ActionState.FAILED):
            answer = ServiceAnswered(key=key, result=from_json(action.result), failure=action.failure)
            await self._hear(heard_of(action, answer, None))

    async def _attempt(self, action: OutboxAction) -> ServiceAnswered:
        key = action.key
        try:
            async with asyncio.timeout(action.timeout_seconds):
                result = await self._call(action)
        except TimeoutError:
            answer = ServiceAnswered(key=key, failure=TIMEOUT)
        except CarusoError as error:
            answer = ServiceAnswered(key=key, failure=error.code)
        except Exception:
            log.exception("script_action_failed", run_id=action.run, service=action.service)
            answer = ServiceAnswered(key=key, failure="failed")
        else:
            return ServiceAnswered(key=key, result=to_value(result))
        log.warning("script_action_failed", run_id=action.run, service=action.service, code=answer.failure)
        return answer

    async def _call(self, action: OutboxAction) -> Any:
        params = params_of(action)
        match action.service:
            case ledger.TIMER:
                return None
            case ledger.SAVE_OBJECT:
                return await self._objects.save(params["class"], params["key"], params["changes"], by=params["by"])
            case ledger.KEEP_SPOKEN if self._spoken is not None:
                return await self._spoken.keep(action.run, params["item"], RecordingId(params["recording"]))
            case _:
                return await self._services.call(action.service, params, key=action.key)

    def _repeatable(self, service: str) -> bool:
        return service in OWN or self._services.repeatable(service)

    async def _put_off(self, action: OutboxAction, failure: str) -> None:
        until = self._clock.now() + timedelta(seconds=action.retry_wait_seconds)
        log.info("script_action_put_off", run_id=action.run, service=action.service, code=failure)
        self._delayed(action, failure)
        await self._until_stored(lambda: self._store.put_off(action.key, owner=self._owner, until=until))
        self._look.set()

    async def _tell(self, action: OutboxAction, answer: ServiceAnswered, owner: str) -> None:
        outcome = ActionOutcome(key=action.key, result=to_json(answer.result), failure=answer.failure, owner=owner)
        heard = heard_of(action, answer, outcome)
        try:
            await self._until_stored(lambda: self._hear(heard))
        except Exception:
            # The run cannot go on; what was done must not be done again all the same.
            log.exception("script_action_not_heard", run_id=action.run, service=action.service)
            await self._until_stored(lambda: self._store.settle(outcome))

    async def _until_stored(self, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await work()
            except StorageUnavailable:
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                return

    def _lease(self, action: OutboxAction) -> timedelta:
        """Return how long a claim lasts: as long as all attempts, where they are made one after the other."""
        seconds = action.timeout_seconds
        if not self._repeatable(action.service):
            seconds += action.retries * (action.timeout_seconds + action.retry_wait_seconds)
        return timedelta(seconds=seconds + LEASE_MARGIN_SECONDS)


def _tries_left(action: OutboxAction) -> bool:
    return action.attempts <= action.retries
