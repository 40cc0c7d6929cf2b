"""What all wrappers have in common."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec

from caruso.legacy.failures import SYSTEM_FAILURES, SystemBadAnswer
from caruso.service_manager.failures import ServiceFailed
from caruso.service_manager.parts import System
from caruso.service_manager.service import Operation, Service

T = TypeVar("T")

#: Seconds an operation has beyond what the system has to answer, so that the wrapper can say what went wrong.
_SPARE_SECONDS = 1.0


class SystemService(Service):
    """A service in front of one other system. Derive from one of the kinds, not from this."""

    #: Seconds the system has to answer.
    answer_seconds: ClassVar[float] = 4.0
    #: Bytes an answer may have.
    max_bytes: ClassVar[int] = 1_000_000
    #: What every operation of this kind may fail with.
    failures: ClassVar[tuple[type[ServiceFailed], ...]] = SYSTEM_FAILURES

    def __init__(self, system: System) -> None:
        """Stand in front of `system`; nothing is asked of it yet."""
        self.system = system
        self.timeout_seconds = self.answer_seconds + _SPARE_SECONDS

    def operations(self) -> Mapping[str, Operation]:
        """Return the marked methods; each may fail as its kind does, too."""
        usual = tuple(failure.code for failure in self.failures)
        return {
            name: replace(found, fails=(*found.fails, *(code for code in usual if code not in found.fails)))
            for name, found in super().operations().items()
        }


def beside(kind: type[Service], file: str) -> Path:
    """Return a file that lies beside the plug-in of this class, unless its path is absolute."""
    return Path(inspect.getfile(kind)).parent / file


def understood(answer: bytes | str, kind: type[T], whose: str) -> T:
    """Return what JSON of this kind says; raise `SystemBadAnswer`."""
    try:
        return msgspec.json.decode(answer, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise SystemBadAnswer(f"{whose} answered what cannot be understood: {problem}") from problem


def one_line(text: object) -> str:
    """Return the beginning of a text in one line, for messages."""
    return " ".join(str(text).split())[:300] or type(text).__name__


def as_json(message: Any) -> bytes:
    """Return a message as JSON; exact numbers keep their digits."""
    return msgspec.json.Encoder(decimal_format="number").encode(message)
