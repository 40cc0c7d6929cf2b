"""Messages that are offered to agents: puts them among those who wait, and keeps what is asked of whom.

What is offered, and when an offer is over, is decided in `offering`; whom to ask with calls, by the dispatcher.
Lives on facts, and knows no console.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from caruso.clock import Clock
from caruso.comm_server.acd.plan import MessageWish
from caruso.comm_server.agents.presence import MESSAGE, AgentState
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.voicemail import offering
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.comm_server.voicemail.offering import MessageOffer
from caruso.errors import IllegalMove
from caruso.model.centre import Centre
from caruso.model.facts import ContactRouted, OfferOutcome, VoicemailFact, VoicemailOffered, VoicemailOfferEnded
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.voicemails import VoicemailState
from caruso.ports.timers import TimerHandle, Timers

log = structlog.get_logger(__name__)


class Lines(Protocol):
    """Where contacts wait for agents (`caruso.comm_server.acd.dispatcher`)."""

    def wait(self, message: ContactId, wish: MessageWish, since: datetime, *, offered: bool) -> None:
        """Let a message wait, or wait on by another wish; `offered`: an agent is being asked."""
        ...

    def leave(self, message: ContactId) -> None:
        """Let a message wait no longer, if it does."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    offer: MessageOffer
    timer: TimerHandle


class MessageOffers:
    """Who is asked to take which message, and who answers one that she was asked to take."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        mailboxes: Mailboxes,
        lines: Callable[[], Lines],
        done: Callable[[AgentId], None],
        stream: FactStream,
        clock: Clock,
        timers: Timers,
    ) -> None:
        """Begin with none; `done` is told of agents who are done with the message they accepted."""
        self._centre = centre
        self._mailboxes = mailboxes
        self._lines = lines
        self._done = done
        self._stream = stream
        self._clock = clock
        self._timers = timers
        self._asked: dict[AgentId, _Asked] = {}
        self._by_contact: dict[ContactId, AgentId] = {}
        self._at_hand: dict[AgentId, ContactId] = {}
        #: Why an offer that has just been decided is made.
        self._why: dict[ContactId, ContactRouted] = {}

    # -- Looking ----------------------------------------------------------------------------------------------

    def offer_to(self, agent: AgentId) -> MessageOffer | None:
        """Return what an agent is asked."""
        asked = self._asked.get(agent)
        return asked.offer if asked is not None else None

    def at_hand(self, agent: AgentId) -> ContactId | None:
        """Return the message an agent has accepted and is not done with."""
        return self._at_hand.get(agent)

    # -- What is asked for ------------------------------------------------------------------------------------

    def make(self, agent: AgentId, contact: ContactId, queue: QueueId, why: ContactRouted | None) -> None:
        """Ask an agent to take a message."""
        if why is not None:
            self._why[contact] = why
            self._stream.publish(why)
        self._stream.publish(VoicemailOffered(at=self._clock.now(), contact=contact, queue=queue, agent=agent))

    def accept(self, agent: AgentId, contact: ContactId) -> None:
        """Give an agent the message she is asked to take; raise `IllegalMove` when that is over."""
        self._expect(agent, contact)
        message = self._mailboxes.get(contact)
        if message is not None:
            who = offering.who_takes(agent, self._centre())
            self._mailboxes.take(who, contact, message.version)

    def decline(self, agent: AgentId, contact: ContactId) -> None:
        """Let another agent take the message; raise `IllegalMove` when the offer is over."""
        self._end(self._expect(agent, contact), OfferOutcome.DECLINED)

    def _expect(self, agent: AgentId, contact: ContactId) -> MessageOffer:
        offer = self.offer_to(agent)
        if offer is None or offer.contact != contact:
            raise IllegalMove("The offer is over.")
        return offer

    def _end(self, offer: MessageOffer, outcome: OfferOutcome) -> None:
        asked = self._asked.pop(offer.agent)
        asked.timer.cancel()
        del self._by_contact[offer.contact]
        self._stream.publish(offering.ended(offer, outcome, self._clock.now()))

    # -- What happens -----------------------------------------------------------------------------------------

    def hear(self, fact: VoicemailFact) -> None:
        """Keep offers and lines as the facts about messages tell."""
        contact = fact.contact
        match fact:
            case VoicemailOffered(agent=agent, queue=queue, at=at):
                self._begin(agent, contact, queue, at)
            case VoicemailOfferEnded(agent=agent, outcome=outcome):
                if outcome is OfferOutcome.ACCEPTED:
                    self._at_hand[agent] = contact
                log.info("voicemail_offer_ended", contact_id=contact, agent_id=agent, outcome=outcome)
            case _:
                pass
        self._look(contact)

    def look_at_all(self) -> None:
        """Go by the rules in force, for messages that wait and for those that are offered."""
        for message in self._mailboxes.waiting():
            self._look(message.contact)
        for contact in list(self._by_contact):
            self._look(contact)

    def _look(self, contact: ContactId) -> None:
        message, centre = self._mailboxes.get(contact), self._centre()
        agent = self._by_contact.get(contact)
        if agent is not None:
            offer = self._asked[agent].offer
            outcome = offering.over(offer, message, centre)
            if outcome is not None:
                self._end(offer, outcome)
        wanted = offering.wish(message, centre)
        if message is None or wanted is None:
            self._lines().leave(contact)
        else:
            since = message.received_at or message.begun_at
            self._lines().wait(contact, wanted, since, offered=agent is not None)
        for busy in [busy for busy, held in self._at_hand.items() if held == contact]:
            if message is None or message.state is not VoicemailState.TAKEN or message.agent != busy:
                del self._at_hand[busy]
                self._done(busy)

    def _begin(self, agent: AgentId, contact: ContactId, queue: QueueId, since: datetime) -> None:
        rest = timedelta(seconds=self._mailboxes.rules(queue).offer_seconds)
        offer = MessageOffer(
            contact=contact,
            queue=queue,
            agent=agent,
            since=since,
            until=self._clock.now() + rest,
            why=self._why.pop(contact, None),
        )
        timer = self._timers.call_later(rest.total_seconds(), lambda: self._end(offer, OfferOutcome.RONA))
        self._asked[agent] = _Asked(offer, timer)
        self._by_contact[contact] = agent

    # -- After a restart --------------------------------------------------------------------------------------

    def restore(self, offers: Iterable[VoicemailOffered], states: Iterable[AgentState]) -> None:
        """Go on asking whom we asked, for as long again, and know who answers a message."""
        for offered in offers:
            self._begin(offered.agent, offered.contact, offered.queue, offered.at)
        for state in states:
            if MESSAGE in (state.reason, state.after.reason):
                contact = offering.at_hand(state.agent, self._mailboxes.waiting())
                if contact is None:
                    self._done(state.agent)
                else:
                    self._at_hand[state.agent] = contact
        self.look_at_all()
