"""Make the turn a person meets, and the trail of what was answered, from the state of a run. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from caruso.script_engine import answers as reading
from caruso.script_engine import texts, wording
from caruso.script_engine.answers import Misread
from caruso.script_engine.expressions import Expression
from caruso.script_engine.forms import Form, lay_out
from caruso.script_engine.nodes import (
    AnyItem,
    Dialog,
    End,
    Group,
    Handover,
    Info,
    Question,
    Text,
    Texts,
    best_title,
)
from caruso.script_engine.path import Answer, Path, visit_key
from caruso.script_engine.runs import CLEARED, Entry, Phase, Run
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import (
    Option,
    QuestionType,
    ScriptChannel,
    Segment,
    TrailEntry,
    Turn,
    UndoOffer,
    Value,
)


def scope_of(
    dialog: Dialog,
    run: Run,
    now: datetime | None = None,
    *,
    item: str = "",
    passes: tuple[int, ...] = (),
    path: Path | None = None,
    prefix: str | None = None,
) -> RunScope:
    """Return what expressions see of a run that stands still: at its current item, or as they would at another.

    Args:
        dialog: of the run.
        run: the run.
        now: time they see; that of the last step without it.
        item: where they stand; the current item without it.
        passes: of the repeats around `item`.
        path: the way there; that of the run without it.
        prefix: of the frame whose names they use; that of `item` without it.
    """
    if not item:
        item, passes = (run.current.item, run.current.passes) if run.trail else (dialog.start, ())
    seat = dialog.seats[item]
    return RunScope(
        dialog,
        run,
        path=run.trail if path is None else path,
        data=run.data,
        frame=dialog.frames[seat.frame if prefix is None else prefix],
        repeats=seat.repeats,
        passes=passes,
        attempt=run.attempt,
        now=now or run.at,
        label=lambda scope, name, value: label_of(dialog, scope, run.spoken_language, run.channel, name, value),
    )


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
            return presenter.current_question(item)
        case Phase.ASKING if isinstance(item, Group):
            return presenter.group(item)
        case Phase.ASKING:
            return presenter.plain(item, "info")
        case Phase.WORKING:
            return presenter.plain(item, "working", own=isinstance(item, Info))
        case Phase.WAITING:
            return presenter.plain(item, "wait")
        case Phase.HANDOVER:
            return presenter.plain(item, "handover", own=isinstance(item, Handover))
        case Phase.FINISHED:
            return presenter.plain(item, "end", own=isinstance(item, End))


def form(dialog: Dialog, run: Run, group: Group) -> Form:
    """Return what of the group that waits is shown, with what was typed or answered before."""
    passes = run.current.passes

    def scope_at(item: str, path: Path) -> RunScope:
        return scope_of(dialog, run, item=item, passes=passes, path=path)

    def answer_of(question: Question, scope: RunScope) -> Answer | None:
        entry = run.entries.get(question.id)
        if entry is None:
            parked = run.parked.get(visit_key(question.id, passes), ())
            return parked[0].answer if parked else None
        options = options_of(dialog, question, scope, run.spoken_language, run.channel)
        read = reading.read(question, entry.text, run.channel, options)
        return None if isinstance(read, Misread) else Answer(value=read, channel=run.channel, by=run.by, at=run.at)

    return lay_out(dialog, group, run.trail, scope_at=scope_at, answer_of=answer_of)


def options_of(
    dialog: Dialog, question: Question, scope: RunScope, language: str, channel: ScriptChannel
) -> tuple[Option, ...]:
    """Return the options that can be chosen now."""
    if not question.options:
        return ()
    return tuple(
        Option(value=option.value, label=_words(option.texts, dialog, scope, language, channel), key=option.key)
        for option in question.options
        if option.condition is None or option.condition.holds(scope)
    )


def trail(dialog: Dialog, run: Run) -> tuple[TrailEntry, ...]:
    """Return the questions answered on the path, in its order."""
    language = run.spoken_language
    visits = [*run.trail]
    if run.phase is Phase.ASKING:
        visits.pop()
    cleared = run.data.get(CLEARED, {})
    scopes: dict[tuple[str, tuple[int, ...]], RunScope] = {}
    entries = []
    for visit in visits:
        question, answer = dialog.items[visit.item], visit.answer
        if not isinstance(question, Question) or answer is None or visit.key in cleared:
            continue
        where = (dialog.seats[visit.item].frame, visit.passes)
        if where not in scopes:
            scopes[where] = scope_of(dialog, run, item=visit.item, passes=visit.passes)
        scope = scopes[where]
        options = options_of(dialog, question, scope, language, run.channel)
        entries.append(
            TrailEntry(
                item=visit.key,
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
        before = self.before() if kind in {"info", "wait"} or self.fresh else ()
        return Turn(
            number=self.run.turn,
            item=item.id,
            kind=kind,
            segments=(*self.run.said, *before, *(self.segments(item.texts, self.scope) if own else ())),
            hints=self.hints(item, self.scope) if own else (),
            error=self.run.error,
            attempt=self.run.attempt,
            language=self.language,
            title=self.title(item),
            passes=self.run.current.passes,
            offers=self.offers(),
        )

    def current_question(self, item: Question) -> Turn:
        answer = self.run.current.answer
        return self.question(
            item,
            self.scope,
            before=(*self.run.said, *self.before()),
            answer=self.value(item.default, self.scope) if answer is None else answer.value,
            error=self.run.error,
            warned=self.run.warned,
            offers=self.offers(),
        )

    def question(
        self,
        item: Question,
        scope: RunScope,
        *,
        before: tuple[Segment, ...] = (),
        answer: Value,
        error: str,
        warned: Value,
        offers: tuple[UndoOffer, ...] = (),
    ) -> Turn:
        options = options_of(self.dialog, item, scope, self.language, self.channel)
        maximum = self.value(item.maximum, scope)
        return Turn(
            number=self.run.turn,
            item=item.id,
            kind="question",
            segments=(*before, *self.asked(item, options, maximum, scope)),
            hints=self.hints(item, scope),
            type=item.type,
            options=self.choices(item, options),
            required=is_required(item, scope),
            minimum=self.value(item.minimum, scope),
            maximum=maximum,
            pattern=item.pattern.source if item.pattern else "",
            digits=reading.digit_rule(item, options, maximum) if self.aloud else None,
            answer=answer,
            error=error,
            warning=warned is not None,
            attempt=self.run.attempt,
            language=self.language,
            title=self.title(item),
            passes=self.run.current.passes,
            offers=offers,
        )

    # -- Groups -----------------------------------------------------------------------------------------------

    def group(self, group: Group) -> Turn:
        """Return all of a group at once."""
        laid_out = form(self.dialog, self.run, group)
        return Turn(
            number=self.run.turn,
            item=group.id,
            kind="group",
            segments=(*self.run.said, *self.before()),
            error=self.run.error,
            attempt=self.run.attempt,
            language=self.language,
            title=self.title(group),
            passes=self.run.current.passes,
            questions=tuple(self.member(item, laid_out) for item in laid_out.shown),
            offers=self.offers(),
        )

    def member(self, item: Question | Info, laid_out: Form) -> Turn:
        passes = self.run.current.passes
        scope = scope_of(self.dialog, self.run, item=item.id, passes=passes, path=laid_out.path)
        if isinstance(item, Info):
            return Turn(
                number=self.run.turn,
                item=item.id,
                kind="info",
                segments=self.segments(item.texts, scope),
                hints=self.hints(item, scope),
                language=self.language,
                passes=passes,
            )
        entry, answer = self.run.entries.get(item.id), laid_out.answers.get(item.id)
        warned = None if entry is None else entry.warned
        return self.question(
            item,
            scope,
            answer=self.typed(item, entry, scope) if answer is None else answer.value,
            error="" if entry is None else entry.error,
            warned=warned,
        )

    def typed(self, item: Question, entry: Entry | None, scope: RunScope) -> Value:
        """Return what was typed, although it is no answer; the default where nothing was."""
        return self.value(item.default, scope) if entry is None else entry.text

    def title(self, item: AnyItem) -> str:
        """Return the title of the group an item is in, or is."""
        around = self.dialog.seats[item.id].groups
        group = self.dialog.items[around[-1]] if around and not isinstance(item, Group) else item
        return (
            best_title(group.titles, self.language, self.dialog.languages[0]) if isinstance(group, Group) else ""
        )

    def offers(self) -> tuple[UndoOffer, ...]:
        """Return what an agent may make undone."""
        if not self.run.offers or self.channel is not ScriptChannel.AGENT:
            return ()
        actions = ((key, self.dialog.actions.get(self.run.fired[key].ref)) for key in self.run.offers)
        return tuple(
            UndoOffer(key=key, service=action.service, item=action.item)
            for key, action in actions
            if action is not None
        )

    # -- What is said -----------------------------------------------------------------------------------------

    def value(self, expression: Expression | None, scope: RunScope) -> Value:
        return None if expression is None else expression.value(scope)

    @property
    def fresh(self) -> bool:
        """Whether the current item was reached in this very turn."""
        return self.run.current.turn == self.run.turn

    def before(self) -> tuple[Segment, ...]:
        """Return what the infos on the way to the current item say, and the ends of called dialogs.

        The phone says it again when asked to repeat, but not with a complaint about the answer.
        """
        if self.aloud and not self.fresh and (self.run.said or self.run.attempt > 1):
            return ()
        turn = self.run.current.turn
        infos: list[tuple[Segment, ...]] = []
        visits = self.run.trail.backwards()
        next(visits)
        for visit in visits:
            if visit.turn != turn:
                break
            item = self.dialog.items[visit.item]
            if isinstance(item, (Info, End)) and not visit.confirmed:
                scope = scope_of(self.dialog, self.run, item=item.id, passes=visit.passes)
                infos.append(self.segments(item.texts, scope))
        return tuple(segment for segments in reversed(infos) for segment in segments)

    def segments(self, written: Texts, scope: RunScope) -> tuple[Segment, ...]:
        if not written:
            return ()
        chosen = self.chosen(written, scope)
        if chosen is None:
            return ()
        return (texts.segment(chosen, self.dialog, scope, self.language, self.channel),)

    def chosen(self, written: Texts, scope: RunScope, *, anywhere: bool = False) -> Text | None:
        return texts.choose(
            written,
            scope=scope,
            language=self.language,
            fallback=self.dialog.languages[0],
            channel=self.channel,
            attempt=self.run.attempt,
            anywhere=anywhere,
        )

    def hints(self, item: AnyItem, scope: RunScope) -> tuple[str, ...]:
        written = item.hints if isinstance(item, (Info, Question, End)) else ()
        return tuple(segment.text for segment in self.segments(written, scope))

    def asked(
        self, item: Question, options: Sequence[Option], maximum: Value, scope: RunScope
    ) -> tuple[Segment, ...]:
        """Return the question; on the phone with the keys to press, unless its own text for the phone does it."""
        chosen = self.chosen(item.texts, scope, anywhere=True)
        if chosen is None:
            return ()
        asked = texts.segment(chosen, self.dialog, scope, self.language, self.channel)
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
