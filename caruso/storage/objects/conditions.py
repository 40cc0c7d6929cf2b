"""Turn conditions on objects into SQL. Pure: makes statements, asks no database.

A condition means in SQL what `caruso.model.conditions.holds` says, on every engine: texts are compared by their
characters, kinds do not mix, what is not known makes a comparison false. What no engine can do so is `NotInSql`.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, false, func, not_, or_, true

from caruso.business_objects.model import Attribute, Kind, ListAttribute, Relation
from caruso.model.conditions import (
    Among,
    AttributePath,
    Begins,
    Compare,
    CompareAttributes,
    Condition,
    Constant,
    Contains,
    Either,
    Ends,
    Every,
    Known,
    Negation,
    Related,
    holds,
)
from caruso.model.numbers import spellings
from caruso.storage.objects.mapping import Mapped, Source, is_related
from caruso.storage.objects.sql_texts import texts_of

#: Sorts after every text that begins in the same way.
LAST_CHARACTER = "\U0010ffff"
#: What `SqlConditions.has_number` leaves open: the ways in which one telephone number may be written.
NUMBERS = "numbers"

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operators.eq,
    "ne": operators.ne,
    "lt": operators.lt,
    "le": operators.le,
    "gt": operators.gt,
    "ge": operators.ge,
}
_TEXTS = {Kind.TEXT, Kind.PHONE, Kind.CHOICE}


class NotInSql(Exception):
    """The database cannot look for this; the reason is the message."""


class SqlConditions:
    """Translates for one dialect, and for numbers of one region."""

    def __init__(self, mapped: Mapped, dialect: str, region: str) -> None:
        """Know the classes."""
        self.dialect = dialect
        self._mapped = mapped
        self._texts = texts_of(dialect)
        self._region = region

    def split(self, condition: Condition, source: Source) -> tuple[list[ColumnElement[bool]], list[Condition]]:
        """Return what the database can look for, and what has to be held against what it finds."""
        criteria, left = [], []
        for each in condition.conditions if isinstance(condition, Every) else (condition,):
            try:
                criteria.append(self.of(each, source))
            except NotInSql:
                criteria += self._narrowed(each, source)
                left.append(each)
        return criteria, left

    def _narrowed(self, condition: Condition, source: Source) -> list[ColumnElement[bool]]:
        """Return what at least leaves most others out, where attributes are in a column of JSON."""
        extra = source.of.of.extra
        match condition:
            case Compare(path=(name,), operator="eq", value=str() as value):
                wanted: tuple[Constant, ...] = (value,)
            case Among(path=(name,), values=values, negated=False) if all(isinstance(v, str) for v in values):
                wanted = values
            case _:
                return []
        # The name is bound, never written into the statement. A number reads like a text here: others may come.
        return [source.main.c[extra][name].as_string().in_(wanted)] if extra else []

    def of(self, condition: Condition, source: Source) -> ColumnElement[bool]:
        """Return the SQL of a condition; raise `NotInSql`."""
        match condition:
            case Every(conditions=conditions):
                return and_(true(), *(self.of(each, source) for each in conditions))
            case Either(conditions=conditions):
                return or_(false(), *(self.of(each, source) for each in conditions))
            case Negation(condition=inner):
                return not_(func.coalesce(self.of(inner, source), false()))
            case Related(relation=relation, condition=inner):
                return self._related(relation, inner, source)
            case CompareAttributes():
                return self._attributes(condition, source)
            case Compare() | Among() | Begins() | Ends() | Contains() | Known():
                return self._at(condition, condition.path, source)

    def has_number(self, name: str, source: Source) -> ColumnElement[bool]:
        """Return the condition that an object has one of `NUMBERS` in this attribute or list."""
        wanted: BindParameter[str] = bindparam(NUMBERS, expanding=True)
        listed = source.of.of.lists.get(name)
        if listed is None:
            return source.columns[name].in_(wanted)
        return source.of_list(listed, source.of.lists[name].c[listed.column].in_(wanted))

    # -- Where the attribute is -------------------------------------------------------------------------------

    def _at(
        self, condition: Compare | Among | Begins | Ends | Contains | Known, path: AttributePath, source: Source
    ) -> ColumnElement[bool]:
        of = source.of.of
        name = path[0]
        if len(path) > 1:
            relation = of.relations.get(name)
            if relation is None:
                raise NotInSql(f"“{of.name}.{name}” is no relation")
            if relation.many:
                return false()  # a list has no attributes
            there = self._there(relation, source)
            return is_related(relation, source, there, self._at(condition, path[1:], there))
        if (attribute := of.attributes.get(name)) is not None:
            return self._attribute(condition, attribute, source.columns[name])
        if (listed := of.lists.get(name)) is not None:
            return self._list(condition, listed, source)
        if (listed := of.firsts.get(name)) is not None:
            return self._first(condition, listed, source)
        raise NotInSql(f"“{of.name}.{name}” is not in a column of its own")

    def _related(self, name: str, inner: Condition | None, source: Source) -> ColumnElement[bool]:
        relation = source.of.of.relations.get(name)
        if relation is None or not relation.many:
            raise NotInSql(f"“{source.of.of.name}.{name}” is no relation to several objects")
        there = self._there(relation, source)
        return is_related(relation, source, there, *([] if inner is None else [self.of(inner, there)]))

    def _there(self, relation: Relation, source: Source) -> Source:
        other = self._mapped.related(relation)
        if other.of.database != source.of.of.database:
            raise NotInSql(f"“{relation.name}” is in another database")
        return other.alias()

    # -- What is asked of it ----------------------------------------------------------------------------------

    def _attribute(
        self,
        condition: Compare | Among | Begins | Ends | Contains | Known,
        attribute: Attribute,
        column: ColumnElement[Any],
    ) -> ColumnElement[bool]:
        if attribute.kind is Kind.DATA:
            raise NotInSql(f"“{attribute.name}” holds lists and objects")
        if isinstance(condition, Known):
            return self._known(attribute.kind, column)
        if attribute.kind is Kind.CHOICE:
            return self._choice(condition, attribute, column)
        match condition:
            case Compare(operator=operator, value=value):
                return self._compare(attribute.kind, column, operator, value)
            case Among(values=values, negated=negated):
                return self._among(attribute.kind, column, values, negated)
            case Begins() | Ends() | Contains() if attribute.kind not in _TEXTS:
                return false()
            case Begins(text=text):
                return self._begins(column, text)
            case Ends(text=text):
                return self._ends(column, text)
            case Contains(text=text):
                return self._texts.position(column, text) > 0

    def _known(self, kind: Kind, column: ColumnElement[Any]) -> ColumnElement[bool]:
        if kind not in _TEXTS:
            return column.is_not(None)
        return and_(column.is_not(None), self._texts.trimmed(column) != "")

    def _compare(
        self, kind: Kind, column: ColumnElement[Any], operator: str, value: Constant
    ) -> ColumnElement[bool]:
        if value is None:
            return false()
        if not _is_of(kind, value):
            return column.is_not(None) if operator == "ne" else false()
        if kind is Kind.PHONE and operator in {"eq", "ne"} and isinstance(value, str):
            return self._in(kind, column, spellings(value, self._region), negated=operator == "ne")
        if isinstance(value, str) and operator in {"eq", "ne"}:
            return self._in(kind, column, [value], negated=operator == "ne")
        if isinstance(value, bool) and operator not in {"eq", "ne"}:
            return false()
        compared: ColumnElement[bool] = _OPERATORS[operator](self._in_order(column, kind, operator), value)
        return compared

    def _among(
        self, kind: Kind, column: ColumnElement[Any], values: Sequence[Constant], negated: bool
    ) -> ColumnElement[bool]:
        wanted: list[Any] = [value for value in values if value is not None and _is_of(kind, value)]
        if kind is Kind.PHONE:
            wanted = [spelling for value in wanted for spelling in spellings(str(value), self._region)]
        return self._in(kind, column, wanted, negated=negated)

    def _in(
        self, kind: Kind, column: ColumnElement[Any], values: Sequence[Any], *, negated: bool
    ) -> ColumnElement[bool]:
        """Look for one of some values; by an index, and then character by character where that is not the same."""
        exact = self._texts.exact if kind in _TEXTS else None
        if negated:
            return and_(column.is_not(None), not_((exact(column) if exact else column).in_(values)))
        found = column.in_(values)
        return and_(found, exact(column).in_(values)) if exact else found

    def _begins(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        if not text:
            return column.is_not(None)
        ordered = self._in_order(column, Kind.TEXT, "lt")
        return and_(ordered >= text, ordered < text + LAST_CHARACTER, self._starts(column, text))

    def _starts(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return self._texts.beginning(column, len(text)) == text

    def _ends(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        if not text:
            return column.is_not(None)
        return self._texts.ending(column, len(text)) == text

    def _in_order(self, column: ColumnElement[Any], kind: Kind, operator: str) -> ColumnElement[Any]:
        """Return a text so that it is compared by its characters, not by a language's rules."""
        if kind not in _TEXTS or (operator in {"eq", "ne"} and self._texts.exact is None):
            return column
        return self._texts.in_order(column)

    def _choice(
        self,
        condition: Compare | Among | Begins | Ends | Contains,
        attribute: Attribute,
        column: ColumnElement[Any],
    ) -> ColumnElement[bool]:
        """Return the values for which the condition holds: there are but a few."""
        fitting = [
            value.stored for value in attribute.values if holds(condition, _under(condition.path, value.name))
        ]
        return column.in_(fitting)

    def _list(
        self, condition: Compare | Among | Begins | Ends | Contains | Known, listed: ListAttribute, source: Source
    ) -> ColumnElement[bool]:
        column = source.of.lists[listed.name].c[listed.column]
        match condition:
            case Contains(text=text) if listed.kind is Kind.PHONE:
                return source.of_list(listed, column.in_(spellings(text, self._region)))
            case Contains(text=text):
                return source.of_list(listed, self._in(listed.kind, column, [text], negated=False))
            case Known():
                return source.of_list(listed)
            case _:
                raise NotInSql("a list is compared as a whole")

    def _first(
        self, condition: Compare | Among | Begins | Ends | Contains | Known, listed: ListAttribute, source: Source
    ) -> ColumnElement[bool]:
        """Look for any of the values where one is wanted by its first: people have one, mostly."""
        column = source.of.lists[listed.name].c[listed.column]
        match condition:
            case Compare(operator="eq", value=str() as value):
                return source.of_list(listed, self._compare(listed.kind, column, "eq", value))
            case Among(values=values, negated=False):
                return source.of_list(listed, self._among(listed.kind, column, values, negated=False))
            case Known():
                return source.of_list(listed)
            case Begins(text=text):
                return source.of_list(listed, self._begins(column, text))
            case _:
                raise NotInSql(f"“{listed.first}” is the first of a list")

    def _attributes(self, condition: CompareAttributes, source: Source) -> ColumnElement[bool]:
        of = source.of.of
        left, right = of.attributes.get(condition.left), of.attributes.get(condition.right)
        if left is None or right is None:
            raise NotInSql("one of these is not in a column of its own")
        one, two = source.columns[left.name], source.columns[right.name]
        kinds = {Kind.TEXT if each.kind is Kind.PHONE else each.kind for each in (left, right)}
        if Kind.CHOICE in kinds or Kind.DATA in kinds:
            raise NotInSql("a choice is compared with another attribute")
        both = and_(one.is_not(None), two.is_not(None))
        if len(kinds) == 2:
            return both if condition.operator == "ne" else false()
        kind = kinds.pop()
        if kind is Kind.BOOLEAN and condition.operator not in {"eq", "ne"}:
            return false()
        compare = _OPERATORS[condition.operator]
        return and_(both, compare(self._in_order(one, kind, condition.operator), two))


def _under(path: AttributePath, value: str) -> Mapping[str, Any]:
    of: Any = value
    for name in reversed(path):
        of = {name: of}
    found: Mapping[str, Any] = of
    return found


def _is_of(kind: Kind, value: Constant) -> bool:
    match kind:
        case Kind.TEXT | Kind.PHONE | Kind.CHOICE:
            return isinstance(value, str)
        case Kind.NUMBER:
            return isinstance(value, Decimal)
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.DATE:
            return isinstance(value, date) and not isinstance(value, datetime)
        case Kind.DATE_TIME:
            return isinstance(value, datetime) and value.tzinfo is not None
        case Kind.TIME:
            return isinstance(value, time)
        case Kind.DATA:
            return False
