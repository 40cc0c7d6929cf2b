"""What a node makes of a value it is given, by its type: whole numbers are cut, texts become dates."""

from __future__ import annotations

from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.conversions import to_date, truncated
from caruso.script_engine.xforms.terms import Kind, Term


def stored(value: Term, kind: str) -> Term:
    """Return a value as a node of a type keeps it."""
    match kind:
        case "int" | "integer":
            return truncated(terms.as_number(value)) if not _is_whole(value) else terms.as_number(value)
        case "decimal" | "double":
            return terms.as_number(value)
        case "date":
            return _as_day(value)
        case _:
            return terms.certain(value) if value.kind is Kind.BOOLEAN and not value.node else value


def _is_whole(value: Term) -> bool:
    begins = ("count(", "length(", "days_between(", "round(", "floor(", "ceil(")
    return value.level is terms.Level.ATOM and value.code.startswith(begins) and value.code.count("(") == 1


def _as_day(value: Term) -> Term:
    if value.kind is Kind.NUMBER:
        return Term("null", Kind.DATE)
    if isinstance(value.constant, str) and not value.constant.strip():
        return terms.NOTHING
    return to_date(value)
