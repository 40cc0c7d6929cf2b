"""Turn the centre's description into courses: what each contact needs, by its queue and what is known of it. Pure.

A rule of a queue applies when its expression holds over ``customer``, ``answers`` and ``call``. What a script
asked for goes before the rule, the rule before the queue. Equal courses are made once, so that contacts in the
same position share a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from caruso.comm_server.acd.floor import Reserve
from caruso.comm_server.acd.needs import Abilities, Course, Need, Stage, abilities
from caruso.model.centre import Centre, Hours, Queue, Relaxation, RoutingRule
from caruso.model.ids import AgentId, QueueId, SkillId
from caruso.model.opening_hours import is_open
from caruso.script_engine.expressions import Expression, ExpressionError, expression
from caruso.script_engine.expressions.checker import check
from caruso.script_engine.expressions.names import Finding, Names
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.turns import Value

#: What is known of a contact, by root.
Known = Mapping[str, Mapping[str, Value]]

#: Roots of a rule's expression; None: any attribute may be there.
_ROOTS: Mapping[str, Mapping[str, Type] | None] = {
    "customer": None,
    "answers": None,
    "call": {
        "contact": Type.TEXT,
        "number": Type.TEXT,
        "name": Type.TEXT,
        "dialled": Type.TEXT,
        "customer": Type.TEXT,
    },
}
#: Courses that are remembered; scripts may ask for any skills.
_MOST_COURSES = 4_096


class Wish(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a contact came into its queue with, by what a script said."""

    queue: QueueId
    priority: int | None = None
    skills: tuple[tuple[SkillId, int], ...] = ()


