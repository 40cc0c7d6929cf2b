"""Who has the customer of a call, as facts tell it: for the monitor's rows. Pure.

In a conference the one who has the call stays the same when others join; who is given a customer has him from the
moment both hear each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from caruso.model.facts import (
    AnyFact,
    ContactConnected,
    ContactEnded,
    ContactTransferred,
    OutsideConnected,
    OutsideEnded,
    TalkEnded,
)
from caruso.model.ids import AgentId, ContactId, QueueId

#: Where a customer is who was given away: rung for, with somebody outside, or led by a dialog.
TRANSFERRING, OUTSIDE, DIALOG, TALKING = "transferring", "outside", "dialog", "talking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """How a call goes on, and with which agent, if one has it."""

    phase: str
    agent: AgentId | None = None
    #: That of the agent's turn; None: as before.
    queue: QueueId | None = None


@dataclass(slots=True)
class _Talk:
    """Who hears the customer: agents, and numbers outside."""

    agents: set[AgentId] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    owner: AgentId | None = None


class Holders:
    """All calls."""

    def __init__(self) -> None:
        """Begin with none."""
        self._talks: dict[ContactId, _Talk] = {}

    def hear(self, fact: AnyFact) -> Holder | None:
        """Take over a fact; return who has the customer from now on, None where that stays as it is."""
        match fact:
            case ContactConnected(contact=contact):
                return _connected(self._talk(contact), fact)
            case TalkEnded(contact=contact, agent=agent):
                if contact in self._talks:
                    self._talks[contact].agents.discard(agent)
            case OutsideConnected(contact=contact, number=number):
                talk = self._talk(contact)
                talk.numbers.add(number)
                return None if talk.owner in talk.agents else Holder(phase=OUTSIDE)
            case OutsideEnded(contact=contact, number=number):
                if contact in self._talks:
                    self._talks[contact].numbers.discard(number)
            case ContactTransferred(contact=contact):
                return _given(self._talk(contact), fact)
            case ContactEnded(contact=contact):
                self._talks.pop(contact, None)
            case _:
                pass
        return None

    def _talk(self, contact: ContactId) -> _Talk:
        return self._talks.setdefault(contact, _Talk())


def _connected(talk: _Talk, fact: ContactConnected) -> Holder | None:
    talk.agents.add(fact.agent)
    if talk.owner in talk.agents and talk.owner != fact.agent:
        return None
    talk.owner = fact.agent
    return Holder(phase=TALKING, agent=fact.agent, queue=fact.queue)


def _given(talk: _Talk, fact: ContactTransferred) -> Holder | None:
    talk.owner = None
    if fact.agent is not None and fact.agent in talk.agents:
        talk.owner = fact.agent
        return Holder(phase=TALKING, agent=fact.agent)
    if fact.number and fact.number in talk.numbers:
        return Holder(phase=OUTSIDE)
    if fact.agent is not None or fact.number:
        return Holder(phase=TRANSFERRING)
    # In a queue he waits: that is told by itself.
    return None if fact.queue is not None else Holder(phase=DIALOG)
