"""How answers of golden dialogs are given on pages: what is typed, what is ticked, and what no page offers."""

from __future__ import annotations

from caruso.script_engine.tools.looking import Failure
from caruso.script_engine.tools.pressing import as_typed
from caruso.script_engine.turns import QuestionType, Turn
from lab.golden import Golden, NotOffered

#: What is not typed.
TICKED = frozenset({QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.YES_NO, QuestionType.RATING})


def told(golden: Golden, failures: list[Failure]) -> list[str]:
    return [f"{golden}, line {failure.spot.line}: {failure}" for failure in failures]


def chosen(question: Turn, text: str) -> list[str]:
    """Return what is to be ticked for an answer; raise `NotOffered`."""
    values = [value for value in as_typed(question.type, text).split("\n") if value]
    offered = {option.value for option in question.options}
    own_words = any(option.other for option in question.options)
    alone = {option.value for option in question.options if option.exclusive}
    if (offered and not own_words and not offered.issuperset(values)) or (len(values) > 1 and alone & set(values)):
        raise NotOffered
    return values


def is_own_words(question: Turn, value: str) -> bool:
    return any(option.other for option in question.options) and value not in {o.value for o in question.options}


def other_of(question: Turn) -> str:
    return next(option.value for option in question.options if option.other)


def label_of(question: Turn, value: str) -> str:
    return next(option.label for option in question.options if option.value == value)