class MessageWish(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a message that is offered needs; nothing of it loosens while it waits."""

    queue: QueueId
    priority: int
    skills: tuple[tuple[SkillId, int], ...] = ()
    #: The agent it is for; None for all agents of the queue.
    owner: AgentId | None = None
    ageing_per_minute: float = 0.0


def check_condition(source: str, hours: Iterable[str]) -> tuple[Finding, ...]:
    """Return what is wrong with a rule's expression."""
    try:
        tree = expression(source).tree
    except ExpressionError as error:
        return (Finding(rule=error.rule, message=error.message, at=error.at, suggestion=error.suggestion),)
    return check(tree, Names(roots=_ROOTS, hours=tuple(hours)), Type.BOOLEAN)


class Plan:
    """The distribution rules of one centre."""

    def __init__(self, centre: Centre) -> None:
        """Prepare the rules of `centre`."""
        self._centre = centre
        self._zone = ZoneInfo(centre.timezone)
        self._conditions: dict[QueueId, list[tuple[Expression, RoutingRule]]] = {
            queue.id: [(expression(rule.when), rule) for rule in queue.rules] for queue in centre.queues.values()
        }
        self._courses: dict[tuple[Wish, int], Course] = {}
        self._stages: dict[tuple[Need, str, float, float, int, float, int], Stage] = {}
        self._message_courses: dict[MessageWish, Course] = {}
        self._abilities: dict[AgentId, Abilities] = {}
        self._members: dict[QueueId, tuple[AgentId, ...]] = {}

    @property
    def reserves(self) -> tuple[Reserve, ...]:
        """Return which queues have agents reserved."""
        return tuple(
            Reserve(queue=queue.id, agents=queue.reserved_agents, priority=queue.priority)
            for queue in self._centre.queues.values()
            if queue.reserved_agents
        )

    def abilities(self, agent: AgentId) -> Abilities | None:
        """Return what an agent can do; None for one who is not in the centre."""
        known = self._abilities.get(agent)
        if known is None and (profile := self._centre.agents.get(agent)) is not None:
            known = abilities(frozenset(profile.queues), profile.skills, profile.preference)
            self._abilities[agent] = known
        return known

    def members(self, need: Need) -> tuple[AgentId, ...]:
        """Return the agents of the queues whose agents are asked."""
        if not self._members:
            found: dict[QueueId, list[AgentId]] = {}
            for agent in self._centre.agents.values():
                for queue in agent.queues:
                    found.setdefault(queue, []).append(agent.id)
            self._members = {queue: tuple(agents) for queue, agents in found.items()}
        own = self._members.get(need.queue, ())
        if not need.also:
            return own
        return tuple(dict.fromkeys((*own, *(a for queue in need.also for a in self._members.get(queue, ())))))

    def depends_on_what_is_known(self, queue: QueueId) -> bool:
        """Tell whether a queue has rules over what is known of a contact."""
        return bool(self._conditions.get(queue))

    def course(self, wish: Wish, known: Known, now: datetime) -> Course:
        """Return how a contact is distributed; one whose queue was taken away needs no skills but its own."""
        queue = self._centre.queues.get(wish.queue) or Queue(id=wish.queue, name=wish.queue)
        number = self._rule(queue.id, known, now)
        found = self._courses.get((wish, number))
        if found is None:
            if len(self._courses) >= _MOST_COURSES:
                self._courses.clear()
            found = self._courses[wish, number] = self._course(queue, wish, number)
        return found

    def message_course(self, wish: MessageWish) -> Course:
        """Return how a message is distributed: to whoever has been idle longest, or to its owner."""
        found = self._message_courses.get(wish)
        if found is None:
            if len(self._message_courses) >= _MOST_COURSES:
                self._message_courses.clear()
            stage = Stage(
                need=Need(queue=wish.queue, skills=wish.skills),
                ageing=wish.ageing_per_minute / 60.0,
                only=wish.owner,
                messages=True,
            )
            found = self._message_courses[wish] = Course(priority=wish.priority, stages=((0.0, stage),))
        return found

    def _rule(self, queue: QueueId, known: Known, now: datetime) -> int:
        conditions = self._conditions.get(queue)
        if not conditions:
            return 0
        scope = _Facts(known, now, self._zone, self._centre.hours)
        return next((n for n, (condition, _) in enumerate(conditions, 1) if condition.holds(scope)), 0)

    def _course(self, queue: Queue, wish: Wish, number: int) -> Course:
        rule = queue.rules[number - 1] if number else RoutingRule(when="")
        usual = queue.priority if rule.priority is None else rule.priority
        priority = usual if wish.priority is None else wish.priority
        skills = {**queue.skills, **rule.skills, **dict(wish.skills)}
        policy = rule.policy or queue.policy
        target = queue.target_seconds if rule.target_seconds is None else rule.target_seconds
        weight = queue.weight if rule.weight is None else rule.weight
        stages = tuple(
            (after, self._stage(need, policy, target, weight, usual, queue.ageing_per_minute / 60.0, step))
            for step, (after, need) in enumerate(needs(queue.id, skills, queue.relax))
        )
        return Course(priority=priority, stages=stages, last_agent_seconds=queue.last_agent_seconds, rule=number)

    def _stage(
        self, need: Need, policy: str, target: float, weight: float, priority: int, ageing: float, step: int
    ) -> Stage:
        key = (need, policy, target, weight, priority, ageing, step)
        found = self._stages.get(key)
        if found is None:
            if len(self._stages) >= _MOST_COURSES:
                self._stages.clear()
            found = self._stages[key] = Stage(
                need=need,
                step=step,
                policy=policy,
                target_seconds=target,
                weight=weight,
                priority=priority,
                ageing=ageing,
            )
        return found


def needs(
    queue: QueueId, skills: Mapping[SkillId, int], relax: tuple[Relaxation, ...]
) -> list[tuple[float, Need]]:
    """Return what is needed from which second on; every step asks for no more than the one before."""
    wanted = {skill: level for skill, level in skills.items() if level > 0}
    also: tuple[QueueId, ...] = ()
    found = [(0.0, Need(queue=queue, skills=tuple(sorted(wanted.items()))))]
    for step in sorted(relax, key=lambda each: each.after_seconds):
        for skill, level in step.skills.items():
            if skill in wanted and level < wanted[skill]:
                wanted[skill] = level
                if level <= 0:
                    del wanted[skill]
        also += tuple(other for other in step.queues if other not in also and other != queue)
        found.append((step.after_seconds, Need(queue=queue, skills=tuple(sorted(wanted.items())), also=also)))
    return found


class _Facts:
    """What a rule's expression sees (`caruso.script_engine.expressions.Scope`): no script and no path."""

    __slots__ = ("_hours", "bound", "element", "now", "roots", "work", "zone")

    def __init__(self, known: Known, now: datetime, zone: tzinfo, hours: Mapping[str, Hours]) -> None:
        self.roots: dict[str, Mapping[str, Value]] = {root: known.get(root, {}) for root in _ROOTS}
        self.bound: dict[str, Value] = {}
        self.element: Value = None
        self.work = 0
        self.now = now.astimezone(UTC)
        self.zone = zone
        self._hours = hours

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def attempt(self) -> int:
        return 1

    def computed(self, name: str) -> Value:
        return None

    def label(self, item: str) -> str | None:
        return None

    def score(self, item: str) -> Decimal | None:
        return None

    def visited(self, item: str) -> bool:
        return False

    def answered(self, item: str) -> bool:
        return self.roots["answers"].get(item) is not None

    def is_open(self, hours: str) -> bool | None:
        found = self._hours.get(hours)
        return is_open(found, self.now) if found is not None else None
