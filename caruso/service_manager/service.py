"""What a service is: a name, a version, and operations — async methods marked with `operation`.

    class Weather(Service):
        name = "weather"
        version = "1.0"

        @operation(repeatable=True, fails=(NoForecast,))
        async def today(self, params: TodayParams, *, key: str) -> Forecast:
            \"""Return today's forecast.\"""

The type of `params` — a msgspec Struct, or ``Mapping[str, Any]`` to take anything — checks what comes in; the
docstring, the types and `fails` are the documentation (``docs/services.md`` is made of them). `key` is the same
when the same operation is asked for again: a service whose effects outlive the process should keep it beside them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, ClassVar, TypeVar, get_type_hints

from caruso.service_manager.failures import ServiceFailed

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])

_MARK = "_caruso_operation"


class Service:
    """Something that carries out operations. Derive from it."""

    #: First part of ``name.operation``.
    name: ClassVar[str]
    version: ClassVar[str]
    #: Seconds an operation may take; None: as long as the manager gives every service.
    timeout_seconds: float | None = None

    async def close(self) -> None:
        """Let go of what it holds open. By default there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a service can be asked to do."""

    name: str
    #: True when doing it twice is the same as once.
    repeatable: bool
    params_type: Any
    documentation: str
    #: What it fails with, beside what every operation may (`caruso.service_manager.failures`).
    fails: tuple[type[ServiceFailed], ...]
    method: Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What `operation` says about a method."""

    repeatable: bool
    fails: tuple[type[ServiceFailed], ...]


def operation(*, repeatable: bool, fails: tuple[type[ServiceFailed], ...] = ()) -> Callable[[Method], Method]:
    """Mark a method as an operation, and say what failures of its own it has."""

    def mark(method: Method) -> Method:
        setattr(method, _MARK, Marked(repeatable=repeatable, fails=fails))
        return method

    return mark


def operation_markings(kind: type[Service]) -> Iterator[tuple[str, Callable[..., Awaitable[Any]], Marked]]:
    """Return name, method and marking of all operations of a class."""
    for attribute in dir(kind):
        method = getattr(kind, attribute)
        if hasattr(method, _MARK):
            yield _spelled(attribute), method, getattr(method, _MARK)


def operation_names(kind: type[Service]) -> frozenset[str]:
    """Return all a service can be asked for, as ``name.operation``."""
    return frozenset(f"{kind.name}.{name}" for name, _, _ in operation_markings(kind))


def operations_of(service: Service) -> Mapping[str, Operation]:
    """Return the operations of a service by name."""
    return {
        name: Operation(
            name=name,
            repeatable=marked.repeatable,
            params_type=get_type_hints(method, include_extras=True).get("params", Any),
            documentation=getdoc(method) or "",
            fails=marked.fails,
            method=getattr(service, method.__name__),
        )
        for name, method, marked in operation_markings(type(service))
    }


def _spelled(attribute: str) -> str:
    """An underscore in a method's name is a hyphen in the operation's."""
    return attribute.replace("_", "-")
