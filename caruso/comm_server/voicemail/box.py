"""Decide what people may do with messages, and what follows: facts, or a refusal in words for them. Pure.

Whoever changes a message names the version that was seen: of two who want the same one, one is told that the other
was quicker.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from caruso.errors import IllegalMove, NotFound
from caruso.model.facts import (
    AnyFact,
    ContactCause,
    ContactEnded,
    VoicemailCalled,
    VoicemailDone,
    VoicemailGiven,
    VoicemailGivenBack,
    VoicemailListened,
    VoicemailReplied,
    VoicemailTaken,
)
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId, UserId
from caruso.model.voicemails import Voicemail, VoicemailState

_WHY_NOT = {
    VoicemailState.RECORDING: "The caller is still speaking.",
    VoicemailState.OPEN: "Take the message first.",
    VoicemailState.TAKEN: "Somebody has taken this message already.",
    VoicemailState.DONE: "This message is done.",
    VoicemailState.DISCARDED: "In this message nothing was said.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Somebody who looks at messages."""

    user: UserId
    #: None for somebody who takes no contacts.
    agent: AgentId | None = None
    #: The queues the agent serves.
    queues: Collection[QueueId] = ()
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    #: May do with messages whatever agents may; those of `scope`, of all queues when that is None.
    supervises: bool = False
    scope: Collection[QueueId] | None = ()


def may_see(message: Voicemail, who: Who) -> bool:
    """Tell whether this message is there for somebody: of her queues, and for nobody else."""
    if message.received_at is None:
        return False
    if who.supervises and (who.scope is None or message.queue in who.scope):
        return True
    mine = who.agent is not None and message.queue in who.queues
    return mine and message.owner in (None, who.agent)


def take(message: Voicemail, who: Who, version: int, now: datetime) -> tuple[AnyFact, ...]:
    """Claim a message for an agent. Raises `IllegalMove`."""
    if message.state is not VoicemailState.OPEN:
        raise IllegalMove(_WHY_NOT[message.state])
    _expect(message, version)
    if who.agent is None or message.queue not in who.queues:
        raise IllegalMove("Only an agent of the queue can take a message.")
    if message.owner not in (None, who.agent):
        raise IllegalMove("This message is for another agent; give it to the queue first.")
    if any(who.skills.get(skill, 0) < level for skill, level in message.skills.items()):
        raise IllegalMove("This message needs skills that you do not have.")
    fact = VoicemailTaken(
        at=now,
        contact=message.contact,
        queue=message.queue,
        agent=who.agent,
        age_seconds=age_seconds(message, now),
    )
    return (fact,)


def give_back(message: Voicemail, who: Who, version: int, now: datetime) -> tuple[AnyFact, ...]:
    """Let a message wait for somebody again. Raises `IllegalMove`."""
    _expect_mine(message, who, version)
    if message.state is not VoicemailState.TAKEN:
        raise IllegalMove("Nobody has taken this message.")
    fact = VoicemailGivenBack(
        at=now, contact=message.contact, queue=message.queue, agent=message.agent, by=who.user
    )
    return (fact,)


def give(
    message: Voicemail, who: Who, version: int, queue: QueueId, owner: AgentId | None, now: datetime
) -> tuple[AnyFact, ...]:
    """Give a message to a queue, or to one of its agents; that there are such is known to who asks."""
    _expect_mine(message, who, version, claimed=False)
    if message.state is VoicemailState.OPEN and (queue, owner) == (message.queue, message.owner):
        raise IllegalMove("The message is there already.")
    fact = VoicemailGiven(
        at=now, contact=message.contact, queue=queue, owner=owner, from_queue=message.queue, by=who.user
    )
    return (fact,)


def listen(message: Voicemail, who: Who, now: datetime) -> tuple[AnyFact, ...]:
    """Note that somebody hears a message."""
    fact = VoicemailListened(
        at=now,
        contact=message.contact,
        queue=message.queue,
        by=who.user,
        first=message.listened_at is None,
        age_seconds=age_seconds(message, now),
    )
    return (fact,)


def call(message: Voicemail, who: Who, version: int, number: str) -> tuple[AgentId, str]:
    """Return which agent calls whom about a message; raise `IllegalMove`."""
    _expect_mine(message, who, version)
    if who.agent is None or message.agent != who.agent or message.state is not VoicemailState.TAKEN:
        raise IllegalMove("Take the message first.")
    wanted = number or message.number
    if not wanted:
        raise IllegalMove("The caller hid his number: nobody can be called.")
    return who.agent, wanted


def called(message: Voicemail, agent: AgentId, contact: ContactId, now: datetime) -> tuple[AnyFact, ...]:
    """Note that an agent calls about a message."""
    return (VoicemailCalled(at=now, contact=message.contact, queue=message.queue, agent=agent, call=contact),)


def replied(message: Voicemail, agent: AgentId, now: datetime) -> tuple[AnyFact, ...]:
    """Note that the caller was reached in the newest call about his message."""
    if message.call is None:
        return ()
    fact = VoicemailReplied(
        at=now,
        contact=message.contact,
        queue=message.queue,
        agent=agent,
        call=message.call,
        first=message.replied_at is None,
        age_seconds=age_seconds(message, now),
    )
    return (fact,)


def done(
    message: Voicemail, who: Who, version: int, *, disposition: str, note: str, now: datetime
) -> tuple[AnyFact, ...]:
    """Say that nothing more is to be done. Raises `IllegalMove`."""
    _expect_mine(message, who, version)
    fact = VoicemailDone(
        at=now,
        contact=message.contact,
        queue=message.queue,
        agent=message.agent,
        by=who.user,
        disposition=disposition,
        note=note,
        age_seconds=age_seconds(message, now),
    )
    return (fact, ContactEnded(at=now, contact=message.contact, cause=ContactCause.COMPLETED))


def age_seconds(message: Voicemail, now: datetime) -> float:
    """Return how long ago a message was received."""
    since = message.received_at or message.begun_at
    return round(max(0.0, (now - since).total_seconds()), 3)


def find(message: Voicemail | None, who: Who) -> Voicemail:
    """Return a message that is there for somebody; raise `NotFound` as if there were no other."""
    if message is None or not may_see(message, who):
        raise NotFound("There is no such message.")
    return message


def _expect(message: Voicemail, version: int) -> None:
    if version != message.version:
        raise IllegalMove("Somebody has changed this message meanwhile; look at it again.")


def _expect_mine(message: Voicemail, who: Who, version: int, *, claimed: bool = True) -> None:
    """Refuse what is over, what another agent has, and (`claimed`) what an agent has not taken."""
    if message.state not in (VoicemailState.OPEN, VoicemailState.TAKEN):
        raise IllegalMove(_WHY_NOT[message.state])
    supervised = who.supervises and (who.scope is None or message.queue in who.scope)
    if not supervised and message.state is VoicemailState.TAKEN and message.agent != who.agent:
        raise IllegalMove("Another agent has taken this message.")
    if not supervised and claimed and message.state is VoicemailState.OPEN:
        raise IllegalMove(_WHY_NOT[VoicemailState.OPEN])
    _expect(message, version)
