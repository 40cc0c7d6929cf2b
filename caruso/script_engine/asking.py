"""Take the answer to a question: what is wrong with it, what it is bound to, whether it is known already."""

from __future__ import annotations

from caruso.script_engine import actions, questions, texts, wording
from caruso.script_engine import answers as reading
from caruso.script_engine.answers import Misread
from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import Question, Save, Texts
from caruso.script_engine.path import Answer
from caruso.script_engine.runs import CLEARED
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import QuestionType, Value

#: Types that have bounds where the question names none.
_BOUNDED = frozenset({QuestionType.RATING, QuestionType.RANKING})


def set_answer(moment: Moment, answer: Answer) -> None:
    """Give the last visit of the path its answer."""
    visit = moment.trail.last
    cleared = moment.data.get(CLEARED)
    if cleared and visit.key in cleared:
        moment.reset(CLEARED, {name: value for name, value in cleared.items() if name != visit.key})
    if visit.key in moment.entries:  # what was typed into a form before is not what counts any more
        moment.entries = {key: entry for key, entry in moment.entries.items() if key != visit.key}
    moment.revise(visit.answered(answer))


def accept(moment: Moment, question: Question, value: Value, by: str) -> tuple[str, bool]:
    """Take the answer to the current question; return why not, and whether that is but a warning."""
    trail, data = moment.trail, moment.data
    old = trail.last.answer
    set_answer(moment, Answer(value=value, channel=moment.channel, by=by, at=moment.now))
    problem, warning = complaint(moment, question, value)
    if problem and not (warning and moment.run.warned == value):
        moment.trail, moment.data = trail, data
        moment.stand(moment.at, moment.passes)
        return problem, warning
    told(moment, question, moment.key, old, value)
    return "", False


def told(moment: Moment, question: Question, key: str, old: Answer | None, value: Value) -> None:
    """Write down that a question was answered, and save the answer where that is due at once."""
    if old is None or old.value != value:
        before = None if old is None or question.private else old.value
        moment.note(
            "answered" if old is None else "changed", key, old=before, new=None if question.private else value
        )
    bind(moment, question, value)
    if question.save is Save.ANSWER and question.bind is not None:
        root, name = question.bind
        actions.save(moment, moment.frame.objects.get(root, root), {name: value})


def complaint(moment: Moment, question: Question, value: Value, scope: RunScope | None = None) -> tuple[str, bool]:
    """Return what is wrong with an answer that is already in the scope; errors before warnings."""
    if value is None:
        needed = questions.is_required(question, scope or moment.scope)
        return (wording.phrase("required", moment.language) if needed else ""), False
    bounded = question.minimum or question.maximum or question.pattern or question.type in _BOUNDED
    if not bounded and not question.checks:
        return "", False
    scope = scope or moment.scope
    broken = _bound_broken(moment, question, value, scope) if bounded else None
    if broken is not None:
        return broken.message(moment.language), False
    failed = [check for check in question.checks if not check.condition.holds(scope)]
    for check in sorted(failed, key=lambda check: check.warning):
        return _check_text(moment, check.texts, scope), check.warning
    return "", False


def _bound_broken(moment: Moment, question: Question, value: Value, scope: RunScope) -> Misread | None:
    minimum = question.minimum.value(scope) if question.minimum else None
    maximum = question.maximum.value(scope) if question.maximum else None
    return reading.within(moment.asked(question, scope=scope), value, minimum, maximum)


def _check_text(moment: Moment, written: Texts, scope: RunScope) -> str:
    chosen = texts.choose(
        written,
        scope=scope,
        language=moment.language,
        fallback=moment.dialog.languages[0],
        channel=moment.channel,
        anywhere=True,
    )
    if chosen is None:
        return wording.phrase("no-match", moment.language)
    return texts.render(chosen.parts, moment.dialog, scope, moment.language, moment.channel)


def bind(moment: Moment, question: Question, value: Value) -> None:
    """Give the attribute a question is bound to its answer."""
    if question.bind is not None and question.save is not Save.NEVER:
        root, name = question.bind
        if moment.scope.roots.get(root, {}).get(name) != value:
            moment.put(moment.frame.objects.get(root, root), name, value)


def known(moment: Moment, question: Question) -> Value:
    """Return the answer that makes asking needless, or null."""
    if not question.skip_if_known or question.bind is None:
        return None
    bound = questions.bound_value(question, moment.scope)
    value = questions.valid_answer(moment.dialog, question, bound, moment.scope)
    problem, _ = complaint(moment, question, value)
    return None if problem else value
