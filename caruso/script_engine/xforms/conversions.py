"""Numbers without decimals and dates, as forms make them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.terms import Kind, Term


def truncated(number: Term) -> Term:
    """Return a number without its decimal places."""
    if isinstance(number.constant, Decimal):
        return terms.number(Decimal(int(number.constant)))
    if number.code == "null":
        return number
    below = terms.ordered("<", number, terms.number(Decimal(0)))
    return terms.choice(below, terms.call("ceil", Kind.NUMBER, number), terms.call("floor", Kind.NUMBER, number))


def to_date(term: Term) -> Term:
    """Return a value as a date."""
    if term.kind is Kind.DATE:
        return term
    if isinstance(term.constant, str) and not _is_date(term.constant):
        return Term("null", Kind.DATE)
    if term.kind is Kind.NUMBER or isinstance(term.constant, Decimal):
        return terms.call("add_days", Kind.DATE, terms.EPOCH, terms.as_number(term))
    return terms.call("date", Kind.DATE, terms.as_text(term) if term.kind is not Kind.MOMENT else term)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text.partition("T")[0])
    except ValueError:
        return False
    return True
