"""Expressions of dialog scripts: parse once, compile once, evaluate often. Knows no script and no run."""

from __future__ import annotations

from dataclasses import dataclass, field

from caruso.script_engine.expressions.compiler import compile_tree
from caruso.script_engine.expressions.parser import ExpressionError, parse
from caruso.script_engine.expressions.scope import Evaluate, Scope
from caruso.script_engine.expressions.tree import Node, path
from caruso.script_engine.turns import Value

__all__ = ["Expression", "ExpressionError", "Origin", "Scope", "expression"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: an attribute, or the text of an element."""

    line: int
    column: int
    #: Empty for an element's text.
    attribute: str = ""
    #: As it stands in the file, with references such as ``&lt;``.
    raw: str = ""

    def place(self, at: int) -> tuple[int, int]:
        """Return line and column of offset `at` of the value as XML gives it."""
        line, column, position = self.line, self.column, 0
        for _ in range(at):
            if position >= len(self.raw):
                break
            reference = self.raw.find(";", position) if self.raw[position] == "&" else -1
            width = reference - position + 1 if reference >= 0 else 1
            if self.raw[position] == "\n":
                line, column = line + 1, 1
            else:
                column += width
            position += width
        return line, column


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression ready to evaluate."""

    source: str
    origin: Origin
    tree: Node
    evaluate: Evaluate = field(compare=False, repr=False)

    def holds(self, scope: Scope) -> bool:
        """Whether the condition is true; null is not."""
        return self.evaluate(scope) is True

    @property
    def answer_of(self) -> str | None:
        """The item, when the expression is nothing but ``answers.item``."""
        names = path(self.tree)
        return names[1] if names and len(names) == 2 and names[0] == "answers" else None

    def value(self, scope: Scope) -> Value:
        """Return the value in `scope`."""
        return self.evaluate(scope)


def expression(source: str, origin: Origin | None = None) -> Expression:
    """Parse and compile `source`; raise `ExpressionError`."""
    tree = parse(source)
    return Expression(source, origin or Origin(0, 0), tree, compile_tree(tree))
