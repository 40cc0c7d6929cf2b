"""Supervisors without calls: what they ask for is kept, and what is not there is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.supervision.scope import has_agent, has_queue, scope_of
from caruso.errors import IllegalMove, NotFound
from caruso.model.centre import Centre
from caruso.model.ids import AgentId, ContactId, QueueId, SupervisionId, UserId
from caruso.model.supervision import SupervisionMode
from caruso.model.supervisor import Supervisor
from caruso.model.views import MessageView, SupervisionRow


class FakeSupervision:
    """Everything is possible but what a call would be needed for; `rows` are what the monitor shows."""

    def __init__(
        self,
        centre: Callable[[], Centre],
        now: Callable[[], datetime],
        changed: Callable[[], None],
        talks: Callable[[], dict[ContactId, tuple[AgentId, QueueId]]],
    ) -> None:
        """Begin with nobody in a conversation. `talks`: agent and queue by contact.

        `changed` is told when the monitor has to show something."""
        self._centre = centre
        self._now = now
        self._changed = changed
        self._talks = talks
        self.rows: dict[SupervisionId, SupervisionRow] = {}
        #: Why the next supervision is refused.
        self.refuses = ""
        self.closed: dict[QueueId, UserId] = {}
        self.moved: list[tuple[ContactId, QueueId]] = []
        self.prioritised: list[tuple[ContactId, int]] = []
        #: Messages nobody has taken note of, and to whom.
        self.unseen: list[tuple[AgentId, MessageView]] = []
        self.sent: list[tuple[tuple[AgentId, ...], QueueId | None, str]] = []

    def scope(self, who: Supervisor) -> frozenset[QueueId] | None:
        """Return which queues are given to her."""
        return scope_of(self._centre(), who.user, who.role)

    def check_agent(self, who: Supervisor, agent: AgentId) -> None:
        """Raise `NotFound` for an agent who is none of hers."""
        if agent in self._centre().agents and not has_agent(self.scope(who), self._centre(), agent):
            raise NotFound("There is no such agent.")

    def begin(self, who: Supervisor, contact: ContactId, mode: SupervisionMode, phone: str) -> SupervisionId:
        """Be on the phone at once."""
        if self.refuses:
            raise IllegalMove(self.refuses)
        talk = self._talks().get(contact)
        if talk is None:
            raise NotFound("This call has ended.")
        if any(row.by == who.user and row.stage != "ended" for row in self.rows.values()):
            raise IllegalMove("You take part in a conversation already: end that first.")
        agent, queue = talk
        supervision = SupervisionId(f"s{len(self.rows) + 1}")
        now = self._now()
        self.rows[supervision] = SupervisionRow(
            id=supervision,
            contact=contact,
            queue=queue,
            agent=agent,
            by=who.user,
            mode=mode,
            stage="active",
            since=now,
        )
        self._changed()
        return supervision

    def change_mode(self, who: Supervisor, supervision: SupervisionId, mode: SupervisionMode) -> None:
        """Take part in another way."""
        self.rows[supervision] = replace(self._own(who, supervision), mode=mode)
        self._changed()

    def take_over(self, who: Supervisor, supervision: SupervisionId) -> None:
        """End it so: the conversation is hers."""
        row = self._own(who, supervision)
        if who.agent is None:
            raise IllegalMove("Only who is an agent of this centre can take a conversation over: it needs a desk.")
        self.rows[supervision] = replace(row, stage="ended", outcome="taken-over")
        self._changed()

    def stop(self, who: Supervisor, supervision: SupervisionId) -> None:
        """End it."""
        self.rows[supervision] = replace(self._own(who, supervision), stage="ended", outcome="stopped")
        self._changed()

    def _own(self, who: Supervisor, supervision: SupervisionId) -> SupervisionRow:
        row = self.rows.get(supervision)
        if row is None or row.by != who.user or row.stage == "ended":
            raise NotFound("It is over.")
        return row

    def move(self, who: Supervisor, contact: ContactId, queue: QueueId) -> None:
        """Keep what was asked for."""
        self._expect_queue(who, queue)
        self.moved.append((contact, queue))
        self._changed()

    def set_priority(self, who: Supervisor, contact: ContactId, priority: int) -> None:
        """Keep what was asked for."""
        self.prioritised.append((contact, priority))
        self._changed()

    def switch_queue(self, who: Supervisor, queue: QueueId, *, is_open: bool) -> None:
        """Open or close a queue."""
        self._expect_queue(who, queue)
        self.closed.pop(queue, None)
        if not is_open:
            self.closed[queue] = who.user
        self._changed()

    def send_message(
        self, who: Supervisor, text: str, *, agents: tuple[AgentId, ...], queue: QueueId | None
    ) -> int:
        """Keep what was sent."""
        for agent in agents:
            if agent not in self._centre().agents:
                raise NotFound("There is no such agent.")
        profiles = self._centre().agents
        told = agents or tuple(agent for agent in profiles if queue in profiles[agent].queues)
        self.sent.append((agents, queue, text))
        message = MessageView(id=f"m{len(self.sent)}", sender=who.name, text=text, at=self._now())
        self.unseen += [(agent, message) for agent in told]
        self._changed()
        return len(told)

    def _expect_queue(self, who: Supervisor, queue: QueueId) -> None:
        if queue not in self._centre().queues or not has_queue(self.scope(who), queue):
            raise NotFound("There is no such queue.")
