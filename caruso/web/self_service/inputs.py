"""Turn a form that came back into an input of the engine, or say why it cannot be. Pure.

The engine reads the answers; here is only what lies between a form and one text: ticks, places of a ranking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from caruso.script_engine.turns import (
    Answered,
    AnsweredTogether,
    Confirmed,
    Corrected,
    Input,
    Turn,
    Value,
    WentBack,
)
from caruso.web.self_service.controls import field_name, other_name, place_name, questions_of, typed
from caruso.web.self_service.sentences import sentence

#: Values of a form by field, in their order.
Fields = Mapping[str, tuple[str, ...]]
#: What is kept for the run and may be named in an answer, by id.
Files = Mapping[str, Value]
_NONE: Files = MappingProxyType({})
#: Between the values of an answer that has several.
SEPARATOR = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Why a form cannot become an answer: by item, in the language of the page."""

    problems: Mapping[str, str] = field(default_factory=dict)


def first(fields: Fields, name: str) -> str:
    """Return a field's only value, or nothing."""
    values = fields.get(name, ())
    return values[0] if values else ""


def read_step(turn: Turn, fields: Fields, files: Files = _NONE) -> Input | Unreadable:
    """Return what the person answered, or went back."""
    if first(fields, "action") == "back":
        return WentBack(turn=turn.number)
    texts = {question.item: _text(question, fields) for question in questions_of(turn)}
    problems = {item: text.problems[item] for item, text in texts.items() if isinstance(text, Unreadable)}
    if problems:
        return Unreadable(problems=problems)
    answers = {item: text for item, text in texts.items() if isinstance(text, str)}
    match turn.kind:
        case "question":
            return Answered(turn=turn.number, text=answers[turn.item], files=files)
        case "group":
            return AnsweredTogether(turn=turn.number, answers=answers, files=files)
        case _:
            return Confirmed(turn=turn.number)


def read_change(question: Turn, fields: Fields, files: Files = _NONE) -> Corrected | Unreadable:
    """Return the other answer to an earlier question."""
    text = _text(question, fields)
    return text if isinstance(text, Unreadable) else Corrected(item=question.item, text=text, files=files)


def _text(question: Turn, fields: Fields) -> str | Unreadable:
    if question.read_only:
        return typed(question.answer, str(question.type), question.language)
    match str(question.type):
        case "choice" | "choices":
            return SEPARATOR.join(_chosen(question, fields))
        case "ranking":
            return _ranked(question, fields)
        case "memo":
            return first(fields, field_name(question.item)).replace("\r\n", "\n")
        case _:
            return first(fields, field_name(question.item))


def _chosen(question: Turn, fields: Fields) -> list[str]:
    """Return the chosen values, own words in place of the option that takes them."""
    own = " ".join(first(fields, other_name(question.item)).split())
    others = {option.value for option in question.options if option.other}
    return [own if own and value in others else value for value in fields.get(field_name(question.item), ())]


def _ranked(question: Turn, fields: Fields) -> str | Unreadable:
    """Return the options by their places; each place must be given once, or none at all."""
    places = {
        option.value: first(fields, place_name(question.item, option.value)).strip() for option in question.options
    }
    if not any(places.values()):
        return ""
    wanted = {str(place) for place in range(1, len(places) + 1)}
    if set(places.values()) != wanted:
        problem = sentence("ranking-twice", question.language)
        return Unreadable(problems={question.item: problem})
    return SEPARATOR.join(sorted(places, key=lambda value: int(places[value])))


def typed_fields(turn: Turn, fields: Fields) -> Fields:
    """Return what of a form is worth keeping as a draft: texts of this turn's questions, of files the ids."""
    kept: dict[str, tuple[str, ...]] = {}
    for question in questions_of(turn):
        name = field_name(question.item)
        if name in fields or str(question.type) == "choices":
            kept[name] = fields.get(name, ())
        if other_name(question.item) in fields:
            kept[other_name(question.item)] = fields[other_name(question.item)]
        for option in question.options if str(question.type) == "ranking" else ():
            place = place_name(question.item, option.value)
            kept[place] = fields.get(place, ())
    return kept
