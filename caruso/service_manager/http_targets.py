"""Which HTTP requests the settings allow, and what their answers mean. Pure: sends nothing.

A script names a *target* and a path below it, never an address: scheme, host, port and the beginning of the path
are the settings'. What a script gives becomes path segments and query values, encoded here, so no value of a
caller's can leave the target.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import msgspec
from yarl import URL

from caruso.config.settings import HttpTarget
from caruso.service_manager.failures import (
    BadArguments,
    HttpBadAnswer,
    HttpConflict,
    HttpDenied,
    HttpNotAllowed,
    HttpNotFound,
    HttpRefused,
    HttpUnavailable,
    OutcomeUnknown,
    ServiceFailed,
)

#: Methods that change nothing (RFC 9110, 9.2.1) or change the same however often (9.2.2).
REPEATABLE_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
#: Headers that are ours to set; a script that could would speak for us, or break the request in two.
RESERVED_HEADERS = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "idempotency-key",
        "keep-alive",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
#: Longer addresses are refused by many servers.
_LONGEST_PATH = 4_000
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def address(target: HttpTarget, path: str, query: Mapping[str, Any]) -> str:
    """Return the address of `path` below the target; raise `BadArguments` for a path that would leave it."""
    segments = path.strip("/").split("/") if path.strip("/") else []
    if any(segment in ("", ".", "..") or _has_controls(segment) for segment in segments):
        raise BadArguments(f"http.request: “{path[:80]}” is no path below the target")
    # A percent sign is encoded too: what looks encoded already (%2e%2e) stays what was written.
    below = "/".join(quote(segment, safe="") for segment in segments)
    whole = target.url.rstrip("/") + ("/" + below if below else "") + ("/" if path.endswith("/") and below else "")
    if query:
        whole += "?" + urlencode(
            [(name, plain_text(part)) for name, value in query.items() for part in _each(value)]
        )
    if len(whole) > _LONGEST_PATH:
        raise BadArguments("http.request: the address is too long")
    return whole


def _each(value: Any) -> Sequence[Any]:
    """A list is as many values of the same name."""
    return value if isinstance(value, (list, tuple)) else (value,)


def as_url(text: str) -> URL:
    """Return an address of ours as the HTTP library takes it, without encoding anything a second time."""
    return URL(text, encoded=True)


def redirected(target: HttpTarget, came_from: str, location: str) -> str:
    """Return where a redirect leads, if it stays below the target; raise `HttpNotAllowed`."""
    there = urljoin(came_from, location)
    if not is_below(target, there):
        raise HttpNotAllowed(
            f"The other side redirects to {_without_secrets(there)}, which the settings do not allow"
        )
    return there


def is_below(target: HttpTarget, url: str) -> bool:
    """Tell whether scheme, host and port are the target's and the path begins with the target's."""
    try:
        allowed, asked = urlsplit(target.url), urlsplit(url)
        same = _origin(allowed.scheme, allowed.hostname, allowed.port) == _origin(
            asked.scheme, asked.hostname, asked.port
        )
    except ValueError:
        return False
    if not same or asked.username or asked.password or _has_controls(url) or "\\" in url:
        return False
    prefix = allowed.path.rstrip("/")
    climbs = any(part.lower().replace("%2e", ".") == ".." for part in asked.path.split("/"))
    return not climbs and (asked.path == prefix or asked.path.startswith(prefix + "/"))


def _origin(scheme: str, host: str | None, port: int | None) -> tuple[str, str, int | None]:
    return scheme.lower(), (host or "").lower(), port or _DEFAULT_PORTS.get(scheme.lower())


def _without_secrets(url: str) -> str:
    return url.partition("?")[0][:200]


def _has_controls(text: str) -> bool:
    return any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in text)


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers a script may set; raise `BadArguments` for those it may not."""
    for name, value in headers.items():
        if not name or not set(name) <= _TOKEN or name.lower() in RESERVED_HEADERS:
            raise BadArguments(f"http.request: a script cannot set the header “{name[:80]}”")
        if not value.isascii() or _has_controls(value):
            raise BadArguments(f"http.request: the header “{name}” must be plain ASCII in one line")
    return dict(headers)


def plain(value: Any) -> Any:
    """Return a script's value as JSON writes it."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else value
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(name): plain(part) for name, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
        case _:
            return value


def plain_text(value: Any) -> str:
    """Return a script's value as a query or a form carries it."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case str():
            return value
        case int() | Decimal():
            return format(Decimal(value), "f")
        case datetime() | date():
            return value.isoformat()
        case _:
            raise BadArguments("http.request: a value of the query is neither text nor number")


def encode_body(body: Any) -> bytes:
    """Return the body as JSON; numbers keep their digits. Raise `BadArguments`."""
    try:
        return _ENCODER.encode(plain(body))
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as problem:
        raise BadArguments(f"http.request: the body is no JSON: {problem}") from problem


def decode_body(data: bytes, content_type: str) -> Any:
    """Return an answer's body as a script sees it: JSON where it says so (numbers exact), else text."""
    kind = content_type.partition(";")[0].strip().lower()
    if not data:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return json.loads(data, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number)
        except (ValueError, ArithmeticError, RecursionError) as problem:
            raise HttpBadAnswer("The answer is not the JSON it says it is") from problem
    return data.decode("utf-8", "replace")


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def failure_of(status: int, *, repeatable: bool) -> ServiceFailed | None:
    """Return what a status means for a script; None: it was done.

    A status that says the other side broke does not say whether before or after it did what was asked:
    unless asking again is harmless, that is an unknown outcome.
    """
    message = f"The other side answered {status}"
    match status:
        case _ if 200 <= status < 300:
            return None
        case 401 | 403 | 407:
            return HttpDenied(message)
        case 404 | 410:
            return HttpNotFound(message)
        case 409 | 412:
            return HttpConflict(message)
        case 408 | 425 | 429 | 503:
            return HttpUnavailable(message)
        case _ if status >= 500:
            return HttpUnavailable(message) if repeatable else OutcomeUnknown(message)
        case _:
            return HttpRefused(message)
