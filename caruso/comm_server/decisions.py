"""Looks at decisions of the past: would today's rules decide the same? What is decided, `acd.replay` decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from caruso.comm_server.acd.occupancy import LOOK_BACK
from caruso.comm_server.acd.plan import Known, Plan
from caruso.comm_server.acd.policy import Policies
from caruso.comm_server.acd.replay import Again, replay
from caruso.model.facts import AnyFact, ContactIdentified, ContactRouted
from caruso.model.ids import AgentId, ContactId
from caruso.model.records import Became
from caruso.ports.customers import CustomerStore
from caruso.ports.journal import FactStore
from caruso.script_engine.values import to_values

#: Where more than so many presences changed in the time that counts (`LOOK_BACK`), the rest is read of the last
#: part of it alone: how often contacts come, and how long they take, is measured by then.
MANY, SHORT_LOOK_BACK = 10_000, timedelta(hours=1)
#: Rank of the agent a customer talked with last.
_LAST_AGENT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedAgain:
    """A decision, and what the rules in force make of the same moment."""

    then: ContactRouted
    #: None: the contact would have waited on.
    now: ContactRouted | None
    #: Whether the same agent is chosen.
    same: bool
    #: False where rules of the queue look at what the journal does not tell.
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of the time in which a contact was decided about."""

    facts: Sequence[AnyFact]
    lately: Sequence[Became]
    routed: Sequence[ContactRouted]
    known: Mapping[ContactId, Known]


class Decisions:
    """Decides again."""

    def __init__(
        self, *, facts: FactStore, customers: CustomerStore, policies: Policies, plan: Callable[[], Plan]
    ) -> None:
        """Read from `facts` and `customers`; `plan` returns the rules in force, which name `policies`."""
        self._facts = facts
        self._customers = customers
        self._plan = plan
        self._policies = policies
        #: It takes a core for a moment: one after the other.
        self._one_at_a_time = asyncio.Lock()

    async def again(self, contact: ContactId) -> Sequence[DecidedAgain]:
        """Decide again whom a contact was offered to, by the rules in force, as everything stood then."""
        own = await self._facts.facts_of(contact)
        routed = [fact for fact in own if isinstance(fact, ContactRouted)]
        if not routed:
            return ()
        known = {contact: await self._known(own)}
        async with self._one_at_a_time:
            first = routed[0].at
            lately = await self._facts.presences(first - LOOK_BACK, first)
            back = LOOK_BACK if len(lately) <= MANY else SHORT_LOOK_BACK
            facts = await self._facts.routing_facts(first - back, routed[-1].at)
            past = Past(facts=facts, lately=lately, routed=routed, known=known)
            plan = self._plan()
            found = await asyncio.to_thread(_decide, past, plan, self._policies, contact)
        return [
            DecidedAgain(
                then=again.then,
                now=again.now,
                same=again.same,
                certain=not plan.depends_on_what_is_known(again.then.queue),
            )
            for again in found
        ]

    async def _known(self, own: Sequence[AnyFact]) -> Known:
        """Return what is known today of a contact; the answers of its dialog are not."""
        who = next((fact.customer for fact in own if isinstance(fact, ContactIdentified)), None)
        customer = await self._customers.get(who) if who is not None else None
        if customer is None:
            return {}
        return {"customer": {**to_values(customer.attributes), "id": customer.id, "name": customer.name}}


def _decide(past: Past, plan: Plan, policies: Policies, contact: ContactId) -> list[Again]:
    candidates = (candidate for fact in past.routed for candidate in fact.candidates)
    talked_last = next((candidate.agent for candidate in candidates if candidate.rank == _LAST_AGENT), None)

    def last_agent(whose: ContactId) -> AgentId | None:
        return talked_last if whose == contact else None

    found = replay(
        past.facts,
        plan,
        policies,
        only=contact,
        lately=past.lately,
        known=lambda whose: past.known.get(whose, {}),
        last_agent=last_agent,
    )
    return list(found)
