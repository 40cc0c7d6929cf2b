"""Messages that callers left: each is a contact of its own, made of the facts that tell of it.

    RECORDING ──► OPEN <──► TAKEN ──► DONE
        │           └──────────────────┘
        └──► DISCARDED (nothing was said)

`told` is the only place where a message changes. What may happen to it, and who may do it, is decided in
`caruso.comm_server.voicemail`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from caruso.model.facts import (
    AnyFact,
    VoicemailBegun,
    VoicemailCalled,
    VoicemailDiscarded,
    VoicemailDone,
    VoicemailErased,
    VoicemailGiven,
    VoicemailGivenBack,
    VoicemailListened,
    VoicemailMailed,
    VoicemailReceived,
    VoicemailReplied,
    VoicemailTaken,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, FileId, QueueId, RunId, SkillId


class VoicemailState(StrEnum):
    """How far a message is."""

    #: The caller speaks, or what he said has not been fetched from the PBX yet.
    RECORDING = "recording"
    #: It waits for an agent.
    OPEN = "open"
    #: An agent has it.
    TAKEN = "taken"
    DONE = "done"
    #: Nothing was said.
    DISCARDED = "discarded"


#: Messages somebody has to do something about.
WAITING = frozenset({VoicemailState.OPEN, VoicemailState.TAKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """A message."""

    contact: ContactId
    #: The call in which it was left.
    origin: ContactId
    queue: QueueId
    #: The agent it is for; None for all agents of the queue.
    owner: AgentId | None = None
    entry_point: EntryPointId | None = None
    number: str = ""
    name: str = ""
    customer: CustomerId | None = None
    #: The dialog that led the caller to it.
    run: RunId | None = None
    language: str = "en"
    priority: int = 0
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    state: VoicemailState = VoicemailState.RECORDING
    begun_at: datetime
    #: How often the caller began to speak: he may record it again.
    take: int = 1
    received_at: datetime | None = None
    seconds: float = 0.0
    #: The sound; None before it was fetched, and after it was erased.
    file: FileId | None = None
    #: Mails about it were ordered.
    mailed: bool = False
    #: Who has it, or had it last.
    agent: AgentId | None = None
    taken_at: datetime | None = None
    #: When an agent heard it first.
    listened_at: datetime | None = None
    #: The newest call to the caller about it, and when he was reached first.
    call: ContactId | None = None
    replied_at: datetime | None = None
    ended_at: datetime | None = None
    disposition: str = ""
    note: str = ""
    #: Counts, from 1, the changes that decide whose it is; to listen to it is none.
    version: int = 1


#: What decides whose a message is.
_MOVES = (
    VoicemailReceived,
    VoicemailDiscarded,
    VoicemailTaken,
    VoicemailGivenBack,
    VoicemailGiven,
    VoicemailDone,
)


def told(known: Voicemail | None, fact: AnyFact) -> Voicemail | None:
    """Return the message after `fact`; None while nothing is known of it."""
    if isinstance(fact, VoicemailBegun):
        return _begun(known, fact)
    if known is None:
        return None
    changed = _told(known, fact)
    return replace(changed, version=known.version + 1) if isinstance(fact, _MOVES) else changed


def _begun(known: Voicemail | None, fact: VoicemailBegun) -> Voicemail:
    if known is not None:
        return replace(known, take=fact.take, version=known.version + 1)
    return Voicemail(
        contact=fact.contact,
        origin=fact.origin,
        queue=fact.queue,
        owner=fact.owner,
        entry_point=fact.entry_point,
        number=fact.number,
        name=fact.name,
        customer=fact.customer,
        run=fact.run,
        language=fact.language,
        priority=fact.priority,
        skills=dict(fact.skills),
        begun_at=fact.at,
        take=fact.take,
    )


def _told(known: Voicemail, fact: AnyFact) -> Voicemail:
    match fact:
        case VoicemailReceived(at=at, seconds=seconds, file=file, customer=customer):
            here = replace(known, received_at=at, seconds=seconds, file=file, customer=customer)
            return replace(here, state=VoicemailState.OPEN)
        case VoicemailDiscarded(at=at):
            return replace(known, state=VoicemailState.DISCARDED, ended_at=at)
        case VoicemailMailed():
            return replace(known, mailed=True)
        case VoicemailTaken(at=at, agent=agent):
            return replace(known, state=VoicemailState.TAKEN, agent=agent, taken_at=known.taken_at or at)
        case VoicemailGivenBack():
            return replace(known, state=VoicemailState.OPEN)
        case VoicemailGiven(queue=queue, owner=owner):
            return replace(known, state=VoicemailState.OPEN, queue=queue, owner=owner)
        case VoicemailListened(at=at):
            return replace(known, listened_at=known.listened_at or at)
        case VoicemailCalled(call=call):
            return replace(known, call=call)
        case VoicemailReplied(at=at):
            return replace(known, replied_at=known.replied_at or at)
        case VoicemailDone(at=at, disposition=disposition, note=note):
            done = replace(known, state=VoicemailState.DONE, ended_at=at)
            return replace(done, disposition=disposition, note=note)
        case VoicemailErased():
            return replace(known, file=None)
        case _:
            return known
