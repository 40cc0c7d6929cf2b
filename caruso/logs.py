"""Structured logs: JSON lines for machines or coloured lines for people, on standard error.

Events are past-tense names that never change; everything that varies is a key. Personal data stands only under
keys that begin with ``pii_``, and the processor here hashes or drops them before anything is written. Lines of
libraries come through the same processors, from WARNING on. Knows no settings file: the caller says how.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import stat
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO, Literal, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

#: Keys that hold personal data begin so.
PERSONAL = "pii_"
#: Libraries whose lines are of interest when something goes wrong.
LIBRARIES = ("aiohttp", "alembic", "asyncio", "panoramisk", "sqlalchemy", "websockets")

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_HASH_CHARACTERS = 12

LevelName = Literal["debug", "info", "warning", "error"]
FormatName = Literal["json", "console"]
PersonalData = Literal["hash", "drop"]


def set_up_logs(
    *,
    level: LevelName = "info",
    log_format: FormatName = "json",
    personal_data: PersonalData = "hash",
    stream: BinaryIO | None = None,
    cache: bool = True,
) -> None:
    """Set up structlog and the standard library's logging for this process.

    `cache` keeps each logger as it is at its first use, which makes a line three times as cheap; tests switch it
    off to capture lines.
    """
    stream = stream or sys.stderr.buffer
    out = LossyLines(stream)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        PersonalDataGuard(personal_data),
    ]
    last = _last_processors(log_format, colours=stream.isatty())
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", out)),
        cache_logger_on_first_use=cache,
    )
    _set_up_libraries(shared, last, out)


class LossyLines:
    """Writes lines where nobody may be made to wait or fail: what cannot be written at once is lost, and counted.

    A disk that is full must not end calls, and a reader of our pipe that hangs must not hang us. How many lines
    were lost is the first line when there is room again.
    """

    def __init__(self, stream: BinaryIO) -> None:
        """Write to `stream`; to its file itself when it has one, for a buffer would keep half lines."""
        self._stream = stream
        self._file: int | None = None
        with contextlib.suppress(OSError, AttributeError, ValueError):
            self._file = stream.fileno()
            if _is_pipe(self._file):
                os.set_blocking(self._file, False)
        self._rest = b""
        self.lost = 0

    def write(self, line: bytes) -> int:
        """Write a line, or lose it."""
        self._push()
        if self.lost and not self._rest and self._is_taken(_encode_lost(self.lost)):
            self.lost = 0
        if self.lost or self._rest or not self._is_taken(line):
            self.lost += 1
        return len(line)

    def flush(self) -> None:
        """Do nothing: whatever could be written has been."""

    def _is_taken(self, line: bytes) -> bool:
        """Begin a line; False when nothing of it could be written. What is begun is finished later."""
        self._rest = line
        self._push()
        if len(self._rest) == len(line):
            self._rest = b""
            return False
        return True

    def _push(self) -> None:
        """Write as much as can be written of the line that was begun."""
        with contextlib.suppress(OSError, ValueError):
            while self._rest:
                if self._file is None:
                    self._stream.write(self._rest)
                    self._rest = b""
                else:
                    self._rest = self._rest[os.write(self._file, self._rest) :]


def _is_pipe(file: int) -> bool:
    mode = os.fstat(file).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _encode_lost(lines: int) -> bytes:
    return msgspec.json.encode({"level": "error", "event": "log_lines_lost", "lines": lines}) + b"\n"


class PersonalDataGuard:
    """Replaces personal data by a mark, or leaves it out, also inside mappings.

    The mark of a value is the same until the process ends, so that lines about one person can be put together,
    and means nothing elsewhere: the key is made at the start and never written down.
    """

    def __init__(self, personal_data: PersonalData, key: bytes | None = None) -> None:
        """Use `key` for the marks, or a new one."""
        self._drop = personal_data == "drop"
        self._key = key or secrets.token_bytes(32)

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Be a processor of structlog."""
        return self._guarded(event)

    def _guarded(self, values: Mapping[str, Any]) -> dict[str, Any]:
        guarded: dict[str, Any] = {}
        for key, value in values.items():
            if isinstance(key, str) and key.startswith(PERSONAL):
                if not self._drop:
                    guarded[key] = self._mark(value)
            else:
                guarded[key] = self._guarded(value) if isinstance(value, dict) else value
        return guarded

    def _mark(self, value: object) -> str:
        if value is None or value == "":
            return ""
        text = str(value).encode(errors="replace")
        return "#" + hashlib.blake2b(text, key=self._key, digest_size=_HASH_CHARACTERS // 2).hexdigest()


def _last_processors(log_format: FormatName, *, colours: bool) -> list[Processor]:
    if log_format == "console":
        console = structlog.dev.ConsoleRenderer(colors=colours)
        return [_Encoded(console)]
    return [structlog.processors.format_exc_info, _render_json]


class _Encoded:
    """Makes bytes of what a renderer returns."""

    def __init__(self, renderer: structlog.dev.ConsoleRenderer) -> None:
        self._renderer = renderer

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> bytes:
        return self._renderer(logger, method, event).encode(errors="replace")


def _render_json(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    try:
        return _JSON.encode(event)
    except UnicodeEncodeError:  # a lone surrogate, from bytes that were no UTF-8
        return _JSON.encode({key: _clean(value) for key, value in event.items()})


def _clean(value: object) -> object:
    return str(value).encode(errors="replace").decode()


_JSON = msgspec.json.Encoder(enc_hook=repr)


def _set_up_libraries(shared: list[Processor], last: list[Processor], out: LossyLines) -> None:
    """Route the standard library's logging through the same processors."""
    handler = _BytesHandler(out)
    handler.setFormatter(_BytesFormatter(shared, last))
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old, _BytesHandler):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


class _BytesFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats a library's record; the result is text, because `logging` wants it so."""

    def __init__(self, shared: list[Processor], last: list[Processor]) -> None:
        super().__init__(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, _decoded],
        )


def _decoded(logger: WrappedLogger, method: str, line: Any) -> str:
    return bytes(line).decode()


class _BytesHandler(logging.Handler):
    """Writes lines to a binary stream."""

    def __init__(self, out: LossyLines) -> None:
        super().__init__()
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; a line that cannot be written must not stop the work."""
        try:
            self._out.write(self.format(record).encode(errors="replace") + b"\n")
        except Exception:  # noqa: BLE001  logging's own rule: report on stderr, never raise
            self.handleError(record)
