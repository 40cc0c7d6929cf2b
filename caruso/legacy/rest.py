"""Systems with a REST interface: an OpenAPI 3 document says what they can be asked.

    class Erp(RestService):
        \"""The company's ERP.\"""
        name, version = "erp", "1.0"
        document = "erp.openapi.json"
        only = ("findCustomer", "bookReading")
        headers = {"Authorization": "Bearer {secret}"}

Each operation of the document is one of the service: ``findCustomer`` is ``erp.find-customer``. Its arguments are
the parameters and the parts of the body, by their names; ``body`` where that is no object, or has a part that is
called like a parameter. Requests go the way of ``http.request`` (`service_manager.http_service`), and fail as it
does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import msgspec

from caruso.config.settings import HttpSettings, HttpTarget
from caruso.legacy.schema_types import Schema, SchemaTypes
from caruso.legacy.system_service import SystemService, beside
from caruso.model.centre import Role
from caruso.ports.scripts import ActionServices
from caruso.service_manager.failures import (
    BadArguments,
    HttpBadAnswer,
    HttpConflict,
    HttpDenied,
    HttpNotAllowed,
    HttpNotFound,
    HttpRefused,
    HttpUnavailable,
    ServiceFailed,
)
from caruso.service_manager.http_service import HttpService, NewRequest
from caruso.service_manager.http_targets import REPEATABLE_METHODS, plain_text
from caruso.service_manager.parts import System
from caruso.service_manager.refusals import PluginRefused
from caruso.service_manager.service import Operation

_METHODS = ("get", "put", "post", "delete", "patch", "head")
_JSON = "application/json"


class RestService(SystemService):
    """A system with a REST interface. Derive from it."""

    #: Its OpenAPI 3 document, JSON or YAML: a file beside the plug-in.
    document: ClassVar[str]
    #: `operationId` of those that may be asked; all when empty.
    only: ClassVar[tuple[str, ...]] = ()
    #: Headers that are always sent; ``{secret}`` stands for the secret of the settings.
    headers: ClassVar[Mapping[str, str]] = {}
    #: True when the system heeds ``Idempotency-Key``: then everything may be asked again.
    heeds_idempotency_key: ClassVar[bool] = False
    #: Least role of a person who may ask by hand.
    role: ClassVar[Role] = Role.ADMIN
    #: Path that is asked (GET) to see whether the system is well; nothing is asked when empty.
    probe: ClassVar[str] = ""

    failures: ClassVar[tuple[type[ServiceFailed], ...]] = (
        HttpNotAllowed,
        HttpRefused,
        HttpNotFound,
        HttpDenied,
        HttpConflict,
        HttpUnavailable,
        HttpBadAnswer,
    )

    def __init__(self, system: System) -> None:
        """Read the document; raise `PluginRefused` when it cannot be used."""
        super().__init__(system)
        document = beside(type(self), self.document)
        self._endpoints = endpoints_of(_read(document), document.name, self.only)
        self._http = HttpService(self._settings())

    async def start(self, services: ActionServices) -> None:
        """See that there is an address to ask."""
        if not self.system.url.startswith(("http://", "https://")):
            raise PluginRefused(f"services.systems.{self.system.name} needs a url that begins with https://")
        if not self.system.secret and any("{secret}" in value for value in self.headers.values()):
            raise PluginRefused(f"services.system_secret_files has no {self.system.name}")

    async def stop(self) -> None:
        """Close the connections."""
        await self._http.stop()

    async def health(self) -> None:
        """Ask the probe, if there is one."""
        if self.probe:
            await self._http.request(NewRequest(target=self.system.name, path=self.probe), key="")

    def operations(self) -> Mapping[str, Operation]:
        """Return those of the document, and methods that are marked beside them."""
        described = {endpoint.name: self._operation(endpoint) for endpoint in self._endpoints}
        return {**described, **super().operations()}

    def _operation(self, endpoint: Endpoint) -> Operation:
        async def ask(params: msgspec.Struct, *, key: str) -> Any:
            given = msgspec.to_builtins(params, builtin_types=(Decimal,), str_keys=True)
            request = endpoint.request(self.system.name, given)
            return (await self._http.request(request, key=key))["body"]

        return Operation(
            name=endpoint.name,
            repeatable=endpoint.method in REPEATABLE_METHODS or self.heeds_idempotency_key,
            role=self.role,
            params_type=endpoint.params_type,
            result_type=endpoint.result_type,
            documentation=endpoint.documentation,
            fails=tuple(failure.code for failure in self.failures),
            method=ask,
            params_schema=endpoint.params_schema,
            result_schema=endpoint.result_schema,
        )

    def _settings(self) -> HttpSettings:
        name, secret = self.system.name, self.system.secret
        target = HttpTarget(
            url=self.system.url,
            methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
            headers=dict(self.headers),
            secret=name if secret else "",
            heeds_idempotency_key=self.heeds_idempotency_key,
        )
        return HttpSettings(
            targets={name: target},
            secrets={name: secret},
            timeout_seconds=self.answer_seconds,
            max_bytes=self.max_bytes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What the system can be asked: an operation of the document."""

    name: str
    method: str
    #: ``/customers/{id}``.
    path: str
    #: Where each argument goes: ``path``, ``query`` or ``header``; ``part`` of the body, or all of it, ``body``.
    places: Mapping[str, str]
    documentation: str
    params_type: Any
    result_type: Any
    params_schema: dict[str, Any]
    result_schema: dict[str, Any]

    def request(self, target: str, params: Mapping[str, Any]) -> NewRequest:
        """Return the request for these arguments; raise `BadArguments` for one that cannot be part of a path."""
        given: dict[str, dict[str, Any]] = {place: {} for place in ("path", "query", "header", "part", "body")}
        for name, value in params.items():
            given[self.places[name]][name] = value

        def value_of(match: re.Match[str]) -> str:
            value = plain_text(given["path"][match[1]])
            if not value or "/" in value:
                raise BadArguments(f"{self.name}: “{match[1]}” cannot be part of a path")
            return value

        return NewRequest(
            target=target,
            path=re.sub(r"\{([^{}]+)\}", value_of, self.path),
            method=self.method,  # type: ignore[arg-type]  # one of those that were looked for
            query=given["query"],
            headers={name: plain_text(value) for name, value in given["header"].items()},
            body=given["part"] or given["body"].get("body", msgspec.UNSET),
        )


