"""The REST operations that tell why a contact was offered to whom, and what would be decided today.

For supervisors, as far as the contact's queue is given to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from caruso.comm_server.supervision.scope import Scope, has_queue
from caruso.errors import NotFound
from caruso.model.centre import Role
from caruso.model.facts import AnyFact, ContactQueued, ContactRouted
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId
from caruso.ports.journal import FactStore
from caruso.web.binding import operation
from caruso.web.call import Call
from caruso.web.centre_port import ContactCentre
from caruso.web.resources import Resource
from caruso.web.supervision_api import supervisor


class DecisionCandidate(Resource, frozen=True, kw_only=True):
    """An agent who could have been asked."""

    agent: AgentId
    #: For the queue: 1 goes first, 0 is who was talked with last, from 11 on it is overflow.
    rank: int
    #: What the policy goes by: since when idle (seconds since 1970), occupancy (0 to 1), levels.
    figure: float


class DecisionLeftOut(Resource, frozen=True, kw_only=True):
    """An agent of the queue who was not asked."""

    agent: AgentId
    #: A presence, ``skill:<id>``, ``offer-under-way``, ``reserved``, or ``behind`` candidates.
    reason: str


class Decision(Resource, frozen=True, kw_only=True):
    """Why a contact was offered to an agent."""

    at: datetime
    #: Counts the visits of the contact to queues.
    visit: int
    queue: QueueId
    agent: AgentId
    waited_seconds: float
    #: With ageing.
    priority: int
    policy: str
    #: Step of the relaxation that held, 0 for none; rule of the queue that applied, 0 for none.
    step: int
    rule: int
    #: What was needed, and queues whose agents were asked, too.
    skills: dict[SkillId, int]
    also: list[QueueId]
    #: What the pair was worth, where the policy weighs pairs.
    value: float | None
    candidates: list[DecisionCandidate]
    left_out: list[DecisionLeftOut]
    #: How many agents of the queue were in each presence.
    presences: dict[str, int]


class DecidedAgain(Resource, frozen=True, kw_only=True):
    """A decision, and what the rules in force today make of the same moment."""

    then: Decision
    #: None: the contact would have waited on.
    now: Decision | None
    #: Whether the same agent is chosen.
    same: bool
    #: False where rules of the queue look at what the journal does not tell: answers of the dialog.
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSources:
    """Whom the operations ask."""

    centre: ContactCentre
    facts: FactStore


class DecisionApi:
    """All operations for decisions."""

    def __init__(self, sources: DecisionSources) -> None:
        """Know whom to ask."""
        self._ask = sources

    @operation("GET", "/api/contacts/{contact}/decisions", role=Role.SUPERVISOR)
    async def decisions(self, call: Call, contact: str) -> list[Decision]:
        """Tell why the contact was offered to whom: each decision, the first one first."""
        found, scope = await self._seen(call, contact)
        routed = [fact for fact in found if isinstance(fact, ContactRouted) and has_queue(scope, fact.queue)]
        return [_decision(fact) for fact in routed]

    @operation("GET", "/api/contacts/{contact}/decisions/again", role=Role.SUPERVISOR)
    async def decisions_again(self, call: Call, contact: str) -> list[DecidedAgain]:
        """Decide all of it again by today's rules, as everything stood then, and tell what is different."""
        _, scope = await self._seen(call, contact)
        return [
            DecidedAgain(
                then=_decision(again.then),
                now=_decision(again.now) if again.now is not None else None,
                same=again.same,
                certain=again.certain,
            )
            for again in await self._ask.centre.decisions.again(ContactId(contact))
            if has_queue(scope, again.then.queue)
        ]

    async def _seen(self, call: Call, contact: str) -> tuple[Sequence[AnyFact], Scope]:
        """Return what happened to a contact, and which queues' part the supervisor sees of it.

        Raises:
            NotFound: it is not there, or was in no queue of hers.
        """
        scope = self._ask.centre.supervisors.scope(supervisor(call.who))
        known = await self._ask.facts.contact(ContactId(contact))
        found = await self._ask.facts.facts_of(ContactId(contact))
        queues = {fact.queue for fact in found if isinstance(fact, ContactQueued)}
        if known is not None and known.queue is not None:
            queues.add(known.queue)
        if (known is None and not found) or (scope is not None and not any(has_queue(scope, q) for q in queues)):
            raise NotFound("There is no such contact.")
        return found, scope


def _decision(fact: ContactRouted) -> Decision:
    fields = {name: getattr(fact, name) for name in Decision.__struct_fields__}
    fields["candidates"] = [DecisionCandidate(**msgspec.structs.asdict(each)) for each in fact.candidates]
    fields["left_out"] = [DecisionLeftOut(**msgspec.structs.asdict(each)) for each in fact.left_out]
    return Decision(**fields)
