"""Fill typed Structs from TOML tables and collect everything that does not fit, not just the first thing.

A wrong value is told in words a person can act on ("must be a whole number from 1 to 65535"); the same words
describe the type in the settings page. A secret's value is never part of a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import inspect

from caruso.errors import Located
from caruso.toml.source import KeyPath, TomlSource, did_you_mean, dotted, printable

S = TypeVar("S", bound=msgspec.Struct)

_SHOWN_CHARACTERS = 60


class Secret:
    """A text that does not show when it is printed or logged."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        """Keep `text`."""
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __bool__(self) -> bool:
        """Return whether there is one."""
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        """Return whether both hide the same."""
        return isinstance(other, Secret) and other.reveal() == self._text

    def __hash__(self) -> int:
        """Hash like the text."""
        return hash(self._text)

    def __repr__(self) -> str:
        """Show only whether there is one."""
        return "Secret(…)" if self._text else "Secret()"


class Shape:
    """Reads one TOML source into Structs; `findings` holds what did not fit."""

    def __init__(self, source: TomlSource) -> None:
        """Find nothing yet."""
        self.source = source
        self.findings: list[Located] = []

    def add(self, where: KeyPath, rule: str, message: str, *, suggestion: str = "") -> None:
        """Add a finding."""
        self.findings.append(self.source.located(where, rule, message, suggestion=suggestion))

    def struct(self, kind: type[S], table: object, where: KeyPath) -> S | None:
        """Return `table` as a `kind`, or None when something required is missing or wrong.

        A wrong value of something that has a default is a finding too, but the rest can still be checked.
        """
        if not isinstance(table, Mapping):
            self.add(where, "wrong-type", f"{dotted(where)} must be a table, not {shown(table)}.")
            return None
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        self._report_unknown(table, fields, where)
        values: dict[str, Any] = {}
        complete = True
        for key, field in fields.items():
            if key in table:
                found = self.value(field.type, table[key], (*where, key))
                if found is not None:
                    values[field.name] = found
                    continue
            elif field.required:
                self.add(where, "missing-key", f"{dotted(where) or 'The file'} has no “{key}”.")
            complete = complete and not field.required
        return kind(**values) if complete else None

    def _report_unknown(self, table: Mapping[str, object], known: Mapping[str, object], where: KeyPath) -> None:
        for key in table:
            if key not in known:
                what = f"in {dotted(where)}" if where else "here"
                self.add(
                    (*where, key),
                    "unknown-key",
                    f"There is no “{key}” {what}.",
                    suggestion=did_you_mean(key, known) or f"known: {', '.join(known)}",
                )

    def value(self, kind: Any, value: object, where: KeyPath) -> Any:
        """Return `value` as a `kind`; None after a finding."""
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.struct(kind, value, where)
        if isinstance(value, Mapping) and (table := _table_in(kind)) is not None:
            return self.struct(table, value, where)
        origin = get_origin(kind)
        if origin is dict and isinstance(value, Mapping):
            key_kind, item_kind = get_args(kind)
            return self._mapping(key_kind, item_kind, value, where)
        if origin is tuple and isinstance(value, list):
            items = [self.value(get_args(kind)[0], item, (*where, n)) for n, item in enumerate(value)]
            return tuple(item for item in items if item is not None)
        return self._plain(kind, value, where)

    def _mapping(self, key_kind: Any, kind: Any, table: Mapping[str, object], where: KeyPath) -> dict[str, Any]:
        values = {}
        for key, value in table.items():
            try:
                msgspec.convert(key, key_kind)
            except msgspec.ValidationError:
                self.add(
                    (*where, key),
                    "wrong-key",
                    f"A key of {dotted(where)} must be {describe(key_kind)}, not {shown(key)}.",
                )
            values[key] = self.value(kind, value, (*where, key))
        return {key: value for key, value in values.items() if value is not None}

    def _plain(self, kind: Any, value: object, where: KeyPath) -> Any:
        try:
            return msgspec.convert(value, kind, dec_hook=_own_type)
        except msgspec.ValidationError:
            got = "" if _holds_secret(inspect.type_info(kind)) else f", not {shown(value)}"
            self.add(where, "wrong-value", f"{dotted(where)} must be {describe(kind)}{got}.")
            return None


def shown(value: object) -> str:
    """Write a value as it stands in TOML, cut where it is long."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            text = f"“{printable(value)}”"
        case Mapping():
            return "a table"
        case list():
            return "a list"
        case _:
            text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def describe(kind: Any) -> str:
    """Say in words what values a type takes."""
    return _describe(inspect.type_info(kind))


def value_type(kind: Any) -> inspect.Type:
    """Return the type itself, without its limits and without "or nothing"."""
    info = inspect.type_info(kind)
    while True:
        match info:
            case inspect.Metadata(type=inner):
                info = inner
            case inspect.UnionType(types=types):
                info = next(t for t in types if not isinstance(t, inspect.NoneType))
            case _:
                return info


def _table_in(kind: Any) -> type[msgspec.Struct] | None:
    """Return the table that may stand where something else may stand as well."""
    if get_origin(kind) not in (Union, UnionType):
        return None
    return next((arm for arm in get_args(kind) if isinstance(arm, type) and issubclass(arm, msgspec.Struct)), None)


def _own_type(kind: type, value: object) -> object:
    if not isinstance(value, str):
        raise TypeError("Expected `str`")
    return kind(value)


def _describe(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            return str(extra["title"]) if extra and "title" in extra else _describe(inner)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number" + _limits(info.ge, info.le)
        case inspect.FloatType():
            return "a number" + _limits(info.ge, info.le)
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(f"“{value}”" for value in values)
        case inspect.EnumType(cls=choices):
            return "one of " + ", ".join(f"“{choice.value}”" for choice in choices)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return f"a list, each {_describe(item)}"
        case inspect.DictType(key_type=key, value_type=value):
            return f"a table, each key {_describe(key)}, each value {_describe(value)}"
        case inspect.UnionType(types=types):
            return " or ".join(_describe(t) for t in types if not isinstance(t, inspect.NoneType))
        case inspect.StructType():
            return "a table"
        case inspect.CustomType(cls=cls) if cls is Path:
            return "a path"
        case inspect.AnyType():
            return "any value"
        case inspect.StrType(max_length=int(longest)):
            return f"text of up to {longest} characters"
        case _:
            return "text"


def _holds_secret(info: inspect.Type) -> bool:
    match info:
        case inspect.CustomType(cls=cls):
            return cls is Secret
        case inspect.DictType(value_type=value):
            return _holds_secret(value)
        case _:
            return False


def _limits(lowest: float | None, highest: float | None) -> str:
    if lowest is not None and highest is not None:
        return f" from {lowest} to {highest}"
    return f" of at least {lowest}" if lowest is not None else ""
