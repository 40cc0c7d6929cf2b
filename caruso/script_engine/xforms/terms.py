"""Pieces of dialog expressions with their kind, and XPath's conversions between kinds spelt out in our language.

XPath turns everything into everything: blank into “not a number”, a text into true. Our language never does, so
each conversion is written where XPath would have made it silently. A blank node is our null.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import Enum, IntEnum

from caruso.script_engine.values import number_text


class Kind(Enum):
    """What a term gives; null is possible with each."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    MOMENT = "date-time"
    TIME = "time"
    #: Options chosen.
    LIST = "list"
    #: Latitude and longitude.
    PLACE = "location"
    #: A stored file.
    FILE = "file"


class Level(IntEnum):
    """How tight a term binds."""

    CHOICE = 0
    OR = 1
    AND = 2
    NOT = 3
    RELATION = 4
    SUM = 5
    PRODUCT = 6
    ATOM = 7


Constant = str | Decimal | bool


@dataclass(frozen=True, slots=True)
class Term:
    """A piece of an expression."""

    code: str
    kind: Kind
    level: Level = Level.ATOM
    #: True for what a node holds: XPath treats it unlike the same text from a function.
    node: bool = False
    #: Its value where it is always the same.
    constant: Constant | None = None
    #: The code of when the node is there at all; nothing where it always is.
    present: str = ""
    #: One option at most, a text without blanks.
    single: bool = False
    #: What it can be, where that is written in the form.
    options: frozenset[str] | None = None

    def at(self, level: Level) -> str:
        """Return the code, in parentheses when it binds looser than `level`."""
        return self.code if self.level >= level else f"({self.code})"


#: A node that is blank, and what a path gives that leads nowhere.
NOTHING = Term("null", Kind.TEXT, node=True, constant="")
ABSENT = Term("null", Kind.TEXT, constant="")
EPOCH = "date('1970-01-01')"


def text(value: str, *, node: bool = False) -> Term:
    """Return a literal text."""
    if node and not value.strip():
        return NOTHING
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return Term(f"'{escaped}'", Kind.TEXT, node=node, constant=value)


def number(value: Decimal) -> Term:
    """Return a literal number."""
    code = number_text(value)
    return Term(code, Kind.NUMBER, Level.PRODUCT if value < 0 else Level.ATOM, constant=value)


def boolean(value: bool) -> Term:
    """Return true or false."""
    return Term("true" if value else "false", Kind.BOOLEAN, constant=value)


def call(function: str, kind: Kind, *arguments: Term | str) -> Term:
    """Return a function call."""
    codes = (argument if isinstance(argument, str) else argument.code for argument in arguments)
    return Term(f"{function}({', '.join(codes)})", kind)


# -- Conversions ----------------------------------------------------------------------------------------------


def as_text(term: Term) -> Term:
    """Return its text; null where it is blank."""
    if term.constant is not None:
        return text(_constant_text(term.constant), node=term.node)
    match term.kind:
        case Kind.TEXT:
            return term
        case Kind.BOOLEAN:
            words = call("if", Kind.TEXT, term, "'true'", "'false'")
            return call("if", Kind.TEXT, call("empty", Kind.BOOLEAN, term), "null", words) if term.node else words
        case Kind.LIST:
            return replace(call("join", Kind.TEXT, term, "' '"), node=term.node)
        case Kind.PLACE:
            place = f"{term.at(Level.ATOM)}"
            both_sides = call("join", Kind.TEXT, f"[{place}.lat, {place}.lon]", "' '")
            return call("if", Kind.TEXT, call("known", Kind.BOOLEAN, term), both_sides, "null")
        case Kind.FILE:
            return Term(f"{term.at(Level.ATOM)}.name", Kind.TEXT, node=term.node)
        case _:
            return replace(call("text", Kind.TEXT, term), node=term.node)


def as_whole_text(term: Term) -> Term:
    """Return its text; blank where it is blank."""
    if term.constant is not None:
        return text(_constant_text(term.constant))
    return joined([term])


