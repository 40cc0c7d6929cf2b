"""Script files as they lie on disk: found by pattern, read, checked, and turned into what is applied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from caruso.comm_server.centre_file import CentreFile
from caruso.errors import Located, RejectedInput
from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource

#: No script is longer; a file that is was not meant.
MAX_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """Scripts that were read, and what was found in them."""

    sources: tuple[ScriptSource, ...]
    #: File of each script, for messages.
    files: dict[ScriptId, str]
    findings: tuple[Located, ...]


def script_files(read: CentreFile, folder: Path) -> tuple[tuple[Path, ...], tuple[Located, ...]]:
    """Return the files that a centre's `scripts` name, relative to its `folder`, and what is wrong with them."""
    files: dict[Path, None] = {}
    findings: list[Located] = []
    for script in read.scripts:
        found = _matching(folder, script.pattern)
        if not found:
            message = f"There is no file “{script.pattern}”."
            findings.append(read.source.located(script.where, "no-script-file", message))
        files.update(dict.fromkeys(found))
    return tuple(files), tuple(findings)


def _matching(folder: Path, pattern: str) -> Sequence[Path]:
    path = folder / pattern
    if "*" not in pattern:
        return [path] if path.is_file() else []
    anchor = Path(path.anchor) if Path(pattern).is_absolute() else folder
    relative = str(path.relative_to(anchor)) if Path(pattern).is_absolute() else pattern
    return sorted(file for file in anchor.glob(relative) if file.is_file())


def read_scripts(files: Iterable[Path], *, at: datetime) -> Scripts:
    """Read and check scripts; warnings and mistakes alike are findings."""
    from caruso.script_engine.loader import load

    sources: list[ScriptSource] = []
    where: dict[ScriptId, str] = {}
    findings: list[Located] = []
    for file in files:
        try:
            text = _read(file)
            dialog = load(text, file=str(file))
        except RejectedInput as problem:
            findings += problem.findings
            continue
        script = ScriptId(dialog.id)
        if script in where:
            findings.append(_twice(script, str(file), where[script]))
            continue
        where[script] = str(file)
        sources.append(ScriptSource(id=script, version=dialog.version, source=text, applied_at=at))
    return Scripts(sources=tuple(sources), files=where, findings=tuple(findings))


def check_files(files: Iterable[Path]) -> tuple[Located, ...]:
    """Return what is wrong with scripts."""
    return read_scripts(files, at=datetime.min).findings  # noqa: DTZ901  nothing is kept


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_BYTES + 1)
    except OSError as problem:
        raise RejectedInput(
            (Located(rule="unreadable-file", message=f"{problem.strerror}.", file=str(file)),)
        ) from problem
    if len(text) > MAX_BYTES:
        message = f"The file is longer than {MAX_BYTES} bytes."
        raise RejectedInput((Located(rule="too-long", message=message, file=str(file)),))
    return text


def _twice(script: ScriptId, file: str, first: str) -> Located:
    return Located(rule="script-twice", message=f"Script “{script}” is in {first} already.", file=file, line=1)
