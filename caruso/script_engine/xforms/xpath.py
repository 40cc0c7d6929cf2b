"""Parse an XPath expression of a form into a tree. Knows the grammar, nothing of forms or of meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

#: Characters an expression of a form may have, and levels it may nest: more is not meant for people.
LONGEST_XPATH = 20_000
DEEPEST_XPATH = 40
#: Operators of a chain; and comparisons, of which one hardly ever compares the result of another.
LONGEST_CHAIN, MOST_COMPARISONS = 400, 10

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d*)?|\.\d+)
  | (?P<text>"[^"]*"|'[^']*')
  | (?P<sign>::|//|\.\.|<=|>=|!=|[()\[\]/@,.|+\-=<>*$:])
  | (?P<name>[^\W\d][\w.\-]*(?::(?!:)[^\W\d][\w.\-]*)?)
    )""",
    re.VERBOSE,
)
_BLANKS = re.compile(r"\s*")
#: Weakest first; operators of one level are carried out from left to right.
_LEVELS = (("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"))
_COMPARISONS = {2, 3}
_AXES = {"child", "parent", "self"}
_NODE_TESTS = {"node", "text"}


class XPathError(ValueError):
    """The expression cannot be read."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Text:
    """A text as written."""

    value: str


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and the operator between them, as XPath spells it."""

    operator: str
    left: XPath
    right: XPath


