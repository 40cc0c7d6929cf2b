"""Recordings of conversations: what a queue wants, what is known of each, and what people did with it.

A contact has as many recordings as there were parts of it to be recorded, each of one agent's turn, or of the time
with somebody outside. The caller is on the left channel, whoever he hears on the right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from caruso.model.ids import AgentId, ContactId, QueueId, RecordingId


class RecordedCalls(StrEnum):
    """Which calls of a queue are recorded."""

    NEVER = "never"
    #: When an agent or a supervisor asks for it.
    ON_DEMAND = "on-demand"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRules:
    """How the calls of a queue are recorded."""

    calls: RecordedCalls = RecordedCalls.NEVER
    #: Whether both parties are told before it begins, once in a contact; and what is said, by language. Languages
    #: that are not there get the centre's own sentence.
    announced: bool = True
    announcement: dict[str, str] = field(default_factory=dict)
    #: Whether the agent hears a tone when it begins.
    agent_beep: bool = False
    #: Whether agents may hear recordings of their own conversations.
    agents_listen: bool = False
    #: Days until a recording is deleted; 0 for when somebody deletes it.
    keep_days: int = 90

    def __str__(self) -> str:
        """Write it for a terminal."""
        return f"{self.calls}, kept {self.keep_days} days"


class PauseReason(StrEnum):
    """Why nothing is recorded for a while."""

    #: The customer is on hold, or the agent's phone is away.
    HOLD = "hold"
    #: The agent, or a supervisor, paused it.
    ASKED = "asked"
    #: A sensitive question is on the agent's screen.
    SENSITIVE = "sensitive"


class RecordingState(StrEnum):
    """How far a recording has come."""

    RECORDING = "recording"
    #: Over, and on its way from the telephone system to the recordings folder.
    COLLECTING = "collecting"
    KEPT = "kept"
    #: Nothing could be kept.
    LOST = "lost"
    DELETED = "deleted"


#: When the recording ended is not known.
UNSEEN = "unseen"


class AccessKind(StrEnum):
    """What somebody did with a recording."""

    LISTENED = "listened"
    DOWNLOADED = "downloaded"
    DELETED = "deleted"
    HELD = "held"
    RELEASED = "released"


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a recording that is silent; seconds from its beginning."""

    begins: float
    #: None while it lasts.
    ends: float | None = None
    reason: PauseReason


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a recording."""

    id: RecordingId
    contact: ContactId
    #: Counts the recordings of a contact, from 1.
    part: int
    queue: QueueId
    #: Whose turn it is; None for somebody outside.
    agent: AgentId | None
    #: Who else took part: colleagues, and numbers outside.
    others: tuple[str, ...] = ()
    #: Who asked for it: a user, or empty for the rules of the queue.
    asked_by: str = ""
    state: RecordingState
    began_at: datetime
    ended_at: datetime | None = None
    seconds: float = 0.0
    gaps: tuple[Gap, ...] = ()
    #: Bytes, and their SHA-256.
    size: int = 0
    sha256: str = ""
    #: Why it was lost or deleted, or is incomplete; while it is collected, `UNSEEN` when nobody knows its end.
    reason: str = ""
    #: Under legal hold: nobody deletes it. By whom, and why.
    held: bool = False
    held_by: str = ""
    held_for: str = ""
    deleted_at: datetime | None = None
    deleted_by: str = ""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody did something with a recording."""

    at: datetime
    recording: RecordingId
    #: A user; empty for the rules of the queue.
    by: str
    what: AccessKind
    reason: str = ""


class LoggedAccess(Access, frozen=True, kw_only=True):
    """The same, with what recording it was."""

    contact: ContactId
    #: Of what is not known any more: none, an empty queue, nobody's.
    part: int = 0
    queue: QueueId = QueueId("")
    agent: AgentId | None = None


class AccessesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which accesses somebody asks for; what is None or empty is as it may be."""

    since: datetime
    #: Without this moment.
    until: datetime
    #: Part of the name of a user, whatever its case.
    by: str = ""
    recording: RecordingId | None = None
    #: To any recording of this contact.
    contact: ContactId | None = None
    queues: frozenset[QueueId] | None = None
    limit: int = 200
    #: How many of the newest are passed over.
    offset: int = 0


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of the samples that the telephone system recorded. Seconds."""

    #: Left out at the beginning.
    skip: float = 0.0
    #: Stretches of what follows that are to be silent, whatever is in them: from and to.
    silent: tuple[tuple[float, float], ...] = ()


class KeptSound(msgspec.Struct, frozen=True, kw_only=True):
    """A sound in the recordings folder."""

    seconds: float
    size: int
    sha256: str
