"""What a service is: a name, a version, and operations — async methods marked with `operation`.

    class Weather(Service):
        name = "weather"
        version = "1.0"

        @operation(repeatable=True, fails=(NoForecast,))
        async def today(self, params: TodayParams, *, key: str) -> Forecast:
            \"""Return today's forecast.\"""

The type of `params` — a msgspec Struct, or ``Mapping[str, Any]`` to take anything — checks what comes in, the type
of the result what goes out; the docstring, the types and `fails` are the documentation (``docs/services.md`` is
made of them). `key` is the same when the same operation is asked for again: a service whose effects outlive the
process should keep it beside them.

    start() ─► health() ─► asked for operations ─► drain() ─► stop()
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from caruso.model.centre import Role
from caruso.service_manager.failures import ServiceFailed

if TYPE_CHECKING:
    from caruso.ports.scripts import ActionServices
    from caruso.service_manager.description import ServiceDescription

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])

_MARK = "_caruso_operation"


class Service:
    """Something that carries out operations. Derive from it."""

    #: First part of ``name.operation``: small letters, digits and hyphens.
    name: str
    #: Its version (PEP 440); what needs a service says which versions fit.
    version: str
    #: Interfaces it has beside its own name, with their versions: ``("customer-data==1.2",)``.
    provides: tuple[str, ...] = ()
    #: Services or interfaces it cannot do without, with the versions that fit: ``("crm>=2,<3",)``.
    requires: tuple[str, ...] = ()
    #: Seconds an operation may take; None: as long as the manager gives every service.
    timeout_seconds: float | None = None
    #: What it says about itself, when that comes from elsewhere; None: it is derived from what is here.
    described: ServiceDescription | None = None
    #: Where it runs, for people.
    place: str = "here"
    #: Operations under way at once; None: as many as the manager gives every service. More are refused.
    at_once: int | None = None

    async def start(self, services: ActionServices) -> None:
        """Get ready; `services` are those it `requires`. Raise whatever keeps it from being used."""

    async def health(self) -> None:
        """Return when all is well; raise whatever is wrong. Asked for again and again, so it should be quick."""

    async def drain(self) -> None:
        """End what it does by itself: nothing is asked of it any more, and nothing is under way."""

    async def stop(self) -> None:
        """Let go of what it holds open. Comes last, also when `start` failed."""

    def operations(self) -> Mapping[str, Operation]:
        """Return what it can be asked to do, by name: the methods marked with `operation`."""
        return {
            name: Operation(
                name=name,
                repeatable=marked.repeatable,
                role=marked.role,
                params_type=_hints(method).get("params", Any),
                result_type=_hints(method).get("return", Any),
                documentation=getdoc(method) or "",
                fails=tuple(failure.code for failure in marked.fails),
                method=getattr(self, method.__name__),
            )
            for name, method, marked in operation_markings(type(self))
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a service can be asked to do."""

    name: str
    #: True when doing it twice is the same as once.
    repeatable: bool
    #: Least role of a person who may ask for it; scripts may always.
    role: Role
    #: What its arguments are converted to, and its result.
    params_type: Any
    result_type: Any
    documentation: str
    #: Codes of what it fails with, beside what every operation may (`caruso.service_manager.failures`).
    fails: tuple[str, ...]
    method: Callable[..., Awaitable[Any]]
    #: JSON schemas of a service whose types are elsewhere; None: those of the types here.
    params_schema: dict[str, Any] | None = None
    result_schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What `operation` says about a method."""

    repeatable: bool
    fails: tuple[type[ServiceFailed], ...]
    role: Role


def operation(
    *, repeatable: bool, fails: tuple[type[ServiceFailed], ...] = (), role: Role = Role.ADMIN
) -> Callable[[Method], Method]:
    """Mark a method as an operation: what failures of its own it has, and which people may ask for it by hand."""

    def mark(method: Method) -> Method:
        setattr(method, _MARK, Marked(repeatable=repeatable, fails=fails, role=role))
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


def _hints(method: Callable[..., Awaitable[Any]]) -> Mapping[str, Any]:
    return get_type_hints(method, include_extras=True)


def _spelled(attribute: str) -> str:
    """An underscore in a method's name is a hyphen in the operation's."""
    return attribute.replace("_", "-")
