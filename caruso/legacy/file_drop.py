"""Systems that exchange files: they drop some for us, we leave some for them.

    class Readings(FileDropService):
        \"""Readings the metering company sends.\"""
        name, version = "readings", "1.0"
        pattern = "*.csv"
        layout = SeparatedValues(kind=Reading)

        async def take(self, record: Reading, *, key: str) -> None:
            await self.services.call("customer.update", {…}, key=key)

In the folder of the settings:

    in/       they drop files here; one that still grows, or is called .tmp or .part, is not read yet
    done/     files that were read
    failed/   the lines that could not be taken, as a file that can be mended and dropped again; beside it NAME.txt
              says what is wrong with each, as ``NAME:line: reason``
    out/      files we leave; a file is there whole or not at all

Each line is taken once, however often the server ends in between: how far it got stands beside the file, and
`key` is the same when a line comes again. When what `take` asks for is away, the file waits.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import structlog

from caruso.errors import CarusoError
from caruso.legacy.failures import SystemRefused, SystemUnavailable
from caruso.legacy.layouts import DoesNotFit, Layout, Line, NoSuchLayout
from caruso.legacy.system_service import SystemService, one_line
from caruso.model.centre import Role
from caruso.ports.scripts import ActionServices
from caruso.service_manager.failures import ServiceFailed
from caruso.service_manager.refusals import PluginRefused
from caruso.service_manager.service import operation

IN, DONE, FAILED, OUT = "in", "done", "failed", "out"
#: Endings of files that are still written.
_UNFINISHED = (".tmp", ".part", ".filepart")
#: Outcomes, and problems of each, that are told.
_TOLD_FILES, _TOLD_PROBLEMS = 20, 20
_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")

_log = structlog.get_logger(__name__)


class FileOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file."""

    file: str
    taken: int
    bad: int
    #: The first of them, as ``file:line: reason``.
    problems: tuple[str, ...]


