"""Make the turn a person meets, and the trail of what was answered, from the state of a run. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from caruso.script_engine import answers as reading
from caruso.script_engine import options as offered
from caruso.script_engine import texts, wording
from caruso.script_engine.answers import Asked, choosing
from caruso.script_engine.expressions import Expression
from caruso.script_engine.nodes import AnyItem, Dialog, End, Handover, Info, Question, Text, Texts
from caruso.script_engine.prompts import Prompts
from caruso.script_engine.runs import Answer, Phase, Run
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import Option, QuestionType, ScriptChannel, Segment, TrailEntry, Turn, Value


def scope_of(dialog: Dialog, run: Run, now: datetime | None = None) -> RunScope:
    """Return what expressions see of a run that stands still."""
    scope: RunScope

    def label(item: str, value: Value, aloud: bool) -> str | None:
        return label_of(dialog, scope, run.spoken_language, run.channel, item, value, aloud=aloud)

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

    def words(written: Texts) -> str:
        return _words(written, dialog, scope, language, channel)

    with_options = question.options or question.from_objects
    options = offered.options_of(question, scope, words, all_of_them=stale) if with_options else ()
    return Asked(
        question=question,
        channel=channel,
        language=language,
        options=options,
        zone=scope.zone,
        files={**_stored(scope.roots["answers"].get(question.id)), **(files or {})},
    )


def _stored(value: Value) -> dict[str, Value]:
    """Return what the present answer names, so that it may be named again."""
    named = value.get("id") if isinstance(value, Mapping) else None
    return {named: value} if isinstance(named, str) else {}


def present(dialog: Dialog, run: Run) -> Turn:
    """Return what the person meets now."""
    presenter = _Presenter(dialog, run)
    item = dialog.items[run.current.item]
    match run.phase:
        case Phase.ASKING if isinstance(item, Question):
            return presenter.question(item)
        case Phase.ASKING:
            return presenter.plain(item, "info")
        case Phase.WORKING if run.searching:
            return presenter.silence(item)
        case Phase.WORKING:
            return presenter.plain(item, "working", own=isinstance(item, Info))
        case Phase.HANDOVER:
            return presenter.plain(item, "handover", own=isinstance(item, Handover))
        case Phase.FINISHED:
            return presenter.plain(item, "end", own=isinstance(item, End))


def trail(dialog: Dialog, run: Run) -> tuple[TrailEntry, ...]:
    """Return the questions answered on the path, in its order."""
    scope = scope_of(dialog, run)
    visits = run.trail[:-1] if run.phase is Phase.ASKING else run.trail
    return tuple(
        _entry(dialog, run, scope, question, visit.answer)
        for visit in visits
        if isinstance(question := dialog.items[visit.item], Question)
        and visit.answer is not None
        and visit.item not in run.data.get("answers", {})
    )


def _entry(dialog: Dialog, run: Run, scope: RunScope, question: Question, answer: Answer) -> TrailEntry:
    language = run.spoken_language
    asked = asked_of(dialog, question, scope, language, ScriptChannel.AGENT)
    everything = asked_of(dialog, question, scope, language, ScriptChannel.AGENT, stale=True)
    return TrailEntry(
        item=question.id,
        question=_words(question.texts, dialog, scope, language, run.channel),
        type=question.type,
        value=answer.value,
        shown=reading.shown(everything, answer.value),
        channel=answer.channel,
        by=answer.by,
        at=answer.at,
        correctable=not is_read_only(question, scope),
        options=tuple(asked.options) or _yes_and_no(question, language),
        private=question.private,
        label=question.label or question.id,
    )


def _yes_and_no(question: Question, language: str) -> tuple[Option, ...]:
    if question.type is not QuestionType.YES_NO:
        return ()
    return (
        Option(value="yes", label=wording.phrase("yes", language), key=choosing.YES_KEY),
        Option(value="no", label=wording.phrase("no", language), key=choosing.NO_KEY),
    )


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

    def silence(self, item: AnyItem) -> Turn:
        """Return a turn that says nothing: all is said with the question, when its options are there."""
        return Turn(number=self.run.turn, item=item.id, kind="working", segments=(), language=self.language)

    def question(self, item: Question) -> Turn:
        asked = asked_of(self.dialog, item, self.scope, self.language, self.channel)
        minimum, maximum = reading.usual(asked, self.value(item.minimum), self.value(item.maximum))
        answer = self.run.current.answer
        options = tuple(asked.options) or _yes_and_no(item, self.language)
        digits = reading.digit_rule(asked, maximum) if self.aloud else None
        record = reading.record_rule(asked) if self.aloud else None
        prompts = Prompts(options=options, minimum=minimum, maximum=maximum, digits=digits, record=record)
        return Turn(
            number=self.run.turn,
            item=item.id,
            kind="question",
            segments=(*self.run.said, *self.before(), *self.asked(item, prompts)),
            hints=self.hints(item),
            type=item.type,
            options=options,
            required=is_required(item, self.scope),
            minimum=minimum,
            maximum=maximum,
            pattern=item.pattern.source if item.pattern else "",
            digits=digits,
            record=record,
            mask=item.input.mask if item.input else "",
            currency=item.currency,
            read_only=is_read_only(item, self.scope),
            time_limit=item.time_limit,
            private=item.private,
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

    def asked(self, item: Question, prompts: Prompts) -> tuple[Segment, ...]:
        """Return the question; on the phone with the keys to press, unless its own text for the phone does it."""
        chosen = self.chosen(item.texts, anywhere=True)
        if chosen is None:
            return ()
        asked = texts.segment(chosen, self.dialog, self.scope, self.language, self.channel)
        if not self.aloud or (chosen.channels is not None and ScriptChannel.PHONE in chosen.channels):
            return (asked,)
        return (asked, *(Segment(text=text) for text in prompts.sentences(item.type, self.language)))


def is_required(item: Question, scope: RunScope) -> bool:
    """Whether the question has to be answered now."""
    return item.required if isinstance(item.required, bool) else item.required.holds(scope)


def is_read_only(item: Question, scope: RunScope) -> bool:
    """Whether the answer cannot be changed now."""
    return item.read_only if isinstance(item.read_only, bool) else item.read_only.holds(scope)
