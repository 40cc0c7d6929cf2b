"""What the dispatcher offers, and when: it knows what facts told, and what it has asked for itself."""

from __future__ import annotations

from datetime import UTC, datetime

from caruso.model.centre import AgentProfile, Queue
from caruso.model.facts import ContactLeftQueue, ContactQueued, OfferMade, Presence, PresenceChanged, QueueOutcome
from caruso.model.ids import AgentId, ContactId, QueueId
from lab.dispatching import Desk

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
GAS = QueueId("gas")
ANNA, BRAM = AgentId("anna"), AgentId("bram")
FIRST, SECOND = ContactId("1"), ContactId("2")


class Floor(Desk):
    """A dispatcher that may offer."""

    def __init__(self) -> None:
        super().__init__([Queue(id=GAS, name="Gas")], [profile(ANNA), profile(BRAM)])
        self.dispatcher.resume()

    def ready(self, agent: AgentId) -> None:
        self.dispatcher.hear(PresenceChanged(at=NOW, agent=agent, presence=Presence.READY))

    def queued(self, contact: ContactId) -> None:
        self.dispatcher.hear(ContactQueued(at=NOW, contact=contact, visit=1, queue=GAS, priority=0, skills={}))

    def left(self, contact: ContactId) -> None:
        outcome = QueueOutcome.ABANDONED
        self.dispatcher.hear(
            ContactLeftQueue(at=NOW, contact=contact, visit=1, queue=GAS, outcome=outcome, waited_seconds=1)
        )


def profile(agent: AgentId) -> AgentProfile:
    return AgentProfile(id=agent, name=agent, queues=(GAS,))


def test_an_offer_that_is_under_way_is_not_asked_for_again() -> None:
    floor = Floor()
    floor.queued(FIRST)
    floor.ready(ANNA)
    floor.dispatcher.dispatch()
    floor.ready(BRAM)
    floor.dispatcher.dispatch()
    assert floor.asked == [(FIRST, ANNA)]


def test_an_agent_for_whom_an_offer_is_under_way_gets_no_other() -> None:
    floor = Floor()
    floor.queued(FIRST)
    floor.ready(ANNA)
    floor.dispatcher.dispatch()
    floor.queued(SECOND)
    floor.dispatcher.dispatch()
    assert floor.asked == [(FIRST, ANNA)]


def test_an_agent_whose_offer_came_to_nothing_gets_the_next() -> None:
    floor = Floor()
    floor.queued(FIRST)
    floor.queued(SECOND)
    floor.ready(ANNA)
    floor.dispatcher.dispatch()
    floor.left(FIRST)
    floor.dispatcher.dispatch()
    assert floor.asked == [(FIRST, ANNA), (SECOND, ANNA)]


def test_nobody_is_told_to_wait_while_the_pbx_is_away_and_everybody_afterwards() -> None:
    floor = Floor()
    floor.queued(FIRST)
    floor.dispatcher.dispatch()
    floor.dispatcher.pause()
    floor.queued(SECOND)
    floor.dispatcher.dispatch()
    assert floor.waiting == [FIRST]
    floor.dispatcher.resume()
    floor.dispatcher.dispatch()
    assert sorted(floor.waiting) == [FIRST, FIRST, SECOND]


def test_a_contact_that_is_offered_waits_for_nobody_else() -> None:
    floor = Floor()
    floor.queued(FIRST)
    floor.dispatcher.hear(OfferMade(at=NOW, contact=FIRST, offer=1, queue=GAS, agent=BRAM))
    floor.ready(ANNA)
    floor.dispatcher.dispatch()
    assert floor.asked == []
