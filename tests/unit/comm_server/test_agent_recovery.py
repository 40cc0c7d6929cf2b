"""Where an agent was when the server ended, from what the journal says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from caruso.comm_server.agents.presence import WrapUpRules
from caruso.comm_server.agents.recovery import Was, rebuild
from caruso.model.facts import (
    AnyFact,
    ContactConnected,
    DispositionChosen,
    NoteWritten,
    Presence,
    PresenceChanged,
    TalkEnded,
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
