"""What is kept of script runs: their state, what happened in them, the actions they gave out, tokens and files.

Plain values without behaviour. JSON in them (`SavedRun.state`, values of answers, params, results) is written
and read by the script engine (`script_engine.runs`, `script_engine.values`); nobody else looks into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from caruso.model.ids import ContactId, CustomerId, FileId, RunId, ScriptId


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """A script run as it is kept: plain JSON, pinned to the version of its script."""

    id: RunId
    #: The contact it belongs to now; a run may pass through several (a call, then a web page).
    contact: ContactId | None
    script: ScriptId
    version: str
    #: The engine's own state.
    state: dict[str, Any]
    updated_at: datetime
    finished: bool
    #: Question and answer as shown, for the history; without private ones.
    answers: tuple[tuple[str, str], ...] = ()
    #: Grows by one with every write. Who writes the next one must know this one.
    revision: int = 1
    #: The engine's number of the turn that waits.
    turn: int = 0
    customer: CustomerId | None = None
    #: ``phone``, ``agent`` or ``web``: where it is led now.
    channel: str = ""
    #: Who leads it: an agent's id, or empty for the customer.
    by: str = ""
    #: True while a server leads it in memory (calls); then what is stored may be a moment old.
    live: bool = False
    #: After that nobody can go on with it; None: never.
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One line of a run's audit: who was shown, asked, answered what, where and when."""

    run: RunId
    #: Of the run that the line was written with, and the line's place among its lines: so it is written once.
    revision: int
    position: int
    contact: ContactId | None
    #: ``started``, ``shown``, ``answered``, ``changed``, ``skipped``, ``back``, ``left``, ``taken-over``,
    #: ``consent``, ``failed``, ``migrated``, … as the engine names them.
    event: str
    item: str
    at: datetime
    turn: int
    channel: str
    #: An agent's id, or empty for the customer.
    by: str
    script: ScriptId
    version: str
    #: Branch of an A/B split the run is in; empty for none.
    variant: str = ""
    text: str = ""
    #: Values as the engine's JSON; both None where `masked`.
    old: Any = None
    new: Any = None
    #: The question is private: what was answered is not told.
    masked: bool = False


class ActionState(StrEnum):
    """What became of an action.

    PENDING -> RUNNING -> DONE | FAILED, RUNNING -> PENDING (to be tried again), PENDING -> FAILED (too late)
    """

    PENDING = "pending"
    #: Somebody carries it out, or did when the power went.
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxAction:
    """An action of a run: written with the turn that gave it out, carried out afterwards, once per `key`."""

    key: str
    run: RunId
    #: ``name.operation``.
    service: str
    #: Values as the engine's JSON.
    params: Mapping[str, Any] = field(default_factory=dict)
    #: The run waits for the answer.
    wait: bool = False
    #: How long one attempt may take.
    timeout_seconds: float = 5.0
    #: Attempts after the first.
    retries: int = 0
    retry_wait_seconds: float = 10.0
    state: ActionState = ActionState.PENDING
    created_at: datetime
    #: When it is due.
    next_at: datetime
    #: Attempts begun.
    attempts: int = 0
    #: Which server carries it out, and until when that may last.
    owner: str = ""
    leased_until: datetime | None = None
    #: As the engine's JSON.
    result: Any = None
    #: A code; empty unless `FAILED`.
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionOutcome:
    """How an action ended; written together with the run that heard of it."""

    key: str
    result: Any = None
    #: A code; empty when it was done.
    failure: str = ""
    #: The server that carried it out; empty for one that never began.
    owner: str = ""

    @property
    def state(self) -> ActionState:
        """`DONE` or `FAILED`."""
        return ActionState.FAILED if self.failure else ActionState.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTurn:
    """Everything one turn writes; in one transaction, or not at all."""

    run: SavedRun
    events: tuple[RunEvent, ...] = ()
    #: Newly given out.
    actions: tuple[OutboxAction, ...] = ()
    #: Those the turn has heard the end of.
    outcomes: tuple[ActionOutcome, ...] = ()


class TokenPurpose(StrEnum):
    """What a one-time token opens."""

    #: The run, on a web page.
    LINK = "link"
    #: The run, for an agent on the telephone: six digits to key in.
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToken:
    """A one-time token that opens a run. Only the hash of what the person holds is kept."""

    hash: str
    run: RunId
    purpose: TokenPurpose
    created_at: datetime
    expires_at: datetime
    #: Who made it: an agent's id, or empty for the customer or the script.
    by: str = ""
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file somebody gave as an answer: an upload, a recording, a signature. Its bytes are on disk."""

    id: FileId
    run: RunId
    #: The question it answers.
    item: str
    #: As the person's machine called it; for showing only, never a path.
    name: str
    media_type: str
    #: Bytes.
    size: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A run as statistics look at it: how it went, and everything that was noted of it."""

    run: RunId
    version: str
    began_at: datetime
    finished: bool
    #: What its end says; empty before.
    outcome: str
    #: Nobody can go on with it, finished or not.
    over: bool
    #: In order.
    events: tuple[RunEvent, ...]
