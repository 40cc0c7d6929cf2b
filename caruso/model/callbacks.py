"""Call-backs: whom we promised to call, and how such a promise may change.

    OPEN ──take──> TAKEN ──done──> DONE
     ^ |             | |
     | |<──give back─┘ └──cancel──> CANCELLED
     | |─────────cancel────────────────^
     | └─────────give up──> UNREACHED

Giving back counts an attempt: somebody tried, and the customer is still to be called. Every change makes a new
`version`; whoever changes an older one was too late, and is told so. Pure: knows no store. When the centre itself
calls, and what an attempt that came to nothing means, is decided in `caruso.comm_server.waiting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from caruso.errors import IllegalMove
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, QueueId, RunId, SkillId, UserId

CallbackId = NewType("CallbackId", str)


class CallbackState(StrEnum):
    """How far a call-back is."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"
    CANCELLED = "cancelled"
    #: Called as often as the queue's rules allow, and never reached.
    UNREACHED = "unreached"


class CallbackMove(StrEnum):
    """What can be done with a call-back."""

    TAKE = "take"
    GIVE_BACK = "give-back"
    DONE = "done"
    CANCEL = "cancel"
    #: The centre called, and nobody was reached: once more, or never again.
    TRIED = "tried"
    GIVE_UP = "give-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A promise to call somebody."""

    id: CallbackId
    #: As it is dialled.
    number: str
    queue: QueueId
    #: Not before this time, as it was promised.
    due_at: datetime
    #: And not after it, when that was promised.
    until: datetime | None = None
    #: Who is to be called, as far as it is known.
    name: str = ""
    customer: CustomerId | None = None
    #: Why, in the customer's words.
    reason: str = ""
    #: The dialog in which it was promised; it can be continued.
    run: RunId | None = None
    state: CallbackState = CallbackState.OPEN
    #: How often somebody tried and gave it back.
    attempts: int = 0
    #: Who has it, or had it last.
    agent: AgentId | None = None
    created_at: datetime
    changed_at: datetime
    changed_by: str
    #: Counts the changes, from 1.
    version: int = 1
    #: Where the customer stood when he asked: since when he waited, with what priority and which skills. His
    #: call-back goes before all who came later. None for one who did not wait.
    waiting_since: datetime | None = None
    priority: int | None = None
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    #: The call in which he asked, and where it came in.
    origin: ContactId | None = None
    entry_point: EntryPointId | None = None
    #: Not called again by the centre before this time; None: from `due_at` on.
    next_at: datetime | None = None
    #: What came of the last attempt: a `caruso.model.facts.ContactCause`.
    result: str = ""

    @property
    def callable_at(self) -> datetime:
        """Return from when on the centre may call."""
        return max(self.due_at, self.next_at or self.due_at)


_MOVES: dict[tuple[CallbackState, CallbackMove], CallbackState] = {
    (CallbackState.OPEN, CallbackMove.TAKE): CallbackState.TAKEN,
    (CallbackState.OPEN, CallbackMove.CANCEL): CallbackState.CANCELLED,
    (CallbackState.OPEN, CallbackMove.TRIED): CallbackState.OPEN,
    (CallbackState.TAKEN, CallbackMove.TRIED): CallbackState.OPEN,
    (CallbackState.OPEN, CallbackMove.GIVE_UP): CallbackState.UNREACHED,
    (CallbackState.TAKEN, CallbackMove.GIVE_UP): CallbackState.UNREACHED,
    (CallbackState.TAKEN, CallbackMove.GIVE_BACK): CallbackState.OPEN,
    (CallbackState.TAKEN, CallbackMove.DONE): CallbackState.DONE,
    (CallbackState.TAKEN, CallbackMove.CANCEL): CallbackState.CANCELLED,
}

#: Moves that count an attempt.
_ATTEMPTS = frozenset({CallbackMove.GIVE_BACK, CallbackMove.TRIED, CallbackMove.GIVE_UP})

_WHY_NOT: dict[CallbackState, str] = {
    CallbackState.OPEN: "Nobody has taken this call-back yet.",
    CallbackState.TAKEN: "Somebody has taken this call-back already.",
    CallbackState.DONE: "This call-back is done.",
    CallbackState.CANCELLED: "This call-back was cancelled.",
    CallbackState.UNREACHED: "The customer was not reached; this call-back is over.",
}


def moved(
    callback: Callback, move: CallbackMove, *, version: int, agent: AgentId | None, by: UserId, now: datetime
) -> Callback:
    """Return the call-back after `move`, asked for by somebody who saw `version`.

    `agent` is who takes it; None for somebody who takes no contacts. Raises `IllegalMove`; who was slower than
    somebody else is told what became of it.
    """
    state = _MOVES.get((callback.state, move))
    if state is None:
        raise IllegalMove(_WHY_NOT[callback.state])
    if version != callback.version:
        raise IllegalMove("Somebody has changed this call-back meanwhile; look at it again.")
    if move is CallbackMove.TAKE and agent is None:
        raise IllegalMove("Only an agent can take a call-back.")
    return replace(
        callback,
        state=state,
        agent=agent if move is CallbackMove.TAKE else callback.agent,
        attempts=callback.attempts + (move in _ATTEMPTS),
        changed_at=now,
        changed_by=str(by),
        version=callback.version + 1,
    )
