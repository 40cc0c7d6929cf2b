"""Script files as they lie on disk: found by pattern, read, checked, and turned into what is applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from caruso.comm_server.centre_file.reading import CentreFile
from caruso.errors import Located, RejectedInput
from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource
from caruso.script_engine.flow import outcomes_of
from caruso.script_engine.link import link
from caruso.script_engine.lint import ANYTHING, Known, check_dialog
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.tools.case_check import check_cases
from caruso.script_engine.tools.case_elements import read_cases
from caruso.script_engine.turns import ScriptChannel
from caruso.toml.source import KeyPath, did_you_mean

#: No script is longer; a file that is was not meant.
MAX_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """Scripts that were read, and what was found in them."""

    sources: tuple[ScriptSource, ...]
    dialogs: Mapping[ScriptId, Dialog]
    #: File of each script, for messages.
    files: Mapping[ScriptId, str]
    findings: tuple[Located, ...]

    @property
    def broken(self) -> bool:
        """True when some of them cannot be used."""
        return any(finding.level == "error" for finding in self.findings)


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


def read_scripts(files: Iterable[Path], *, known: Known, at: datetime) -> Scripts:
    """Read and check scripts; warnings and mistakes alike are findings."""
    sources: list[ScriptSource] = []
    dialogs: dict[ScriptId, Dialog] = {}
    where: dict[ScriptId, str] = {}
    findings: list[Located] = []
    for file in files:
        try:
            text = read_file(file)
            dialog = load(text, file=str(file))
        except RejectedInput as problem:
            findings += problem.findings
            continue
        script = ScriptId(dialog.id)
        if script in where:
            findings.append(_twice(script, str(file), where[script]))
            continue
        where[script] = str(file)
        dialogs[script] = dialog
        sources.append(ScriptSource(id=script, version=dialog.version, source=text, applied_at=at))
    for script, dialog in dialogs.items():
        library = _Library(dialogs, Path(where[script]))
        findings += check_dialog(dialog, replace(known, dialogs=known.dialogs or library.find))
    return Scripts(sources=tuple(sources), dialogs=dialogs, files=where, findings=tuple(findings))


def recordings_in(sounds: Path) -> frozenset[str]:
    """Return the recordings a folder holds, as ``language/file``."""
    return frozenset(f"{file.parent.name}/{file.name}" for file in sounds.glob("*/*") if file.is_file())


def wrong_channels(read: CentreFile, scripts: Scripts) -> tuple[Located, ...]:
    """Return a finding for each script that is used on a channel it is not made for."""
    uses: list[tuple[KeyPath, ScriptId | None, ScriptChannel]] = [
        *(
            (("entry_points", e.id, "script"), e.script, ScriptChannel.PHONE)
            for e in read.centre.entry_points.values()
        ),
        *((("entry_points", e.id, "web"), e.web, ScriptChannel.WEB) for e in read.centre.entry_points.values()),
        *((("queues", q.id, "script"), q.script, ScriptChannel.AGENT) for q in read.centre.queues.values()),
    ]
    findings = []
    for where, script, channel in uses:
        dialog = scripts.dialogs.get(script) if script is not None else None
        if dialog is not None and channel not in dialog.channels:
            message = f"Script “{script}” is not made for the channel “{channel.value}”."
            findings.append(read.source.located(where, "wrong-channel", message))
    return tuple(findings)


def unknown_outcomes(read: CentreFile, scripts: Scripts) -> tuple[Located, ...]:
    """Return a finding for each outcome a centre goes by that the dialog of the entry point never has."""
    findings = []
    for entry_point in read.centre.entry_points.values():
        dialog = scripts.dialogs.get(entry_point.script) if entry_point.script is not None else None
        if dialog is None:
            continue
        there = outcomes_of(dialog)
        for outcome in entry_point.outcomes.keys() - there:
            message = f"The dialog “{dialog.id}” does not end with “{outcome}”."
            near = did_you_mean(outcome, there) or f"known: {', '.join(sorted(there))}"
            where = ("entry_points", entry_point.id, "outcomes", outcome)
            findings.append(read.source.located(where, "unknown-outcome", message, suggestion=near))
    return tuple(findings)


def check_files(files: Iterable[Path]) -> tuple[Located, ...]:
    """Return what is wrong with scripts and their test cases, whatever centre they are for."""
    scripts = read_scripts(files, known=ANYTHING, at=datetime.min)  # noqa: DTZ901  nothing is kept
    sources = {source.id: source.source for source in scripts.sources}
    found = [_check_cases(scripts.dialogs[script], source) for script, source in sources.items()]
    return (*scripts.findings, *(finding for findings in found for finding in findings))


def _check_cases(dialog: Dialog, source: bytes) -> tuple[Located, ...]:
    try:
        return tuple(check_cases(dialog, read_cases(source, dialog.file)))
    except RejectedInput as problem:
        return problem.findings


def load_script(file: Path) -> Dialog:
    """Return a script that is free of mistakes; raise `RejectedInput` with those it has."""
    dialog = load(read_file(file), file=str(file))
    findings = check_dialog(dialog, replace(ANYTHING, dialogs=_Folder(file).find))
    if any(finding.level == "error" for finding in findings):
        raise RejectedInput(findings)
    return dialog


def linked_script(file: Path) -> Dialog:
    """Return a script with the dialogs it calls, which lie in the same folder; raise `RejectedInput`."""
    return link(load_script(file), _Folder(file).find)


class _Library:
    """Scripts that were read together, and those beside one of them."""

    def __init__(self, dialogs: Mapping[ScriptId, Dialog], file: Path) -> None:
        self._dialogs = dialogs
        self._folder = _Folder(file)

    def find(self, name: str, version: str) -> Dialog | None:
        """Return the dialog of that name and version."""
        found = self._dialogs.get(ScriptId(name))
        return found if found is not None and version in {"", found.version} else self._folder.find(name, version)


class _Folder:
    """The scripts beside one, read when they are looked for."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._dialogs: dict[str, Dialog] | None = None

    def find(self, name: str, version: str) -> Dialog | None:
        """Return the dialog of that name; whichever version it has, it is the one there is."""
        if self._dialogs is None:
            self._dialogs = {dialog.id: dialog for dialog in self._read()}
        found = self._dialogs.get(name)
        return found if found is not None and version in {"", found.version} else None

    def _read(self) -> Iterator[Dialog]:
        for file in sorted(self._file.parent.glob("*.xml")):
            try:
                yield load(read_file(file), file=str(file))
            except RejectedInput:
                continue  # another's mistakes; one that is called is missed by its name


def read_text(file: Path) -> str:
    """Return a text file; raise `RejectedInput`."""
    try:
        return read_file(file).decode("utf-8")
    except UnicodeDecodeError as problem:
        found = Located(rule="unreadable-file", message="The file is not UTF-8.", file=str(file))
        raise RejectedInput((found,)) from problem


def read_file(file: Path) -> bytes:
    """Return the bytes of a script; raise `RejectedInput` when it cannot be read or is far too long."""
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
