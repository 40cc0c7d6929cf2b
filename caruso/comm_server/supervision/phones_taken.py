"""Decide from the facts which supervisors' phones are agents' phones since a conversation was taken over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from caruso.model import ids
from caruso.model.facts import AnyFact, OfferMade, OfferPurpose, SupervisionEnded
from caruso.model.ids import LegId
from caruso.model.supervision import SupervisionOutcome


def phones_taken(facts: Iterable[AnyFact]) -> Mapping[LegId, LegId]:
    """Return the supervisor's phone by the leg in whose place it is, from the facts of contacts in order."""
    taken: dict[LegId, LegId] = {}
    legs: dict[str, LegId] = {}
    for fact in facts:
        match fact:
            case OfferMade(contact=contact, agent=agent, offer=offer, purpose=OfferPurpose.TAKE_OVER):
                legs[contact] = ids.agent_leg(contact, offer, agent)
            case SupervisionEnded(contact=contact, supervision=supervision, outcome=SupervisionOutcome.TAKEN_OVER):
                if contact in legs:
                    taken[legs.pop(contact)] = ids.supervisor_leg(supervision)
            case _:
                pass
    return taken