class FileDropService(SystemService):
    """A folder in which files are exchanged. Derive from it."""

    #: Which files are read.
    pattern: ClassVar[str] = "*.csv"
    #: What their lines are.
    layout: ClassVar[Layout[Any]]
    #: Seconds between looks.
    look_seconds: ClassVar[float] = 2.0
    #: No longer file is read.
    max_bytes: ClassVar[int] = 100_000_000
    #: Whom `take` asks.
    services: ActionServices

    _looking: asyncio.Task[None] | None = None
    #: Why a file is not read on; empty when none waits.
    _waits = ""

    async def take(self, record: Any, *, key: str) -> None:
        """Do with a record what there is to do; raise `ServiceFailed` for one that cannot be taken."""
        raise NotImplementedError

    async def start(self, services: ActionServices) -> None:
        """Make the folders, and begin to look."""
        if self.system.folder is None:
            raise PluginRefused(f"services.systems.{self.system.name} needs a folder")
        self.services = services
        self._ending = asyncio.Event()
        self._outcomes: deque[FileOutcome] = deque(maxlen=_TOLD_FILES)
        #: Size and time of files, as they were at the last look.
        self._seen: Mapping[Path, tuple[int, int]] = {}
        await asyncio.to_thread(_make_folders, self.system.folder)
        self._looking = asyncio.create_task(self._look_again_and_again(), name=f"file drop {self.name}")

    async def health(self) -> None:
        """Tell whether the folders can be used, and whether a file waits."""
        await asyncio.to_thread(_check_folders, self._folder)
        if self._waits:
            raise SystemUnavailable(self._waits)

    async def drain(self) -> None:
        """Take the line that is being taken, and no other."""
        if self._looking is not None:
            self._ending.set()
            await self._looking

    async def stop(self) -> None:
        """End."""
        if self._looking is not None:
            self._looking.cancel()

    @operation(repeatable=True, role=Role.ADMIN)
    async def files(self, params: dict[str, str], *, key: str) -> list[FileOutcome]:
        """Tell what became of the newest files, the newest first."""
        return list(reversed(self._outcomes))

    async def leave(self, stem: str, records: Iterable[Any], layout: Layout[Any], *, key: str) -> str:
        """Leave a file for the other side, once for each `key`, and return its name; raise `ServiceFailed`."""
        if not _STEM.fullmatch(stem):
            raise SystemRefused(f"“{one_line(stem)}” is no name of a file")
        name = f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:16]}{Path(self.pattern).suffix}"
        try:
            await asyncio.to_thread(_write, self._folder / OUT / name, layout.write(records))
        except DoesNotFit as problem:
            raise SystemRefused(f"{name}: {problem}") from problem
        except OSError as problem:
            raise SystemUnavailable(f"{name} cannot be written: {problem.strerror}") from problem
        return name

    # -- Looking ----------------------------------------------------------------------------------------------

    @property
    def _folder(self) -> Path:
        assert self.system.folder is not None  # noqa: S101  # `start` has seen to it
        return self.system.folder

    async def _look_again_and_again(self) -> None:
        with (self._folder / IN / ".lock").open("wb") as lock:
            while not self._ending.is_set():
                try:
                    # One that is being replaced, or another server, may still read here.
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    await self._look()
                except BlockingIOError:
                    pass
                except OSError as problem:
                    self._waits = f"{self._folder}: {problem.strerror}"
                    _log.warning("file_drop_stuck", service=self.name, reason=self._waits)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.look_seconds):
                        await self._ending.wait()

    async def _look(self) -> None:
        """Read the files that have not changed since the last look, by their names."""
        here = await asyncio.to_thread(_waiting, self._folder / IN, self.pattern)
        settled = [path for path, state in here.items() if self._seen.get(path) == state]
        self._seen = here
        self._waits = ""
        for path in settled:
            if self._ending.is_set() or not await self._read(path):
                return

    async def _read(self, path: Path) -> bool:
        """Read a file and put it away; False when it has to wait."""
        try:
            data = await asyncio.to_thread(_bytes, path, self.max_bytes)
            lines = await asyncio.to_thread(lambda: list(self.layout.read(data)))
        except NoSuchLayout as problem:
            await self._put_away(path, b"", [Bad(1, b"", str(problem))], 0, whole=True)
            return True
        progress = await asyncio.to_thread(Progress.of, path, data)
        for line in lines:
            if line.number <= progress.line:
                continue
            if self._ending.is_set():
                return False
            try:
                problem_here = await self._taken(line, f"{progress.digest}:{line.number}")
            except ServiceFailed as problem:
                self._waits = f"{path.name}:{line.number} waits: {one_line(problem)}"
                _log.warning("file_waits", service=self.name, file=path.name, line=line.number, code=problem.code)
                return False
            progress = progress.after(line, problem_here)
            await asyncio.to_thread(progress.keep)
        taken = len(lines) - len(progress.bad)
        await self._put_away(path, self.layout.head(data), progress.bad, taken)
        return True

    async def _taken(self, line: Line[Any], key: str) -> str:
        """Take a line; return why it cannot be taken. Raise `ServiceFailed` when that is nobody's fault here."""
        if line.record is None:
            return line.problem
        try:
            async with asyncio.timeout(self.timeout_seconds):
                await self.take(line.record, key=key)
        except TimeoutError as problem:
            raise SystemUnavailable("it takes too long") from problem
        except CarusoError as problem:
            if isinstance(problem, ServiceFailed) and problem.blames_service:
                raise
            return one_line(problem)
        except Exception as problem:  # noqa: BLE001  # the guard of lines: one that breaks harms no other
            _log.exception("line_raised", service=self.name)
            return f"{type(problem).__name__}: {one_line(problem)}"
        return ""

    async def _put_away(
        self, path: Path, head: bytes, bad: Sequence[Bad], taken: int, *, whole: bool = False
    ) -> None:
        problems = [f"{path.name}:{each.line}: {each.problem}" for each in bad]
        await asyncio.to_thread(_put_away, path, head, bad, problems, whole=whole)
        told = tuple(problems[:_TOLD_PROBLEMS])
        self._outcomes.append(FileOutcome(file=path.name, taken=taken, bad=len(bad), problems=told))
        _log.info("file_taken", service=self.name, file=path.name, taken=taken, bad=len(bad))


