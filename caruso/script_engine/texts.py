"""Choose the best wording for a language, channel and attempt, and fill in its values. Nothing waits here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from caruso.script_engine import wording
from caruso.script_engine.nodes import Dialog, Parts, Question, Shown, Text, Texts
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import QuestionType, ScriptChannel, Segment, Value
from caruso.script_engine.values import LONGEST_TEXT

#: Characters of a value that a text shows.
LONGEST_SHOWN = 500


def choose(
    texts: Texts,
    *,
    scope: RunScope,
    language: str,
    fallback: str,
    channel: ScriptChannel,
    attempt: int = 1,
    anywhere: bool = False,
) -> Text | None:
    """Return the text that fits best, the first written of equals; None when none is meant for this channel.

    Understanding goes first: language, then attempt, then channel. `anywhere` accepts a text for
    another channel rather than none.
    """
    best: Text | None = None
    best_rank: tuple[int, ...] = ()
    for text in texts:
        here = text.channels is None or channel in text.channels
        if not (here or anywhere) or text.attempt > attempt:
            continue
        if text.condition is not None and not text.condition.holds(scope):
            continue
        rank = (
            here,
            _language_rank(text.language, language, fallback),
            text.attempt,
            text.channels is not None and here,
            text.condition is not None,
        )
        if best is None or rank > best_rank:
            best, best_rank = text, rank
    return best


def _language_rank(written: str, wanted: str, fallback: str) -> int:
    if written == wanted:
        return 5
    if not written:
        return 2
    if wording.primary(written) == wording.primary(wanted):
        return 4
    return 3 if written == fallback else 1


def render(parts: Parts, dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel) -> str:
    """Return the words with their values in them."""
    return "".join(
        part if isinstance(part, str) else _shown(part, dialog, scope, language, channel) for part in parts
    )[:LONGEST_TEXT]


def segment(text: Text, dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel) -> Segment:
    """Return the text ready to show or say."""
    words = render(text.parts, dialog, scope, language, channel)
    return Segment(text=words, audio=text.audio, barge_in=text.barge_in)


def _shown(part: Shown, dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel) -> str:
    value = part.of.value(scope)
    name = part.of.answer_of
    answered = None if name is None else dialog.items.get(scope.frame.prefix + name)
    form = part.format
    if isinstance(answered, Question):
        if answered.type is QuestionType.CHOICE:
            value = scope.label(name or "")
        elif answered.type in {QuestionType.PHONE, QuestionType.DIGITS} and form == "plain":
            form = "digits"
    shown = show(value, language, form, aloud=channel is ScriptChannel.PHONE)
    return shown[:LONGEST_SHOWN] or part.if_empty


def show(value: Value, language: str, form: str = "plain", *, aloud: bool = False) -> str:
    """Return a value as a person would write it, or say it."""
    match value:
        case None:
            return ""
        case bool():
            return wording.phrase("yes" if value else "no", language)
        case Decimal():
            text = wording.number(value, language)
            return _one_by_one(text) if aloud and form == "digits" else text
        case date():
            return wording.day(value, language, short=form == "short")
        case str():
            return _one_by_one(value) if aloud and form == "digits" else value
        case tuple():
            return ", ".join(show(part, language, form, aloud=aloud) for part in value)
        case _:
            return ""


def _one_by_one(signs: Iterable[str]) -> str:
    return " ".join(sign for sign in signs if not sign.isspace())
