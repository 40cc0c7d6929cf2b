"""Runs, outbox, tokens and files in memory. A `RunStore`, held to the same contract as the one on a database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from caruso.errors import Located, RejectedInput, StorageUnavailable
from caruso.model.ids import ContactId, CustomerId, FileId, RunId, is_web
from caruso.model.run_records import (
    ActionOutcome,
    ActionState,
    OutboxAction,
    RunEvent,
    RunToken,
    RunTurn,
    SavedRun,
    StoredFile,
    TokenPurpose,
)

_OPEN = (ActionState.PENDING, ActionState.RUNNING)


class MemoryRuns:
    """A `RunStore`."""

    def __init__(self) -> None:
        """Begin empty."""
        self.runs: dict[RunId, SavedRun] = {}
        self.events: dict[tuple[RunId, int, int], RunEvent] = {}
        self.actions: dict[str, OutboxAction] = {}
        self.tokens: dict[str, RunToken] = {}
        self.kept_files: dict[FileId, StoredFile] = {}
        #: Told of a run that somebody goes on with who has read it here.
        self.gone_on: Callable[[RunId], None] = lambda _: None
        #: While it is set nothing can be read or written.
        self.down = False

    def _reach(self) -> None:
        if self.down:
            raise StorageUnavailable

    # -- Runs -------------------------------------------------------------------------------------------------

    async def create(self, turn: RunTurn) -> None:
        """Write the first turn."""
        self._reach()
        if turn.run.id in self.runs:
            raise RejectedInput((Located(rule="not-storable", message="there is such a run"),))
        self.write(turn)

    def write(self, turn: RunTurn) -> None:
        """Write a turn as the journal does: a state never replaces a later one."""
        before = self.runs.get(turn.run.id)
        if before is None or before.revision < turn.run.revision:
            self.runs[turn.run.id] = turn.run
        for event in turn.events:
            self.events.setdefault((event.run, event.revision, event.position), event)
        for action in turn.actions:
            self.actions.setdefault(action.key, action)
        for outcome in turn.outcomes:
            self._end(outcome)

    async def load(self, run: RunId) -> SavedRun | None:
        """Return one run."""
        self._reach()
        return self.runs.get(run)

    async def commit(self, turn: RunTurn) -> bool:
        """Write a turn if nobody else has."""
        self._reach()
        before = self.runs.get(turn.run.id)
        if before is None or before.live or before.revision != turn.run.revision - 1:
            return False
        if not all(self._open_of(outcome) for outcome in turn.outcomes):
            return False
        self.gone_on(turn.run.id)
        self.write(turn)
        return True

    async def held(self, run: RunId, *, live: bool) -> SavedRun | None:
        """Let a server lead the run in memory, or end that."""
        self._reach()
        before = self.runs.get(run)
        if before is None or before.live is live:
            return None
        self.gone_on(run)
        self.runs[run] = replace(before, live=live, revision=before.revision + 1)
        return self.runs[run]

    async def release_others(self, kept: Collection[RunId]) -> int:
        """End the live lead of all but `kept`."""
        self._reach()
        lost = [run for run, saved in self.runs.items() if saved.live and run not in kept]
        for run in lost:
            await self.held(run, live=False)
        return len(lost)

    async def audit(self, run: RunId) -> Sequence[RunEvent]:
        """Return what happened in a run."""
        self._reach()
        return [event for _, event in sorted(self.events.items(), key=_order) if event.run == run]

    async def unarrived(self, before: datetime) -> Sequence[SavedRun]:
        """Return nothing: what the journal knows is not known here."""
        return ()

    async def unended(self, now: datetime, before: datetime) -> Sequence[tuple[ContactId, SavedRun]]:
        """Return runs of pages whose time is over."""
        over = [
            run
            for run in self.runs.values()
            if is_web(run.contact) and run.expires_at is not None and run.expires_at <= now
        ]
        return [(run.contact, run) for run in over if run.contact is not None and run.updated_at < before]

    async def overdue(self, now: datetime) -> Sequence[SavedRun]:
        """Return runs of calls whose time is over."""
        open_ones = (run for run in self.runs.values() if not (run.finished or run.live or is_web(run.contact)))
        return [run for run in open_ones if run.expires_at is not None and run.expires_at <= now]

    async def trail(self, contact: ContactId) -> Sequence[RunEvent]:
        """Return what happened in the runs that passed through a contact."""
        self._reach()
        runs = {event.run for event in self.events.values() if event.contact == contact}
        return [event for _, event in sorted(self.events.items(), key=_order) if event.run in runs]

    # -- Actions ----------------------------------------------------------------------------------------------

    async def action(self, key: str) -> OutboxAction | None:
        """Return one action."""
        self._reach()
        return self.actions.get(key)

    async def actions_of(self, run: RunId, service: str) -> Sequence[OutboxAction]:
        """Return all actions of a run that ask for a service."""
        self._reach()
        return [a for a in self.actions.values() if (a.run, a.service) == (run, service)]

    async def due(self, now: datetime, *, limit: int = 100) -> Sequence[OutboxAction]:
        """Return actions that are to be carried out now."""
        self._reach()
        due = [a for a in self.actions.values() if a.state is ActionState.PENDING and a.next_at <= now]
        return sorted(due, key=lambda action: (not action.wait, action.next_at))[:limit]

    async def next_due(self) -> datetime | None:
        """Return when the next one is due."""
        self._reach()
        pending = (action.next_at for action in self.actions.values() if action.state is ActionState.PENDING)
        return min(pending, default=None)

    async def claim(self, key: str, *, owner: str, now: datetime, until: datetime, lasting: bool = True) -> bool:
        """Make `owner` the one who carries it out."""
        self._reach()
        action = self.actions.get(key)
        if action is None or action.state is not ActionState.PENDING or action.next_at > now:
            return False
        self.actions[key] = replace(
            action,
            state=ActionState.RUNNING,
            owner=owner,
            leased_until=until,
            attempts=action.attempts + 1,
        )
        return True

    async def put_off(self, key: str, *, owner: str, until: datetime) -> bool:
        """Give it back, to be tried again later."""
        self._reach()
        action = self.actions.get(key)
        if action is None or action.state is not ActionState.RUNNING or action.owner != owner:
            return False
        self.actions[key] = replace(action, state=ActionState.PENDING, owner="", leased_until=None, next_at=until)
        return True

    async def retry(self, key: str, *, owner: str, now: datetime) -> bool:
        """Make an abandoned one pending again."""
        return await self.put_off(key, owner=owner, until=now)

    async def settle(self, outcome: ActionOutcome) -> bool:
        """Write how it ended."""
        self._reach()
        return self._end(outcome)

    async def abandoned(self, now: datetime, *, mine: str, everybody: bool = False) -> Sequence[OutboxAction]:
        """Return what the dead carried out."""
        self._reach()
        others = [a for a in self.actions.values() if a.state is ActionState.RUNNING and a.owner != mine]
        found = [a for a in others if everybody or (a.leased_until is not None and a.leased_until <= now)]
        return sorted(found, key=lambda action: (not action.wait, action.next_at))

    def _open_of(self, outcome: ActionOutcome) -> bool:
        action = self.actions.get(outcome.key)
        return action is not None and action.state in _OPEN and action.owner == outcome.owner

    def _end(self, outcome: ActionOutcome) -> bool:
        if not self._open_of(outcome):
            return False
        self.actions[outcome.key] = replace(
            self.actions[outcome.key],
            state=outcome.state,
            result=outcome.result,
            failure=outcome.failure,
            leased_until=None,
            params={},
        )
        return True

    # -- Tokens -----------------------------------------------------------------------------------------------

    async def add_token(self, token: RunToken) -> bool:
        """Keep a token."""
        self._reach()
        there = self.tokens.get(token.hash)
        if there is not None and there.used_at is None and there.expires_at > token.created_at:
            return False
        self.tokens[token.hash] = token
        return True

    async def redeem(self, hash_: str, purpose: TokenPurpose, now: datetime) -> RunToken | None:
        """Use a token up."""
        self._reach()
        token = self.tokens.get(hash_)
        if token is None or token.purpose is not purpose or token.used_at is not None or token.expires_at <= now:
            return None
        self.tokens[hash_] = replace(token, used_at=now)
        return self.tokens[hash_]

    async def void_tokens(self, run: RunId, purpose: TokenPurpose, now: datetime) -> int:
        """Use all tokens of a run up."""
        mine = [token for token in self.tokens.values() if token.run == run]
        return len([token for token in mine if await self.redeem(token.hash, purpose, now) is not None])

    async def waiting_for_call(self, customer: CustomerId, now: datetime) -> RunToken | None:
        """Return the newest code for a run of this customer."""
        self._reach()
        codes = [
            token
            for token in self.tokens.values()
            if token.purpose is TokenPurpose.CODE and token.used_at is None and token.expires_at > now
            if token.run in self.runs and self.runs[token.run].customer == customer
        ]
        return max(codes, key=lambda token: token.created_at, default=None)

    # -- Files ------------------------------------------------------------------------------------------------

    async def add_file(self, file: StoredFile) -> None:
        """Keep what is known about a file."""
        self._reach()
        self.kept_files[file.id] = file

    async def file(self, file: FileId) -> StoredFile | None:
        """Return what is known about a file."""
        self._reach()
        return self.kept_files.get(file)

    async def files(self, run: RunId) -> Sequence[StoredFile]:
        """Return the files of a run."""
        self._reach()
        return [file for file in self.kept_files.values() if file.run == run]

    async def drop_file(self, file: FileId) -> None:
        """Forget what is known about a file."""
        self._reach()
        self.kept_files.pop(file, None)

    async def order(self, action: OutboxAction) -> bool:
        """Keep an action that no run gave out; False when there is one with this key already."""
        self._reach()
        if action.key in self.actions:
            return False
        self.actions[action.key] = action
        return True


def _order(entry: tuple[tuple[RunId, int, int], RunEvent]) -> tuple[datetime, tuple[RunId, int, int]]:
    place, event = entry
    return event.at, place
