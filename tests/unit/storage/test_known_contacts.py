"""Which contacts the journal's writer keeps in memory."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from caruso.model.ids import ContactId
from caruso.storage import projecting
from caruso.storage.projecting import Known
from caruso.storage.projection_rows import Changes, ContactRows

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def changes(*contacts: tuple[str, bool]) -> Changes:
    """Return what is known of contacts, and whether they are over."""
    known = {
        ContactId(name): ContactRows(contact={"id": name, "ended_at": NOON if over else None})
        for name, over in contacts
    }
    return Changes(known_contacts=known)


def test_contacts_that_are_over_are_soon_forgotten_and_others_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projecting, "KNOWN_ENDED", 2)
    known = Known()
    known.learn(changes(("long", False)), {})
    for number in range(10):
        known.learn(changes((f"c{number}", False)), {})
        known.learn(changes((f"c{number}", True)), {})
    assert list(known.contacts) == ["long", "c8", "c9"]
    known.learn(changes(("c8", True)), {})  # a note was written
    known.learn(changes(("c10", True)), {})
    assert list(known.contacts) == ["long", "c8", "c10"]


def test_there_is_a_limit_for_those_that_go_on_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projecting, "KNOWN_CONTACTS", 3)
    known = Known()
    known.learn(changes(("over", True), *((f"c{number}", False) for number in range(5))), {})
    assert list(known.contacts) == ["c2", "c3", "c4"]
    assert not known.ended
