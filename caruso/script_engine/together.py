"""Take the answers to a group that is shown at once: all of them, or none.

The answers are parked as if they had been given before; the path then leads through the group as it always does
when answers come back. So actions, transitions and corrections are the same as one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from caruso.script_engine import answers as reading
from caruso.script_engine import asking, presentation, questions
from caruso.script_engine.answers import Misread
from caruso.script_engine.answers.reading import LONGEST_GIVEN
from caruso.script_engine.forms import Form, form_around, lay_out
from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import Group, Info, Question
from caruso.script_engine.path import Answer, Path, Visit, visit_key
from caruso.script_engine.runs import Entry
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import ScriptChannel, Value


def group_around(moment: Moment) -> Group | None:
    """Return the group shown at once that the current item is in, or is; on the phone there is none."""
    if moment.channel is ScriptChannel.PHONE:
        return None
    return form_around(moment.dialog, moment.at)


def begun_at(moment: Moment) -> int | None:
    """Return the entry of the path that holds the group around the current item, which is in it."""
    group = group_around(moment)
    if group is None or group.id == moment.at:
        return None
    for back, visit in enumerate(moment.trail.backwards()):
        if visit.item == group.id and visit.passes == moment.passes:
            return len(moment.trail) - 1 - back
    return None  # a transition led into the middle of it


def scope_ahead(moment: Moment) -> RunScope | None:
    """Return what is seen at an item of a form, with the answers that come behind it in the form."""
    group = group_around(moment)
    if group is None or moment.at not in group.members:
        return None
    path = moment.trail
    for name in group.members[group.members.index(moment.at) + 1 :]:
        parked = moment.parked.get(visit_key(name, moment.passes))
        if parked and parked[0].answer is not None:
            path = path.put(parked[0])
    return moment.scope_at(moment.at, moment.passes, path)


def take(moment: Moment, group: Group, given: Mapping[str, str], by: str) -> bool:
    """Park the answers to a group if all can be taken; else keep what was typed and what is wrong with it."""
    asked = {item.id for item in presentation.form(moment.dialog, moment.frozen(), group).shown}
    typed = _Typed(moment, {name: given.get(name, "") for name in asked} | dict(given), by)
    form = lay_out(moment.dialog, group, moment.trail, scope_at=typed.scope_at, answer_of=typed.answer_of)
    new = [item for item in form.shown if isinstance(item, Question) and item.id not in form.answers]
    new = [item for item in new if item.id not in typed.texts]
    typed.check(form)
    if new or typed.problems:
        moment.entries = {**moment.entries, **typed.entries(form)}
        moment.note("shown", group.id)
        return False
    _park(moment, form)
    return True


def _park(moment: Moment, form: Form) -> None:
    """Tell of the answers, and let them wait where the path finds them."""
    taken = {visit_key(item.id, moment.passes) for item in form.shown}
    moment.entries = {key: entry for key, entry in moment.entries.items() if key not in taken}
    for item in form.shown:
        answer = form.answers.get(item.id)
        key = visit_key(item.id, moment.passes)
        if isinstance(item, Question) and answer is not None:
            old = moment.parked.get(key, ())
            asking.told(moment, item, key, old[0].answer if old else None, answer.value)
        visit = Visit(
            item=item.id,
            turn=moment.turn,
            data=moment.data,
            answer=answer,
            confirmed=isinstance(item, Info),  # it was to be read in the form, so it is not said once more
            passes=moment.passes,
        )
        moment.parked = moment.parked.put(key, (visit,))


class _Typed:
    """What was typed into a form, being read."""

    def __init__(self, moment: Moment, texts: Mapping[str, str], by: str) -> None:
        self.moment = moment
        self.texts = texts
        self.by = by
        self.problems: dict[str, Entry] = {}

    def scope_at(self, item: str, path: Path) -> RunScope:
        return self.moment.scope_at(item, self.moment.passes, path)

    def answer_of(self, question: Question, scope: RunScope) -> Answer | None:
        text, moment = self.texts.get(question.id), self.moment
        if questions.is_read_only(question, scope):  # whatever was typed there
            value = questions.fixed_answer(moment.dialog, question, scope)
            return Answer(value=value, channel=moment.channel, by=self.by, at=moment.now)
        if text is None:
            return None
        read = reading.read(moment.asked(question, scope=scope), text)
        if isinstance(read, Misread):
            self.problems[question.id] = Entry(text=text[:LONGEST_GIVEN], error=read.message(moment.language))
            return None
        return Answer(value=read, channel=moment.channel, by=self.by, at=moment.now)

    def check(self, form: Form) -> None:
        """Find what is wrong with answers that could be read, each in view of all the others."""
        for item in form.shown:
            answer = form.answers.get(item.id)
            if not isinstance(item, Question) or answer is None:
                continue
            scope = self.scope_at(item.id, form.path)
            problem, warning = asking.complaint(self.moment, item, answer.value, scope)
            if problem and not (warning and self.warned(item.id) == answer.value):
                text = self.texts.get(item.id, "")
                entry = Entry(text=text, value=answer.value, error=problem)
                self.problems[item.id] = replace(entry, warned=answer.value) if warning else entry

    def warned(self, item: str) -> Value:
        """Return the value that was warned about before."""
        entry = self.moment.run.entries.get(visit_key(item, self.moment.passes))
        return None if entry is None else entry.warned

    def entries(self, form: Form) -> dict[str, Entry]:
        """Return what was typed, with what is wrong, by `Visit.key`."""
        kept: dict[str, Entry] = {}
        for item in form.shown:
            if not isinstance(item, Question) or item.id not in self.texts:
                continue
            answer = form.answers.get(item.id)
            value = answer.value if answer is not None else None
            entry = Entry(text=self.texts[item.id], value=value, warned=self.warned(item.id))
            kept[visit_key(item.id, self.moment.passes)] = self.problems.get(item.id, entry)
        return kept


def complaint_here(moment: Moment) -> dict[str, Entry]:
    """Return what is wrong at the question in a group where the path would wait, to be shown in the group."""
    item, answer = moment.item, moment.trail.last.answer
    if not moment.error or not isinstance(item, Question):
        return {}
    value = answer.value if answer is not None else None
    return {moment.key: Entry(text=reading.typed(value), value=value, error=moment.error)}
