"""Say what each kind of item has of its own: options, limits, queues, passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from caruso.script_engine.expressions import Expression
from caruso.script_engine.nodes import (
    AnyItem,
    Call,
    Check,
    Choose,
    Dialog,
    End,
    FromObjects,
    Group,
    Handover,
    Info,
    Leave,
    OptionNode,
    Question,
    Repeat,
    Save,
    Split,
    Wait,
)
from caruso.script_engine.tools.explain_actions import text_lines
from caruso.script_engine.tools.in_words import condition, duration, on_channels, value
from caruso.script_engine.tools.sheet import Code, Fact, Line, Quote, Span, line

_KINDS: Mapping[type[AnyItem], str] = {
    Info: "info",
    Question: "question",
    Handover: "hand-over",
    End: "end",
    Group: "group",
    Repeat: "repeat",
    Call: "call",
    Leave: "way out",
    Choose: "choose",
    Split: "split",
    Wait: "wait",
}
_SAVED = {Save.ANSWER: "at once", Save.END: "at the end", Save.NEVER: "never"}


def kind_of(item: AnyItem) -> str:
    """Return what kind of item it is."""
    return _KINDS[type(item)]


def own_facts(item: AnyItem, dialog: Dialog) -> Iterator[Fact]:
    """Give what only this kind of item has."""
    match item:
        case Question():
            yield from _question(item, dialog)
        case Info(confirm=True):
            yield _fact("Waits", line("on a screen, until it was taken note of"))
        case Handover():
            yield _handover(item, dialog)
        case Group():
            yield from _titles(item.titles)
            yield _fact("Shown", line("together, on a screen" if item.together else "one by one"))
        case Repeat():
            yield from _titles(item.titles)
            yield _repeat(item, dialog)
        case Call():
            yield from _call(item, dialog)
        case Split():
            sticky = "customer" if item.by_customer else "session"
            yield _fact("By lot", line(Code(item.name), f", always the same for a {sticky}"))
        case Wait():
            yield _wait(item, dialog)
        case End():
            yield from _end(item)
        case _:
            pass


def _end(item: End) -> Iterator[Fact]:
    yield _fact("Outcome", line(Code(item.outcome)))
    if item.disposition:
        yield _fact("Disposition", line(Code(item.disposition)))
    if item.hang_up:
        yield _fact("On the phone", line("hangs up"))


def _handover(item: Handover, dialog: Dialog) -> Fact:
    spans: list[Span] = [on_channels([item.channel]).removeprefix("on ")]
    for name, expression in (("queue", item.queue), ("skills", item.skill), ("priority", item.priority)):
        if expression is not None:
            spans.append(f", {name} {value(expression, dialog)}")
    if item.voicemail:
        spans.append(", where the caller leaves a message")
    return _fact("Hands over to", line(*spans))


# -- Questions ------------------------------------------------------------------------------------------------


def _question(item: Question, dialog: Dialog) -> Iterator[Fact]:
    if item.from_list is not None:
        only = (
            f", only those for which {condition(item.from_list.condition, dialog)}"
            if item.from_list.condition
            else ""
        )
        yield _fact("Options of", line("the list ", Code(item.from_list.name), only))
    if item.from_objects is not None:
        yield _from_objects(item.from_objects, dialog)
    yield Fact("Options", tuple(_option(option, dialog) for option in item.options))
    yield _fact("Answer", line(", ".join(_answer(item, dialog))))
    yield Fact("Checks", tuple(_check(check, dialog) for check in item.checks))


def _from_objects(source: FromObjects, dialog: Dialog) -> Fact:
    only = f", only those for which {condition(source.where, dialog)}" if source.where is not None else ""
    return _fact("Options of", line(f"the objects of the class {source.class_name}, at most {source.limit}{only}"))


def _answer(item: Question, dialog: Dialog) -> Iterator[str]:
    yield f"{item.type.value} ({item.currency})" if item.currency else item.type.value
    if isinstance(item.required, bool):
        yield "needed" if item.required else "may stay empty"
    else:
        yield f"needed if {condition(item.required, dialog)}"
    yield from _limits(item, dialog)
    if item.default is not None:
        yield f"proposed: {value(item.default, dialog)}"
    if item.bind is not None:
        yield f"belongs to {item.bind[0]}.{item.bind[1]}, written {_SAVED[item.save]}"
    if item.skip_if_known:
        yield "not asked when known"
    if item.private:
        yield "private"
    if item.sensitive:
        yield "sensitive: not recorded"
    if item.read_only is True:
        yield "only shown"
    elif isinstance(item.read_only, Expression):
        yield f"only shown if {condition(item.read_only, dialog)}"
    if item.time_limit is not None:
        yield f"within {duration(item.time_limit)}"


def _limits(item: Question, dialog: Dialog) -> Iterator[str]:
    if item.minimum is not None:
        yield f"at least {value(item.minimum, dialog)}"
    if item.maximum is not None:
        yield f"at most {value(item.maximum, dialog)}"
    if item.pattern is not None:
        yield f"of the form {item.pattern.source}"


def _option(option: OptionNode, dialog: Dialog) -> Line:
    about = [f"key {option.key}"] if option.key else []
    about += ["only by itself"] if option.exclusive else []
    about += ["takes own words"] if option.other else []
    about += [f"only if {condition(option.condition, dialog)}"] if option.condition is not None else []
    return line(
        Code(option.value),
        f" ({', '.join(about)})" if about else "",
        below=tuple(text_lines(option.texts, dialog)),
    )


def _check(check: Check, dialog: Dialog) -> Line:
    level = "else warned" if check.warning else "else refused"
    return line(condition(check.condition, dialog), f", {level}:", below=tuple(text_lines(check.texts, dialog)))


# -- Items that hold or lead to others ------------------------------------------------------------------------


def _titles(titles: Mapping[str, str]) -> Iterator[Fact]:
    for language, title in titles.items():
        yield _fact(f"Title {language}".strip(), line(Quote(title)))


def _repeat(item: Repeat, dialog: Dialog) -> Fact:
    words = []
    if item.over is not None:
        words.append(f"once for each of {value(item.over, dialog)}")
    if item.times is not None:
        words.append(f"{value(item.times, dialog)} times")
    if item.condition is not None:
        words.append(f"as long as {condition(item.condition, dialog)}")
    words.append(f"at most {item.most} times")
    return _fact("Repeated", line(", ".join(words), ", the pass is called ", Code(item.name)))


def _call(item: Call, dialog: Dialog) -> Iterator[Fact]:
    version = f", version {item.version}" if item.version else ""
    yield _fact("Calls", line("the dialog ", Code(item.dialog), version))
    yield Fact("Gives", tuple(line(Code(p.name), f": {value(p.value, dialog)}") for p in item.passes))
    yield Fact("Takes back", tuple(line(Code(r.name), " as ", Code(".".join(r.to))) for r in item.returns))


def _wait(item: Wait, dialog: Dialog) -> Fact:
    words = []
    if item.event:
        words.append(f"for the event {item.event}")
    if item.duration is not None:
        words.append(f"for {value(item.duration, dialog)}" if not words else f"or {value(item.duration, dialog)}")
    return _fact("Waits", line(" ".join(words)))


def _fact(label: str, *lines: Line) -> Fact:
    return Fact(label, lines)
