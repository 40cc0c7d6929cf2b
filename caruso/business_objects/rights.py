"""Who may see and change what, down to the single attribute. The one place where it is decided. Pure.

A rule names a role, or the owner; ``…-when`` adds what has to hold for the object. Objects that somebody may not
see are left out by the search itself (`row_condition`); attributes are taken away from what was found (`visible`),
and nobody can search or sort by what they may not always see: it would tell them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from caruso.business_objects.model import Model, ObjectClass, Rule, Who
from caruso.business_objects.scope import ObjectScope
from caruso.errors import NotAllowed, NotFound
from caruso.model.asker import Asker
from caruso.model.centre import Role
from caruso.model.conditions import (
    EVERYTHING,
    Among,
    AttributePath,
    Begins,
    Compare,
    CompareAttributes,
    Condition,
    Contains,
    Either,
    Ends,
    Every,
    Known,
    Negation,
    Related,
    every,
)
from caruso.script_engine.expressions.compiler import compile_tree
from caruso.script_engine.expressions.searching import search_for
from caruso.script_engine.turns import Value

_RANK = {Role.AGENT: 0, Role.SUPERVISOR: 1, Role.ADMIN: 2}
_NEEDED = {Who.AGENT: 0, Who.OWNER: 1, Who.SUPERVISOR: 1, Who.ADMIN: 2}


def has_role(who: Who, asker: Asker) -> bool:
    """Whether the role alone is enough."""
    if who is Who.NOBODY:
        return False
    return asker.role is None or _RANK[asker.role] >= _NEEDED[who]


def row_condition(of: ObjectClass, asker: Asker, now: datetime) -> Condition:
    """Return what holds for the objects that `asker` may see; raise `NotAllowed` where there can be none."""
    conditions: list[Condition] = []
    if not has_role(of.read.who, asker):
        if of.read.who is not Who.OWNER:
            raise NotAllowed(f"Your role may not see {of.label()}.")
        conditions.append(Compare((of.owner,), "eq", asker.user))
    if of.read.when is not None and asker.role is not None:
        scope = ObjectScope({}, now, asker)
        computed = {name: each.value.tree for name, each in of.computed.items()}
        found = search_for(of.read.when.tree, "object", lambda n: compile_tree(n)(scope), computed=computed)
        conditions.append(found.condition)
    return every(*conditions) if conditions else EVERYTHING


def visible(of: ObjectClass, asker: Asker, values: Mapping[str, Value], now: datetime) -> dict[str, Value]:
    """Return of an object that `asker` may see what of it they may see."""
    if asker.role is None:
        return dict(values)
    shown: dict[str, Value] = {}
    for name, value in values.items():
        rule = _read_rule(of, name)
        if rule is None or _holds(rule, of, asker, values, now):
            shown[name] = value
    return shown


def check_write(
    of: ObjectClass, asker: Asker, before: Mapping[str, Value] | None, names: Iterable[str], now: datetime
) -> None:
    """Raise `NotAllowed` unless `asker` may set these attributes; `before` is None for a new object.

    Raises:
        NotAllowed: the class, the object or one of the attributes may not be written.
        NotFound: there is no attribute of that name that could be.
    """
    if of.read_only:
        raise NotAllowed(f"{of.label()} can only be read.")
    if before is None:
        if not has_role(of.create, asker) and not (of.create is Who.OWNER and asker.role is not None):
            raise NotAllowed(f"Your role may not create {of.label()}.")
    elif not _holds(of.write, of, asker, before, now):
        raise NotAllowed(f"You may not change this {of.label()}.")
    for name in names:
        rule = _write_rule(of, name)
        if not has_role(rule.who, asker) if before is None else not _holds(rule, of, asker, before, now):
            raise NotAllowed(f"You may not set “{name}” of {of.label()}.")


def check_delete(of: ObjectClass, asker: Asker, before: Mapping[str, Value], now: datetime) -> None:
    """Raise `NotAllowed` unless `asker` may delete the object."""
    if of.read_only or not _holds(Rule(who=of.delete), of, asker, before, now):
        raise NotAllowed(f"You may not delete this {of.label()}.")


def check_condition(model: Model, of: ObjectClass, condition: Condition, asker: Asker) -> None:
    """Raise `NotAllowed` when a condition would tell `asker` something of attributes they may not always see."""
    match condition:
        case Every(conditions=conditions) | Either(conditions=conditions):
            for each in conditions:
                check_condition(model, of, each, asker)
        case Negation(condition=inner):
            check_condition(model, of, inner, asker)
        case Related(relation=relation, condition=inner):
            other = _related(model, of, relation, asker)
            if inner is not None:
                check_condition(model, other, inner, asker)
        case CompareAttributes(left=left, right=right):
            check_path(model, of, (left,), asker)
            check_path(model, of, (right,), asker)
        case Compare() | Among() | Begins() | Ends() | Contains() | Known():
            check_path(model, of, condition.path, asker)


def check_path(model: Model, of: ObjectClass, path: AttributePath, asker: Asker) -> None:
    """Raise `NotAllowed` when `asker` may not always see the attribute a path leads to."""
    for relation in path[:-1]:
        of = _related(model, of, relation, asker)
    _check_always(of, path[-1], asker)


def _related(model: Model, of: ObjectClass, relation: str, asker: Asker) -> ObjectClass:
    found = of.relations.get(relation)
    if found is None:
        raise NotFound(f"{of.name} has no relation “{relation}”.")
    _check_always(of, relation, asker)
    other = model.classes[found.class_name]
    if not has_role(other.read.who, asker) or (other.read.when is not None and asker.role is not None):
        raise NotAllowed(f"You may not search by “{relation}” of {of.label()}.")
    return other


def _check_always(of: ObjectClass, name: str, asker: Asker) -> None:
    rule = _read_rule(of, name)
    if rule is not None and asker.role is not None and (not has_role(rule.who, asker) or rule.when is not None):
        raise NotAllowed(f"You may not search or sort by “{name}” of {of.label()}.")


def _holds(rule: Rule, of: ObjectClass, asker: Asker, values: Mapping[str, Value], now: datetime) -> bool:
    owns = rule.who is Who.OWNER and bool(of.owner) and values.get(of.owner) == asker.user
    if not owns and not has_role(rule.who, asker):
        return False
    return rule.when is None or asker.role is None or rule.when.holds(ObjectScope(values, now, asker))


def _read_rule(of: ObjectClass, name: str) -> Rule | None:
    for group in (of.attributes, of.lists, of.firsts, of.computed, of.relations):
        if name in group:
            found: Rule = group[name].read
            return found
    return None


def _write_rule(of: ObjectClass, name: str) -> Rule:
    for group in (of.attributes, of.lists, of.firsts):
        if name in group:
            found: Rule = group[name].write
            return found
    if name in of.computed:
        raise NotAllowed(f"“{name}” of {of.label()} is worked out.")
    if of.extra and name not in of.relations:
        return Rule()
    raise NotFound(f"{of.name} has no attribute “{name}”.")
