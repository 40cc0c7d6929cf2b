"""Keeps what agents wrote about live contacts, so that whoever gets a contact reads what others wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from caruso.model.facts import AnyFact, NoteWritten
from caruso.model.ids import AgentId, ContactId


class ContactNotes:
    """The newest note of each agent on each contact that goes on, or is on a desk."""

    def __init__(self) -> None:
        """Begin with none."""
        self._notes: dict[ContactId, dict[AgentId, str]] = {}

    def hear(self, fact: NoteWritten) -> None:
        """Take note of a note."""
        self._notes.setdefault(fact.contact, {})[fact.agent] = fact.text

    def restore(self, facts: Iterable[AnyFact]) -> None:
        """Take over the notes of before a crash."""
        for fact in facts:
            if isinstance(fact, NoteWritten):
                self.hear(fact)

    def of(self, contact: ContactId) -> Mapping[AgentId, str]:
        """Return the notes on a contact, the first agent's first."""
        return self._notes.get(contact, {})

    def forget(self, contact: ContactId) -> None:
        """Drop the notes of a contact that is over."""
        self._notes.pop(contact, None)
