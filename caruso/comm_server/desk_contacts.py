"""Puts contacts on agents' desks, as facts about calls tell, and keeps what is shown of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.agents.desks import DeskContact, Desks
from caruso.comm_server.calls.lifecycle import Call, Party, Phase
from caruso.model.centre import Centre
from caruso.model.facts import (
    AnyFact,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactResumed,
    ContactRouted,
    ContactTransferred,
    OfferMade,
    OfferPurpose,
    TalkEnded,
    TransferForm,
)
from caruso.model.ids import AgentId, ContactId, QueueId


class DeskContacts:
    """What lies on the desks."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        call: Callable[[ContactId], Call | None],
        desks: Desks,
        ring_seconds: Callable[[AgentId, float], float],
        clock: Clock,
    ) -> None:
        """`call` returns a call that is not over; `ring_seconds` how long an agent's phone rings in a queue."""
        self._centre = centre
        self._call = call
        self._desks = desks
        self._ring_seconds = ring_seconds
        self._clock = clock
        #: Decisions whose offer has not been made yet.
        self._routed: dict[ContactId, ContactRouted] = {}

    def hear(
        self,
        fact: ContactRouted
        | OfferMade
        | ContactConnected
        | ContactHeld
        | ContactResumed
        | ContactTransferred
        | TalkEnded
        | ContactLeftQueue
        | ContactEnded,
    ) -> None:
        """Put contacts on desks and keep what is shown of them."""
        match fact:
            case ContactRouted(agent=agent, contact=contact):
                if self._desks.has(agent, contact):
                    self._desks.change(agent, routed=fact)
                else:
                    self._routed[contact] = fact
            case OfferMade(agent=agent, contact=contact, by=by, purpose=purpose):
                call, routed = self._call(contact), self._routed.pop(contact, None)
                if call is not None:
                    why = routed if routed is not None and routed.agent == agent else None
                    self._desks.put(agent, replace(self.of(call, agent), by=by, purpose=purpose, routed=why))
            case ContactLeftQueue(contact=contact) | ContactEnded(contact=contact):
                self._routed.pop(contact, None)
            case ContactConnected(agent=agent, at=at):
                self._desks.change(agent, connected_at=at)
            case ContactHeld(agent=agent):
                self._desks.change(agent, held=True)
            case ContactResumed(agent=agent):
                self._desks.change(agent, held=False)
            case ContactTransferred(form=TransferForm.TAKEN_OVER, by=by, agent=agent):
                self._desks.change(by, taken_by=agent)
            case TalkEnded(agent=agent, at=at):
                self._desks.change(agent, ended_at=at, held=False)
            case _:
                pass

    def of(self, call: Call, agent: AgentId) -> DeskContact:
        """Return what an agent's desk shows of a call that is offered to her, or in which she talks."""
        centre, now = self._centre(), self._clock.now()
        place, at_desk = call.place, call.desk
        queue = centre.queues.get(place.queue) if place else None
        party = call.party_of(agent)
        if party is not None:
            offered_at, connected_at, held = party.called_at, party.connected_at, party.held_since is not None
        else:
            offered_at = at_desk.offered_at if at_desk else now
            connected_at = at_desk.connected_at if at_desk else None
            held = bool(at_desk and at_desk.held_since)
        entry_point = centre.entry_points.get(call.entry_point) if call.entry_point else None
        return DeskContact(
            contact=call.contact,
            caller_number=call.caller_number,
            caller_name=call.caller_name,
            entry_point=entry_point.name if entry_point else "",
            queue=place.queue if place else QueueId(""),
            queued_at=place.since if place else call.arrived_at,
            offered_at=offered_at,
            ring_until=offered_at
            + timedelta(seconds=self._ring_seconds(agent, queue.ring_seconds if queue else 20.0)),
            connected_at=connected_at,
            held=held,
            by=party.by if party is not None else None,
            purpose=_purpose(call, party),
        )


def decision_for(facts: Iterable[AnyFact], agent: AgentId) -> ContactRouted | None:
    """Return by which decision an agent has the contact these facts are about; None where nobody chose her."""
    found: ContactRouted | None = None
    for fact in facts:
        if isinstance(fact, ContactRouted) and fact.agent == agent:
            found = fact
        elif isinstance(fact, OfferMade) and fact.agent == agent and fact.purpose is not OfferPurpose.QUEUE:
            found = None
    return found


def _purpose(call: Call, party: Party | None) -> OfferPurpose:
    if party is None:
        return OfferPurpose.QUEUE
    return OfferPurpose.TRANSFER if call.phase is Phase.TRANSFERRING else OfferPurpose.CONSULT
