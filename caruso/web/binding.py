"""Bind methods to HTTP operations: `operation` declares, `decode_body` & co. turn requests into typed values.

The signature is the contract: a parameter `body` is the JSON body, `query` the query string, every other one is
part of the path; the return annotation is the answer. `caruso.web.openapi` describes the same declarations.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from caruso.errors import Located, RejectedInput
from caruso.model.centre import Role
from caruso.web.refusals import Malformed

_Handler = TypeVar("_Handler", bound=Callable[..., Awaitable[Any]])

#: "Expected `int`, got `str` - at `$.limit`"
_PLACE = re.compile(r"^(?P<message>.*?)(?: - at `(?:key in )?\$?\.?(?P<place>[^`]*)`)?$", re.DOTALL)
_BYTE = re.compile(r"\(byte (\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the decorator was told."""

    method: str
    path: str
    #: None for everybody, signed in or not.
    role: Role | None
    status: int
    #: Bytes of a body; None for as many as everywhere.
    body_limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked for over HTTP."""

    method: str
    path: str
    role: Role | None
    status: int
    body_limit: int | None
    name: str
    summary: str
    description: str
    body: Any
    query: Any
    answer: Any
    path_parameters: tuple[str, ...]
    handler: Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file as an answer."""

    content: bytes
    media_type: str
    #: As which browsers keep it; letters, digits, hyphens and points.
    file_name: str


def operation(
    method: str, path: str, *, role: Role | None, status: int = 200, body_limit: int | None = None
) -> Callable[[_Handler], _Handler]:
    """Declare a method to be an operation, for `role` and those above it."""
    declared = Declared(method=method, path=path, role=role, status=status, body_limit=body_limit)

    def declare(handler: _Handler) -> _Handler:
        handler.__operation__ = declared  # type: ignore[attr-defined]
        return handler

    return declare


def operations_of(api: object) -> tuple[Operation, ...]:
    """Return the operations of an object, in the order they are written."""
    return tuple(
        _bind(getattr(api, name), function.__operation__)
        for name, function in vars(type(api)).items()
        if hasattr(function, "__operation__")
    )


def _bind(handler: Callable[..., Awaitable[Any]], declared: Declared) -> Operation:
    hints = typing.get_type_hints(handler, include_extras=True)
    summary, _, description = (inspect.getdoc(handler) or "").partition("\n\n")
    return Operation(
        method=declared.method,
        path=declared.path,
        role=declared.role,
        status=declared.status,
        body_limit=declared.body_limit,
        name=getattr(handler, "__name__", ""),
        summary=" ".join(summary.split()),
        description=" ".join(description.split()),
        body=hints.get("body"),
        query=hints.get("query"),
        answer=hints["return"],
        path_parameters=tuple(re.findall(r"{(\w+)}", declared.path)),
        handler=handler,
    )


def decode_body(data: bytes, kind: Any) -> Any:
    """Return the body as `kind`; raise `Malformed` or `RejectedInput` with the place of the mistake."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise rejected(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(_malformed(data, str(error))) from None


def convert_query(query: Mapping[str, str], kind: Any) -> Any:
    """Return the query string as `kind`; raise `RejectedInput`."""
    try:
        return msgspec.convert(dict(query), type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise rejected(str(error)) from None


def rejected(message: str) -> RejectedInput:
    """Turn a message of msgspec into a located error."""
    match = _PLACE.match(message)
    place = (match["place"] or "") if match else ""
    text = match["message"] if match else message
    return RejectedInput((Located(rule="wrong-value", message=f"{text}.", attribute=place),))


def mistake(attribute: str, message: str, *, rule: str = "wrong-value") -> RejectedInput:
    """Return the error for one mistaken part of a request."""
    return RejectedInput((Located(rule=rule, message=message, attribute=attribute),))


def _malformed(data: bytes, message: str) -> str:
    at = _BYTE.search(message)
    if at is None:
        return "The body is not JSON."
    before = data[: int(at[1])]
    line = before.count(b"\n") + 1
    column = len(before) - (before.rfind(b"\n") + 1) + 1
    return f"The body is not JSON: mistake at line {line}, column {column}."
