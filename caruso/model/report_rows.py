"""What reports are made of: rows of the past, each about one thing that happened. Times are aware UTC, seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from caruso.model.ids import QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueVisit:
    """A visit of a contact to a queue."""

    queue: QueueId
    entered_at: datetime
    #: A `caruso.model.facts.QueueOutcome`, or empty while it waits.
    outcome: str = ""
    waited_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a waiting caller was told: between how many seconds it may still take."""

    waited_seconds: float
    least: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatedWait:
    """How long somebody would wait, as it was estimated when he came, and what came."""

    queue: QueueId
    entered_at: datetime
    #: What each estimator said, by its name.
    guesses: dict[str, float] = field(default_factory=dict)
    #: The estimator that was trusted, empty when none was; the range it gave.
    by: str = ""
    least: float = 0.0
    most: float = 0.0
    #: What he was told first; None: nothing.
    told: Told | None = None
    #: As of a `QueueVisit`.
    outcome: str = ""
    waited_seconds: float = 0.0
