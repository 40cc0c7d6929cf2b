"""Decide which messages are offered to agents as calls are, and when an offer is over. Pure.

    waits ──► offered ──► accepted: the agent has the message, and is offered nothing until she is done with it
      ▲          │
      └──────────┴──► declined, not answered (both make not ready), withdrawn

Who is asked is decided with calls, by the same rule (`caruso.comm_server.acd.floor`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from caruso.comm_server.acd.plan import MessageWish
from caruso.comm_server.voicemail.box import Who
from caruso.model.centre import Centre
from caruso.model.facts import AnyFact, ContactRouted, OfferOutcome, VoicemailOffered, VoicemailOfferEnded
from caruso.model.ids import AgentId, ContactId, QueueId, UserId
from caruso.model.voicemails import Voicemail, VoicemailState


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOffer:
    """A message an agent is asked to take."""

    contact: ContactId
    queue: QueueId
    agent: AgentId
    since: datetime
    #: When she is asked no longer.
    until: datetime
    #: Why she is asked; None when the server was started meanwhile.
    why: ContactRouted | None = None


def wish(message: Voicemail | None, centre: Centre) -> MessageWish | None:
    """Return what an agent needs to be offered a message; None for one that is not offered, or not any more."""
    if message is None or message.state is not VoicemailState.OPEN:
        return None
    queue = centre.queues.get(message.queue)
    rules = queue.voicemail if queue is not None else None
    if rules is None or not rules.offered:
        return None
    return MessageWish(
        queue=message.queue,
        priority=message.priority - rules.offer_below,
        skills=tuple(sorted((skill, level) for skill, level in message.skills.items() if level > 0)),
        owner=message.owner,
        ageing_per_minute=rules.offer_ageing_per_minute,
    )


def over(offer: MessageOffer, message: Voicemail | None, centre: Centre) -> OfferOutcome | None:
    """Return how an offer has ended by what became of its message; None while it goes on."""
    if message is not None and message.state is VoicemailState.TAKEN and message.agent == offer.agent:
        return OfferOutcome.ACCEPTED
    wanted, agent = wish(message, centre), centre.agents.get(offer.agent)
    if wanted is None or agent is None or wanted.queue not in agent.queues:
        return OfferOutcome.WITHDRAWN
    able = all(agent.skills.get(skill, 0) >= level for skill, level in wanted.skills)
    return None if able and wanted.owner in (None, offer.agent) else OfferOutcome.WITHDRAWN


def ended(offer: MessageOffer, outcome: OfferOutcome, now: datetime) -> VoicemailOfferEnded:
    """Return that an offer is over."""
    return VoicemailOfferEnded(
        at=now,
        contact=offer.contact,
        queue=offer.queue,
        agent=offer.agent,
        outcome=outcome,
        offered_seconds=round(max(0.0, (now - offer.since).total_seconds()), 3),
    )


def who_takes(agent: AgentId, centre: Centre) -> Who:
    """Return an agent as mailboxes know people."""
    profile = centre.agents.get(agent)
    if profile is None:
        return Who(user=UserId(agent))
    return Who(user=UserId(agent), agent=agent, queues=profile.queues, skills=profile.skills)


def open_offers(facts: Iterable[AnyFact]) -> dict[AgentId, VoicemailOffered]:
    """Return the offers that these facts leave open, by agent."""
    found: dict[AgentId, VoicemailOffered] = {}
    for fact in facts:
        match fact:
            case VoicemailOffered(agent=agent):
                found[agent] = fact
            case VoicemailOfferEnded(agent=agent):
                found.pop(agent, None)
            case _:
                pass
    return found


def at_hand(agent: AgentId, messages: Iterable[Voicemail]) -> ContactId | None:
    """Return the message that an agent took last of those that she has."""
    mine = [m for m in messages if m.state is VoicemailState.TAKEN and m.agent == agent and m.taken_at is not None]
    return max(mine, key=lambda message: (message.taken_at, message.contact)).contact if mine else None
