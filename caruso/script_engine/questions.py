"""A question as it is asked now: what can be chosen, whether it has to be answered, what its answer is called."""

from __future__ import annotations

from collections.abc import Mapping

from caruso.script_engine import answers as reading
from caruso.script_engine import options as offered
from caruso.script_engine import texts, wording
from caruso.script_engine.answers import Asked, Misread, choosing, times
from caruso.script_engine.nodes import Dialog, Question, Texts
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import STORED, Option, QuestionType, ScriptChannel, Value


def label_of(
    dialog: Dialog,
    scope: RunScope,
    language: str,
    channel: ScriptChannel,
    item: str,
    value: Value,
    *,
    aloud: bool = False,
) -> str | None:
    """Return an answer to `item` as a person would write it, or say it."""
    question = dialog.items.get(item)
    if not isinstance(question, Question) or value is None:
        return None
    return reading.shown(asked_of(dialog, question, scope, language, channel, stale=True), value, aloud=aloud)


def asked_of(
    dialog: Dialog,
    question: Question,
    scope: RunScope,
    language: str,
    channel: ScriptChannel,
    *,
    files: Mapping[str, Value] | None = None,
    stale: bool = False,
) -> Asked:
    """Return a question as it is asked now; `stale` gives it all options that an answer may have been."""
    options: tuple[Option, ...] = ()
    if question.options or question.from_objects:
        options = offered.options_of(
            question,
            scope,
            lambda written: words_of(written, dialog, scope, language, channel),
            all_of_them=stale,
        )
    named = _stored(scope.answers.of_item(question.id)) if question.type in STORED else {}
    return Asked(
        question=question,
        channel=channel,
        language=language,
        options=options,
        zone=scope.zone,
        files={**named, **files} if files else named,
    )


def _stored(value: Value) -> dict[str, Value]:
    """Return what the present answer names, so that it may be named again."""
    named = value.get("id") if isinstance(value, Mapping) else None
    return {named: value} if isinstance(named, str) else {}


def is_required(item: Question, scope: RunScope) -> bool:
    """Whether the question has to be answered now."""
    return item.required if isinstance(item.required, bool) else item.required.holds(scope)


def is_read_only(item: Question, scope: RunScope) -> bool:
    """Whether the answer cannot be changed now."""
    return item.read_only if isinstance(item.read_only, bool) else item.read_only.holds(scope)


def default_of(item: Question, scope: RunScope) -> Value:
    """Return the answer that is offered; of a date with time its day where a day is asked for."""
    value = None if item.default is None else item.default.value(scope)
    return times.day_of(value, scope.zone) if item.type is QuestionType.DATE else value


def fixed_answer(dialog: Dialog, item: Question, scope: RunScope) -> Value:
    """Return the answer of a question that is only shown: its default, or else what it is bound to."""
    value = default_of(item, scope)
    return valid_answer(dialog, item, bound_value(item, scope) if value is None else value, scope)


def bound_value(item: Question, scope: RunScope) -> Value:
    """Return the attribute a question is bound to."""
    root, name = item.bind or ("", "")
    return scope.roots.get(root, {}).get(name)


def valid_answer(dialog: Dialog, item: Question, value: Value, scope: RunScope) -> Value:
    """Return a value from elsewhere if it could have been the answer, else null."""
    named = value.get("id") if isinstance(value, Mapping) else None
    files = {named: value} if isinstance(named, str) else {}
    asked = asked_of(dialog, item, scope, "en", ScriptChannel.AGENT, files=files)
    read = reading.read(asked, reading.typed(value))
    return None if isinstance(read, Misread) else read


def yes_and_no(question: Question, language: str) -> tuple[Option, ...]:
    """Return the two answers of a question that takes yes or no, and nothing for others."""
    if question.type is not QuestionType.YES_NO:
        return ()
    return (
        Option(value="yes", label=wording.phrase("yes", language), key=choosing.YES_KEY),
        Option(value="no", label=wording.phrase("no", language), key=choosing.NO_KEY),
    )


def words_of(written: Texts, dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel) -> str:
    """Return the best of `written`, for another channel rather than none."""
    chosen = texts.choose(
        written, scope=scope, language=language, fallback=dialog.languages[0], channel=channel, anywhere=True
    )
    return texts.render(chosen.parts, dialog, scope, language, channel) if chosen else ""