def joined(terms: Sequence[Term], between: str = "") -> Term:
    """Return the texts of some values as one; blank values are nothing."""
    parts = [_part(term) for term in terms]
    if between == "" and len(parts) == 1 and parts[0].startswith(_JOINED):
        return Term(parts[0], Kind.TEXT)
    return Term(f"join([{', '.join(parts)}], {text(between).code})", Kind.TEXT)


_JOINED = "join(["


def _part(term: Term) -> str:
    if term.constant is not None or term.kind in {Kind.BOOLEAN, Kind.LIST, Kind.PLACE, Kind.FILE}:
        return as_text(term).code
    return term.code


def as_number(term: Term) -> Term:
    """Return its number; null where XPath says “not a number”."""
    if term.constant is not None:
        value = _constant_number(term.constant)
        return number(value) if value is not None else Term("null", Kind.NUMBER)
    match term.kind:
        case Kind.NUMBER:
            return term
        case Kind.BOOLEAN:
            return call("if", Kind.NUMBER, term, "1", "0")
        case Kind.DATE | Kind.MOMENT:
            return call("days_between", Kind.NUMBER, EPOCH, term)
        case Kind.TEXT:
            return call("number", Kind.NUMBER, term)
        case Kind.LIST | Kind.TIME | Kind.PLACE | Kind.FILE:
            return call("number", Kind.NUMBER, as_text(term))


def as_boolean(term: Term) -> Term:
    """Return whether XPath takes it for true: of a node that it is there, whatever it holds."""
    if term.node:
        return Term(term.present, Kind.BOOLEAN) if term.present else boolean(True)
    if term.constant is not None:
        return boolean(_constant_boolean(term.constant))
    if term.kind is Kind.BOOLEAN:
        return term
    if term.kind is Kind.NUMBER:
        return Term(f"{term.at(Level.SUM)} != 0", Kind.BOOLEAN, Level.RELATION)
    return call("known", Kind.BOOLEAN, term)


def has_text(term: Term) -> Term:
    """Return whether it is not blank."""
    if term.constant is not None:
        return boolean(_constant_text(term.constant) != "")
    return call("known", Kind.BOOLEAN, term)


def negation(term: Term) -> Term:
    """Return the opposite of a condition."""
    condition = as_boolean(term)
    if isinstance(condition.constant, bool):
        return boolean(not condition.constant)
    for name, opposite in (("known(", "empty("), ("empty(", "known(")):
        if condition.code.startswith(name) and condition.level is Level.ATOM:
            return Term(opposite + condition.code.removeprefix(name), Kind.BOOLEAN)
    return Term(f"not {condition.at(Level.RELATION)}", Kind.BOOLEAN, Level.NOT)


def both(*terms: Term) -> Term:
    """Return whether all hold."""
    conditions = [as_boolean(term) for term in terms]
    if any(condition.constant is False for condition in conditions):
        return boolean(False)
    return _joined("and", Level.AND, [each for each in conditions if each.constant is None], empty=True)


def either(*terms: Term) -> Term:
    """Return whether one holds."""
    conditions = [as_boolean(term) for term in terms]
    if any(condition.constant is True for condition in conditions):
        return boolean(True)
    return _joined("or", Level.OR, [each for each in conditions if each.constant is None], empty=False)


def _joined(word: str, level: Level, conditions: list[Term], *, empty: bool) -> Term:
    unique = list(dict.fromkeys(conditions))
    if not unique:
        return boolean(empty)
    if len(unique) == 1:
        return unique[0]
    return Term(f" {word} ".join(each.at(level) for each in unique), Kind.BOOLEAN, level)


def choice(condition: Term, then: Term, other: Term) -> Term:
    """Return one of two values."""
    if isinstance(condition.constant, bool):
        return then if condition.constant else other
    if then.code == other.code == "null":
        return other if then.kind is Kind.TEXT else then
    kind = then.kind if then.code != "null" else other.kind
    if then.kind is not other.kind and "null" not in (then.code, other.code):
        then, other, kind = as_text(then), as_text(other), Kind.TEXT
    return call("if", kind, condition, then, other)


# -- Comparisons ----------------------------------------------------------------------------------------------


