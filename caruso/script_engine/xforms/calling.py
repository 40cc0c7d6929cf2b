"""What the functions of forms have in common: how they are called, and values made of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.form import Node
from caruso.script_engine.xforms.meaning import Meaning, Row
from caruso.script_engine.xforms.paths import Context, Untranslatable
from caruso.script_engine.xforms.terms import Term
from caruso.script_engine.xforms.xpath import XPath

Arguments = Sequence[XPath]
Function = Callable[[Meaning, Arguments, Context], Term]


def takes(least: int, most: int | None, call: Function) -> Function:
    """Return the function, refusing too few and too many arguments."""

    def checked(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise Untranslatable("a function with too few or too many arguments")
        return call(meaning, arguments, context)

    return checked


def number(meaning: Meaning, tree: XPath, context: Context) -> Term:
    """Return an argument as a number."""
    return terms.as_number(meaning.term(tree, context))


def or_here(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    """Return the only argument, or without one the node the expression stands at."""
    if arguments:
        return meaning.term(arguments[0], context)
    if isinstance(context.here, Node):
        return meaning.reading.value(context.here, context)
    raise Untranslatable("a function of the row of a table as a whole")


def row_text(row: Row) -> Term:
    """Return what is in a row of a table."""
    return terms.text("".join(part for each in row.tag.everything() for part in each.texts).strip(), node=True)
