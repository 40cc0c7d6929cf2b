"""The folder in which an admin keeps models, and whether something in it has changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from caruso.business_objects.load import built_in_model, load_models
from caruso.business_objects.model import Model
from caruso.errors import Located, RejectedInput

#: What tells one state of a folder from another: names, times and sizes.
Fingerprint = tuple[tuple[str, int, int], ...]


def model_files(folder: Path) -> list[Path]:
    """Return the models in a folder, by name; none where there is no folder."""
    return sorted(folder.glob("*.xml"))


def read_folder(folder: Path, databases: Sequence[str]) -> Model:
    """Return the model of a folder; raise `RejectedInput` with every mistake."""
    sources = []
    for file in model_files(folder):
        try:
            sources.append((str(file), file.read_bytes()))
        except OSError as error:
            message = f"{error.strerror or error}."
            finding = Located(rule="unreadable-file", message=message, file=str(file))
            raise RejectedInput((finding,)) from error
    return load_models(sources, databases, built_in=built_in_model())


def fingerprint(folder: Path) -> Fingerprint:
    """Return the state of a folder; a file that goes away meanwhile is not in it."""
    found = []
    for file in model_files(folder):
        try:
            known = file.stat()
        except FileNotFoundError:
            continue
        found.append((file.name, known.st_mtime_ns, known.st_size))
    return tuple(found)
