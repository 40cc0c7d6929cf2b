"""What an agent must have for a contact, and how that loosens while the contact waits. Pure.

A contact's `Course` is fixed by its queue's rules, what a script asked for and what is known of the customer
(`caruso.comm_server.acd.plan`). It leads through stages: each asks for no more than the one before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from caruso.model.ids import AgentId, ContactId, QueueId, SkillId

#: Added to the rank of a queue's agents for whom the contact is an overflow: its own agents go first.
OVERFLOW_RANK = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What an agent must have to be offered a contact: a queue, and skills at these levels at least."""

    queue: QueueId
    skills: tuple[tuple[SkillId, int], ...] = ()
    #: Queues whose agents are asked, too.
    also: tuple[QueueId, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stage:
    """How contacts in the same position are distributed. Compared by identity: a plan makes equal ones once."""

    need: Need
    #: 0 is what the queue asks for at first.
    step: int = 0
    policy: str = "longest-idle"
    target_seconds: float = 20.0
    weight: float = 1.0
    #: What contacts have who come in by these rules, unless a script or a supervisor says otherwise.
    priority: int = 0
    #: Points of priority a second of waiting is worth.
    ageing: float = 0.0
    #: The agent the customer talked with last, while he is waited for; of a message the one it is for.
    only: AgentId | None = None
    #: They are messages: nobody waits for an answer now, and a console is needed to see one.
    messages: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Course:
    """How a contact is distributed from its coming on."""

    priority: int
    #: The second from which each stage holds; the first from 0 on.
    stages: tuple[tuple[float, Stage], ...]
    #: How long the agent of last time is waited for.
    last_agent_seconds: float = 0.0
    #: Which of the queue's rules applied, from 1; 0 for none.
    rule: int = 0

    def stage_after(self, seconds: float) -> Stage:
        """Return the stage that holds after so long a wait."""
        found = self.stages[0][1]
        for after, stage in self.stages:
            if after > seconds:
                break
            found = stage
        return found

    def next_after(self, seconds: float) -> float:
        """Return the second from which the next stage holds; infinite for never."""
        for after, _ in self.stages:
            if after > seconds:
                return after
        return math.inf


class Waiting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A contact that waits."""

    contact: ContactId
    course: Course
    #: On the wall clock: for people.
    since: datetime
    #: On the monotonic clock, seconds: for decisions. A clock that is set back makes nobody wait anew.
    entered: float
    #: The how-manieth to begin waiting: among equals the first goes first, whatever the clock said.
    turn: float
    last_agent: AgentId | None = None

    @property
    def queue(self) -> QueueId:
        """Return the queue it waits in."""
        return self.course.stages[0][1].need.queue

    @property
    def rank(self) -> tuple[float, float]:
        """Return what contacts of a queue are ordered by: priority with ageing, then who came first.

        With the same ageing for all, the order at any moment is that of ``priority - ageing * entered``.
        """
        ageing = self.course.stages[0][1].ageing
        # Without ageing a small whole number, which is one object for all: thousands are compared the faster.
        return (ageing * self.entered - self.course.priority if ageing else -self.course.priority, self.turn)

    def priority_at(self, now: float) -> int:
        """Return the priority it has by now, in whole points."""
        ageing = self.course.stages[0][1].ageing
        if not ageing:
            return self.course.priority
        return math.floor(self.course.priority + ageing * max(0.0, now - self.entered) + 1e-9)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Abilities:
    """What an agent can do; it changes with the centre's description only."""

    queues: frozenset[QueueId]
    skills: Mapping[SkillId, int] = field(default_factory=dict)
    #: Rank of the queues, 1 first; 1 where none is given.
    preference: Mapping[QueueId, int] = field(default_factory=dict)
    #: The queues of the best rank, in order: where the agent belongs.
    home: tuple[QueueId, ...] = ()
    #: How many other queues there are beside those, as a multiple.
    breadth: float = 0.0

    def rank_for(self, need: Need) -> int | None:
        """Return at which rank the agent takes such contacts, None when he cannot."""
        for skill, level in need.skills:
            if self.skills.get(skill, 0) < level:
                return None
        if need.queue in self.queues:
            return self.preference.get(need.queue, 1)
        found = [self.preference.get(queue, 1) for queue in need.also if queue in self.queues]
        return OVERFLOW_RANK + min(found) if found else None

    def lacks(self, need: Need) -> str:
        """Say in a word why the agent cannot: ``queue``, or the skill that is missing or too low."""
        if need.queue not in self.queues and not any(queue in self.queues for queue in need.also):
            return "queue"
        return next((skill for skill, level in need.skills if self.skills.get(skill, 0) < level), "")


def abilities(
    queues: frozenset[QueueId], skills: Mapping[SkillId, int], preference: Mapping[QueueId, int]
) -> Abilities:
    """Return what an agent can do, with where he belongs worked out."""
    best = min((preference.get(queue, 1) for queue in queues), default=1)
    home = tuple(sorted(queue for queue in queues if preference.get(queue, 1) == best))
    breadth = (len(queues) - len(home)) / len(home) if home else 0.0
    return Abilities(queues=queues, skills=skills, preference=preference, home=home, breadth=breadth)


class ReadyAgent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An agent who can be offered a contact."""

    agent: AgentId
    can: Abilities
    #: Seconds since 1970.
    idle_since: float
    #: Grows with the occupancy of the last hour (`caruso.comm_server.acd.occupancy`).
    load: float = -math.inf
    #: Of the last hour when he became ready, 0 to 1.
    occupancy: float = 0.0
    #: A console of his is open.
    sees: bool = True
