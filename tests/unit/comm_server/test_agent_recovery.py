"""Where an agent was when the server ended, from what the journal says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from caruso.comm_server.agents.presence import After, WrapUpRules
from caruso.comm_server.agents.recovery import Was, rebuild
from caruso.model.facts import (
    AnyFact,
    ContactConnected,
    DispositionChosen,
    NoteWritten,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    Presence,
    PresenceChanged,
    PresencePlanned,
    TalkEnded,
    WrapUpEnded,
    WrapUpProlonged,
)
from caruso.model.ids import AgentId, ContactId, QueueId

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANNA, GAS, CONTACT = AgentId("anna"), QueueId("gas"), ContactId("100.1")
RULES = WrapUpRules(
    length=timedelta(seconds=30),
    extension=timedelta(seconds=60),
    extensions=2,
    by_disposition={"complaint": timedelta(seconds=120)},
)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


CONNECTED = ContactConnected(at=at(0), contact=CONTACT, agent=ANNA, queue=GAS)
OVER = TalkEnded(at=at(60), contact=CONTACT, agent=ANNA, queue=GAS, talk_seconds=60, hold_seconds=0)


def was(*facts: AnyFact, last: PresenceChanged | None = None) -> Was:
    wrapping = PresenceChanged(at=at(60), agent=ANNA, presence=Presence.WRAP_UP, reason="", contact=CONTACT)
    story: Sequence[AnyFact] = (CONNECTED, *facts)
    return rebuild(last or wrapping, None, story, lambda queue: RULES)


def test_wrap_up_goes_on_as_long_as_the_queue_says() -> None:
    found = was(NoteWritten(at=at(5), contact=CONTACT, agent=ANNA, text="angry"), OVER)
    assert (found.state.presence, found.state.until, found.state.extended) == (Presence.WRAP_UP, at(90), 0)
    assert found.worksheet is not None
    assert (found.worksheet.note, found.worksheet.disposition) == ("angry", "")


def test_what_was_chosen_while_they_talked_decides_how_long_wrap_up_lasts() -> None:
    chosen = DispositionChosen(at=at(50), contact=CONTACT, agent=ANNA, disposition="complaint")
    found = was(chosen, OVER)
    assert found.state.until == at(180)
    assert found.worksheet is not None
    assert found.worksheet.disposition == "complaint"


def test_an_extension_survives() -> None:
    longer = WrapUpProlonged(at=at(70), contact=CONTACT, agent=ANNA, until=at(150))
    chosen = DispositionChosen(at=at(75), contact=CONTACT, agent=ANNA, disposition="complaint", until=at(180))
    assert (was(OVER, longer).state.until, was(OVER, longer).state.extended) == (at(150), 1)
    assert (was(OVER, longer, chosen).state.until, was(OVER, longer, chosen).state.extended) == (at(180), 1)


def test_a_conversation_that_ended_unwritten_is_wrapped_up() -> None:
    talking = PresenceChanged(at=at(0), agent=ANNA, presence=Presence.TALKING, reason="", contact=CONTACT)
    found = was(OVER, last=talking)
    assert found.unwritten
    assert (found.state.presence, found.state.until) == (Presence.WRAP_UP, at(90))


LUNCH = After(presence=Presence.NOT_READY, reason="lunch")
AFTERWARDS = PresencePlanned(at=at(40), contact=CONTACT, agent=ANNA, presence=Presence.NOT_READY, reason="lunch")
OFFERED = OfferMade(at=at(0), contact=CONTACT, offer=1, queue=GAS, agent=ANNA)


def test_what_was_asked_for_in_the_conversation_still_follows_it() -> None:
    assert was(AFTERWARDS, OVER).state.after == LUNCH
    changed_her_mind = PresencePlanned(at=at(50), contact=CONTACT, agent=ANNA, presence=Presence.READY)
    assert was(AFTERWARDS, changed_her_mind, OVER).state.after == After()
    colleague = PresencePlanned(
        at=at(40), contact=CONTACT, agent=AgentId("ben"), presence=Presence.NOT_READY, reason="lunch"
    )
    assert was(colleague, OVER).state.after == After()


def test_the_next_offer_of_a_contact_begins_without_it() -> None:
    assert was(AFTERWARDS, OVER, OFFERED).state.after == After()


def test_who_called_somebody_while_not_ready_is_not_ready_afterwards_though_that_was_not_written() -> None:
    last = PresenceChanged(at=at(-60), agent=ANNA, presence=Presence.NOT_READY, reason="lunch")
    found = rebuild(last, (CONTACT, Presence.OFFERED), (OFFERED,), lambda queue: RULES)
    assert (found.state.presence, found.state.after) == (Presence.OFFERED, LUNCH)


def test_a_contact_whose_end_was_written_alone_is_followed_by_it() -> None:
    filed = WrapUpEnded(
        at=at(70), contact=CONTACT, agent=ANNA, queue=GAS, disposition="", note="", wrap_up_seconds=10
    )
    state = was(AFTERWARDS, OVER, filed).state
    assert (state.presence, state.reason, state.since) == (Presence.NOT_READY, "lunch", at(70))
    vanished = OfferEnded(
        at=at(45),
        contact=CONTACT,
        offer=1,
        queue=GAS,
        agent=ANNA,
        outcome=OfferOutcome.WITHDRAWN,
        ring_seconds=5,
    )
    offered = PresenceChanged(at=at(0), agent=ANNA, presence=Presence.OFFERED, contact=CONTACT)
    state = rebuild(offered, None, (OFFERED, AFTERWARDS, vanished), lambda queue: RULES).state
    assert (state.presence, state.reason) == (Presence.NOT_READY, "lunch")
