"""Make the turn a person meets, and the trail of what was answered, from the state of a run. Changes nothing."""

from __future__ import annotations

from datetime import datetime

from caruso.script_engine import answers as reading
from caruso.script_engine import back, texts
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
from caruso.script_engine.prompts import Prompts
from caruso.script_engine.questions import (
    asked_of,
    default_of,
    fixed_answer,
    is_read_only,
    is_required,
    label_of,
    words_of,
    yes_and_no,
)
from caruso.script_engine.runs import CLEARED, Entry, Phase, Run
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import (
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
        label=lambda scope, name, value, aloud: label_of(
            dialog, scope, run.spoken_language, run.channel, name, value, aloud=aloud
        ),
    )


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
        case Phase.WORKING if run.searching:
            return presenter.silence(item)
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
        entry = run.entries.get(visit_key(question.id, passes))
        if is_read_only(question, scope):
            value = fixed_answer(dialog, question, scope)
            return Answer(value=value, channel=run.channel, by=run.by, at=run.at)
        if entry is None:
            parked = run.parked.get(visit_key(question.id, passes), ())
            return parked[0].answer if parked else None
        if entry.value is None:
            return None
        return Answer(value=entry.value, channel=run.channel, by=run.by, at=run.at)

    return lay_out(dialog, group, run.trail, scope_at=scope_at, answer_of=answer_of)


def trail(dialog: Dialog, run: Run) -> tuple[TrailEntry, ...]:
    """Return the questions answered on the path, in its order."""
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
        entries.append(_entry(dialog, run, scopes[where], question, visit.key, answer))
    return tuple(entries)


def _entry(dialog: Dialog, run: Run, scope: RunScope, question: Question, key: str, answer: Answer) -> TrailEntry:
    language = run.spoken_language
    asked = asked_of(dialog, question, scope, language, ScriptChannel.AGENT)
    everything = asked_of(dialog, question, scope, language, ScriptChannel.AGENT, stale=True)
    return TrailEntry(
        item=key,
        question=words_of(question.texts, dialog, scope, language, run.channel),
        type=question.type,
        value=answer.value,
        shown=reading.shown(everything, answer.value),
        channel=answer.channel,
        by=answer.by,
        at=answer.at,
        correctable=not is_read_only(question, scope),
        required=is_required(question, scope),
        options=tuple(asked.options) or yes_and_no(question, language),
        private=question.private,
        label=question.label or question.id,
    )


