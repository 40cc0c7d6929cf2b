"""Find mistakes in questions and in what is shown and said: options, limits, keys, texts, secrets.

Each rule is one function over one question or text; `lint` says where an item can appear, and collects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from caruso.script_engine import answers
from caruso.script_engine.answers import keys
from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.checker import answers_used, names_used, used_of
from caruso.script_engine.expressions.names import near
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.nodes import (
    Dialog,
    Do,
    Log,
    OptionNode,
    Order,
    Place,
    Question,
    Text,
    Texts,
    plain_parts,
)
from caruso.script_engine.sensitive import is_sensitive
from caruso.script_engine.turns import CHOOSING, QuestionType, ScriptChannel
from caruso.script_engine.wording import primary

#: More options than a caller can keep in mind.
MOST_SPOKEN_OPTIONS = 5
#: More words at once than a caller can keep in mind; how long they take is up to the voice.
MOST_SPOKEN_WORDS = 60
#: Who has less time is told and can get more (WCAG 2.2.1).
SHORTEST_TIME_SECONDS = 20.0

#: What an answer is in expressions; a text where nothing else is said.
ANSWERS: Mapping[QuestionType, Type] = {
    QuestionType.INTEGER: Type.NUMBER,
    QuestionType.NUMBER: Type.NUMBER,
    QuestionType.MONEY: Type.NUMBER,
    QuestionType.RATING: Type.NUMBER,
    QuestionType.DATE: Type.DATE,
    QuestionType.TIME: Type.TIME,
    QuestionType.DATE_TIME: Type.DATE_TIME,
    QuestionType.YES_NO: Type.BOOLEAN,
    QuestionType.CHOICES: Type.LIST,
    QuestionType.RANKING: Type.LIST,
    QuestionType.FILE: Type.OBJECT,
    QuestionType.VOICE_RECORD: Type.OBJECT,
    QuestionType.SIGNATURE: Type.OBJECT,
    QuestionType.LOCATION: Type.OBJECT,
}
#: What least and greatest are, by type; of several options they count.
LIMITS: Mapping[QuestionType, Type] = {
    **{kind: ANSWERS[kind] for kind in (QuestionType.INTEGER, QuestionType.NUMBER, QuestionType.MONEY)},
    **{kind: ANSWERS[kind] for kind in (QuestionType.DATE, QuestionType.TIME, QuestionType.DATE_TIME)},
    **dict.fromkeys((QuestionType.RATING, QuestionType.CHOICES, QuestionType.RANKING), Type.NUMBER),
}
_WITH_PATTERN = frozenset(
    {QuestionType.TEXT, QuestionType.MEMO, QuestionType.PHONE, QuestionType.EMAIL, QuestionType.DIGITS}
)
_MASKED = frozenset({QuestionType.TEXT, QuestionType.PHONE, QuestionType.DIGITS, QuestionType.INTEGER})
#: Services that send what they are given to where anybody may read it.
_SENDERS = frozenset({"email", "sms", "chat", "fax"})

Report = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, where it can appear, and whom to tell."""

    dialog: Dialog
    item: Question
    channels: frozenset[ScriptChannel]
    report: Report


def check_question(asked: Asked) -> None:
    """Report everything wrong with a question."""
    for rule in (
        _options,
        _limits,
        _attributes,
        _known,
        _time,
        *((_on_phone,) if _spoken(asked) else ()),
    ):
        rule(asked)


def _spoken(asked: Asked) -> bool:
    return ScriptChannel.PHONE in asked.channels


# -- In itself ------------------------------------------------------------------------------------------------


def _options(asked: Asked) -> None:
    item, report = asked.item, asked.report
    if item.type in CHOOSING and not (item.options or item.from_list or item.from_objects):
        report("no-options", f"a {item.type} needs options", item.place, "type")
    if item.type not in CHOOSING and (item.options or item.from_objects):
        place = item.from_objects.place if item.from_objects else item.options[0].place
        report("options-not-allowed", f"a {item.type} has no options", place, "", 'write type="choice"')
    for option in _twice(item.options):
        report("option-twice", f"there are two options “{option.value}”", option.place, "value")
    for option in item.options:
        if option.exclusive and item.type is not QuestionType.CHOICES and item.from_list is None:
            report("not-for-type", f"of a {item.type} only one is chosen anyway", option.place, "exclusive")


def _twice(options: Iterable[OptionNode]) -> Iterator[OptionNode]:
    seen: set[str] = set()
    for option in options:
        if option.value in seen:
            yield option
        seen.add(option.value)


