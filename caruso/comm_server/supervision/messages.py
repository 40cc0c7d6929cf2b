"""Messages of supervisors to agents: kept until the agent has taken note. Lives on facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from caruso.model.facts import AnyFact, MessageSeen, MessageSent
from caruso.model.ids import AgentId
from caruso.model.views import MessageView

#: Kept for one agent; older ones give way.
MOST_MESSAGES = 20


class AgentMessages:
    """What agents have not taken note of."""

    def __init__(self, changed: Callable[[AgentId], None]) -> None:
        """`changed` is told of agents whose messages are others now."""
        self._changed = changed
        self._unseen: dict[AgentId, list[MessageView]] = {}

    def restore(self, facts: Iterable[AnyFact]) -> None:
        """Take over what was not seen before a restart."""
        for fact in facts:
            self._take(fact)

    def hear(self, fact: MessageSent | MessageSeen) -> None:
        """Take note that a message was sent or seen."""
        for agent in self._take(fact):
            self._changed(agent)

    def of(self, agent: AgentId) -> list[MessageView]:
        """Return what the agent has not taken note of, oldest first."""
        return self._unseen.get(agent, [])

    def _take(self, fact: AnyFact) -> tuple[AgentId, ...]:
        match fact:
            case MessageSent():
                view = MessageView(id=fact.message, sender=fact.sender, text=fact.text, at=fact.at)
                for agent in fact.agents:
                    self._unseen[agent] = [*self.of(agent), view][-MOST_MESSAGES:]
                return fact.agents
            case MessageSeen(agent=agent, message=message):
                self._unseen[agent] = [view for view in self.of(agent) if view.id != message]
                return (agent,)
            case _:
                return ()