@dataclass(frozen=True, slots=True)
class Negative:
    """The number with its sign turned."""

    of: XPath


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; the name is without blanks, with its prefix."""

    name: str
    arguments: tuple[XPath, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: ``.``, ``..``, ``*``, ``@name`` or a name, with its predicates."""

    name: str
    predicates: tuple[XPath, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """A path; `start` is the expression it begins with (``current()``, ``instance('a')``), if any."""

    absolute: bool
    steps: tuple[Step, ...]
    start: XPath | None = None


XPath = Number | Text | Binary | Negative | Call | Path


def parse(source: str) -> XPath:
    """Return the tree of `source`; raise `XPathError`."""
    if len(source) > LONGEST_XPATH:
        raise XPathError(f"the expression has more than {LONGEST_XPATH} characters")
    parser = _Parser(_tokens(source))
    tree = parser.expression()
    parser.end()
    if _is_deeper(tree, LONGEST_CHAIN):
        raise XPathError(f"the expression has more than {LONGEST_CHAIN} operators in a row")
    return tree


def _is_deeper(tree: XPath, depth: int) -> bool:
    """Whether operators stand in each other more than `depth` deep; a chain of them is as deep as it is long."""
    level: list[XPath] = [tree]
    for _ in range(depth):
        level = [side for each in level if isinstance(each, Binary) for side in (each.left, each.right)]
        if not level:
            return False
    return True


def calls(tree: XPath) -> frozenset[str]:
    """Return the names of all functions that are called."""
    match tree:
        case Call(name=name, arguments=arguments):
            return frozenset({name}).union(*(calls(argument) for argument in arguments))
        case Binary(left=left, right=right):
            return calls(left) | calls(right)
        case Negative(of=of):
            return calls(of)
        case Path(steps=steps, start=start):
            inner = [calls(predicate) for step in steps for predicate in step.predicates]
            return frozenset[str]().union(*inner, calls(start) if start is not None else ())
        case _:
            return frozenset()


def paths(tree: XPath) -> Iterator[Path]:
    """Give all paths in an expression."""
    match tree:
        case Path(steps=steps, start=start):
            yield tree
            inner = [predicate for step in steps for predicate in step.predicates]
            for each in (*inner, *((start,) if start is not None else ())):
                yield from paths(each)
        case Call(arguments=arguments):
            for each in arguments:
                yield from paths(each)
        case Binary(left=left, right=right):
            yield from paths(left)
            yield from paths(right)
        case Negative(of=of):
            yield from paths(of)


def _tokens(source: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    end = len(source.rstrip())
    while at < end:
        found = _TOKEN.match(source, at)
        if found is None or found.lastgroup is None:
            sign = source[_end_of_blanks(source, at)]
            raise XPathError(f"“{sign}” is not expected")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


def _end_of_blanks(source: str, at: int) -> int:
    found = _BLANKS.match(source, at)
    return found.end() if found else at


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def end(self) -> None:
        """Refuse whatever is left."""
        if self._at < len(self._tokens):
            raise XPathError(f"“{self._tokens[self._at][1]}” is not expected")

    def expression(self, level: int = 0) -> XPath:
        """Return an expression of operators from this level on."""
        if level == len(_LEVELS):
            return self._unary()
        if level == 0:
            self._deeper()
        left = self.expression(level + 1)
        compared = 0
        while (operator := self._operator(_LEVELS[level])) is not None:
            compared += level in _COMPARISONS
            if compared > MOST_COMPARISONS:
                raise XPathError(
                    f"more than {MOST_COMPARISONS} comparisons in a row, each of the result of another"
                )
            left = Binary(operator, left, self.expression(level + 1))
        if level == 0:
            self._depth -= 1
        return left

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST_XPATH:
            raise XPathError(f"the expression nests deeper than {DEEPEST_XPATH} levels")

    def _operator(self, wanted: tuple[str, ...]) -> str | None:
        kind, value = self._next()
        if kind in {"sign", "name"} and value in wanted:
            self._at += 1
            return value
        return None

    def _next(self, ahead: int = 0) -> tuple[str, str]:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else ("end", "")

    def _take(self, sign: str) -> bool:
        if self._next() == ("sign", sign):
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise XPathError(f"“{sign}” is expected before “{self._next()[1] or 'the end'}”")

    def _unary(self) -> XPath:
        negatives = 0
        while self._take("-"):
            negatives += 1
        operand = self._path()
        if self._next() == ("sign", "|"):
            raise XPathError("unions of nodes (|) are not known")
        return Negative(operand) if negatives % 2 else operand

    def _path(self) -> XPath:
        start = self._primary()
        if start is None:
            absolute = self._next() == ("sign", "/")
            if absolute:
                self._at += 1
            return Path(absolute, self._steps())
        predicates = self._predicates()
        if predicates:
            start = Path(False, (Step(".", predicates),), start)
        if not self._take("/"):
            return start
        steps = self._steps()
        if isinstance(start, Path) and start.start is not None:
            return Path(False, (*start.steps, *steps), start.start)
        return Path(False, steps, start)

    def _primary(self) -> XPath | None:
        kind, value = self._next()
        if kind == "number":
            self._at += 1
            return Number(Decimal(value))
        if kind == "text":
            self._at += 1
            return Text(value[1:-1])
        if self._take("("):
            inner = self.expression()
            self._expect(")")
            return inner
        if kind == "name" and self._next(1) == ("sign", "(") and value not in _NODE_TESTS:
            return self._call()
        return None

    def _call(self) -> Call:
        name = self._next()[1]
        self._at += 2
        arguments: list[XPath] = []
        if not self._take(")"):
            arguments.append(self.expression())
            while self._take(","):
                arguments.append(self.expression())
            self._expect(")")
        return Call(name, tuple(arguments))

    def _steps(self) -> tuple[Step, ...]:
        steps = [self._step()]
        while self._take("/"):
            steps.append(self._step())
        return tuple(steps)

    def _step(self) -> Step:
        for sign in ("..", ".", "*"):
            if self._take(sign):
                return Step(sign, self._predicates())
        attribute = "@" if self._take("@") else ""
        kind, name = self._next()
        if kind != "name":
            raise XPathError(f"a name is expected before “{name or 'the end'}”")
        self._at += 1
        if self._take("::"):
            return self._on_axis(name)
        if name in _NODE_TESTS and self._take("("):
            self._expect(")")
            return Step(".", self._predicates())
        return Step(attribute + name, self._predicates())

    def _on_axis(self, axis: str) -> Step:
        if axis not in _AXES:
            raise XPathError(f"the axis “{axis}” is not known")
        step = self._step()
        if axis == "child":
            return step
        return Step("." if axis == "self" else "..", step.predicates)

    def _predicates(self) -> tuple[XPath, ...]:
        predicates = []
        while self._take("["):
            predicates.append(self.expression())
            self._expect("]")
        return tuple(predicates)