def _limits(asked: Asked) -> None:
    item, report = asked.item, asked.report
    if (item.minimum or item.maximum) and item.type not in LIMITS:
        attribute = "min" if item.minimum else "max"
        report("limit-not-allowed", f"a {item.type} has no {attribute}", item.place, attribute)
    if item.pattern and item.type not in _WITH_PATTERN:
        report("limit-not-allowed", f"a {item.type} has no pattern", item.place, "pattern")


def _attributes(asked: Asked) -> None:
    """Find what is written for another type of question."""
    item, report, entry = asked.item, asked.report, asked.item.input
    if item.currency and item.type is not QuestionType.MONEY:
        report("not-for-type", f"a {item.type} has no currency", item.place, "currency", 'write type="money"')
    if item.type is QuestionType.MONEY and not item.currency:
        report(
            "no-currency", "an amount of what?", item.place, "type", 'add for instance currency="EUR"', "warning"
        )
    if item.order is not Order.GIVEN and item.type not in CHOOSING:
        report("not-for-type", f"a {item.type} has no options to order", item.place, "order")
    if entry is not None and entry.mask and item.type not in _MASKED:
        report("not-for-type", f"a {item.type} has no mask", entry.place, "mask")
    if entry is not None and entry.max_seconds is not None and item.type is not QuestionType.VOICE_RECORD:
        report("not-for-type", f"a {item.type} is not recorded", entry.place, "max-seconds")


def _known(asked: Asked) -> None:
    item, report = asked.item, asked.report
    if item.skip_if_known and item.bind is None:
        report("skip-without-bind", "only a bound question can be known", item.place, "skip-if-known")
    if item.read_only is not False and item.default is None and item.bind is None:
        message = "nothing is there to be shown: there is neither a default nor a bind"
        report("read-only-without-value", message, item.place, "read-only", "add default")


def _time(asked: Asked) -> None:
    """Find time limits that take a question away before more time was offered."""
    item, report = asked.item, asked.report
    if item.time_limit is None:
        return
    if item.time_limit < SHORTEST_TIME_SECONDS:
        message = f"less than {SHORTEST_TIME_SECONDS:.0f} seconds are too few for many people"
        report("time-limit-too-short", message, item.place, "time-limit", "", "warning")
    for handler in (*item.handlers, *asked.dialog.handlers):
        block = asked.dialog.blocks[handler.block]
        if "time-up" in handler.events and handler.attempt <= 1 and (block.nexts or block.then != "repeat"):
            message = "the first time it is up nobody gets more of it"
            suggestion = 'write attempt="2", so that there is more time once'
            report("time-limit-without-extension", message, handler.place, "event", suggestion, "warning")


# -- On the phone ---------------------------------------------------------------------------------------------


def _on_phone(asked: Asked) -> None:
    item, report = asked.item, asked.report
    if not answers.on_phone(item.type):
        suggestion = "hand over to an agent first, or ask for digits"
        report("not-on-phone", f"a {item.type} cannot be given on the phone", item.place, "type", suggestion)
    if item.type in CHOOSING:
        _keys(item, report)


def _keys(item: Question, report: Report) -> None:
    used: dict[str, str] = {}
    for option in item.options:
        _key(item, option, report)
        if option.key and option.key in used:
            message = f"the key {option.key} is that of “{used[option.key]}” already"
            report("key-twice", message, option.place, "key")
        used.setdefault(option.key, option.value)
    most = item.from_objects.limit if item.from_objects else len(item.options)
    if most > MOST_SPOKEN_OPTIONS:
        message = f"{most} options are more than a caller can keep in mind"
        report("many-options", message, item.place, "", "", "warning")


def _key(item: Question, option: OptionNode, report: Report) -> None:
    end = (item.input.end_key if item.input else "") or keys.USUAL_END
    if not option.key:
        message = f"“{option.value}” has no key, so a caller cannot choose it"
        report("option-without-key", message, option.place, "value", "add key")
    elif item.type is not QuestionType.CHOICE and (len(option.key) > 1 or option.key == end):
        message = f"keys are pressed one after the other and ended by {end}: “{option.key}” is not one of its own"
        report("unfit-key", message, option.place, "key", "use one of 1 to 9")
    elif option.key in keys.EVENTS:
        event = keys.EVENTS[option.key]
        message = f"callers press {option.key} for “{event}” everywhere else"
        report("key-hides-code", message, option.place, "key", "", "warning")


# -- Texts ----------------------------------------------------------------------------------------------------


