"""The card shows who the caller is, as the records are now, in words a person reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from caruso.clock import SystemClock
from caruso.comm_server.centre_file.reading import read_centre
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.fact_stream import FactStream
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, QueueId
from caruso.model.records import Customer, PastContact
from lab.fake_stores import MemoryCustomers, MemoryFacts

NOW = ContactId("now")
ADA = Customer(id=CustomerId("c1"), name="Ada", numbers=("+442079460000",), attributes={"last_reading": "100"})
CENTRE = read_centre(
    """
name = "Test"
timezone = "UTC"
[dispositions]
done = "Done"
[queues.meter]
name = "Meter readings"
[agents.bram]
name = "Bram"
queues = ["meter"]
""",
    "centre.toml",
).centre


class Floor:
    """Cards of a small house, and what was told of them."""

    def __init__(self, *past: PastContact) -> None:
        self.customers = MemoryCustomers(ADA)
        self.changed: list[ContactId] = []
        self.cards = CustomerCards(
            needed=lambda contact: True,
            customers=self.customers,
            facts=MemoryFacts(*past),
            stream=FactStream(),
            clock=SystemClock(),
            centre=lambda: CENTRE,
            changed=self.changed.append,
        )

    def attributes(self) -> dict[str, str]:
        card = self.cards.view(NOW)
        assert card is not None
        return card.attributes


def past_contact(queue: str, agent: str, disposition: str) -> PastContact:
    return PastContact(
        id=ContactId("then"),
        channel="voice",
        arrived_at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        ended_at=datetime(2026, 3, 2, 12, 5, tzinfo=UTC),
        entry_point=EntryPointId("meter"),
        caller_number="+442079460000",
        customer=ADA.id,
        queue=QueueId(queue),
        agent=AgentId(agent),
        queue_outcome="answered",
        waited_seconds=2.0,
        talk_seconds=60.0,
        cause="agent-hung-up",
        disposition=disposition,
        note="",
    )


async def test_what_a_script_wrote_is_on_the_card() -> None:
    floor = Floor()
    await floor.cards.identify(NOW, "+442079460000")
    await floor.customers.save(replace(ADA, attributes={"last_reading": "250"}), by="script")
    floor.changed.clear()
    await floor.cards.refresh(NOW)
    assert floor.attributes() == {"last_reading": "250"}
    assert floor.changed == [NOW]


async def test_a_card_that_is_as_before_is_not_shown_again() -> None:
    floor = Floor()
    await floor.cards.identify(NOW, "+442079460000")
    floor.changed.clear()
    await floor.cards.refresh(NOW)
    await floor.cards.refresh(ContactId("somebody unknown"))
    assert floor.changed == []


async def test_notes_are_shown_as_what_they_say() -> None:
    floor = Floor()
    notes = [{"at": "2026-03-02", "text": "Moves in May", "author": "", "key": "1"}, {"text": "Called twice"}]
    await floor.customers.save(replace(ADA, attributes={"notes": notes, "paper": True}), by="script")
    await floor.cards.identify(NOW, "+442079460000")
    assert floor.attributes() == {"notes": "Moves in May; Called twice", "paper": "yes"}


async def test_history_names_queue_agent_and_disposition_while_the_centre_has_them() -> None:
    lines = []
    for past in (past_contact("meter", "bram", "done"), past_contact("gone", "gone", "gone")):
        floor = Floor(past)
        await floor.cards.identify(NOW, "+442079460000")
        await floor.cards.load_history(NOW)
        card = floor.cards.view(NOW)
        assert card is not None
        lines += [(line.queue, line.agent, line.disposition) for line in card.history]
    assert lines == [("Meter readings", "Bram", "Done"), ("gone", "gone", "gone")]
