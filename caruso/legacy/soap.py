"""Systems with a SOAP interface: a WSDL says what they can be asked.

    class Billing(SoapService):
        \"""The billing of before.\"""
        name, version = "billing", "1.0"
        wsdl = "billing.wsdl"
        reads = ("GetBalance",)

Each operation of the WSDL is one of the service: ``GetBalance`` is ``billing.get-balance``. zeep makes the
messages and understands the answers; they are sent here, so that what hangs can be broken off and what is too long
is not read. The WSDL and its schemas are files beside the plug-in: nothing is fetched from anywhere.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
import zeep
from lxml import etree
from zeep import xsd
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault, TransportError
from zeep.helpers import serialize_object
from zeep.proxy import AsyncServiceProxy
from zeep.wsdl.bindings.soap import SoapBinding
from zeep.wsdl.definitions import Operation as WsdlOperation
from zeep.wsse.username import UsernameToken

from caruso.legacy.failures import SystemBadAnswer, SystemDenied, SystemRefused, SystemUnavailable
from caruso.legacy.schema_types import SchemaTypes
from caruso.legacy.system_service import SystemService, beside, one_line
from caruso.model.centre import Role
from caruso.service_manager.failures import BadArguments, OutcomeUnknown, ServiceFailed
from caruso.service_manager.parts import System
from caruso.service_manager.refusals import PluginRefused
from caruso.service_manager.service import Operation

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_CHUNK_BYTES = 65_536
#: Failures of a connection that was not there yet: nothing has been asked.
_NOT_ASKED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


# It would write answers that are not understood into the log, and they may be personal.
logging.getLogger("zeep").setLevel(logging.CRITICAL + 1)


class SoapService(SystemService):
    """A system with a SOAP interface. Derive from it."""

    #: Its description: a file beside the plug-in.
    wsdl: ClassVar[str]
    #: Operations that may be asked; all when empty.
    only: ClassVar[tuple[str, ...]] = ()
    #: Operations that change nothing, so that they may be asked again; a WSDL does not say.
    reads: ClassVar[tuple[str, ...]] = ()
    #: How user and secret of the settings are sent: in the message (WS-Security), or as HTTP does.
    signs_in: ClassVar[str] = "http"
    #: Least role of a person who may ask by hand.
    role: ClassVar[Role] = Role.ADMIN

    def __init__(self, system: System) -> None:
        """Read the WSDL; raise `PluginRefused` when it cannot be used."""
        super().__init__(system)
        file = beside(type(self), self.wsdl)
        self._post = _Post(system, seconds=self.answer_seconds, max_bytes=self.max_bytes)
        if system.user and self.signs_in == "http":
            self._post.headers["Authorization"] = aiohttp.encode_basic_auth(system.user, system.secret.reveal())
        message = UsernameToken(system.user, system.secret.reveal()) if self.signs_in == "message" else None
        try:
            self._client = zeep.AsyncClient(
                str(file), wsse=message, transport=self._post, settings=zeep.Settings(forbid_dtd=True)
            )
            binding = _soap_binding(self._client)
        except (ZeepError, OSError, etree.Error, ValueError) as problem:
            raise PluginRefused(f"{file}: {one_line(problem)}") from problem
        self._asked = AsyncServiceProxy(self._client, binding, address=system.url)
        wanted = binding.all()
        missing = [name for name in (*self.only, *self.reads) if name not in wanted]
        if missing:
            raise PluginRefused(f"{file} has no operation {', '.join(missing)}")
        self._documented = _documentation(file)
        self._offered: dict[str, WsdlOperation] = {
            name: found for name, found in wanted.items() if not self.only or name in self.only
        }

    async def stop(self) -> None:
        """Close the connections."""
        await self._post.close()

    def operations(self) -> Mapping[str, Operation]:
        """Return those of the WSDL, and methods that are marked beside them."""
        made = (self._operation(name, found) for name, found in self._offered.items())
        return {**{operation.name: operation for operation in made}, **super().operations()}

    def _operation(self, name: str, found: WsdlOperation) -> Operation:
        async def ask(params: msgspec.Struct, *, key: str) -> Any:
            return await self._ask(name, msgspec.to_builtins(params, builtin_types=_EXACT))

        params_type = _params_type(found)
        return Operation(
            name=_spelled(name),
            repeatable=name in self.reads,
            role=self.role,
            params_type=params_type,
            result_type=_result_type(found),  # what zeep does not understand it takes for nothing
            documentation=self._documented.get(name, ""),
            fails=tuple(failure.code for failure in self.failures),
            method=ask,
        )

    async def _ask(self, name: str, params: Mapping[str, Any]) -> Any:
        try:
            answer = await getattr(self._asked, name)(**params)
        except Fault as fault:
            raise _failure(fault) from fault
        except TransportError as problem:
            raise _status_failure(problem) from problem
        except zeep.exceptions.ValidationError as problem:
            raise BadArguments(f"{name}: {one_line(problem)}") from problem
        except (ZeepError, etree.Error, ValueError, AttributeError) as problem:
            raise SystemBadAnswer(f"{self.system.name} answered {name} wrongly: {one_line(problem)}") from problem
        return serialize_object(answer, dict)


def _documentation(wsdl: Path) -> Mapping[str, str]:
    """Return what the WSDL says about its operations; zeep does not read it."""
    found = {}
    for described in etree.parse(wsdl).iterfind(f"{{{_WSDL}}}portType/{{{_WSDL}}}operation"):
        found[described.get("name", "")] = " ".join(
            (described.findtext(f"{{{_WSDL}}}documentation") or "").split()
        )
    return found


def _soap_binding(client: zeep.AsyncClient) -> SoapBinding:
    for binding in client.wsdl.bindings.values():
        if isinstance(binding, SoapBinding):
            return binding
    raise ValueError("it has no SOAP binding")


#: What arguments and answers stay as they are.
_EXACT = (Decimal, date, datetime, time, bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """An answer, as zeep looks at it."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes
    encoding: str = "utf-8"


