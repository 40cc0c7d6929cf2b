"""What the web edge asks of the centre on behalf of supervisors. `caruso.comm_server.supervision` implements it.

All calls return at once. What is none of the supervisor's raises `NotFound`, what is not possible now
`IllegalMove`.
"""

from __future__ import annotations

from typing import Protocol

from caruso.model.ids import AgentId, ContactId, QueueId, SupervisionId
from caruso.model.supervision import SupervisionMode
from caruso.model.supervisor import Supervisor


class Supervision(Protocol):
    """Listening, waiting contacts, queues, messages."""

    def scope(self, who: Supervisor) -> frozenset[QueueId] | None:
        """Return which queues are given to her; None for all."""
        ...

    def check_agent(self, who: Supervisor, agent: AgentId) -> None:
        """Raise `NotFound` for an agent who takes contacts of none of her queues."""
        ...

    def begin(self, who: Supervisor, contact: ContactId, mode: SupervisionMode, phone: str) -> SupervisionId:
        """Call her phone (``browser``, ``sip`` or a number) and let her take part in a conversation."""
        ...

    def change_mode(self, who: Supervisor, supervision: SupervisionId, mode: SupervisionMode) -> None:
        """Let her take part in another way."""
        ...

    def take_over(self, who: Supervisor, supervision: SupervisionId) -> None:
        """Give her the conversation, as an agent."""
        ...

    def stop(self, who: Supervisor, supervision: SupervisionId) -> None:
        """End it."""
        ...

    def move(self, who: Supervisor, contact: ContactId, queue: QueueId) -> None:
        """Let a waiting contact wait in another queue."""
        ...

    def set_priority(self, who: Supervisor, contact: ContactId, priority: int) -> None:
        """Give a waiting contact another priority."""
        ...

    def switch_queue(self, who: Supervisor, queue: QueueId, *, is_open: bool) -> None:
        """Open or close a queue."""
        ...

    def send_message(
        self, who: Supervisor, text: str, *, agents: tuple[AgentId, ...], queue: QueueId | None
    ) -> int:
        """Show a message to agents, or to all of a queue who are signed in; return to how many."""
        ...