def equal(left: Term, right: Term) -> Term:
    """Return XPath's ``=`` of two single values; a node that is not there equals nothing."""
    return _where_present(left, right, _equal(left, right))


def _where_present(left: Term, right: Term, comparison: Term) -> Term:
    present = [Term(term.present, Kind.BOOLEAN) for term in (left, right) if term.present]
    return both(*present, comparison)


def _equal(left: Term, right: Term) -> Term:
    if left.constant is not None and right.constant is not None:
        return boolean(_constants_equal(left, right))
    if _is_boolean(left) or _is_boolean(right):
        return _same_truth(as_boolean(left), as_boolean(right))
    if _is_number(left) or _is_number(right):
        return _relation("=", as_number(left), as_number(right))
    if left.constant is not None:
        left, right = right, left
    if right.constant == "":
        return call("empty", Kind.BOOLEAN, left)
    if left.options is not None and isinstance(right.constant, str) and right.constant not in left.options:
        # Not as an option: the check would take it for a slip.
        return _relation("=", call("text", Kind.TEXT, left), right)
    if isinstance(right.constant, str) or (left.kind is right.kind is Kind.TEXT and right.constant is not None):
        return _relation("=", as_text(left), as_text(right))
    return _relation("=", as_whole_text(left), as_whole_text(right))


def unequal(left: Term, right: Term) -> Term:
    """Return XPath's ``!=`` of two single values; a node that is not there differs from nothing."""
    return _where_present(left, right, negation(_equal(left, right)))


def ordered(sign: str, left: Term, right: Term) -> Term:
    """Return ``<``, ``<=``, ``>`` or ``>=`` as numbers; dates are compared as they are."""
    days = {Kind.DATE, Kind.MOMENT}
    if left.kind in days and right.kind in days and left.kind is right.kind:
        return _relation(sign, left, right)
    one, other = as_number(left), as_number(right)
    if isinstance(one.constant, Decimal) and isinstance(other.constant, Decimal):
        return boolean(_ORDERS[sign](one.constant, other.constant))
    return _relation(sign, one, other)


_ORDERS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _is_boolean(term: Term) -> bool:
    return term.kind is Kind.BOOLEAN and not term.node


def _is_number(term: Term) -> bool:
    return term.kind in {Kind.NUMBER, Kind.DATE, Kind.MOMENT} and not term.node


def _same_truth(left: Term, right: Term) -> Term:
    for one, other in ((left, right), (right, left)):
        if one.constant is True:
            return other
        if one.constant is False:
            return negation(other)
    # Not `=`: one of them may be null, which counts as false.
    return either(both(left, right), both(negation(left), negation(right)))


def certain(condition: Term) -> Term:
    """Return a condition that is never null, as a value to keep."""
    if not condition.code.startswith("selected(") or condition.level is not Level.ATOM:
        return condition  # of nothing but values that are known
    return call("if", Kind.BOOLEAN, condition, "true", "false")


def _relation(sign: str, left: Term, right: Term) -> Term:
    return Term(
        f"{left.at(Level.SUM)} {_WORDS.get(sign, sign)} {right.at(Level.SUM)}", Kind.BOOLEAN, Level.RELATION
    )


#: `<` is not allowed in an attribute, and `>` is no better to read there.
_WORDS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


# -- Constants ------------------------------------------------------------------------------------------------


def _constants_equal(left: Term, right: Term) -> bool:
    if _is_boolean(left) or _is_boolean(right):
        return as_boolean(left).constant == as_boolean(right).constant
    if _is_number(left) or _is_number(right):
        one, other = _constant_number(left.constant), _constant_number(right.constant)
        return one is not None and one == other
    return _constant_text(left.constant) == _constant_text(right.constant)


def _constant_text(value: Constant | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value) if isinstance(value, Decimal) else value or ""


def _constant_number(value: Constant | None) -> Decimal | None:
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, Decimal):
        return value
    try:
        given = Decimal((value or "").strip())
    except InvalidOperation:
        return None
    return given if given.is_finite() else None


def _constant_boolean(value: Constant) -> bool:
    if isinstance(value, bool):
        return value
    return value != 0 if isinstance(value, Decimal) else value != ""
