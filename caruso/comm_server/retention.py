"""Decides when what is kept for a contact can go: it has ended, and no desk holds it any more."""

from __future__ import annotations

from collections.abc import Callable

from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.model.facts import AnyFact, ContactEnded, PresenceChanged
from caruso.model.ids import AgentId, ContactId


class Retention:
    """Remembers who had which contact last."""

    def __init__(
        self,
        *,
        call: Callable[[ContactId], Call | None],
        agent_of: Callable[[ContactId], AgentId | None],
        forget: Callable[[ContactId], None],
    ) -> None:
        """`agent_of` tells on whose desk a contact is; `forget` is called once nobody needs it."""
        self._call = call
        self._agent_of = agent_of
        self._forget = forget
        self._last_contact: dict[AgentId, ContactId] = {}

    def hear(self, fact: AnyFact) -> None:
        """Drop what is kept for a contact once it has ended and no desk holds it."""
        match fact:
            case ContactEnded(contact=contact) if self._agent_of(contact) is None:
                self._forget(contact)
            case PresenceChanged(agent=agent, contact=None):
                contact_left = self._last_contact.pop(agent, None)
                if contact_left is not None and self._is_over(contact_left):
                    self._forget(contact_left)
            case PresenceChanged(agent=agent, contact=contact) if contact is not None:
                self._last_contact[agent] = contact
            case _:
                pass

    def _is_over(self, contact: ContactId) -> bool:
        call = self._call(contact)
        return call is None or call.phase is Phase.ENDED
