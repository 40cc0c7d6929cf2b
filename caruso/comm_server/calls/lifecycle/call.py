"""A call as it is: a frozen value that every step replaces by the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.ids import AgentId, ContactId, EntryPointId, LegId, QueueId, SkillId

RESUME_HEADER = "X-Caruso-Resume"


class Phase(StrEnum):
    """Where a call is."""

    DIALOG = "dialog"
    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    RECONNECTING = "reconnecting"
    #: An agent calls somebody: her own phone, or the customer's, rings.
    DIALLING = "dialling"
    #: Given away by an agent: somebody else's phone rings for the caller, who hears music.
    TRANSFERRING = "transferring"
    #: With somebody outside; no agent takes part any more.
    OUTSIDE = "outside"
    ENDED = "ended"


class QueuePlace(msgspec.Struct, frozen=True, kw_only=True):
    """The call's visit to a queue, with the queue's rules as they were on entry."""

    queue: QueueId
    since: datetime
    priority: int = 0
    skills: Mapping[SkillId, int] = msgspec.field(default_factory=dict)
    #: What a script asked for beside the queue's rules, which may change meanwhile.
    own_priority: int | None = None
    own_skills: Mapping[SkillId, int] = msgspec.field(default_factory=dict)
    music: str = "default"
    short_abandon_seconds: float = 5.0
    max_wait_seconds: float = 0.0


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """The agent the call is offered to or talks with."""

    agent: AgentId
    kind: StationKind
    endpoint: str
    offered_at: datetime
    connected_at: datetime | None = None
    held_since: datetime | None = None
    hold_seconds: float = 0.0
    muted: bool = False
    #: False while the agent's leg is dialled or away.
    leg_up: bool = False
    #: What the agent has pressed: the digit the caller's side hears now, and those that follow.
    digits: str = ""
    #: Number of the offer in the facts; legs dialled again for the same offer count on.
    offer: int = 0
    #: Number of the newest leg.
    leg: int = 0
    #: The phone has rung: it is there, or was a moment ago.
    rang: bool = False


class PartyState(StrEnum):
    """Where a further party of a call is."""

    RINGING = "ringing"
    #: Talks with the agent; the customer is on hold.
    CONSULTED = "consulted"
    #: Hears music; the agent is with the customer again.
    PARKED = "parked"
    #: Talks with everybody.
    JOINED = "joined"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody besides caller and agent: a colleague, or somebody outside."""

    #: Number of the offer, and of the leg.
    offer: int
    #: None for somebody outside.
    agent: AgentId | None = None
    #: Of somebody outside.
    number: str = ""
    kind: StationKind = StationKind.SIP
    endpoint: str = ""
    #: Who called this party.
    by: AgentId
    called_at: datetime
    #: When the phone was answered.
    answered_at: datetime | None = None
    #: Since when the party hears the customer.
    connected_at: datetime | None = None
    held_since: datetime | None = None
    hold_seconds: float = 0.0
    muted: bool = False
    state: PartyState = PartyState.RINGING

    def leg(self, contact: ContactId) -> LegId:
        """Return the party's leg."""
        if self.agent is None:
            return ids.outside_leg(contact, self.offer)
        return ids.agent_leg(contact, self.offer, self.agent)


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A voice contact."""

    contact: ContactId
    arrived_at: datetime
    phase: Phase = Phase.DIALOG
    caller_number: str = ""
    caller_name: str = ""
    dialled: str = ""
    entry_point: EntryPointId | None = None
    #: The caller's leg was answered (somebody pays from here on).
    answered: bool = False
    caller_up: bool = True
    #: The caller hears music by our command.
    music: bool = False
    visit: int = 0
    place: QueuePlace | None = None
    offer: int = 0
    desk: Desk | None = None
    #: Further parties; one of them at most is not `JOINED`.
    parties: tuple[Party, ...] = ()
    #: It waited too long, and is out of the queue to be told so.
    flowed_out: bool = False
    #: Dialled legs that were made and have not reported their end.
    open_legs: frozenset[LegId] = frozenset()

    @property
    def agent_leg(self) -> LegId | None:
        """Return the leg of the present offer."""
        return ids.agent_leg(self.contact, self.desk.leg, self.desk.agent) if self.desk else None

    @property
    def pending(self) -> Party | None:
        """Return the party that is not joined yet: called, consulted or parked."""
        return next((party for party in self.parties if party.state is not PartyState.JOINED), None)

    @property
    def joined(self) -> tuple[Party, ...]:
        """Return the parties that talk with everybody."""
        return tuple(party for party in self.parties if party.state is PartyState.JOINED)

    @property
    def held(self) -> bool:
        """Tell whether the customer is on hold."""
        return self.desk is not None and self.desk.held_since is not None

    def party(self, leg: LegId) -> Party | None:
        """Return whose leg it is."""
        return next((party for party in self.parties if party.leg(self.contact) == leg), None)

    def agent_here(self, agent: AgentId) -> bool:
        """Tell whether the agent is in the call, or is called into it."""
        return (self.desk is not None and self.desk.agent == agent) or self.party_of(agent) is not None

    def party_of(self, agent: AgentId) -> Party | None:
        """Return the colleague who was called into the call."""
        return next((party for party in self.parties if party.agent == agent), None)

    @property
    def gone(self) -> bool:
        """Tell whether nothing of the call is left in the PBX."""
        return self.phase is Phase.ENDED and not self.caller_up and not self.open_legs


def expect_desk(call: Call, agent: AgentId, *phases: Phase) -> Desk:
    """Return the agent's desk.

    Raises:
        IllegalMove: the call is not with `agent` in one of these phases.
    """
    if call.desk is None or call.desk.agent != agent or call.phase not in phases:
        raise IllegalMove("The call is not at your desk in that way any more.")
    return call.desk


def off_hold(desk: Desk, now: datetime) -> Desk:
    """Return the desk with a running hold added up."""
    if desk.held_since is None:
        return desk
    return replace(desk, held_since=None, hold_seconds=desk.hold_seconds + seconds(desk.held_since, now))


def seconds(since: datetime, now: datetime) -> float:
    """Return the time between two wall-clock readings; a clock that was set back counts as no time."""
    return round(max(0.0, (now - since).total_seconds()), 3)
