"""The lines of waiting contacts: who is first, whatever the clock says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from caruso.comm_server.acd.dispatcher import Asked, Dispatcher
from caruso.comm_server.acd.plan import Wish
from caruso.model.facts import ContactQueued, OfferEnded, OfferMade, OfferOutcome
from caruso.model.ids import AgentId, ContactId, QueueId
from lab.dispatching import Desk

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
GAS = QueueId("gas")


def queued(name: str, minutes: float, priority: int = 0) -> ContactQueued:
    at = NOON + timedelta(minutes=minutes)
    return ContactQueued(at=at, contact=ContactId(name), visit=1, queue=GAS, priority=priority, skills={})


def a_dispatcher() -> Dispatcher:
    return Desk().dispatcher


def order(dispatcher: Dispatcher) -> list[str]:
    return [str(waiting.contact) for waiting in dispatcher.everybody()]


def test_a_clock_that_is_set_back_lets_nobody_jump_the_queue() -> None:
    dispatcher = a_dispatcher()
    for fact in (queued("first", 0), queued("second", -60), queued("urgent", -60, priority=1)):
        dispatcher.hear(fact)
    assert order(dispatcher) == ["urgent", "first", "second"]


def test_an_offer_that_came_to_nothing_gives_the_old_place_back() -> None:
    dispatcher = a_dispatcher()
    for name in ("first", "second", "third"):
        dispatcher.hear(queued(name, 0))
    second, anna = ContactId("second"), AgentId("anna")
    dispatcher.hear(OfferMade(at=NOON, contact=second, offer=1, queue=GAS, agent=anna))
    failed = OfferOutcome.RONA
    dispatcher.hear(
        OfferEnded(at=NOON, contact=second, offer=1, queue=GAS, agent=anna, outcome=failed, ring_seconds=1)
    )
    assert order(dispatcher) == ["first", "second", "third"]


def test_after_a_restart_all_are_in_the_order_of_their_coming_those_who_ring_too() -> None:
    dispatcher = a_dispatcher()
    first, second, third = (
        Asked(contact=ContactId(name), wish=Wish(queue=GAS), since=NOON + timedelta(seconds=number))
        for number, name in enumerate(("first", "second", "third"))
    )
    dispatcher.restore([third, first, second], [second.contact], [])
    dispatcher.hear(queued("newest", -60))
    assert order(dispatcher) == ["first", "second", "third", "newest"]
