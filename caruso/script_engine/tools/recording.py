"""Make a test case of a run that really took place: the same answers, with nothing of the customer in them.

Private answers are masked, and so is all of objects and of the call that no condition reads. What cannot be
repeated (lots, objects that were offered) is said in a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from caruso.script_engine.answers import reading
from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.tree import Node, parts, path
from caruso.script_engine.nodes import SPEAKING, Dialog, Do, Handover, Info, Question, Split, Text, Wait
from caruso.script_engine.path import Visit
from caruso.script_engine.runs import Phase, Run
from caruso.script_engine.scope import zone
from caruso.script_engine.tools.relevance import Outlook
from caruso.script_engine.turns import QuestionType, ScriptChannel, Value
from caruso.script_engine.values import number_text

#: What stands in place of a text that is nobody's business.
MASK = "masked"
MASKED_NUMBER = "+49301234567"

_WAITING = frozenset({Phase.ASKING, Phase.HANDOVER})
#: Longer than any wait.
_LONG = "365d"
#: Between the parameters of an element.
_BREAK = "\n    "


def recorded(dialog: Dialog, run: Run, name: str = "") -> str:
    """Return the ``test`` element for a run of `dialog`, as it stands now; without a `name` it has the run's."""
    recorder = _Recorder(dialog, run)
    began = recorder.began
    attributes = _attributes(
        name=name or f"Run {run.id}",
        channel=recorder.channel.value,
        language=run.language,
        at=began.astimezone(zone(run.time_zone)).replace(tzinfo=None).isoformat(timespec="minutes"),
        zone=run.time_zone,
    )
    lines = [*recorder.notes(), *recorder.given(), *recorder.steps(), *recorder.expected()]
    return "\n".join([f"<test{attributes}>", *(f"  {line}" for line in lines), "</test>", ""])


class _Recorder:
    """Writes one run."""

    def __init__(self, dialog: Dialog, run: Run) -> None:
        self.dialog = dialog
        self.run = run
        self.visits = list(run.trail)
        answers = [visit.answer for visit in self.visits if visit.answer is not None]
        self.channel = answers[0].channel if answers else run.channel
        self.began: datetime = min((answer.at for answer in answers), default=run.at)
        self.read = frozenset(_read(dialog))
        self.outlook = Outlook(dialog, run, run.at)

    def notes(self) -> Iterator[str]:
        items = [self.dialog.items[visit.item] for visit in self.visits]
        if any(isinstance(item, Question) and item.from_objects is not None for item in items):
            yield "<note>The objects that were offered are not recorded: write them as given.</note>"
        if any(isinstance(item, Split) for item in items):
            yield "<note>A lot was drawn: it may come out otherwise.</note>"

    # -- What is given ----------------------------------------------------------------------------------------

    def given(self) -> Iterator[str]:
        for root, values in (("call", self.run.call), *self.run.objects.items()):
            params = [_param(name, self.shown(root, name, value)) for name, value in values.items() if value != ()]
            kept = [param for param in params if param]
            if kept:
                yield f"<given{_attributes(object=root)}>{_BREAK.join(kept)}</given>"
        yield from self.services()

    def services(self) -> Iterator[str]:
        answered = {self.dialog.actions[f.ref].service: f for f in self.run.fired.values() if f.state != "sent"}
        for service, fired in answered.items():
            if fired.state == "failed":
                yield f"<given{_attributes(service=service, fails='failed')}/>"
            elif isinstance(fired.result, Mapping):
                result = self.dialog.actions[fired.ref].result
                params = [
                    _param(name, self.masked(("result", result, name), v)) for name, v in fired.result.items()
                ]
                yield f"<given{_attributes(service=service)}>{_BREAK.join(params)}</given>"

    def shown(self, root: str, name: str, value: Value) -> Value:
        if root == "call" and name == "number" and value:
            return MASKED_NUMBER
        if root == "call" and name == "contact":
            return None
        return self.masked((root, name), value)

    def masked(self, names: tuple[str, ...], value: Value) -> Value:
        """Return a value without what may be somebody's, unless a condition needs it."""
        if names in self.read or isinstance(value, bool):
            return value
        return MASK if isinstance(value, str) and value else None

    # -- What was done ----------------------------------------------------------------------------------------

    def steps(self) -> Iterator[str]:
        channel = self.channel
        for visit, following in zip(self.visits, [*self.visits[1:], None], strict=True):
            item = self.dialog.items[visit.item]
            if following is None and self.run.phase in _WAITING:
                break  # it still waits; an answer it has is but proposed
            at = visit.answer.channel if visit.answer is not None else None
            if at is not None and at is not channel:
                yield f"<take-over{_attributes(channel=at.value)}/>"
                channel = at
            match item:
                case Question() if visit.answer is not None and not self.known(item, visit):
                    written = self.answer(item, visit)
                    # A warning was answered by the same again.
                    yield from [written] * (2 if self.warned(item, visit) else 1)
                case Info() if visit.confirmed and channel is not ScriptChannel.PHONE:
                    yield f"<confirm{_attributes(item=visit.key)}/>"
                case Handover(channel=to) if following is not None and to is not channel:
                    yield f"<take-over{_attributes(channel=to.value)}/>"
                    channel = to
                case Wait() if visit.confirmed:
                    yield f"<pass-time{_attributes(**{'for': _LONG})}/>"
                case _:
                    pass
        if self.run.phase is Phase.HANDOVER and not isinstance(self.dialog.items[self.visits[-1].item], Handover):
            yield '<event name="agent"/>'

    def warned(self, question: Question, visit: Visit) -> bool:
        """Whether a check warns of the answer."""
        return self.outlook.verdict(question, visit.key)["verdict"] == "warning"

    def known(self, question: Question, visit: Visit) -> bool:
        """Whether nobody was asked: the answer was there already."""
        if question.read_only is True:
            return True
        if not question.skip_if_known or question.bind is None or visit.answer is None:
            return False
        root, name = question.bind
        return self.run.objects.get(root, {}).get(name) == visit.answer.value

    def answer(self, question: Question, visit: Visit) -> str:
        value = visit.answer.value if visit.answer is not None else None
        if question.private and value is not None:
            says = reading.typed(_example(question, value), _zone(self.run))
            return f"<answer{_attributes(item=visit.key, says=says)}/><!-- private, masked -->"
        says = reading.typed(value, _zone(self.run)).replace("\n", ",")
        return f"<answer{_attributes(item=visit.key, says=says)}/>"

    # -- What is expected -------------------------------------------------------------------------------------

    def expected(self) -> Iterator[str]:
        met = [visit.key for visit in self.visits if isinstance(self.dialog.items[visit.item], SPEAKING)]
        last = self.visits[-1].item
        state = {"outcome": self.run.outcome} if self.run.phase is Phase.FINISHED else {"item": last}
        yield f"<expect{_attributes(**state, path=' '.join(met))}/>"
        for fired in self.run.fired.values():
            yield f"<expect{_attributes(action=self.dialog.actions[fired.ref].service)}/>"


