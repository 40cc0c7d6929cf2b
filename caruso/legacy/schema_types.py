"""Types made of JSON schemas, so that what comes in is checked like everything else. Pure.

Understands what descriptions of interfaces are made of: objects, lists, texts, numbers, choices, references,
``allOf`` and null; what it does not understand is any value, and the other side has to check it.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Schema = Mapping[str, Any]

_LIMITS = {"minLength": "min_length", "maxLength": "max_length"}
_RANGE = {"minimum": "ge", "maximum": "le"}
_ITEMS = {"minItems": "min_length", "maxItems": "max_length"}


class SchemaTypes:
    """Makes types of the schemas of one document."""

    def __init__(self, resolve: Callable[[str], Schema], *, answers: bool = False) -> None:
        """Look references up by `resolve`.

        `answers`: of what comes from the other side only the shape is checked, for many a system is less strict
        than its own description; and its numbers come as exact ones.
        """
        self._resolve = resolve
        self._answers = answers
        self._under_way: set[str] = set()

    def of(self, schema: Schema) -> Any:
        """Return the type of a schema."""
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return self._referred(reference)
        kinds = _kinds(schema)
        if "null" in kinds or schema.get("nullable"):
            return self._one({**schema, "nullable": False}, kinds - {"null"}) | None
        return self._one(schema, kinds)

    def described(self, schema: Schema) -> Schema:
        """Return a schema without reference and ``allOf`` around it."""
        if isinstance(schema.get("$ref"), str):
            return self.described(self._resolve(schema["$ref"]))
        return self._together(schema) if "allOf" in schema else schema

    def fields(self, name: str, parts: Sequence[tuple[str, Any, bool]]) -> type[msgspec.Struct]:
        """Return the type of an object: of each part its name, its type, and whether it must be there."""
        identifiers = _identifiers([part for part, _, _ in parts])
        return msgspec.defstruct(
            name,
            [
                (identifier, kind) if required else (identifier, kind | msgspec.UnsetType, msgspec.UNSET)
                for identifier, (_, kind, required) in zip(identifiers, parts, strict=True)
            ],
            rename={
                identifier: part
                for identifier, (part, _, _) in zip(identifiers, parts, strict=True)
                if identifier != part
            },
            frozen=True,
            kw_only=True,
            forbid_unknown_fields=not self._answers,
        )

    def _referred(self, reference: str) -> Any:
        if reference in self._under_way:  # a tree: its branches are not looked at
            return Any
        self._under_way.add(reference)
        try:
            return self.of(self._resolve(reference))
        finally:
            self._under_way.discard(reference)

    def _one(self, schema: Schema, kinds: frozenset[str]) -> Any:
        if "allOf" in schema:
            return self._one(self._together(schema), frozenset({"object"}))
        choices = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
        if choices:
            real = [part for part in choices if _kinds(part) != {"null"}]
            found = self.of(real[0]) if len(real) == 1 else Any
            return found if len(real) == len(choices) or found is Any else found | None
        if len(kinds) != 1:
            return dict[str, Any] if "properties" in schema else Any
        return self._plain(next(iter(kinds)), schema)

    def _plain(self, kind: str, schema: Schema) -> Any:
        match kind:
            case "boolean":
                return bool
            case "integer" if not self._answers:
                return _limited(int, schema, _RANGE)
            case "integer" | "number":
                return Decimal
            case "array":
                items = list.__class_getitem__(self.of(schema.get("items", {})))
                return items if self._answers else _limited(items, schema, _ITEMS)
            case "object":
                return self._object(schema)
            case "string":
                return str if self._answers else _text(schema)
            case _:
                return Any

    def _object(self, schema: Schema) -> Any:
        properties: Mapping[str, Schema] = schema.get("properties") or {}
        more = schema.get("additionalProperties", True)
        if not properties:
            return dict.__class_getitem__((str, self.of(more) if isinstance(more, Mapping) else Any))
        hidden = "writeOnly" if self._answers else "readOnly"
        required = schema.get("required", ())
        return self.fields(
            "Object",
            [(name, self.of(part), name in required) for name, part in properties.items() if not part.get(hidden)],
        )

    def _together(self, schema: Schema) -> Schema:
        """Return the object that all parts of ``allOf`` describe together."""
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for part in (*schema["allOf"], {name: what for name, what in schema.items() if name != "allOf"}):
            described = self.described(part)
            properties |= described.get("properties") or {}
            required += described.get("required") or ()
        return {"type": "object", "properties": properties, "required": required}


def _kinds(schema: Schema) -> frozenset[str]:
    match schema.get("type"):
        case str(kind):
            return frozenset({kind})
        case [*kinds]:
            return frozenset(kinds)
        case _:
            return frozenset({"object"} if "properties" in schema else ())


def _text(schema: Schema) -> Any:
    choices = [choice for choice in schema.get("enum", ()) if isinstance(choice, str)]
    if choices:
        return Literal[tuple(choices)]
    match schema.get("format"):
        case "date":
            return date
        case "date-time":
            return datetime
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        try:
            re.compile(pattern)
        except re.error:  # patterns of JSON schemas are ECMA's: the other side knows them
            pattern = None
    return _limited(str, schema, _LIMITS, **({"pattern": pattern} if pattern else {}))


def _limited(kind: Any, schema: Schema, limits: Mapping[str, str], **more: Any) -> Any:
    found = {ours: int(schema[theirs]) for theirs, ours in limits.items() if theirs in schema} | more
    return Annotated[kind, Meta(**found)] if found else kind


def _identifiers(names: Sequence[str]) -> list[str]:
    """Return a name Python takes for each, none twice."""
    found: list[str] = []
    for name in names:
        identifier = re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("_0123456789") or "part"
        if keyword.iskeyword(identifier):
            identifier += "_"
        while identifier in found:
            identifier += "_"
        found.append(identifier)
    return found
