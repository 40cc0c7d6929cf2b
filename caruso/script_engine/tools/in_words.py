"""Say an expression in English, for the person who has to agree to a script without reading its code.

A condition becomes a sentence (“the answer to product is “gas” and used is more than 100”), a value a noun
phrase. Options are named by their labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from caruso.script_engine.durations import duration_of
from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.tree import (
    And,
    Arithmetic,
    Attribute,
    Call,
    Conditional,
    Index,
    ListLiteral,
    Literal,
    Name,
    Negative,
    Node,
    Not,
    Or,
    Relation,
    Within,
    path,
)
from caruso.script_engine.nodes import Dialog, OptionNode, Question
from caruso.script_engine.turns import ScriptChannel, Value
from caruso.script_engine.values import number_text

_RELATIONS = {
    "eq": "is",
    "ne": "is not",
    "lt": "is less than",
    "le": "is at most",
    "gt": "is more than",
    "ge": "is at least",
}
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "s"}
_SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷", "%": "modulo"}
#: ``{0}``, ``{1}``: the arguments as noun phrases.
_CONDITIONS = {
    "known": "{0} is known",
    "empty": "{0} is not known",
    "contains": "{0} contains {1}",
    "starts_with": "{0} begins with {1}",
    "ends_with": "{0} ends with {1}",
    "matches": "{0} has the form {1}",
    "opening_hours": "{0} is open",
}
_VALUES = {
    "today": "today",
    "now": "now",
    "attempt": "the number of the attempt",
    "count": "the number of {0}",
    "length": "the length of {0}",
    "round": "{0} rounded",
    "floor": "{0} rounded down",
    "ceil": "{0} rounded up",
    "abs": "the size of {0}",
    "number": "{0}",
    "text": "{0}",
    "date": "{0}",
    "trim": "{0}",
    "lower": "{0} in small letters",
    "upper": "{0} in capitals",
    "label": "{0}",
    "age": "the years since {0}",
    "days_between": "the days from {0} to {1}",
    "add_days": "{1} days after {0}",
    "weekday": "the weekday of {0}",
}
_CHANNELS = {
    ScriptChannel.PHONE: "on the phone",
    ScriptChannel.AGENT: "on the agent’s screen",
    ScriptChannel.WEB: "on the web",
}
_ROOTS = {"vars": "variable {0}", "result": "the result {0}", "dialog": "the dialog’s {0}"}


def duration(seconds: float) -> str:
    """Return a duration in the largest unit it is a whole number of: “30 days”, “90 s”."""
    written = duration_of(seconds)
    number, unit = written[:-1], _UNITS[written[-1]]
    return f"{number} {unit if number != '1' else unit.removesuffix('s') or unit}"


def condition(expression: Expression, dialog: Dialog) -> str:
    """Return a condition as a sentence without a full stop."""
    return _Words(dialog).sentence(expression.tree)


def value(expression: Expression, dialog: Dialog) -> str:
    """Return a value as a noun phrase."""
    return _Words(dialog).noun(expression.tree)


def on_channels(channels: Iterable[ScriptChannel]) -> str:
    """Return “on the phone or on the web”."""
    return " or ".join(_CHANNELS[channel] for channel in ScriptChannel if channel in set(channels)) or "nowhere"


class _Words:
    """Says the nodes of one dialog's expressions; trees are at most 40 deep."""

    def __init__(self, dialog: Dialog) -> None:
        self.dialog = dialog

    # -- Sentences --------------------------------------------------------------------------------------------

    def sentence(self, node: Node) -> str:
        match node:
            case Literal(value=bool() as value):
                return "always" if value else "never"
            case Or(terms=terms):
                return " or ".join(self.part(term) for term in terms)
            case And(terms=terms):
                return " and ".join(self.part(term) for term in terms)
            case Not(of=of):
                return self.negated(of)
            case Relation(operator=operator, left=left, right=right):
                return f"{self.noun(left)} {_RELATIONS[operator]} {self.named(right, left)}"
            case Within(item=item, of=of, negated=negated):
                return self.within(item, of, negated=negated)
            case Call(function="if") | Conditional():
                return self.noun(node)
            case Call():
                return self.called(node) or f"{self.noun(node)} holds"
            case _:
                return f"{self.noun(node)} is yes"

    def part(self, node: Node) -> str:
        """Return a sentence that stands in another."""
        text = self.sentence(node)
        return f"({text})" if isinstance(node, (Or, And, Conditional)) else text

    def negated(self, node: Node) -> str:
        match node:
            case Call(function="known", arguments=(of,)):
                return f"{self.noun(of)} is not known"
            case Call(function="empty", arguments=(of,)):
                return f"{self.noun(of)} is known"
            case Call(function="visited", arguments=(Literal(value=str() as item),)):
                return f"{item} was not met"
            case Attribute() | Name():
                return f"{self.noun(node)} is not yes"
            case _:
                return f"not ({self.sentence(node)})"

    def within(self, item: Node, of: Node, *, negated: bool) -> str:
        verb = "is not" if negated else "is"
        if isinstance(of, ListLiteral):
            return f"{self.noun(item)} {verb} {self.listed(of, item)}"
        return f"{self.noun(item)} {verb} in {self.noun(of)}"

    def called(self, node: Call) -> str:
        """Return the sentence for a function that is a condition, else nothing."""
        match node.function, node.arguments:
            case "selected", (of, what):
                return f"{self.named(what, of)} is selected in {self.noun(of)}"
            case "visited", (Literal(value=str() as item),):
                return f"{item} was met"
            case "any", (items, Name(name=name), body):
                return f"for one {name} of {self.noun(items)} at least, {self.sentence(body)}"
            case "all", (items, Name(name=name), body):
                return f"for every {name} of {self.noun(items)}, {self.sentence(body)}"
            case function, arguments if function in _CONDITIONS:
                return _filled(_CONDITIONS[function], [self.noun(argument) for argument in arguments])
            case _:
                return ""

    # -- Noun phrases -----------------------------------------------------------------------------------------

    def noun(self, node: Node) -> str:
        match node:
            case Literal(value=value):
                return written(value)
            case ListLiteral():
                return self.listed(node, None)
            case Name() | Attribute():
                return self.named_path(node)
            case Index(of=of, key=key):
                return f"{self.noun(of)}[{self.noun(key)}]"
            case Negative(of=of):
                return f"−{self.term(of)}"
            case Arithmetic(first=first, rest=rest):
                words = [self.term(first)]
                for operator, term in rest:
                    words += [_SIGNS[operator], self.term(term)]
                return " ".join(words)
            case Conditional(condition=when, then=then, other=other):
                return f"{self.noun(then)} if {self.sentence(when)}, otherwise {self.noun(other)}"
            case Call():
                return self.function(node)
            case _:
                return f"whether {self.sentence(node)}"

    def term(self, node: Node) -> str:
        text = self.noun(node)
        return f"({text})" if isinstance(node, (Arithmetic, Conditional)) else text

    def function(self, node: Call) -> str:
        if sentence := self.called(node):
            return f"whether {sentence}"
        match node.function, node.arguments:
            case "sum", (items, Name(name=name), body):
                return f"the sum of {self.noun(body)} for each {name} of {self.noun(items)}"
            case ("min" | "max") as function, arguments:
                word = "least" if function == "min" else "greatest"
                return f"the {word} of {', '.join(map(self.noun, arguments))}"
            case function, arguments if function in _VALUES:
                return _filled(_VALUES[function], [self.noun(argument) for argument in arguments])
            case function, arguments:
                return f"{function}({', '.join(map(self.noun, arguments))})"

    def named_path(self, node: Node) -> str:
        names = path(node)
        match names:
            case None:
                assert isinstance(node, Attribute)  # noqa: S101  a bare name has a path
                return f"{self.noun(node.of)}’s {_spaced(node.name)}"
            case ("answers", item):
                return f"the answer to {item}"
            case (root, name, *more) if root in _ROOTS:
                return _possessive([_ROOTS[root].format(_spaced(name)), *more])
            case _:
                return _possessive(["the call" if names[0] == "call" else names[0], *names[1:]])

    # -- Options ----------------------------------------------------------------------------------------------

    def named(self, node: Node, beside: Node | None) -> str:
        """Return a value; one that is compared with an answer is named by its option's label."""
        if isinstance(node, Literal) and isinstance(node.value, str) and beside is not None:
            option = self.option(beside, node.value)
            label = _label(option, self.dialog) if option is not None else ""
            if label and label != node.value:
                return f"“{label}” ({node.value})"
        return self.noun(node)

    def option(self, question: Node, value: str) -> OptionNode | None:
        names = path(question)
        item = self.dialog.items.get(names[1]) if names and names[0] == "answers" and len(names) == 2 else None
        options = item.options if isinstance(item, Question) else ()
        return next((option for option in options if option.value == value), None)

    def listed(self, node: ListLiteral, beside: Node | None) -> str:
        words = [self.named(item, beside) for item in node.items]
        return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words) or "nothing"


def written(value: Value) -> str:
    """Return a value as it stands in a sentence."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return number_text(value)
        case str():
            return f"“{value}”"
        case tuple() | list():
            return ", ".join(map(written, value)) or "nothing"
        case Mapping():
            return ", ".join(f"{name} {written(part)}" for name, part in value.items()) or "nothing"
        case _:
            return value.isoformat()


def _label(option: OptionNode, dialog: Dialog) -> str:
    """Return the option's words in the script's first language."""

    fitting = [text for text in option.texts if text.language in {dialog.languages[0], ""}]
    best = max(fitting, key=lambda text: text.language, default=None)
    return "".join(part for part in best.parts if isinstance(part, str)).strip() if best else ""


def _filled(template: str, words: list[str]) -> str:
    try:
        return template.format(*words)
    except IndexError:  # fewer arguments than the function takes: the check tells
        return f"{template.partition('{')[0].strip()} {', '.join(words)}".strip()


def _possessive(names: list[str]) -> str:
    return "’s ".join([names[0], *map(_spaced, names[1:])])


def _spaced(name: str) -> str:
    return name.replace("_", " ")
