"""The outermost layer of every request: an id, a time limit, and errors as JSON, never as a traceback."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from aiohttp import hdrs, web

from caruso.errors import CarusoError, NotFound, RejectedInput
from caruso.model.acting import Actor, acting
from caruso.web.binding import Download, Operation, convert_query, decode_body
from caruso.web.call import Call
from caruso.web.gate import Gate
from caruso.web.metrics import WebMetrics
from caruso.web.refusals import (
    STATUSES,
    Busy,
    Malformed,
    TooLarge,
    TooManyAttempts,
    WrongContentType,
    status_of,
)
from caruso.web.resources import Failure, Finding
from caruso.web.settings import WebSettings

REQUEST_ID = web.RequestKey("request_id", str)
REQUEST_ID_HEADER = "X-Request-Id"

#: What a request that is answered by aiohttp itself (unknown path, wrong method …) is called.
_OF_AIOHTTP = {400: "malformed", 404: "not-found", 405: "wrong-method", 413: "too-large", 417: "malformed"}

_log = structlog.get_logger(__name__)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Edge:
    """Makes handlers of operations, and answers of errors."""

    def __init__(self, settings: WebSettings, gate: Gate, metrics: WebMetrics) -> None:
        """Know who lets requests in."""
        self._settings = settings
        self._gate = gate
        self._metrics = metrics

    def middleware(self) -> Any:
        """Return the middleware that goes round everything."""

        @web.middleware
        async def answer(request: web.Request, handler: _Handler) -> web.StreamResponse:
            request[REQUEST_ID] = secrets.token_hex(8)
            started = time.perf_counter()
            response = await self._answer(request, handler)
            self._metrics.answered(request, response.status, time.perf_counter() - started)
            return response

        return answer

    async def _answer(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except CarusoError as error:
            return self._refuse(request, error)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _of_aiohttp(error)
        except (ConnectionError, web.RequestPayloadError):
            return failure(400, Malformed.code, "The request was cut off.")
        except Exception:  # noqa: BLE001
            _log.exception("request_failed", request_id=request[REQUEST_ID], path=_template(request))
            return failure(500, "internal", f"Something went wrong here; its number is {request[REQUEST_ID]}.")

    def _refuse(self, request: web.Request, error: CarusoError) -> web.Response:
        status = status_of(error)
        if status >= 500:
            _log.warning(
                "request_refused", request_id=request[REQUEST_ID], path=_template(request), code=error.code
            )
        return refusal(error, status)

    def handler(self, operation: Operation) -> _Handler:
        """Return the aiohttp handler of an operation."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                async with asyncio.timeout(self._settings.request_seconds):
                    return await self._carry_out(operation, request)
            except TimeoutError:
                _log.warning("request_timed_out", request_id=request[REQUEST_ID], operation=operation.name)
                raise Busy from None

        return handle

    async def _carry_out(self, operation: Operation, request: web.Request) -> web.Response:
        signed_in = await self._gate.admit(request, operation.role)
        arguments: dict[str, Any] = {name: request.match_info[name] for name in operation.path_parameters}
        if operation.query is not None:
            arguments["query"] = convert_query(request.query, operation.query)
        if operation.body is not None:
            arguments["body"] = decode_body(await self._read(request, operation), operation.body)
        call = Call(
            signed_in=signed_in,
            address=self._gate.address(request),
            agent_string=request.headers.get(hdrs.USER_AGENT, ""),
        )
        with acting(_actor(call)):
            answer = await operation.handler(call, **arguments)
        response = _success(operation, answer)
        call.keep_cookie(response, name=self._gate.cookie, secure=self._settings.https)
        return response

    async def _read(self, request: web.Request, operation: Operation) -> bytes:
        if request.content_type != "application/json":
            raise WrongContentType
        limit = operation.body_limit or self._settings.body_limit
        try:
            return await request.clone(client_max_size=limit).read()
        except web.HTTPRequestEntityTooLarge:
            raise TooLarge(f"At most {limit} bytes are read.") from None


def _actor(call: Call) -> Actor:
    if call.signed_in is None:
        return Actor(channel="web", address=call.address)
    return call.signed_in.actor("web", call.address)


def failure(status: int, code: str, message: str) -> web.Response:
    """Return an error as it is answered."""
    return _json(status, Failure(code=code, message=message))


def refusal(error: CarusoError, status: int) -> web.Response:
    """Return what a `CarusoError` is answered with."""
    message, findings = str(error), []
    if isinstance(error, RejectedInput):
        message = "Something in the request is wrong; nothing was changed."
        findings = [
            Finding(**{name: getattr(f, name) for name in Finding.__struct_fields__}) for f in error.findings
        ]
    response = _json(status, Failure(code=error.code, message=message, findings=findings))
    if isinstance(error, TooManyAttempts):
        response.headers[hdrs.RETRY_AFTER] = str(math.ceil(error.retry_after))
    elif status == STATUSES[Busy]:
        response.headers[hdrs.RETRY_AFTER] = "2"
    return response


def _of_aiohttp(error: web.HTTPException) -> web.Response:
    if error.status == STATUSES[NotFound]:
        return failure(error.status, NotFound.code, "There is nothing at this address.")
    response = failure(error.status, _OF_AIOHTTP.get(error.status, "refused"), f"{error.reason}.")
    if hdrs.ALLOW in error.headers:
        response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    return response


def _success(operation: Operation, answer: Any) -> web.Response:
    if operation.answer is type(None):
        return web.Response(status=operation.status, headers={hdrs.CACHE_CONTROL: "no-store"})
    if isinstance(answer, Download):
        return web.Response(
            status=operation.status,
            body=answer.content,
            headers={
                hdrs.CONTENT_TYPE: answer.media_type,
                hdrs.CONTENT_DISPOSITION: f'attachment; filename="{answer.file_name}"',
                hdrs.CACHE_CONTROL: "no-store",
            },
        )
    return _json(operation.status, answer)


def _json(status: int, value: Any) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(value),
        content_type="application/json",
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )


def _template(request: web.Request) -> str:
    """Return the path as it was declared: ids of people do not belong in a log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "-"
