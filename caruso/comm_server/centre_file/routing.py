"""Check the rules of distribution in ``centre.toml``, and read them. Pure.

Steps of a relaxation only widen the circle of agents, expressions can only ask for what there is, names are known.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from caruso.comm_server.acd.built_in import built_in_policies
from caruso.comm_server.acd.plan import check_condition
from caruso.comm_server.centre_file.references import References
from caruso.comm_server.centre_file.skills import read_skills
from caruso.comm_server.centre_file.tables import QueueTable, RelaxTable, RuleTable
from caruso.model.centre import Relaxation, RoutingRule
from caruso.model.ids import QueueId
from caruso.toml.shape import Shape
from caruso.toml.source import KeyPath, did_you_mean

#: Policies that come with the server.
BUILT_IN = built_in_policies().names


class RoutingCheck:
    """Finds what is wrong with a queue's rules of distribution."""

    def __init__(
        self,
        shape: Shape,
        references: References,
        policies: Collection[str],
    ) -> None:
        """Add findings to `shape`; `policies`: those there are."""
        self._shape = shape
        self._references = references
        self._policies = policies

    def queue(self, queue: QueueTable, where: KeyPath) -> None:
        """Check a queue."""
        self._policy(queue.policy, (*where, "policy"))
        if self._complete("relax", len(queue.relax), where):
            self._relax(queue, where)
        if self._complete("rules", len(queue.rules), where):
            for index, rule in enumerate(queue.rules):
                self._rule(rule, (*where, "rules", index))

    def _complete(self, key: str, read: int, where: KeyPath) -> bool:
        """Tell whether all tables of a list could be read: else their numbers are not those of the file."""
        table: Any = self._shape.source.data
        for part in where:
            table = table[part]
        written = table.get(key, ())
        return isinstance(written, (list, tuple)) and len(written) == read

    def _policy(self, name: str, where: KeyPath) -> None:
        if name not in self._policies:
            known = f"known: {', '.join(sorted(self._policies))}"
            self._shape.add(
                where,
                "unknown-policy",
                f"There is no policy “{name}”.",
                suggestion=did_you_mean(name, self._policies) or known,
            )

    def _relax(self, queue: QueueTable, where: KeyPath) -> None:
        """Find steps that come too early, ask for more than before, or name what is not there."""
        wanted: dict[str, int] = dict(queue.skills)
        for rule in queue.rules:
            for skill, level in rule.skills.items():
                wanted[skill] = max(level, wanted.get(skill, 0))
        before = 0.0
        for index, step in enumerate(queue.relax):
            place = (*where, "relax", index)
            if step.after_seconds <= before:
                message = f"This step begins after {step.after_seconds:g} s, not later than what comes before it."
                self._shape.add((*place, "after_seconds"), "not-later", message)
            before = max(before, step.after_seconds)
            for skill, level in step.skills.items():
                self._references.check("skills", skill, (*place, "skills", skill))
                if skill in wanted and level >= wanted[skill]:
                    message = (
                        f"{skill} {level} is not less than the {wanted[skill]} needed before: steps only widen."
                    )
                    self._shape.add((*place, "skills", skill), "not-wider", message)
                wanted[skill] = min(level, wanted.get(skill, level))
            for n, other in enumerate(step.queues):
                self._references.check("queues", other, (*place, "queues", n))
                if other == where[-1]:
                    self._shape.add((*place, "queues", n), "own-queue", "The queue's own agents are asked anyway.")
            if not step.skills and not step.queues:
                self._shape.add(place, "nothing", "This step changes nothing: set skills or queues.")

    def _rule(self, rule: RuleTable, where: KeyPath) -> None:
        for found in check_condition(rule.when, self._references.known("hours")):
            place = f" (at character {found.at + 1} of “{rule.when}”)"
            self._shape.add((*where, "when"), found.rule, found.message + place, suggestion=found.suggestion)
        for skill in rule.skills:
            self._references.check("skills", skill, (*where, "skills", skill))
        if rule.policy is not None:
            self._policy(rule.policy, (*where, "policy"))


def relaxation(step: RelaxTable) -> Relaxation:
    """Return a checked step as the model has it."""
    return Relaxation(
        after_seconds=step.after_seconds,
        skills=read_skills(step.skills),
        queues=tuple(QueueId(queue) for queue in step.queues),
    )


def routing_rule(rule: RuleTable) -> RoutingRule:
    """Return a checked rule as the model has it."""
    return RoutingRule(
        when=rule.when,
        priority=rule.priority,
        skills=read_skills(rule.skills),
        policy=rule.policy,
        target_seconds=rule.target_seconds,
        weight=rule.weight,
    )
