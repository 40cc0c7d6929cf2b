"""Keeps what agents wrote about live contacts, so that whoever gets a contact reads what was written before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from caruso.model.facts import AnyFact, ContactConnected, NoteWritten
from caruso.model.ids import AgentId, ContactId


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What an agent wrote in one of her turns with a contact."""

    agent: AgentId
    text: str
    #: Whether that turn is her last one so far.
    present: bool = True


class ContactNotes:
    """The newest note of each turn on each contact that goes on, or is on a desk."""

    def __init__(self) -> None:
        """Begin with none."""
        self._notes: dict[ContactId, list[Note]] = {}

    def hear(self, fact: NoteWritten | ContactConnected) -> None:
        """Take note of a note; an agent who gets a contact again begins a new one."""
        match fact:
            case NoteWritten(contact=contact, agent=agent, text=text):
                notes, written = self._notes.setdefault(contact, []), Note(agent=agent, text=text)
                at = next((n for n, note in enumerate(notes) if note.agent == agent and note.present), len(notes))
                notes[at : at + 1] = [written]
            case ContactConnected(contact=contact, agent=agent) if contact in self._notes:
                self._notes[contact] = [
                    replace(note, present=False) if note.agent == agent else note for note in self._notes[contact]
                ]

    def restore(self, facts: Iterable[AnyFact]) -> None:
        """Take over the notes of before a crash."""
        for fact in facts:
            if isinstance(fact, NoteWritten | ContactConnected):
                self.hear(fact)

    def of(self, contact: ContactId, writer: AgentId | None = None) -> Sequence[Note]:
        """Return the notes on a contact, the oldest first, without the one `writer` is at now."""
        notes = self._notes.get(contact, ())
        return [note for note in notes if note.text and not (note.agent == writer and note.present)]

    def forget(self, contact: ContactId) -> None:
        """Drop the notes of a contact that is over."""
        self._notes.pop(contact, None)