class _Presenter:
    """Holds what every part of a turn needs."""

    def __init__(self, dialog: Dialog, run: Run) -> None:
        self.dialog = dialog
        self.run = run
        self.current = run.current
        self.attempt = run.attempt
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
            attempt=self.attempt,
            language=self.language,
            title=self.title(item),
            passes=self.current.passes,
            offers=self.offers(),
            may_go_back=kind in {"info", "wait"} and self.may_go_back(),
            hand_to=self.hand_to(item) if kind == "handover" else None,
        )

    def silence(self, item: AnyItem) -> Turn:
        """Return a turn that says nothing: all is said with the question, when its options are there."""
        return Turn(number=self.run.turn, item=item.id, kind="working", segments=(), language=self.language)

    def current_question(self, item: Question) -> Turn:
        answer = self.current.answer
        return self.question(
            item,
            self.scope,
            before=(*self.run.said, *self.before()),
            answer=default_of(item, self.scope) if answer is None else answer.value,
            error=self.run.error,
            warned=self.run.warned,
            offers=self.offers(),
            may_go_back=self.may_go_back(),
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
        may_go_back: bool = False,
    ) -> Turn:
        asked = asked_of(self.dialog, item, scope, self.language, self.channel)
        minimum, maximum = reading.usual(asked, self.value(item.minimum, scope), self.value(item.maximum, scope))
        options = tuple(asked.options) or yes_and_no(item, self.language)
        digits = reading.digit_rule(asked, maximum) if self.aloud else None
        record = reading.record_rule(asked) if self.aloud else None
        prompts = (
            Prompts(options=options, minimum=minimum, maximum=maximum, digits=digits, record=record)
            if self.aloud
            else None
        )
        return Turn(
            number=self.run.turn,
            item=item.id,
            kind="question",
            segments=(*before, *self.asked(item, prompts, scope)),
            hints=self.hints(item, scope),
            type=item.type,
            options=options,
            required=is_required(item, scope),
            minimum=minimum,
            maximum=maximum,
            pattern=item.pattern.source if item.pattern else "",
            digits=digits,
            record=record,
            mask=item.input.mask if item.input else "",
            currency=item.currency,
            read_only=is_read_only(item, scope),
            time_limit=item.time_limit,
            private=item.private,
            answer=answer,
            error=error,
            warning=warned is not None,
            attempt=self.attempt,
            language=self.language,
            title=self.title(item),
            passes=self.current.passes,
            offers=offers,
            may_go_back=may_go_back,
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
            attempt=self.attempt,
            language=self.language,
            title=self.title(group),
            passes=self.current.passes,
            questions=tuple(self.member(item, laid_out) for item in laid_out.shown),
            offers=self.offers(),
            may_go_back=self.may_go_back(),
        )

    def member(self, item: Question | Info, laid_out: Form) -> Turn:
        passes = self.current.passes
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
        entry, answer = self.run.entries.get(visit_key(item.id, passes)), laid_out.answers.get(item.id)
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
        return default_of(item, scope) if entry is None else entry.text

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
            UndoOffer(key=key, service=action.service, item=action.item, question=self.left(action.item))
            for key, action in actions
            if action is not None
        )

    def left(self, item: str) -> str:
        """Return what an item says that is not on the path any more; nothing of a repeat, whose pass is gone."""
        left = self.dialog.items[item]
        if not isinstance(left, Question | Info) or self.dialog.seats[item].repeats:
            return ""
        scope = scope_of(self.dialog, self.run, item=item)
        return words_of(left.texts, self.dialog, scope, self.language, self.channel)

    def hand_to(self, item: AnyItem) -> ScriptChannel:
        return item.channel if isinstance(item, Handover) else self.run.handing_to or ScriptChannel.AGENT

    def may_go_back(self) -> bool:
        return back.before(self.dialog, self.run) is not None

    # -- What is said -----------------------------------------------------------------------------------------

    def value(self, expression: Expression | None, scope: RunScope) -> Value:
        return None if expression is None else expression.value(scope)

    @property
    def fresh(self) -> bool:
        """Whether the current item was reached in this very turn."""
        return self.current.turn == self.run.turn

    def before(self) -> tuple[Segment, ...]:
        """Return what the infos on the way to the current item say, and the ends of called dialogs.

        The phone says it again when asked to repeat, but not with a complaint about the answer.
        """
        if self.aloud and not self.fresh and (self.run.said or self.attempt > 1):
            return ()
        turn = self.current.turn
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
            attempt=self.attempt,
            anywhere=anywhere,
        )

    def hints(self, item: AnyItem, scope: RunScope) -> tuple[str, ...]:
        written = item.hints if isinstance(item, (Info, Question, End)) else ()
        return tuple(segment.text for segment in self.segments(written, scope))

    def asked(self, item: Question, prompts: Prompts | None, scope: RunScope) -> tuple[Segment, ...]:
        """Return the question; on the phone with the keys to press, unless its own text for the phone does it."""
        chosen = self.chosen(item.texts, scope, anywhere=True)
        if chosen is None:
            return ()
        asked = texts.segment(chosen, self.dialog, scope, self.language, self.channel)
        if prompts is None or (chosen.channels is not None and ScriptChannel.PHONE in chosen.channels):
            return (asked,)
        return (asked, *(Segment(text=text) for text in prompts.sentences(item.type, self.language)))