class Bad(msgspec.Struct, frozen=True, array_like=True):
    """A line that could not be taken."""

    line: int
    raw: bytes
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a file was taken; kept beside it."""

    file: Path
    #: Of the file's content: another file of the same name begins at its beginning.
    digest: str
    #: The last line that was taken or given up.
    line: int = 0
    bad: tuple[Bad, ...] = ()

    @classmethod
    def of(cls, path: Path, data: bytes) -> Progress:
        """Return how far a file was taken already."""
        digest = hashlib.sha256(data).hexdigest()[:24]
        begun = cls(file=path, digest=digest)
        try:
            kept = msgspec.json.decode(begun.beside.read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return begun
        return cls(file=path, digest=digest, line=kept.line, bad=kept.bad) if kept.digest == digest else begun

    @property
    def beside(self) -> Path:
        """Return the file in which this is kept."""
        return self.file.with_name(f".{self.file.name}.taken")

    def after(self, line: Line[Any], problem: str) -> Progress:
        """Return how far it is after this line."""
        bad = (*self.bad, Bad(line.number, line.raw, problem)) if problem else self.bad
        return Progress(file=self.file, digest=self.digest, line=line.number, bad=bad)

    def keep(self) -> None:
        """Write it down, whole or not at all."""
        draft = self.beside.with_name(f"{self.beside.name}.tmp")
        draft.write_bytes(msgspec.json.encode(_Kept(self.digest, self.line, self.bad)))
        draft.replace(self.beside)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    digest: str
    line: int
    bad: tuple[Bad, ...]


# -- Files ----------------------------------------------------------------------------------------------------


def _make_folders(folder: Path) -> None:
    for name in (IN, DONE, FAILED, OUT):
        (folder / name).mkdir(parents=True, exist_ok=True)


def _check_folders(folder: Path) -> None:
    for name in (IN, DONE, FAILED, OUT):
        if not os.access(folder / name, os.R_OK | os.W_OK | os.X_OK):
            raise SystemUnavailable(f"{folder / name} cannot be used")


def _waiting(folder: Path, pattern: str) -> Mapping[Path, tuple[int, int]]:
    """Return the files to be read, by name, each with its size and time."""
    found = {}
    for path in sorted(folder.glob(pattern)):
        if path.name.startswith(".") or path.suffix in _UNFINISHED or path.is_symlink() or not path.is_file():
            continue
        state = path.stat()
        found[path] = (state.st_size, state.st_mtime_ns)
    return found


def _bytes(path: Path, most: int) -> bytes:
    with path.open("rb") as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise NoSuchLayout(f"The file is longer than {most} bytes")
    return data


def _write(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    draft = path.with_name(f".{path.name}.tmp")
    with draft.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(path)


def _put_away(path: Path, head: bytes, bad: Sequence[Bad], problems: Sequence[str], *, whole: bool) -> None:
    folder = path.parent.parent
    if bad:
        failed = _free(folder / FAILED / path.name)
        if not whole:
            _write(failed, head + b"".join(each.raw + b"\n" for each in bad))
        _write(failed.with_name(f"{failed.name}.txt"), "".join(f"{problem}\n" for problem in problems).encode())
        if whole:
            path.replace(failed)
    if not whole:
        path.replace(_free(folder / DONE / path.name))
    Progress(file=path, digest="").beside.unlink(missing_ok=True)


def _free(path: Path) -> Path:
    """Return a name that no file has yet."""
    if not path.exists():
        return path
    return next(p for n in count(2) if not (p := path.with_name(f"{path.stem}.{n}{path.suffix}")).exists())
