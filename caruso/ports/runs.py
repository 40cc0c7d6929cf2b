"""Runs of scripts and what belongs to them: actions, tokens, files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from caruso.model.ids import ContactId, CustomerId, FileId, RunId
from caruso.model.run_records import (
    ActionOutcome,
    OutboxAction,
    RunEvent,
    RunToken,
    RunTurn,
    SavedRun,
    StoredFile,
    TokenPurpose,
)
from caruso.model.sounds import Outline


class RunStore(Protocol):
    """Script runs that live in the database, and the outbox of all runs. Each call is one transaction."""

    async def create(self, turn: RunTurn) -> None:
        """Write the first turn of a run."""
        ...

    async def load(self, run: RunId) -> SavedRun | None:
        """Return one run."""
        ...

    async def commit(self, turn: RunTurn) -> bool:
        """Write a turn if the run is as it was in the revision before, and not led live; else return False."""
        ...

    async def held(self, run: RunId, *, live: bool) -> SavedRun | None:
        """Let a server lead the run in memory, or end that; return it with its new revision."""
        ...

    async def release_others(self, kept: Collection[RunId]) -> int:
        """End the live lead of all runs but `kept`: nobody remembers them. Returns how many."""
        ...

    async def audit(self, run: RunId) -> Sequence[RunEvent]:
        """Return what happened in a run, oldest first."""
        ...

    async def unarrived(self, before: datetime) -> Sequence[SavedRun]:
        """Return runs on web pages whose contact the journal does not know, untouched since `before`."""
        ...

    async def unended(self, now: datetime, before: datetime) -> Sequence[tuple[ContactId, SavedRun]]:
        """Return contacts of web pages that go on for the journal, with their runs: over, elsewhere or expired."""
        ...

    async def overdue(self, now: datetime) -> Sequence[SavedRun]:
        """Return runs that began or went on in calls, whose time is over and that nobody leads."""
        ...

    # -- Actions ----------------------------------------------------------------------------------------------

    async def action(self, key: str) -> OutboxAction | None:
        """Return one action."""
        ...

    async def actions_of(self, run: RunId, service: str) -> Sequence[OutboxAction]:
        """Return all actions of a run that ask for a service, whatever became of them."""
        ...

    async def due(self, now: datetime, *, limit: int = 100) -> Sequence[OutboxAction]:
        """Return actions that are to be carried out now, those that are waited for first."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next pending action is due."""
        ...

    async def claim(self, key: str, *, owner: str, now: datetime, until: datetime, lasting: bool = True) -> bool:
        """Make `owner` the one who carries it out now; False when it is not pending any more.

        `lasting`: so that not even a power failure makes it pending again.
        """
        ...

    async def put_off(self, key: str, *, owner: str, until: datetime) -> bool:
        """Give back what `owner` claimed, to be tried again later."""
        ...

    async def settle(self, outcome: ActionOutcome) -> bool:
        """Write how an action ended that no run waits to hear of; False when it had ended, or is another's."""
        ...

    async def abandoned(self, now: datetime, *, mine: str, everybody: bool = False) -> Sequence[OutboxAction]:
        """Return what others carried out when they died: their time is over, or `everybody` else is gone."""
        ...

    async def retry(self, key: str, *, owner: str, now: datetime) -> bool:
        """Make an abandoned action of `owner` pending again."""
        ...

    # -- Tokens -----------------------------------------------------------------------------------------------

    async def add_token(self, token: RunToken) -> bool:
        """Keep a token; False when there is one with this hash that can still be used."""
        ...

    async def redeem(self, hash_: str, purpose: TokenPurpose, now: datetime) -> RunToken | None:
        """Use a token up; None when it is not there, was used, or has expired."""
        ...

    async def void_tokens(self, run: RunId, purpose: TokenPurpose, now: datetime) -> int:
        """Use up all tokens of a run; return how many that were."""
        ...

    async def waiting_for_call(self, customer: CustomerId, now: datetime) -> RunToken | None:
        """Return the newest code that can still be used for a run of this customer."""
        ...

    # -- Files ------------------------------------------------------------------------------------------------

    async def add_file(self, file: StoredFile) -> None:
        """Keep what is known about a file."""
        ...

    async def file(self, file: FileId) -> StoredFile | None:
        """Return what is known about a file."""
        ...

    async def files(self, run: RunId) -> Sequence[StoredFile]:
        """Return the files of a run, oldest first."""
        ...

    async def drop_file(self, file: FileId) -> None:
        """Forget what is known about a file."""
        ...

    async def order(self, action: OutboxAction) -> bool:
        """Keep an action that no run gave out; False when there is one with this key already."""
        ...


class RunFiles(Protocol):
    """The bytes of uploads, recordings and messages."""

    async def keep(
        self,
        run: RunId,
        item: str,
        *,
        name: str,
        media_type: str,
        content: AsyncIterator[bytes],
        file: FileId | None = None,
    ) -> StoredFile:
        """Keep a file; raise `RejectedInput` (``file-too-large``, ``file-type``, ``too-many-files``).

        With an id of ours (`file`) it is something of this server's: there may be any number of them.
        """
        ...

    def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Return the bytes piece by piece; raise `NotFound` when they are gone or not what was kept."""
        ...

    async def content(self, file: FileId) -> tuple[StoredFile, bytes]:
        """Return a file that is kept, whole; raise `NotFound`."""
        ...

    async def located(self, file: FileId) -> tuple[StoredFile, Path]:
        """Return a file that is kept and where it is, held against its checksum; raise `NotFound`."""
        ...

    async def outline(self, file: FileId) -> Outline:
        """Return the outline of a sound that is kept; raise `NotFound`."""
        ...

    async def erase(self, file: FileId) -> None:
        """Forget a file and its bytes. No error when it is gone."""
        ...
