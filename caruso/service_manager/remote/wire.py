"""What goes between a server and a worker, and how each knows the other. Pure.

Every message is signed with the secret of the service's name, which only the server and those who may bring that
service have. So nobody else can register under the name, ask a worker, or answer for it; a reply names the request
it answers, and an old message is worth nothing. Who listens in must be kept out by TLS.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from caruso.service_manager import failures
from caruso.service_manager.description import ServiceDescription
from caruso.service_manager.failures import OutcomeUnknown, ServiceFailed

#: Seconds between two announcements of a worker.
BEAT_SECONDS = 1.0
#: Seconds after the last one until it counts as gone.
GONE_SECONDS = 3.0
#: Seconds that a message is believed; the clocks of the machines may differ by as much.
FRESH_SECONDS = 30.0
#: Bytes of a message; NATS allows 1 MiB unless told otherwise.
MOST_BYTES = 1_000_000

T = TypeVar("T")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class Forged(Exception):
    """The message is not from whoever it says, or too old."""


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """A worker is there, or goes."""

    #: Of this one process.
    worker: str
    service: ServiceDescription
    #: It takes nothing new any more.
    going: bool = False
    #: What it is not well of; empty when it is.
    ailment: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """An operation a worker is asked for."""

    operation: str
    params: dict[str, Any]
    key: str
    #: Seconds since 1970 after which nobody waits for it.
    until: float


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended: a result, or the code of a failure."""

    #: The nonce of the question's message.
    to: str
    result: msgspec.Raw = msgspec.Raw(b"null")
    failure: str = ""
    message: str = ""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its signature."""

    service: str
    at: float
    nonce: str
    body: msgspec.Raw
    mac: str


def sign(service: str, secret: bytes, thing: msgspec.Struct, *, now: float) -> tuple[bytes, str]:
    """Return a message, and its nonce."""
    body, nonce = _encoder.encode(thing), secrets.token_hex(12)
    mac = _mac(secret, service, type(thing).__name__, now, nonce, body)
    signed = Signed(service=service, at=now, nonce=nonce, body=msgspec.Raw(body), mac=mac)
    return _encoder.encode(signed), nonce


def envelope(data: bytes) -> Signed:
    """Return a message that is not believed yet; raise `Forged`."""
    try:
        if len(data) > MOST_BYTES:
            raise Forged("it is too long")
        return msgspec.json.decode(data, type=Signed)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise Forged("it is no message") from problem


def opened(signed: Signed, secret: bytes, kind: type[T], *, now: float) -> T:
    """Return what a message says; raise `Forged`."""
    body = bytes(signed.body)
    if not hmac.compare_digest(
        signed.mac.encode("utf-8", "replace"),
        _mac(secret, signed.service, kind.__name__, signed.at, signed.nonce, body).encode(),
    ):
        raise Forged("its signature is wrong")
    if abs(now - signed.at) > FRESH_SECONDS:
        raise Forged("it is too old, or the clocks differ")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise Forged("it says nothing that is understood") from problem


def encoded(value: Any) -> bytes:
    """Return a result as JSON, its numbers exact."""
    return _encoder.encode(value)


def result_of(answer: Answer) -> Any:
    """Return the result an answer carries; raise the failure it tells."""
    if answer.failure:
        raise failure_of(answer.failure, answer.message)
    try:
        return _decoder.decode(bytes(answer.result))
    except (msgspec.DecodeError, RecursionError) as problem:
        raise OutcomeUnknown("The worker answered what is no JSON") from problem


def failure_of(code: str, message: str) -> ServiceFailed:
    """Return the failure with this code: of a kind that is known, or one of the worker's own."""
    kind = _KINDS.get(code)
    if kind is None:
        if not _CODE.fullmatch(code):
            return OutcomeUnknown("The worker answered with something that is no code")
        kind = type("WorkerFailed", (ServiceFailed,), {"code": code})
    return kind(message[:2000]) if message else kind()


_KINDS: dict[str, type[ServiceFailed]] = {
    kind.code: kind
    for kind in vars(failures).values()
    if isinstance(kind, type) and issubclass(kind, ServiceFailed)
}


def _mac(secret: bytes, service: str, kind: str, at: float, nonce: str, body: bytes) -> str:
    head = f"{service}\n{kind}\n{at!r}\n{nonce}\n".encode("utf-8", "replace")
    return hmac.new(secret, head + body, hashlib.sha256).hexdigest()
