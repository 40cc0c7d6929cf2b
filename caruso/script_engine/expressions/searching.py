"""What of an expression can be searched for: turns its tree into a `Condition` on objects. Pure.

Whatever does not mention the object is worked out first and becomes a constant. What has no counterpart among the
conditions is left over, with the reason: whoever searches holds it against each object found, or refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from caruso.model.conditions import (
    EVERYTHING,
    NOTHING,
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
    Known,
    Negation,
    Related,
    every,
)
from caruso.script_engine.expressions.tree import (
    And,
    Call,
    Literal,
    Name,
    Node,
    Not,
    Or,
    Relation,
    Within,
    parts,
    path,
)
from caruso.script_engine.turns import Value

#: Works out a part that does not mention the object.
WorkOut = Callable[[Node], Value]

_TEXT_CONDITIONS: Mapping[str, type[Begins] | type[Ends] | type[Contains]] = {
    "starts_with": Begins,
    "ends_with": Ends,
    "contains": Contains,
}
_TURNED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A part of a condition that cannot be searched for."""

    #: Offset in the expression.
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Search:
    """What can be searched for, and what has to be held against what was found."""

    condition: Condition
    left_over: tuple[LeftOver, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the search is all there is to it."""
        return not self.left_over


class _CannotSearch(Exception):
    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(reason)
        self.left_over = LeftOver(node.at, reason)


def search_for(tree: Node, root: str, work_out: WorkOut, *, computed: Mapping[str, Node] | None = None) -> Search:
    """Return what `tree`, a condition on the object that it calls `root`, searches for.

    Args:
        tree: The condition.
        root: Name of the object in it.
        work_out: Gives the value of a part without the object.
        computed: Trees of attributes that are worked out from the object; they stand in the object's own words.
    """
    reader = _Reader(root, work_out, computed or {})
    found: list[Condition] = []
    left: list[LeftOver] = []
    for term in tree.terms if isinstance(tree, And) else (tree,):
        try:
            found.append(reader.condition(term))
        except _CannotSearch as cannot:
            left.append(cannot.left_over)
    return Search(every(*found), tuple(left))


class _Reader:
    def __init__(self, root: str, work_out: WorkOut, computed: Mapping[str, Node], outside: str = "") -> None:
        self._root = root
        self._evaluate = work_out
        self._computed = computed
        #: The object that a related one belongs to.
        self._outside = outside

    def condition(self, node: Node) -> Condition:
        if not self._mentions(node):
            return EVERYTHING if self._work_out(node) is True else NOTHING
        match node:
            case And(terms=terms):
                return every(*(self.condition(term) for term in terms))
            case Or(terms=terms):
                return Either(tuple(self.condition(term) for term in terms))
            case Not(of=of):
                return Negation(self.condition(of))
            case Relation():
                return self._relation(node)
            case Within():
                return self._within(node)
            case Call():
                return self._call(node)
            case _:
                return self._truth(node)

    def _truth(self, node: Node) -> Condition:
        """Return the condition that an attribute is true."""
        if (inlined := self._inlined(node)) is not None:
            return self.condition(inlined)
        return Compare(self._attribute(node), "eq", True)

    def _relation(self, node: Relation) -> Condition:
        left, right = node.left, node.right
        if self._mentions(left) and self._mentions(right):
            one, two = self._attribute(left), self._attribute(right)
            if len(one) == len(two) == 1:
                return CompareAttributes(one[0], node.operator, two[0])
            raise _CannotSearch(node, "attributes of two objects are compared")
        operator = node.operator
        if self._mentions(right):
            left, right, operator = right, left, _TURNED[operator]
        return Compare(self._attribute(left), operator, self._constant(right))

    def _within(self, node: Within) -> Condition:
        if self._mentions(node.of):
            if self._mentions(node.item):
                raise _CannotSearch(node, "an attribute is looked for in another")
            text = self._constant(node.item)
            if node.negated or not isinstance(text, str):
                raise _CannotSearch(node, "only a text that is in an attribute can be searched for")
            return Contains(self._attribute(node.of), text)
        values = self._work_out(node.of)
        if not isinstance(values, tuple):
            return NOTHING
        return Among(self._attribute(node.item), tuple(_constant(value, node) for value in values), node.negated)

    def _call(self, node: Call) -> Condition:
        match node.function, node.arguments:
            case "known", (of,):
                return Known(self._attribute(of))
            case "empty", (of,):
                return Negation(Known(self._attribute(of)))
            case "starts_with" | "ends_with" | "contains", (of, part) if not self._mentions(part):
                text = self._constant(part)
                if not isinstance(text, str):
                    raise _CannotSearch(node, f"{node.function} of something that is not a text")
                return _TEXT_CONDITIONS[node.function](self._attribute(of), text)
            case "any", (of, Name(name=variable), inner):
                relation = self._attribute(of)
                if len(relation) == 1:
                    return Related(relation[0], self._of_related(variable).condition(inner))
            case _:
                pass
        raise _CannotSearch(node, f"{node.function} of an attribute cannot be searched for")

    def _attribute(self, node: Node) -> AttributePath:
        names = path(node)
        if names is None or names[0] != self._root or len(names) < 2:
            raise _CannotSearch(node, "this is worked out from the object")
        if len(names) == 2 and names[1] in self._computed:
            if (inlined := self._inlined(node)) is not None and path(inlined) is not None:
                return self._attribute(inlined)
            raise _CannotSearch(node, f"“{names[1]}” is worked out from the object")
        return names[1:]

    def _inlined(self, node: Node) -> Node | None:
        """Return what stands for a computed attribute."""
        names = path(node)
        if names is not None and len(names) == 2 and names[0] == self._root:
            return self._computed.get(names[1])
        return None

    def _constant(self, node: Node) -> Constant:
        return _constant(node.value if isinstance(node, Literal) else self._work_out(node), node)

    def _of_related(self, variable: str) -> _Reader:
        return _Reader(variable, self._evaluate, {}, outside=self._root)

    def _work_out(self, node: Node) -> Value:
        if self._outside and _mentioned(node, self._outside):
            raise _CannotSearch(node, "attributes of two objects are compared")
        return self._evaluate(node)

    def _mentions(self, node: Node) -> bool:
        return _mentioned(node, self._root)


def _mentioned(node: Node, root: str) -> bool:
    return (isinstance(node, Name) and node.name == root) or any(_mentioned(part, root) for part in parts(node))


def _constant(value: Value, node: Node) -> Constant:
    if value is None or isinstance(value, (bool, Decimal, str, date, datetime, time)):
        return value
    raise _CannotSearch(node, "a list or an object is compared as a whole")
