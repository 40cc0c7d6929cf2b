"""Describe the operations of the API as an OpenAPI 3.1 document, from the same declarations that bind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import msgspec

from caruso.model.centre import Role
from caruso.web.binding import Download, Operation
from caruso.web.resources import Failure

_REFS = "#/components/schemas/{name}"
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def describe(operations: Iterable[Operation], *, version: str, cookie: str) -> dict[str, Any]:
    """Return the document."""
    listed = tuple(operations)
    schemas, components = _schemas(listed)
    paths: dict[str, dict[str, Any]] = {}
    for operation in listed:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Caruso",
            "version": version,
            "description": "Sign in with POST /api/session; send the cookie, and with every request that changes"
            " something the header X-CSRF-Token with the token of the answer.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": cookie},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            },
        },
    }


def _schemas(operations: tuple[Operation, ...]) -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    """Return the schema of each body, query and answer, and the components they refer to."""
    kinds: list[Any] = [Failure]
    for operation in operations:
        wanted = (operation.body, operation.query, operation.answer)
        kinds.extend(kind for kind in wanted if kind not in (None, type(None), Download) and kind not in kinds)
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFS)
    return dict(zip(kinds, schemas, strict=True)), components


def _operation(
    operation: Operation, schemas: dict[Any, dict[str, Any]], components: dict[str, Any]
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.path.split("/")[2]],
        "responses": _responses(operation, schemas),
        "security": [] if operation.role is None else [_security(operation)],
    }
    described["description"] = " ".join(filter(None, (operation.description, _who(operation.role))))
    parameters = [*_path_parameters(operation), *_query_parameters(operation, components)]
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        content = {"application/json": {"schema": schemas[operation.body]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _security(operation: Operation) -> dict[str, list[str]]:
    return {"session": [], "csrf": []} if operation.method in _UNSAFE else {"session": []}


def _who(role: Role | None) -> str:
    return "For everybody." if role is None else f"For role {role} and above."


def _responses(operation: Operation, schemas: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    failure = {"application/json": {"schema": schemas[Failure]}}
    answer: dict[str, Any] = {"description": operation.summary}
    if operation.answer is Download:
        answer["content"] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    elif operation.answer is not type(None):
        answer["content"] = {"application/json": {"schema": schemas[operation.answer]}}
    return {
        str(operation.status): answer,
        "4XX": {"description": "Refused; the code tells why.", "content": failure},
        "5XX": {"description": "The server could not do it.", "content": failure},
    }


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in operation.path_parameters
    ]


def _query_parameters(operation: Operation, components: dict[str, Any]) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    info = cast("msgspec.inspect.StructType", msgspec.inspect.type_info(operation.query))
    properties = components[operation.query.__name__]["properties"]
    return [
        {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": properties[field.encode_name],
        }
        for field in info.fields
    ]
