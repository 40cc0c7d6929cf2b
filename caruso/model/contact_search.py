"""What somebody knows of the contacts that are looked for in the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from caruso.model.facts import Channel, QueueOutcome
from caruso.model.ids import AgentId, CustomerId, QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPart:
    """What is in the kept numbers that somebody knows a part of: one of these is enough."""

    #: How they begin.
    begins: tuple[str, ...]
    #: Digits anywhere in them; empty where only the beginning is meant.
    has: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsWanted:
    """Which contacts somebody asks for: all that is given must be so. What is None or empty is as it may be."""

    #: They arrived in [since, until).
    since: datetime
    until: datetime
    limit: int = 100
    #: How many of the newest are passed over.
    offset: int = 0
    #: Each of these agents had it.
    agents: frozenset[AgentId] = frozenset()
    #: It waited last in one of these.
    queues: frozenset[QueueId] | None = None
    #: Part of the caller's number.
    number: NumberPart | None = None
    #: It was with one of these.
    customers: frozenset[CustomerId] | None = None
    channel: Channel | None = None
    #: How it left the queue in which it waited last.
    outcome: QueueOutcome | None = None
    disposition: str = ""
    #: Part of its note, in capital or small letters.
    note: str = ""
