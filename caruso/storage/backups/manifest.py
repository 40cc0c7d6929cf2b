"""What a back-up says about itself, and whether it is what it says.

A back-up is a folder::

    caruso-20261127-031500Z/
        manifest.json      what is in it, with sizes and SHA-256
        manifest.sha256    of the manifest itself
        database/          one SQLite file, or one file of rows for each PostgreSQL table
        data/              the data folder: uploads, recordings, the server's secret

It is written as ``….part`` and renamed at the end: what bears its name is whole.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import msgspec

from caruso.errors import Located, RejectedInput
from caruso.storage.checking import check_file

FORMAT = 1
MANIFEST = "manifest.json"
CHECKSUM = "manifest.sha256"
DATABASE = "database"
DATA = "data"
SQLITE_FILE = f"{DATABASE}/caruso.sqlite"
PART = ".part"
_STAMP = "caruso-%Y%m%d-%H%M%SZ"


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a back-up."""

    #: Below the back-up's folder, with ``/``.
    path: str
    size: int
    sha256: str


class KeptTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table of a database that is no file."""

    name: str
    columns: tuple[str, ...]
    rows: int
    #: Where its rows are.
    path: str
    #: What makes it, where no step of the database does: a table of business objects.
    made_by: tuple[str, ...] = ()
    #: What makes its triggers afterwards.
    followed_by: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a back-up."""

    format: int
    made_at: datetime
    #: Version of the server that made it.
    caruso: str
    #: ``sqlite``, ``postgresql`` or ``mariadb``.
    engine: str
    #: Step of the database (`caruso.storage.migrations`).
    step: str
    #: Number of the last fact in the journal.
    last_fact: int
    files: tuple[KeptFile, ...]
    #: Of a database that is no file, in the order in which they are filled.
    tables: tuple[KeptTable, ...] = ()
    #: Files the database knows that were not there any more when the back-up was taken.
    missing: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def name_of(at: datetime) -> str:
    """Return the name of a back-up that is begun now."""
    return at.astimezone(UTC).strftime(_STAMP)


def time_of(name: str) -> datetime | None:
    """Return when the back-up of this name was begun; None for any other name."""
    try:
        return datetime.strptime(name, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it with its checksum."""
    data = msgspec.json.format(msgspec.json.encode(manifest)) + b"\n"
    (folder / MANIFEST).write_bytes(data)
    (folder / CHECKSUM).write_text(f"{hashlib.sha256(data).hexdigest()}  {MANIFEST}\n", encoding="ascii")


def read_manifest(folder: Path) -> Manifest:
    """Read it; raise `RejectedInput` when it is not there, damaged, or of a later version."""
    try:
        data = (folder / MANIFEST).read_bytes()
        checksum = (folder / CHECKSUM).read_text(encoding="ascii").partition(" ")[0]
    except FileNotFoundError as error:
        raise _rejected(
            "no-backup", f"This is no whole back-up: {Path(error.filename).name} is missing.", folder
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _rejected("unreadable-file", f"The manifest cannot be read: {error}.", folder) from error
    if hashlib.sha256(data).hexdigest() != checksum:
        raise _rejected("wrong-checksum", "The manifest is not what was written (SHA-256).", folder / MANIFEST)
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _rejected(
            "wrong-value", f"The manifest cannot be understood: {error}.", folder / MANIFEST
        ) from error
    if manifest.format > FORMAT:
        raise _rejected("later-format", f"The back-up was made by a later version ({manifest.caruso}).", folder)
    return manifest


def verify(folder: Path, steps: Sequence[str]) -> Manifest:
    """Look at everything in a back-up; raise `RejectedInput` with all that is wrong with it.

    `steps`: those this version knows; a database at a later one cannot be served.
    """
    manifest = read_manifest(folder)
    found = [
        finding
        for file in manifest.files
        if (finding := check_file(folder / file.path, size=file.size, sha256=file.sha256)) is not None
    ]
    found += [
        Located(rule="wrong-path", message="The file would not be written below its folder.", file=file.path)
        for file in manifest.files
        if not _is_inside(file.path)
    ]
    if manifest.step not in steps:
        message = f"Its database is at step {manifest.step}, which this version does not know: use a later one."
        found.append(Located(rule="later-step", message=message, file=str(folder)))
    if not found and manifest.engine == "sqlite":
        found = list(_sqlite_damage(folder / SQLITE_FILE))
    if found:
        raise RejectedInput(tuple(found))
    return manifest


def by_path(manifest: Manifest) -> Mapping[str, KeptFile]:
    """Return the files of the data folder, by their path in it."""
    prefix = f"{DATA}/"
    return {file.path.removeprefix(prefix): file for file in manifest.files if file.path.startswith(prefix)}


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and parts.parts[0] in (DATABASE, DATA)


def _sqlite_damage(path: Path) -> list[Located]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            lines = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
    except sqlite3.DatabaseError as error:
        lines = [str(error)]
    return [Located(rule="damaged-pages", message=f"{line}.", file=str(path)) for line in lines if line != "ok"]


def _rejected(rule: str, message: str, file: Path) -> RejectedInput:
    return RejectedInput((Located(rule=rule, message=message, file=str(file)),))
