"""The typed tree of an expression. `at` is the 0-based offset in the source, `depth` how deep it nests."""

from __future__ import annotations

from dataclasses import dataclass

from caruso.script_engine.turns import Value


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the expression."""

    value: Value
    at: int
    depth: int = 1


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """``[a, b]``."""

    items: tuple[Node, ...]
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Name:
    """A root, a computed value, or the variable of a quantifier."""

    name: str
    at: int
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Attribute:
    """``a.b``, or ``a['b']`` with the key written out."""

    of: Node
    name: str
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Index:
    """``a[key]`` with a key that is computed."""

    of: Node
    key: Node
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Call:
    """``f(a, b)``."""

    function: str
    arguments: tuple[Node, ...]
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Not:
    """``not a``."""

    of: Node
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Negative:
    """``-a``."""

    of: Node
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """``c ? a : b``, ``if(c, a, b)``."""

    condition: Node
    then: Node
    other: Node
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Or:
    """``a or b or …``."""

    terms: tuple[Node, ...]
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class And:
    """``a and b and …``."""

    terms: tuple[Node, ...]
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Relation:
    """``a lt b``; `operator` is one of eq ne lt le gt ge."""

    operator: str
    left: Node
    right: Node
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Within:
    """``a in b``, ``a not in b``."""

    item: Node
    of: Node
    negated: bool
    at: int
    depth: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``first op a op b …``, from left to right; operators are + - * / %."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    at: int
    depth: int


Node = (
    Literal
    | ListLiteral
    | Name
    | Attribute
    | Index
    | Call
    | Not
    | Negative
    | Conditional
    | Or
    | And
    | Relation
    | Within
    | Arithmetic
)


def parts(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below `node`, in the order written."""
    match node:
        case Literal() | Name():
            return ()
        case ListLiteral(items=items):
            return items
        case Attribute(of=of) | Not(of=of) | Negative(of=of):
            return (of,)
        case Index(of=of, key=key):
            return (of, key)
        case Call(arguments=arguments):
            return arguments
        case Conditional(condition=condition, then=then, other=other):
            return (condition, then, other)
        case Or(terms=terms) | And(terms=terms):
            return terms
        case Relation(left=left, right=right):
            return (left, right)
        case Within(item=item, of=of):
            return (item, of)
        case Arithmetic(first=first, rest=rest):
            return (first, *(term for _, term in rest))


def size(node: Node) -> int:
    """Return how many nodes there are in `node`, itself included."""
    return 1 + sum(size(part) for part in parts(node))


def path(node: Node) -> tuple[str, ...] | None:
    """Return the names of a plain path such as ``customer.address.city``, or None."""
    names: list[str] = []
    while isinstance(node, Attribute):
        names.append(node.name)
        node = node.of
    if not isinstance(node, Name):
        return None
    return (node.name, *reversed(names))