class _Post(zeep.Transport):
    """Sends messages for zeep, and reads files for it."""

    def __init__(self, system: System, *, seconds: float, max_bytes: int) -> None:
        super().__init__()
        #: Sent with each message.
        self.headers: dict[str, str] = {}
        self._system = system
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._client: aiohttp.ClientSession | None = None

    def load(self, url: str) -> bytes:
        """Read a schema; one that is elsewhere is refused."""
        if urlsplit(url).scheme in ("http", "https", "ftp"):
            raise ValueError(f"{url} is not here: save it beside the WSDL, and name the file in it")
        content: bytes = super().load(url)
        return content

    async def post_xml(self, address: str, envelope: Any, headers: Mapping[str, str]) -> _Reply:
        """Send a message; raise `ServiceFailed`."""
        if self._client is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._seconds * 0.8)
            self._client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout)
        body, who = etree.tostring(envelope, xml_declaration=True, encoding="utf-8"), self._system.name
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._client.post(
                    address, data=body, headers={**headers, **self.headers}, allow_redirects=False
                ) as answer,
            ):
                read = bytearray()
                async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                    read += chunk
                    if len(read) > self._max_bytes:
                        raise SystemBadAnswer(f"The answer of {who} is longer than {self._max_bytes} bytes")
                return _Reply(status_code=answer.status, headers=answer.headers, content=bytes(read))
        except _NOT_ASKED as problem:
            raise SystemUnavailable(f"{who} cannot be reached: {one_line(problem)}") from problem
        except (aiohttp.ClientError, OSError, TimeoutError) as problem:
            raise OutcomeUnknown(f"{who} broke off: {one_line(problem)}") from problem

    async def close(self) -> None:
        self.session.close()
        if self._client is not None:
            await self._client.close()


def _failure(fault: Fault) -> ServiceFailed:
    """A fault that says what is wrong is a refusal; a server that broke may have done it or not."""
    code, said = str(fault.code or ""), one_line(fault.message or "it does not say why")
    ours = code.rpartition(":")[2].split(".")[0] in ("Client", "Sender")
    if ours or fault.detail is not None:
        return SystemRefused(said)
    return OutcomeUnknown(f"The system broke: {said}")


def _status_failure(problem: TransportError) -> ServiceFailed:
    status = problem.status_code or 0
    said = f"The system answered with status {status}"
    if status in (401, 403):
        return SystemDenied(said)
    if status in (429, 503):
        return SystemUnavailable(said)
    if 400 <= status < 500:
        return SystemRefused(said)
    return SystemBadAnswer(said) if status == 200 else OutcomeUnknown(said)


# -- Types of the WSDL ----------------------------------------------------------------------------------------

#: The first that fits.
_PLAIN: tuple[tuple[type[Any], Any], ...] = (
    (xsd.Boolean, bool),
    (xsd.DateTime, datetime),
    (xsd.Date, date),
    (xsd.Time, time),
    (xsd.Integer, int),
    (xsd.Decimal, Decimal),
    (xsd.Float, Decimal),
    (xsd.Double, Decimal),
    (xsd.String, str),
)


def _params_type(found: WsdlOperation) -> type[msgspec.Struct]:
    body = found.input.body if found.input is not None else None
    return _struct(body.type, ()) if body is not None else _TYPES.fields("Params", [])


def _result_type(found: WsdlOperation) -> Any:
    """Return the type of what zeep makes of an answer: what is alone in its element comes without it."""
    kind = found.output.body.type if found.output is not None and found.output.body is not None else None
    elements = getattr(kind, "elements", ())
    if kind is None or not elements:
        return None
    if len(elements) > 1 or kind.attributes:
        return _struct(kind, ())
    _, alone = elements[0]
    return _element_type(alone, ()) | None if alone.is_optional else _element_type(alone, ())


_TYPES = SchemaTypes(lambda reference: {})


def _struct(kind: Any, inside: tuple[str, ...]) -> type[msgspec.Struct]:
    parts = []
    for name, element in getattr(kind, "elements", ()):
        found = _element_type(element, (*inside, str(kind.name)))
        parts.append((name, found | None if element.is_optional else found, not element.is_optional))
    for name, attribute in getattr(kind, "attributes", ()):
        parts.append((name, _type_of(attribute.type, inside), bool(attribute.required)))
    return _TYPES.fields(str(kind.name or "Params"), parts)


def _element_type(element: Any, inside: tuple[str, ...]) -> Any:
    found = _type_of(element.type, inside)
    if element.accepts_multiple:
        found = list.__class_getitem__(found)
    return found | None if element.nillable else found


def _type_of(kind: Any, inside: tuple[str, ...]) -> Any:
    if isinstance(kind, xsd.ComplexType):
        return Any if str(kind.name) in inside else _struct(kind, inside)
    return next((plain for theirs, plain in _PLAIN if isinstance(kind, theirs)), str)


def _spelled(name: str) -> str:
    """``GetBalance`` is ``get-balance``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return re.sub(r"[^a-z0-9]+", "-", apart.lower()).strip("-")