def missing(texts: Texts, languages: Iterable[str], channel: ScriptChannel, *, needed: bool) -> tuple[str, ...]:
    """Return the languages in which nothing can be relied on to be shown or said on a channel.

    Texts that are for other channels only are no texts there; where none is needed, that is silence on purpose.
    """
    here = [text for text in texts if text.channels is None or channel in text.channels]
    if not here and not needed:
        return ()
    sure = {primary(text.language) for text in here if text.condition is None and text.attempt <= 1}
    sometimes = {primary(text.language) for text in here} if not needed else set()
    return tuple(language for language in languages if not {"", primary(language)} & (sure | sometimes))


def check_spoken(text: Text, channels: frozenset[ScriptChannel], report: Report) -> None:
    """Report a text that takes too long to say."""
    said = channels if text.channels is None else channels & text.channels
    words = sum(len(part.split()) if isinstance(part, str) else 1 for part in plain_parts(text.parts))
    if ScriptChannel.PHONE in said and words > MOST_SPOKEN_WORDS:
        message = f"{words} words are more than a caller can keep in mind"
        report("speaks-too-long", message, text.place, "", "say it in parts, or less of it", "warning")


def check_recording(text: Text, languages: Iterable[str], recordings: frozenset[str], report: Report) -> None:
    """Report recordings that are not there: the text is spoken by a machine then."""
    if not text.audio:
        return
    for language in (text.language,) if text.language else languages:
        name = f"{language}/{text.audio}"
        if name not in recordings:
            report(
                "missing-recording", f"there is no recording “{name}”", text.place, "audio",
                near(name, recordings), "warning",
            )  # fmt: skip


# -- Secrets --------------------------------------------------------------------------------------------------


def check_secrets(dialog: Dialog, report: Report) -> None:
    """Report private answers and variables, and what is computed from them, that would be logged or sent."""
    private = {item.id for item in dialog.items.values() if isinstance(item, Question) and item.private}
    private |= {
        f"{frame.prefix}vars.{variable.name}"
        for frame in dialog.frames.values()
        for variable in frame.variables.values()
        if variable.private
    }
    computed = _computed_from(dialog, private)
    for block in dialog.blocks.values():
        for action in block.actions:
            for expression in _told_by(action):
                for name in _secrets_in(expression, block.frame, private, computed):
                    _secret(name, expression, "sent" if isinstance(action, Do) else "logged", report)


def check_sensitive(dialog: Dialog, report: Report) -> None:
    """Report sensitive items without effect, and sensitive answers that are kept where everybody reads them."""
    for item in dialog.items.values():
        if item.sensitive and ScriptChannel.AGENT not in dialog.channels:
            report(
                "sensitive-unheard", "no agent is ever led by this dialog: nothing is recorded anyway",
                item.place, "sensitive", "", "warning",
            )  # fmt: skip
        if isinstance(item, Question) and not item.private and is_sensitive(dialog, item.id):
            report(
                "sensitive-kept", f"“{item.id}” is sensitive, and its answer is shown and logged like any other",
                item.place, "sensitive" if item.sensitive else "id", 'write private="yes", too', "warning",
            )  # fmt: skip


def _secrets_in(expression: Expression, frame: str, private: set[str], computed: set[str]) -> Iterator[str]:
    yield from (name for name, _ in answers_used(expression.tree) if frame + name in private)
    yield from (name for name, _ in used_of("vars", expression.tree) if f"{frame}vars.{name}" in private)
    yield from (name for name, _ in names_used(expression.tree) if frame + name in computed)


def _computed_from(dialog: Dialog, private: set[str]) -> set[str]:
    """Return the computed values that private answers go into, directly or through others."""
    found: set[str] = set()
    for frame in dialog.frames.values():
        grown = True
        while grown:
            new = {
                frame.prefix + node.name
                for node in frame.computes.values()
                if any(_secrets_in(node.value, frame.prefix, private, found))
            }
            grown = not new <= found
            found |= new
    return found


def _told_by(action: object) -> list[Expression]:
    if isinstance(action, Log):
        return [part.of for part in plain_parts(action.parts) if not isinstance(part, str)]
    if isinstance(action, Do) and action.service.partition(".")[0] in _SENDERS:
        return [value for _, value in action.params]
    return []


def _secret(name: str, expression: Expression, where: str, report: Report) -> None:
    origin = expression.origin
    place = Place(origin.line, origin.column, {origin.attribute: origin})
    report("private-told", f"“{name}” is private and is {where}", place, origin.attribute, "", "warning")
