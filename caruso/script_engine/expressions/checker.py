"""Find what is wrong with an expression before it runs: unknown names, wrong types, options that do not exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from caruso.script_engine.expressions.arguments import written_wrongly
from caruso.script_engine.expressions.functions import FUNCTIONS, QUANTIFIERS, Function
from caruso.script_engine.expressions.names import Finding, Names, near
from caruso.script_engine.expressions.special import nests
from caruso.script_engine.expressions.tree import (
    And,
    Arithmetic,
    Attribute,
    Call,
    Conditional,
    Index,
    ListLiteral,
    Literal,
    Name,
    Negative,
    Node,
    Not,
    Or,
    Relation,
    Within,
    parts,
    path,
)
from caruso.script_engine.expressions.types import NAMES, Type, fits
from caruso.script_engine.turns import Value

#: Findings one expression may have.
MOST_FINDINGS = 10

_ORDERED = {Type.NUMBER, Type.TEXT, Type.DATE, Type.TIME, Type.DATE_TIME, Type.ANY, Type.NULL}
_MOMENTS = {Type.DATE, Type.TIME, Type.DATE_TIME}
#: What others call our functions.
_ELSEWHERE = {
    "size": "length",
    "len": "length",
    "exists": "any",
    "filter": "where",
    "map": "each",
    "concat": "join",
    "int": "number",
    "string": "text",
    "isblank": "empty",
    "ceiling": "ceil",
    "is_open": "opening_hours",
}


def check(tree: Node, names: Names, wanted: Type = Type.ANY) -> tuple[Finding, ...]:
    """Return what is wrong with an expression where a value of type `wanted` is expected."""
    checker = _Checker(names)
    try:
        given = checker.type_of(tree)
        if not fits(given, wanted):
            checker.add("wrong-type", f"this gives {NAMES[given]}; expected is {NAMES[wanted]}", tree)
    except _Enough:
        pass
    return tuple(checker.findings)


def infer(tree: Node, names: Names) -> Type:
    """Return the type of what an expression gives, as far as it is known before it runs."""
    try:
        return _Checker(names).type_of(tree)
    except _Enough:
        return Type.ANY


def answers_used(tree: Node) -> list[tuple[str, int]]:
    """Return the items whose answers the expression reads, with their places."""
    return used_of("answers", tree)


def used_of(root: str, tree: Node) -> list[tuple[str, int]]:
    """Return what the expression reads of a root, with the places."""
    names = path(tree)
    if names is not None and len(names) > 1 and names[0] == root:
        return [(names[1], tree.at)]
    return [used for part in parts(tree) for used in used_of(root, part)]


def names_used(tree: Node) -> list[tuple[str, int]]:
    """Return the plain names the expression reads, with their places."""
    if isinstance(tree, Name):
        return [(tree.name, tree.at)]
    return [used for part in parts(tree) for used in names_used(part)]


def texts_given(tree: Node) -> list[tuple[str, int]]:
    """Return the texts the expression can give, as far as they are written in it."""
    match tree:
        case Literal(value=str() as text, at=at):
            return [(text, at)]
        case Conditional(then=then, other=other):
            return [*texts_given(then), *texts_given(other)]
        case ListLiteral(items=items):
            return [given for item in items for given in texts_given(item)]
        case _:
            return []


def type_of_value(value: Value) -> Type:
    """Return the type of a value written in an expression."""
    match value:
        case None:
            return Type.NULL
        case bool():
            return Type.BOOLEAN
        case str():
            return Type.TEXT
        case Decimal():
            return Type.NUMBER
        case _:
            return Type.ANY


class _Enough(Exception):
    """More findings would not help anybody."""


class _Checker:
    """Walks a tree once; trees are at most 40 deep."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.findings: list[Finding] = []
        self.bound: set[str] = set()

    def add(self, rule: str, message: str, node: Node, suggestion: str = "") -> None:
        self.findings.append(Finding(rule, message, node.at, suggestion))
        if len(self.findings) >= MOST_FINDINGS:
            raise _Enough

    def type_of(self, node: Node) -> Type:
        match node:
            case Literal(value=value):
                return type_of_value(value)
            case ListLiteral(items=items):
                for item in items:
                    self.type_of(item)
                return Type.LIST
            case Name():
                return self.name(node)
            case Attribute():
                return self.attribute(node)
            case Index(of=of, key=key):
                self.type_of(of)
                self.type_of(key)
                return Type.ANY
            case Call():
                return self.call(node)
            case Not(of=of):
                self.condition(of)
                return Type.BOOLEAN
            case Negative(of=of):
                self.number(of)
                return Type.NUMBER
            case Conditional(condition=condition, then=then, other=other):
                self.condition(condition)
                return self.common(self.type_of(then), self.type_of(other))
            case Or(terms=terms) | And(terms=terms):
                for term in terms:
                    self.condition(term)
                return Type.BOOLEAN
            case Relation():
                return self.relation(node)
            case Within():
                return self.within(node)
            case Arithmetic():
                return self.arithmetic(node)

    # -- Names ------------------------------------------------------------------------------------------------

    def name(self, node: Name) -> Type:
        name = node.name
        if name in self.bound:
            return Type.ANY
        if name in self.names.computed:
            return self.names.computed[name]
        if name in self.names.roots:
            return Type.OBJECT
        self.add("unknown-name", f"“{name}” is not known", node, self.meant(name))
        return Type.ANY

    def meant(self, name: str) -> str:
        for root in ("answers", "vars", "result"):
            if name in (self.names.roots.get(root) or {}):
                return f"write {root}.{name}"
        if name in {option for values in self.names.options.values() for option in values}:
            return f"a text stands in quotes: '{name}'"
        return near(name, [*self.names.roots, *self.names.computed])

    def attribute(self, node: Attribute) -> Type:
        if not isinstance(node.of, Name) or node.of.name in self.bound:
            inner = self.type_of(node.of)
            if not fits(inner, Type.OBJECT):
                self.add("unknown-name", f"{NAMES[inner]} has no “{node.name}”", node)
            return Type.ANY
        root = node.of.name
        if root not in self.names.roots:
            return self.name(node.of) if root not in self.names.computed else Type.ANY
        attributes = self.names.roots[root]
        if attributes is None:
            return Type.ANY
        if node.name in attributes:
            return attributes[node.name]
        self.add(
            "unknown-name", f"there is no {root}.{node.name}", node, near(node.name, attributes, root + ".{}")
        )
        return Type.ANY

    # -- Conditions and comparisons ---------------------------------------------------------------------------

    def condition(self, node: Node) -> None:
        given = self.type_of(node)
        if not fits(given, Type.BOOLEAN):
            self.add("wrong-type", f"{NAMES[given]} is no condition", node, "compare it, or write known(…)")

    def common(self, one: Type, other: Type) -> Type:
        if one is other or other is Type.NULL:
            return one
        return other if one is Type.NULL else Type.ANY

    def relation(self, node: Relation) -> Type:
        left, right = self.type_of(node.left), self.type_of(node.right)
        if Type.NULL in (left, right):
            other = node.left if right is Type.NULL else node.right
            wording = f"known({_shown(other)})" if node.operator == "ne" else f"empty({_shown(other)})"
            self.add("null-comparison", "a comparison with null is never true", node, f"write {wording}")
        elif {left, right} == {Type.DATE, Type.DATE_TIME}:
            whole = node.left if left is Type.DATE_TIME else node.right
            self.add(
                "wrong-type", "a date is compared with a date with time", node, f"write date({_shown(whole)})"
            )
        elif not fits(left, right) and not fits(right, left):
            self.add(
                "wrong-type",
                f"{NAMES[left]} is compared with {NAMES[right]}",
                node,
                self.conversion(node.left, left, node.right, right),
            )
        elif node.operator not in {"eq", "ne"} and (left not in _ORDERED or right not in _ORDERED):
            self.add("wrong-type", "these have no order", node)
        else:
            self.option(node.left, node.right)
            self.option(node.right, node.left)
        return Type.BOOLEAN

    def conversion(self, left: Node, left_type: Type, right: Node, right_type: Type) -> str:
        for node, given, other in ((left, left_type, right_type), (right, right_type, left_type)):
            shown = _shown(node)
            if given is Type.BOOLEAN:
                return f"write {shown} or not {shown}"
            if given is Type.TEXT and other is Type.NUMBER and not isinstance(node, Literal):
                return f"write number({shown})"
            if given is Type.TEXT and other is Type.NUMBER:
                return "a number has no quotes"
            if given is Type.TEXT and other in _MOMENTS:
                written = repr(node.value) if isinstance(node, Literal) else shown
                return f"write {other.value.replace('-', '_')}({written})"
        return ""

    def option(self, question: Node, written: Node) -> None:
        """Find a text that is none of a question's options."""
        names = path(question)
        if names is None or len(names) != 2 or names[0] != "answers":
            return
        options = self.names.options.get(names[1])
        if options is None or not isinstance(written, Literal) or not isinstance(written.value, str):
            return
        if written.value not in options:
            suggestion = near(written.value, options) or f"its options are {', '.join(options)}"
            self.add("no-such-option", f"“{written.value}” is no option of {names[1]}", written, suggestion)

    def within(self, node: Within) -> Type:
        item, of = self.type_of(node.item), self.type_of(node.of)
        if of not in {Type.LIST, Type.TEXT, Type.OBJECT, Type.ANY}:
            self.add("wrong-type", f"{NAMES[of]} holds nothing", node.of, "write for instance in ['a', 'b']")
        if isinstance(node.of, ListLiteral):
            for part in node.of.items:
                given = self.type_of(part)
                if not fits(item, given) and not fits(given, item):
                    self.add("wrong-type", f"{NAMES[item]} is compared with {NAMES[given]}", part)
                self.option(node.item, part)
        self.option(node.of, node.item)
        return Type.BOOLEAN

    # -- Arithmetic -------------------------------------------------------------------------------------------

    def number(self, node: Node) -> None:
        given = self.type_of(node)
        if not fits(given, Type.NUMBER):
            suggestion = f"write number({_shown(node)})" if path(node) and given is Type.TEXT else ""
            if given in _MOMENTS:
                suggestion = "write days_between(…), minutes_between(…), add_days(…)"
            self.add("wrong-type", f"{NAMES[given]} is no number", node, suggestion)

    def arithmetic(self, node: Arithmetic) -> Type:
        hyphened = self.hyphened(node)
        if hyphened is not None:
            self.add("unknown-name", f"“{hyphened}” reads as a subtraction", node, f"write answers['{hyphened}']")
            return Type.ANY
        if all(operator == "+" for operator, _ in node.rest):
            kinds = {self.type_of(part) for part in parts(node)} - {Type.NULL, Type.ANY}
            if kinds <= {Type.TEXT}:
                return Type.TEXT if kinds else Type.ANY
            if kinds <= {Type.NUMBER} or kinds <= {Type.LIST}:
                return kinds.pop()
            if Type.TEXT in kinds and Type.NUMBER in kinds:
                self.add("wrong-type", "a text and a number are added", node, "write text(…) or number(…)")
                return Type.ANY
        for part in parts(node):
            self.number(part)
        return Type.NUMBER

    def hyphened(self, node: Arithmetic) -> str | None:
        """Return the item meant when an id with a hyphen was written after a point."""
        names = path(node.first)
        if names is None or len(names) != 2 or names[0] != "answers":
            return None
        words = [names[1]]
        for operator, term in node.rest:
            if operator != "-" or not isinstance(term, Name):
                break
            words.append(term.name)
            if (meant := "-".join(words)) in (self.names.roots.get("answers") or {}):
                return meant
        return None

    # -- Functions --------------------------------------------------------------------------------------------

    def call(self, node: Call) -> Type:
        function = FUNCTIONS.get(node.function)
        if function is None:
            self.unknown_function(node)
            return Type.ANY
        if not function.arity_fits(len(node.arguments)):
            self.add(
                "wrong-arguments", f"{node.function} takes {_amount(function)}, not {len(node.arguments)}", node
            )
            return function.gives
        if node.function in QUANTIFIERS:
            return self.quantifier(node, function.gives)
        kinds = [self.type_of(argument) for argument in node.arguments]
        for number, (given, argument) in enumerate(zip(kinds, node.arguments, strict=True)):
            wanted = function.takes_at(number)
            if not fits(given, wanted):
                self.add("wrong-type", f"{node.function} takes {NAMES[wanted]} here, not {NAMES[given]}", argument)
        self.findings += written_wrongly(node, self.names)
        if node.function == "selected":
            self.option(node.arguments[0], node.arguments[1])
        return self.extreme(node, kinds) if node.function in {"min", "max"} else function.gives

    def unknown_function(self, node: Call) -> None:
        wrong = node.function
        suggestion = near(wrong, FUNCTIONS)
        if (ours := _ELSEWHERE.get(wrong.lower())) is not None:
            suggestion = f"write {ours}(…)"
        self.add("unknown-function", f"there is no function “{wrong}”", node, suggestion)
        for argument in node.arguments:
            self.type_of(argument)

    def extreme(self, node: Call, kinds: Sequence[Type]) -> Type:
        """Return what `min` or `max` of these gives: they have to be of one kind, or one list."""
        several = set(kinds) - {Type.ANY, Type.NULL}
        if len(kinds) == 1 or not several:
            return Type.ANY
        if len(several) > 1 or not several <= _ORDERED:
            self.add("wrong-type", f"{node.function} takes values of one kind that has an order", node)
            return Type.ANY
        return several.pop()

    def quantifier(self, node: Call, gives: Type) -> Type:
        items, variable, body = node.arguments
        given = self.type_of(items)
        if not fits(given, Type.LIST):
            self.add("wrong-type", f"{node.function} takes a list, not {NAMES[given]}", items)
        if not isinstance(variable, Name) or variable.name in self.names.roots:
            self.add("wrong-arguments", f"the second argument of {node.function} is a new name", variable)
            return gives
        if nests(items) or nests(body):
            self.add("wrong-arguments", f"{_listed(QUANTIFIERS)} cannot stand in each other", node)
            return gives
        self.bound.add(variable.name)
        match node.function:
            case "sum":
                self.number(body)
            case "each":
                self.type_of(body)
            case _:
                self.condition(body)
        self.bound.discard(variable.name)
        return gives


def _shown(node: Node) -> str:
    return ".".join(path(node) or ("…",))


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}"


def _amount(function: Function) -> str:
    least, most = len(function.takes) - function.optional, len(function.takes)
    if function.repeats:
        return f"{least} or more arguments"
    amount = str(least) if least == most else f"{least} to {most}"
    return f"{amount} argument{'s' if most != 1 else ''}"
