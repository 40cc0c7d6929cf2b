"""Derive who had a contact, how and for how long, from its facts: one segment per agent's turn. Pure.

METRICS: per talk segment (agent × contact) ring, talk, hold, wrap; a transfer never smears one agent's time over
another's. Consultation is counted apart: while it lasts the customer is on hold with the agent who asks, and it
is nobody's talk.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from caruso.model.facts import (
    AnyFact,
    ConsultEnded,
    ContactConnected,
    ContactTransferred,
    OfferEnded,
    OfferMade,
    OfferPurpose,
    OutsideConnected,
    OutsideEnded,
    TalkEnded,
    WrapUpEnded,
)
from caruso.model.ids import AgentId, QueueId


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One agent's turn with a contact, or that of somebody outside."""

    #: None for somebody outside.
    agent: AgentId | None = None
    number: str = ""
    queue: QueueId | None = None
    #: ``queue``, ``transfer`` or ``consult``: how it came about, and by whom.
    purpose: OfferPurpose = OfferPurpose.QUEUE
    by: AgentId | None = None
    #: Since when customer and agent hear each other; None for a consultation that led to nothing.
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    ring_seconds: float = 0.0
    talk_seconds: float = 0.0
    hold_seconds: float = 0.0
    #: Asked by a colleague, without the customer.
    consult_seconds: float = 0.0
    wrap_up_seconds: float = 0.0
    disposition: str = ""
    note: str = ""
    #: To whom or what the agent gave the customer: an id or a number, or empty.
    given_to: str = ""


def segments_of(facts: Iterable[AnyFact]) -> tuple[Segment, ...]:
    """Return the segments of one contact, in the order in which they began."""
    offers: dict[int, Segment] = {}
    segments: list[Segment] = []
    for fact in facts:
        match fact:
            case OfferMade():
                offers[fact.offer] = Segment(agent=fact.agent, queue=fact.queue, purpose=fact.purpose, by=fact.by)
            case OfferEnded() if fact.offer in offers:
                offers[fact.offer] = replace(offers[fact.offer], ring_seconds=fact.ring_seconds)
            case ConsultEnded(agent=agent) if agent is not None:
                _consulted(segments, offers, fact)
            case ContactConnected(agent=agent):
                _begin(segments, offers, fact)
            case OutsideConnected():
                segments.append(Segment(number=fact.number, connected_at=fact.at, purpose=OfferPurpose.TRANSFER))
            case OutsideEnded():
                _change_outside(segments, fact)
            case TalkEnded():
                _change(
                    segments,
                    fact.agent,
                    ended_at=fact.at,
                    talk_seconds=fact.talk_seconds,
                    hold_seconds=fact.hold_seconds,
                )
            case ContactTransferred():
                goal = fact.agent or fact.queue or fact.entry_point or fact.script or fact.number
                _change(segments, fact.by, given_to=str(goal))
            case WrapUpEnded():
                _change(
                    segments,
                    fact.agent,
                    wrap_up_seconds=fact.wrap_up_seconds,
                    disposition=fact.disposition,
                    note=fact.note,
                )
            case _:
                pass
    return tuple(segments)


def _begin(segments: list[Segment], offers: dict[int, Segment], fact: ContactConnected) -> None:
    """Begin a turn; who was consulted before has one already."""
    for index in reversed(range(len(segments))):
        if segments[index].agent == fact.agent and segments[index].connected_at is None:
            segments[index] = replace(segments[index], connected_at=fact.at, ended_at=None)
            return
    offered = [offer for offer in offers.values() if offer.agent == fact.agent]
    newest = offered[-1] if offered else Segment(agent=fact.agent)
    segments.append(replace(newest, queue=fact.queue, connected_at=fact.at))


def _consulted(segments: list[Segment], offers: dict[int, Segment], fact: ConsultEnded) -> None:
    offered = offers.get(fact.offer, Segment(agent=fact.agent, purpose=OfferPurpose.CONSULT, by=fact.by))
    segments.append(replace(offered, consult_seconds=fact.consult_seconds, ended_at=fact.at))


def _change(segments: list[Segment], agent: AgentId, **changes: object) -> None:
    for index in reversed(range(len(segments))):
        if segments[index].agent == agent and segments[index].connected_at is not None:
            segments[index] = replace(segments[index], **changes)
            return


def _change_outside(segments: list[Segment], fact: OutsideEnded) -> None:
    for index in reversed(range(len(segments))):
        if segments[index].number == fact.number and segments[index].ended_at is None:
            segments[index] = replace(
                segments[index], ended_at=fact.at, ring_seconds=fact.ring_seconds, talk_seconds=fact.talk_seconds
            )
            return
