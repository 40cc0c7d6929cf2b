"""What a service says about itself, as plain values: for the API, for consoles, and over the wire to a server.

The schemas of arguments and results are derived from their types (JSON Schema 2020-12, by msgspec).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from caruso.model.centre import Role
from caruso.service_manager.service import Operation, Service


class OperationDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What a service can be asked to do."""

    name: str
    #: True when doing it twice is the same as once.
    repeatable: bool
    #: Least role of a person who may ask for it.
    role: Role
    documentation: str
    #: Codes of what it fails with, beside what every operation may.
    fails: tuple[str, ...]
    #: JSON schemas of its arguments and of its result.
    params: dict[str, Any]
    result: dict[str, Any]


class ServiceDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What a service is."""

    name: str
    version: str
    provides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    documentation: str = ""
    operations: tuple[OperationDescription, ...]
    #: Seconds an operation may take, and how many may be under way; None: as the server likes.
    timeout_seconds: float | None = None
    at_once: int | None = None


def description_of(service: Service) -> ServiceDescription:
    """Describe a service; raise `TypeError` when a type of it has no schema."""
    if service.described is not None:
        return service.described
    return ServiceDescription(
        name=service.name,
        version=service.version,
        provides=service.provides,
        requires=service.requires,
        documentation=(service.__doc__ or "").strip(),
        operations=tuple(_described(operation) for _, operation in sorted(service.operations().items())),
        timeout_seconds=service.timeout_seconds,
        at_once=service.at_once,
    )


def _described(operation: Operation) -> OperationDescription:
    return OperationDescription(
        name=operation.name,
        repeatable=operation.repeatable,
        role=operation.role,
        documentation=operation.documentation,
        fails=operation.fails,
        params=operation.params_schema or schema_of(operation.params_type),
        result=operation.result_schema or schema_of(operation.result_type),
    )


def schema_of(kind: Any) -> dict[str, Any]:
    """Return the JSON schema of a type."""
    if kind is Mapping[str, Any]:
        return {"type": "object"}
    return msgspec.json.schema(kind)
