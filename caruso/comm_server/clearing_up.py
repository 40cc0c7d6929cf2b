"""Drops what is kept for a contact when nobody needs it any more: it has ended, and no agent writes about it."""

from __future__ import annotations

from collections.abc import Callable

from caruso.comm_server.agents.desks import Desks
from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.comm_server.contact_notes import ContactNotes
from caruso.comm_server.conversations import Conversations
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.run_moves import RunMoves
from caruso.model.facts import ContactEnded
from caruso.model.ids import ContactId


class ClearingUp:
    """Dialog, card, links and notes of contacts that are over."""

    def __init__(
        self,
        *,
        call: Callable[[ContactId], Call | None],
        desks: Desks,
        conversations: Conversations,
        moves: RunMoves,
        cards: CustomerCards,
        notes: ContactNotes,
    ) -> None:
        """`call` returns a call that is not over."""
        self._call = call
        self._desks = desks
        self._conversations = conversations
        self._moves = moves
        self._cards = cards
        self._notes = notes

    def hear(self, fact: ContactEnded) -> None:
        """Clear up after a contact, unless an agent still writes about it."""
        self.forget_when_over(fact.contact)

    def forget_when_over(self, contact: ContactId) -> None:
        """Drop what is kept for a contact, if it is not needed."""
        if not self.needed(contact):
            self._conversations.forget(contact)
            self._moves.forget(contact)
            self._cards.forget(contact)
            self._notes.forget(contact)

    def needed(self, contact: ContactId) -> bool:
        """Tell whether the contact goes on, or is on a desk."""
        call = self._call(contact)
        goes_on = call is not None and call.phase is not Phase.ENDED
        return goes_on or bool(self._desks.agents_of(contact))
