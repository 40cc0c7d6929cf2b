"""Make the turn a person meets, and the trail of what was answered, from the state of a run. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from caruso.script_engine import answers as reading
from caruso.script_engine import texts, wording
from caruso.script_engine.expressions import Expression
from caruso.script_engine.nodes import AnyItem, Dialog, End, Handover, Info, Question, Text, Texts
from caruso.script_engine.runs import Phase, Run
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import Option, QuestionType, ScriptChannel, Segment, TrailEntry, Turn, Value


def scope_of(dialog: Dialog, run: Run, now: datetime | None = None) -> RunScope:
    """Return what expressions see of a run that stands still."""
    scope: RunScope

    def label(item: str, value: Value) -> str | None:
        return label_of(dialog, scope, run.spoken_language, run.channel, item, value)

    scope = RunScope(
        dialog,
        run,
        answers=run.answers,
        data=run.data,
        trail=run.trail,
        attempt=run.attempt,
        now=now or run.at,
        label=label,
    )
    return scope


def label_of(
    dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel, item: str, value: Value
) -> str | None:
    """Return an answer to `item` as a person would write it."""
    question = dialog.items.get(item)
    if not isinstance(question, Question) or value is None:
        return None
    if question.type is not QuestionType.CHOICE:
        return texts.show(value, language)
    for option in question.options:
        if option.value == value:
            return _words(option.texts, dialog, scope, language, channel)
    return texts.show(value, language)


def present(dialog: Dialog, run: Run) -> Turn:
    """Return what the person meets now."""
    presenter = _Presenter(dialog, run)
    item = dialog.items[run.current.item]
    match run.phase:
        case Phase.ASKING if isinstance(item, Question):
            return presenter.question(item)
        case Phase.ASKING:
            return presenter.plain(item, "info")
        case Phase.WORKING:
            return presenter.plain(item, "working", own=isinstance(item, Info))
        case Phase.HANDOVER:
            return presenter.plain(item, "handover", own=isinstance(item, Handover))
        case Phase.FINISHED:
            return presenter.plain(item, "end", own=isinstance(item, End))


def options_of(
    dialog: Dialog, question: Question, scope: RunScope, language: str, channel: ScriptChannel
) -> tuple[Option, ...]:
    """Return the options that can be chosen now."""
    return tuple(
        Option(value=option.value, label=_words(option.texts, dialog, scope, language, channel), key=option.key)
        for option in question.options
        if option.condition is None or option.condition.holds(scope)
    )


def trail(dialog: Dialog, run: Run) -> tuple[TrailEntry, ...]:
    """Return the questions answered on the path, in its order."""
    scope = scope_of(dialog, run)
    language = run.spoken_language
    visits = run.trail[:-1] if run.phase is Phase.ASKING else run.trail
    entries = []
    for visit in visits:
        question, answer = dialog.items[visit.item], visit.answer
        if not isinstance(question, Question) or answer is None or visit.item in run.data.get("answers", {}):
            continue
        options = options_of(dialog, question, scope, language, run.channel)
        entries.append(
            TrailEntry(
                item=visit.item,
                question=_words(question.texts, dialog, scope, language, run.channel),
                type=question.type,
                value=answer.value,
                shown=reading.shown(question, answer.value, options, language),
                channel=answer.channel,
                by=answer.by,
                at=answer.at,
                options=options,
            )
        )
    return tuple(entries)


def _words(written: Texts, dialog: Dialog, scope: RunScope, language: str, channel: ScriptChannel) -> str:
    chosen = texts.choose(
        written, scope=scope, language=language, fallback=dialog.languages[0], channel=channel, anywhere=True
    )
    return texts.render(chosen.parts, dialog, scope, language, channel) if chosen else ""


class _Presenter:
    """Holds what every part of a turn needs."""

    def __init__(self, dialog: Dialog, run: Run) -> None:
        self.dialog = dialog
        self.run = run
        self.scope = scope_of(dialog, run)
        self.language = run.spoken_language
        self.channel = run.channel
        self.aloud = run.channel is ScriptChannel.PHONE

    def plain(self, item: AnyItem, kind: str, *, own: bool = True) -> Turn:
        before = self.before() if kind == "info" or self.fresh else ()
        return Turn(
            number=self.run.turn,
            item=item.id,
            kind=kind,
            segments=(*self.run.said, *before, *(self.segments(item.texts) if own else ())),
            hints=self.hints(item) if own else (),
            error=self.run.error,
            attempt=self.run.attempt,
            language=self.language,
        )

    def question(self, item: Question) -> Turn:
        options = options_of(self.dialog, item, self.scope, self.language, self.channel)
        maximum = self.value(item.maximum)
        answer = self.run.current.answer
        return Turn(
            number=self.run.turn,
            item=item.id,
            kind="question",
            segments=(*self.run.said, *self.before(), *self.asked(item, options, maximum)),
            hints=self.hints(item),
            type=item.type,
            options=self.choices(item, options),
            required=is_required(item, self.scope),
            minimum=self.value(item.minimum),
            maximum=maximum,
            pattern=item.pattern.source if item.pattern else "",
            digits=reading.digit_rule(item, options, maximum) if self.aloud else None,
            answer=answer.value if answer is not None else self.value(item.default),
            error=self.run.error,
            warning=self.run.warned is not None,
            attempt=self.run.attempt,
            language=self.language,
        )

    def value(self, expression: Expression | None) -> Value:
        return None if expression is None else expression.value(self.scope)

    @property
    def fresh(self) -> bool:
        """Whether the current item was reached in this very turn."""
        return self.run.current.turn == self.run.turn

    def before(self) -> tuple[Segment, ...]:
        """Return what the infos on the way to the current item say.

        The phone says it again when asked to repeat, but not with a complaint about the answer.
        """
        if self.aloud and not self.fresh and (self.run.said or self.run.attempt > 1):
            return ()
        current = self.run.current
        infos: list[tuple[Segment, ...]] = []
        for visit in reversed(self.run.trail[:-1]):
            if visit.turn != current.turn:
                break
            item = self.dialog.items[visit.item]
            if isinstance(item, Info) and not visit.confirmed:
                infos.append(self.segments(item.texts))
        return tuple(segment for segments in reversed(infos) for segment in segments)

    def segments(self, written: Texts, *, anywhere: bool = False) -> tuple[Segment, ...]:
        chosen = self.chosen(written, anywhere=anywhere)
        if chosen is None:
            return ()
        return (texts.segment(chosen, self.dialog, self.scope, self.language, self.channel),)

    def chosen(self, written: Texts, *, anywhere: bool = False) -> Text | None:
        return texts.choose(
            written,
            scope=self.scope,
            language=self.language,
            fallback=self.dialog.languages[0],
            channel=self.channel,
            attempt=self.run.attempt,
            anywhere=anywhere,
        )

    def hints(self, item: AnyItem) -> tuple[str, ...]:
        written = item.hints if isinstance(item, (Info, Question, End)) else ()
        return tuple(segment.text for segment in self.segments(written))

    def asked(self, item: Question, options: Sequence[Option], maximum: Value) -> tuple[Segment, ...]:
        """Return the question; on the phone with the keys to press, unless its own text for the phone does it."""
        chosen = self.chosen(item.texts, anywhere=True)
        if chosen is None:
            return ()
        asked = texts.segment(chosen, self.dialog, self.scope, self.language, self.channel)
        if not self.aloud or (chosen.channels is not None and ScriptChannel.PHONE in chosen.channels):
            return (asked,)
        return (asked, *(Segment(text=text) for text in self.keys(item, options, maximum)))

    def keys(self, item: Question, options: Sequence[Option], maximum: Value) -> list[str]:
        rule = reading.digit_rule(item, options, maximum)
        match item.type:
            case QuestionType.CHOICE | QuestionType.YES_NO:
                return [
                    wording.phrase("option", self.language, label=option.label, key=self.key(option.key))
                    for option in self.choices(item, options)
                    if option.key
                ]
            case QuestionType.DATE:
                return [wording.phrase("enter-date", self.language)]
            case _ if rule is not None and rule.end_key:
                return [wording.phrase("end-key", self.language, key=self.key(rule.end_key))]
            case _:
                return []

    def key(self, key: str) -> str:
        return wording.key_name(key, self.language)

    def choices(self, item: Question, options: Sequence[Option]) -> tuple[Option, ...]:
        if item.type is not QuestionType.YES_NO:
            return tuple(options)
        return (
            Option(value="yes", label=wording.phrase("yes", self.language), key=reading.YES_KEY),
            Option(value="no", label=wording.phrase("no", self.language), key=reading.NO_KEY),
        )


def is_required(item: Question, scope: RunScope) -> bool:
    """Whether the question has to be answered now."""
    return item.required if isinstance(item.required, bool) else item.required.holds(scope)