def _zone(run: Run) -> ZoneInfo:
    found = zone(run.time_zone)
    return found if isinstance(found, ZoneInfo) else ZoneInfo("UTC")


# -- Masking --------------------------------------------------------------------------------------------------


def _example(question: Question, value: Value) -> Value:
    """Return an answer of the same kind and form that is nobody's."""
    match value:
        case str() if question.options:
            return question.options[0].value
        case str() if question.type in {QuestionType.DIGITS, QuestionType.PHONE}:
            return "".join("0" if sign.isdigit() else sign for sign in value)
        case str() if question.type is QuestionType.EMAIL:
            return "masked@example.org"
        case str():
            return MASK
        case bool():
            return False
        case Decimal():
            return Decimal(0)
        case datetime():
            return value.replace(year=2000, month=1, day=1)
        case date():
            return date(2000, 1, 1)
        case time():
            return time(0)
        case _:
            return value


def _read(dialog: Dialog) -> Iterator[tuple[str, ...]]:
    """Give the names of all that conditions, limits and computed values read; texts only show it."""
    nodes = [
        *dialog.items.values(),
        *dialog.blocks.values(),
        *dialog.computes.values(),
        *dialog.variables.values(),
    ]
    for node in nodes:
        for expression in _deciding(node):
            yield from _paths(expression.tree)
        if isinstance(node, Question) and node.skip_if_known and node.bind is not None and not node.private:
            yield node.bind


def _deciding(node: object) -> Iterator[Expression]:
    match node:
        case Expression():
            yield node
        case Text():
            return
        case Do():
            yield from _deciding(node.condition)
        case tuple():
            for part in node:
                yield from _deciding(part)
        case _ if is_dataclass(node):
            for field in fields(node):
                yield from _deciding(getattr(node, field.name))
        case _:
            return


def _paths(tree: Node) -> Iterator[tuple[str, ...]]:
    names = path(tree)
    if names is not None:
        yield names
        return
    for part in parts(tree):
        yield from _paths(part)


# -- Writing --------------------------------------------------------------------------------------------------


def _param(name: str, value: Value) -> str:
    literal = _literal(value)
    return f"<param{_attributes(name=name, **{'as': literal})}/>" if literal is not None else ""


def _literal(value: Value) -> str | None:
    """Return a value as an expression; None for what has none, or need not be given."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return number_text(value)
        case str():
            quote = '"' if "'" in value else "'"
            return f"{quote}{value}{quote}" if quote not in value and "\\" not in value else f"'{MASK}'"
        case datetime():
            return None
        case date():
            return f"date('{value.isoformat()}')"
        case tuple():
            items = [_literal(part) for part in value]
            return f"[{', '.join(item for item in items if item is not None)}]"
        case _:
            return None


def _attributes(**attributes: str) -> str:
    return "".join(f" {name}={quoteattr(_clean(value))}" for name, value in attributes.items() if value)


def _clean(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