def endpoints_of(document: Schema, file: str, only: tuple[str, ...]) -> tuple[Endpoint, ...]:
    """Return what a document offers; raise `PluginRefused` when it is none, or lacks one of `only`."""
    if not str(document.get("openapi", "")).startswith("3."):
        raise PluginRefused(f"{file} is no OpenAPI 3 document")
    found: dict[str, Endpoint] = {}
    for path, item in (document.get("paths") or {}).items():
        for method in _METHODS:
            described = item.get(method)
            if described is None:
                continue
            identity = described.get("operationId") or f"{method}-{path}"
            if not only or identity in only:
                try:
                    found[identity] = _endpoint(document, identity, method, path, item, described)
                except (AttributeError, KeyError, TypeError, ValueError) as problem:
                    reason = f"{file}, {method.upper()} {path}: {type(problem).__name__} {problem}"
                    raise PluginRefused(reason) from problem
    missing = [identity for identity in only if identity not in found]
    if missing or not found:
        raise PluginRefused(f"{file} has no operation {', '.join(missing)}".rstrip())
    return tuple(found.values())


def _endpoint(
    document: Schema, identity: str, method: str, path: str, item: Schema, described: Schema
) -> Endpoint:
    def resolve(reference: str) -> Schema:
        if not reference.startswith("#/"):
            raise ValueError(f"{reference} is in another document; put them together first")
        there: Any = document
        for step in reference[2:].split("/"):
            there = there[unquote(step).replace("~1", "/").replace("~0", "~")]
        return resolve(there["$ref"]) if "$ref" in there else there

    def here(part: Schema) -> Schema:
        return resolve(part["$ref"]) if "$ref" in part else part

    types, answers = SchemaTypes(resolve), SchemaTypes(resolve, answers=True)
    listed = [here(part) for part in (*item.get("parameters", ()), *described.get("parameters", ()))]
    # An operation's own take the place of those of the path.
    parameters = {part["name"]: part for part in listed if part["in"] in ("path", "query", "header")}
    schemas = {name: part.get("schema", {}) for name, part in parameters.items()}
    required = [name for name, part in parameters.items() if part.get("required") or part["in"] == "path"]
    places = {name: str(part["in"]) for name, part in parameters.items()}
    body = here(described.get("requestBody", {}))
    sent = _content(body)
    if sent is not None:
        whole = types.described(sent)
        parts = {name: part for name, part in whole.get("properties", {}).items() if not part.get("readOnly")}
        if parts and not parts.keys() & schemas.keys():
            schemas |= parts
            places |= dict.fromkeys(parts, "part")
            required += [name for name in whole.get("required", ()) if name in parts and body.get("required")]
        else:
            schemas["body"] = sent
            places["body"] = "body"
            required += ["body"] if body.get("required") else []
    replies = {str(status): here(reply) for status, reply in described.get("responses", {}).items()}
    reply = next((_content(replies[status]) for status in sorted(replies) if status.startswith("2")), None)
    summary = [described.get("summary", ""), described.get("description", "")]
    return Endpoint(
        name=_spelled(identity),
        method=method.upper(),
        path=path,
        places=places,
        documentation="\n\n".join(filter(None, summary)),
        params_type=types.fields(
            "Params", [(name, types.of(schema), name in required) for name, schema in schemas.items()]
        ),
        result_type=Any if reply is None else answers.of(reply),
        params_schema={"type": "object", "properties": schemas, "required": required},
        result_schema=dict(reply or {}),
    )


def _content(part: Schema) -> Schema | None:
    """Return the schema of what is sent or answered as JSON; None when that is nothing, or something else."""
    for kind, described in (part.get("content") or {}).items():
        if kind.partition(";")[0].strip().lower() == _JSON:
            schema: Schema = described.get("schema", {})
            return schema
    return None


def _spelled(identity: str) -> str:
    """``findCustomer`` is ``find-customer``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", identity)
    return re.sub(r"[^a-z0-9]+", "-", apart.lower()).strip("-")


def _read(file: Path) -> Schema:
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix in (".yaml", ".yml"):
            import yaml

            try:
                found = yaml.safe_load(text)
            except yaml.YAMLError as problem:
                raise ValueError(str(problem)) from problem
        else:
            found = json.loads(text)
    except (OSError, ValueError) as problem:
        raise PluginRefused(f"{file}: {problem}") from problem
    if not isinstance(found, Mapping):
        raise PluginRefused(f"{file} is no OpenAPI 3 document")
    return found
