"""What may be written: brings values into the form of their attributes, checks what a model demands. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from caruso.business_objects.model import (
    Attribute,
    ChoiceValue,
    Kind,
    ListAttribute,
    ObjectClass,
    label_of,
)
from caruso.business_objects.scope import ObjectScope
from caruso.errors import Located, RejectedInput
from caruso.script_engine.expressions.patterns import compile_pattern
from caruso.script_engine.source import did_you_mean
from caruso.script_engine.turns import Value
from caruso.script_engine.values import number_text, to_value

#: Values a list may have.
LONGEST_LIST = 1_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

#: Brings a telephone number into the form in which it is kept.
Normalise = Callable[[str], str]


def accepted(
    of: ObjectClass,
    before: Mapping[str, Value] | None,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    normalise: Normalise,
) -> dict[str, Value]:
    """Return `changes` as they are written; raise `RejectedInput` with every mistake.

    Args:
        of: The class.
        before: The object as it is; None for a new one.
        changes: Values of a script, or plain JSON, by attribute; what is not named stays.
        now: For checks that ask for the day.
        normalise: Brings telephone numbers into the form in which they are kept.
    """
    findings: list[Located] = []
    values: dict[str, Value] = {}
    for name, given in changes.items():
        try:
            values.update(_value(of, before, name, given, normalise))
        except _Wrong as wrong:
            findings.append(_at(name, wrong.rule, str(wrong)))
    findings += _missing(of, before, values)
    if before is not None:
        findings += [
            _at(key.name, "key", "a key never changes")
            for key in of.keys
            if key.name in values and values[key.name] != before.get(key.name)
        ]
    if not findings:
        findings += _broken(of, {**(before or {}), **values}, now)
    if findings:
        raise RejectedInput(tuple(findings))
    return values


class _Wrong(Exception):
    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


def _value(
    of: ObjectClass, before: Mapping[str, Value] | None, name: str, given: Any, normalise: Normalise
) -> dict[str, Value]:
    if (attribute := of.attributes.get(name)) is not None:
        return {name: _typed(attribute, given, normalise)}
    if (listed := of.lists.get(name)) is not None:
        return {name: _list(listed, given, normalise)}
    if (listed := of.firsts.get(name)) is not None:
        others = (before or {}).get(listed.name)
        rest = others[1:] if isinstance(others, tuple) else ()
        return {listed.name: _list(listed, [*filter(None, [given]), *rest], normalise)}
    if of.extra and name not in of.computed and name not in of.relations:
        return {name: to_value(given)}
    known = [*of.attributes, *of.lists, *of.firsts]
    raise _Wrong(
        "unknown-attribute", f"{of.name} has no “{name}” that can be set. {did_you_mean(name, known)}".strip()
    )


def _typed(attribute: Attribute, given: Any, normalise: Normalise) -> Value:
    value = convert(attribute.kind, given, attribute.values)
    if attribute.kind is Kind.PHONE and isinstance(value, str):
        value = normalise(value)
    if attribute.required and value in (None, ""):
        raise _Wrong("required", "this cannot be empty")
    if isinstance(value, str):
        if attribute.length is not None and len(value) > attribute.length:
            raise _Wrong("length", f"at most {attribute.length} characters, this has {len(value)}")
        if value and attribute.pattern and not compile_pattern(attribute.pattern).matches(value):
            raise _Wrong("pattern", "this has not the form it must have")
    if isinstance(value, Decimal):
        if attribute.minimum is not None and value < attribute.minimum:
            raise _Wrong("minimum", f"at least {number_text(attribute.minimum)}")
        if attribute.maximum is not None and value > attribute.maximum:
            raise _Wrong("maximum", f"at most {number_text(attribute.maximum)}")
    return value


def _list(of: ListAttribute, given: Any, normalise: Normalise) -> Value:
    if given is None:
        return ()
    if not isinstance(given, Sequence) or isinstance(given, str) or not all(isinstance(one, str) for one in given):
        raise _Wrong("wrong-type", "this is a list of texts")
    if len(given) > LONGEST_LIST:
        raise _Wrong("length", f"at most {LONGEST_LIST} values")
    values = [normalise(one) if of.kind is Kind.PHONE else one for one in map(_printable, given)]
    return tuple(dict.fromkeys(filter(None, values)))


def convert(kind: Kind, given: Any, values: tuple[ChoiceValue, ...] = ()) -> Value:
    """Return a script's or JSON's value as one of `kind`; raise `RejectedInput`-to-be for what is none."""
    if given is None:
        return None
    match kind:
        case Kind.TEXT | Kind.PHONE:
            return _text(given)
        case Kind.CHOICE:
            names = [each.name for each in values]
            if given not in names:
                raise _Wrong("choice", f"one of: {', '.join(names)}")
            return str(given)
        case Kind.NUMBER:
            number = to_value(given) if isinstance(given, (int, float, Decimal)) and given is not True else None
            if not isinstance(number, Decimal):
                raise _Wrong("wrong-type", "this is a number")
            return number
        case Kind.BOOLEAN:
            if not isinstance(given, bool):
                raise _Wrong("wrong-type", "this is true or false")
            return given
        case Kind.DATE:
            return _date(given)
        case Kind.DATE_TIME:
            return _date_time(given)
        case Kind.TIME:
            return _time(given)
        case Kind.DATA:
            return to_value(given)


def _text(given: Any) -> str:
    if isinstance(given, Decimal):
        return number_text(given)
    if isinstance(given, (date, time)):
        return given.isoformat()
    if not isinstance(given, str):
        raise _Wrong("wrong-type", "this is a text")
    return _printable(given)


def _printable(text: str) -> str:
    if _CONTROL.search(text) or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise _Wrong("characters", "this has characters no text has")
    return text


def _date(given: Any) -> date:
    try:
        if isinstance(given, str):
            return date.fromisoformat(given)
    except ValueError:
        pass
    if not isinstance(given, date) or isinstance(given, datetime):
        raise _Wrong("wrong-type", "this is a date: 2026-01-31")
    return given


def _date_time(given: Any) -> datetime:
    """Return a moment in UTC; one without a zone is in UTC."""
    try:
        given = datetime.fromisoformat(given) if isinstance(given, str) else given
        if isinstance(given, datetime):
            return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Wrong("wrong-type", "this is a date with time: 2026-01-31T14:30")


def _time(given: Any) -> time:
    try:
        if isinstance(given, str):
            return time.fromisoformat(given)
    except ValueError:
        pass
    if not isinstance(given, time):
        raise _Wrong("wrong-type", "this is a time: 14:30")
    return given


def _missing(
    of: ObjectClass, before: Mapping[str, Value] | None, values: Mapping[str, Value]
) -> Iterator[Located]:
    if before is not None:
        return
    for attribute in of.attributes.values():
        if attribute.required and not attribute.generated and attribute.name not in values:
            yield _at(attribute.name, "required", "this cannot be empty")


def _broken(of: ObjectClass, values: Mapping[str, Value], now: datetime) -> Iterator[Located]:
    """Give the checks of the model that do not hold."""
    scope = ObjectScope({**values, **computed_values(of, values, now)}, now)
    for check in of.checks:
        if not check.that.holds(scope):
            yield _at("", "check", label_of(check.labels, f"this has to hold: {check.that.source}"))


def computed_values(of: ObjectClass, values: Mapping[str, Value], now: datetime) -> dict[str, Value]:
    """Return what is worked out from an object."""
    if not of.computed:
        return {}
    scope = ObjectScope(values, now)
    return {name: each.value.value(scope) for name, each in of.computed.items()}


def _at(attribute: str, rule: str, message: str) -> Located:
    return Located(rule=rule, message=message, attribute=attribute)
