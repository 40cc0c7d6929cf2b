"""Functions of forms about dates and times."""

from __future__ import annotations

from collections.abc import Mapping

from caruso.script_engine.xforms import terms
from caruso.script_engine.xforms.calling import Arguments, Function, takes
from caruso.script_engine.xforms.conversions import to_date
from caruso.script_engine.xforms.meaning import Meaning
from caruso.script_engine.xforms.paths import Context, Untranslatable
from caruso.script_engine.xforms.terms import Kind, Term

#: Marks of a date that can be written, as both languages spell them.
DATE_MARKS = frozenset("Yymnbdea")
TIME_MARKS = frozenset("HhMS3")


def _today(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return terms.call("today", Kind.DATE)


def _now(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    return terms.call("now", Kind.MOMENT)


def _date(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    term = meaning.term(arguments[0], context)
    if isinstance(term.constant, str) and "T" in term.constant:
        return _moment_of(term)
    return term if term.kind is Kind.MOMENT else to_date(term)


def _decimal_date(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
    term = meaning.term(arguments[0], context)
    if term.kind is Kind.MOMENT:
        raise Untranslatable("a moment as a number of days")
    return terms.as_number(to_date(term))


def _format(marks: frozenset[str]) -> Function:
    def call(meaning: Meaning, arguments: Arguments, context: Context) -> Term:
        value, form = (meaning.term(each, context) for each in arguments)
        if not isinstance(form.constant, str):
            raise Untranslatable("the form of a date that is worked out")
        pieces = form.constant.split("%")[1:]
        if any(piece[:1] not in marks for piece in pieces):
            raise Untranslatable(f"the form of a date “{form.constant}”")
        moment = value if value.kind in {Kind.DATE, Kind.MOMENT} else _moment_of(value)
        return terms.as_whole_text(terms.call("format_date", Kind.TEXT, moment, terms.text(form.constant)))

    return takes(2, 2, call)


def _moment_of(value: Term) -> Term:
    return terms.call("date_time", Kind.MOMENT, terms.as_text(value))


FUNCTIONS: Mapping[str, Function] = {
    "today": takes(0, 0, _today),
    "now": takes(0, 0, _now),
    "date": takes(1, 1, _date),
    "date-time": takes(1, 1, _date),
    "decimal-date-time": takes(1, 1, _decimal_date),
    "format-date": _format(DATE_MARKS),
    "format-date-time": _format(DATE_MARKS | TIME_MARKS),
}
