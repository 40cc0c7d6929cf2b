"""Check what classes say of themselves and of each other: attributes, relations, expressions, rights. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from caruso.business_objects.model import (
    Attribute,
    Join,
    Kind,
    Model,
    ObjectClass,
    Place,
    Relation,
    Rule,
    Who,
    located,
    types_of,
)
from caruso.errors import Located
from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.checker import check
from caruso.script_engine.expressions.names import Names
from caruso.script_engine.expressions.searching import search_for
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.source import did_you_mean

#: What expressions see of the person who reads or writes.
USER_TYPES: Mapping[str, Type] = {"id": Type.TEXT, "role": Type.TEXT, "agent": Type.TEXT}
_KEY_KINDS = {Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.DATE_TIME}


def link(model: Model) -> list[Located]:
    """Return what is wrong."""
    findings = [finding for each in model.classes.values() for finding in _ClassCheck(model, each).findings()]
    customers = [each for each in model.classes.values() if each.customer]
    for another in customers[1:]:
        message = f"“{customers[0].name}” is the class of customers already"
        findings.append(located("twice", message, another.place, "customer"))
    return findings


class _ClassCheck:
    def __init__(self, model: Model, of: ObjectClass) -> None:
        self._model = model
        self._of = of
        self._readable = {**of.attributes, **of.lists, **of.firsts, **of.computed}

    def findings(self) -> Iterator[Located]:
        of = self._of
        if not of.keys:
            yield located("no-key", f'“{of.name}” has no attribute with key="yes"', of.place, "name")
        shown = {**of.attributes, **of.computed}
        for name, given, known in (
            ("show", of.show, shown),
            ("owner", of.owner, of.attributes),
            ("order", of.order, of.attributes),
        ):
            if given and given not in known:
                yield self._unknown(given, of.place, name, known)
        for table in of.tables:
            yield from self._joins(table.joins, table.place, of)
        for each in of.lists.values():
            yield from self._joins(each.joins, each.place, of)
        for attribute in of.attributes.values():
            yield from self._attribute(attribute)
        for relation in of.relations.values():
            yield from self._relation(relation)
        yield from self._customer()
        yield from self._retention()
        yield from self._expressions()

    def _attribute(self, attribute: Attribute) -> Iterator[Located]:
        tables = [each.name for each in self._of.tables]
        if attribute.table and attribute.table not in tables:
            message = f"“{self._of.name}” has no second table “{attribute.table}”"
            yield located(
                "unknown-table", message, attribute.place, "table", did_you_mean(attribute.table, tables)
            )
        if attribute.key and attribute.table:
            yield located("key", "keys are in the class's own table", attribute.place, "table")
        if attribute.key and attribute.kind not in _KEY_KINDS:
            yield located("key", f"a {attribute.kind} cannot be a key", attribute.place, "type")
        if attribute.generated and not (
            attribute.key and len(self._of.keys) == 1 and attribute.kind in {Kind.TEXT, Kind.NUMBER}
        ):
            yield located(
                "generated",
                "only a single key, a text or a number, is made by itself",
                attribute.place,
                "generated",
            )
        if attribute.search and attribute.kind not in {Kind.TEXT, Kind.PHONE}:
            yield located(
                "search", "words are searched for in texts and telephone numbers", attribute.place, "search"
            )

    def _relation(self, relation: Relation) -> Iterator[Located]:
        other = self._model.classes.get(relation.class_name)
        if other is None:
            message = f"there is no class “{relation.class_name}”"
            near = did_you_mean(relation.class_name, tuple(self._model.classes))
            yield located("unknown-class", message, relation.place, "class", near)
            return
        yield from self._joins(relation.joins, relation.place, self._of)
        yield from self._joins([Join(of=each.to, to="") for each in relation.joins], relation.place, other)
        if relation.through is not None:
            yield from self._joins(relation.through.ours, relation.place, self._of)
            yield from self._joins(relation.through.theirs, relation.place, other)
            if other.database != self._of.database:
                message = "a table between two classes is in the database of both"
                yield located("two-databases", message, relation.place, "class")

    def _joins(self, joins: Iterable[Join], place: Place, of: ObjectClass) -> Iterator[Located]:
        for join in joins:
            found = of.attributes.get(join.of)
            if found is None:
                yield self._unknown(join.of, place, "name", of.attributes, of)
            elif found.table:
                message = f"“{join.of}” is in a second table; what joins is in the first"
                yield located("join", message, place, "name")

    def _customer(self) -> Iterator[Located]:
        of = self._of
        if of.customer and (len(of.keys) != 1 or of.keys[0].kind is not Kind.TEXT):
            yield located("customer", "customers have one key, a text", of.place, "customer")
        if of.customer and not of.phones:
            yield located("customer", 'customers need a telephone number: type="phone"', of.place, "customer")
        if of.customer and of.show in of.computed and not of.read_only:
            message = "what is worked out cannot be written, and the name of a customer can"
            yield located("customer", message, of.place, "show")
        at = of
        for name in of.subject:
            relation = at.relations.get(name)
            if relation is None or relation.many or relation.class_name not in self._model.classes:
                message = f"“{at.name}.{name}” is not a relation to one object"
                yield located("subject", message, of.place, "subject", did_you_mean(name, tuple(at.relations)))
                return
            at = self._model.classes[relation.class_name]
        if of.subject and not at.customer:
            yield located("subject", f"this leads to “{at.name}”, not to a customer", of.place, "subject")

    def _retention(self) -> Iterator[Located]:
        of = self._of
        if (of.retention_days is None) != (not of.retention_from):
            message = "retention-days and retention-from go together"
            yield located(
                "retention", message, of.place, "retention-days" if of.retention_days else "retention-from"
            )
        elif of.retention_from:
            found = of.attributes.get(of.retention_from)
            if found is None or found.kind not in {Kind.DATE, Kind.DATE_TIME}:
                message = f"“{of.retention_from}” is not a date of the class"
                yield located("retention", message, of.place, "retention-from")

    # -- Expressions ------------------------------------------------------------------------------------------

    def _expressions(self) -> Iterator[Located]:
        of = self._of
        types = types_of(of)
        loaded = {name for name, each in of.relations.items() if each.load}
        kept = {n: t for n, t in types.items() if n not in of.computed and (n not in of.relations or n in loaded)}
        for computed in of.computed.values():
            yield from self._checked(computed.value, kept, computed.place, computed.type)
        for each in of.checks:
            yield from self._checked(each.that, {**kept, **{n: types[n] for n in of.computed}}, each.place)
        rules: list[tuple[Rule, Place]] = [(of.read, of.place), (of.write, of.place)]
        for field in of.fields():
            rules.append((field.read, field.place))
            if not hasattr(field, "value"):
                rules.append((field.write, field.place))
        rules += [(each.read, each.place) for each in of.relations.values()]
        for rule, place in rules:
            if rule.when is not None:
                yield from self._checked(rule.when, kept, place, user=True)
            if rule.who is Who.OWNER and not of.owner:
                yield located("owner", f"“{of.name}” does not say who owns an object", place, "owner")
        if of.read.when is not None:
            yield from self._searchable(of.read.when, of.place)

    def _checked(
        self,
        of: Expression,
        types: Mapping[str, Type],
        place: Place,
        wanted: Type = Type.BOOLEAN,
        *,
        user: bool = False,
    ) -> Iterator[Located]:
        roots: dict[str, Mapping[str, Type] | None] = {"object": None if self._of.extra else types}
        if user:
            roots["user"] = USER_TYPES
        for finding in check(of.tree, Names(roots=roots), wanted):
            line, column = of.origin.place(finding.at)
            yield Located(
                rule=finding.rule, message=finding.message, file=place.file, line=line, column=column,
                attribute=of.origin.attribute, suggestion=finding.suggestion,
            )  # fmt: skip

    def _searchable(self, of: Expression, place: Place) -> Iterator[Located]:
        """Objects that somebody may not see are left out by the database: afterwards, pages would have holes."""
        computed = {name: each.value.tree for name, each in self._of.computed.items()}
        for left in search_for(of.tree, "object", lambda _: None, computed=computed).left_over:
            line, column = of.origin.place(left.at)
            yield Located(
                rule="not-searchable", message=f"the database cannot look for this: {left.reason}",
                file=place.file, line=line, column=column, attribute=of.origin.attribute,
            )  # fmt: skip

    def _unknown(
        self, name: str, place: Place, attribute: str, known: Mapping[str, object], of: ObjectClass | None = None
    ) -> Located:
        message = f"“{(of or self._of).name}” has no attribute “{name}”"
        return located("unknown-attribute", message, place, attribute, did_you_mean(name, tuple(known)))
