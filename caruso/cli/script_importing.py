"""``caruso script import``: a script from a form, and what could not be taken over."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from caruso.cli.outcome import Exit, refused
from caruso.errors import Located, RejectedInput
from caruso.script_engine.xforms import Imported, translate
from caruso.script_engine.xforms.document import LARGEST_FORM

#: What may lie beside a form for it.
_TABLES = {".csv", ".xml", ".geojson"}


def import_form(wanted: Namespace) -> int:
    """Print the script of a form, or with ``--report`` what it lacks."""
    imported = translate(_read(wanted.file), str(wanted.file), _beside(wanted.file, wanted.beside))
    if wanted.report:
        print(_as_json(imported) if wanted.json else _as_text(imported))
    else:
        _tell(imported, as_json=wanted.json)
        _put(imported, wanted.output)
    if imported.refused:
        return (
            refused("the form is not imported: it would mean something else")
            if not wanted.report
            else Exit.REFUSED
        )
    return Exit.OK


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_FORM + 1)
    except OSError as problem:
        message = f"The file cannot be read: {problem.strerror}."
        raise RejectedInput((Located(rule="unreadable", message=message, file=str(file)),)) from problem


def _beside(form: Path, folder: Path | None) -> dict[str, bytes]:
    """Return the files that may be tables of the form, by name."""
    near = folder if folder is not None else form.parent
    files = (file for file in near.iterdir() if file.suffix.lower() in _TABLES) if near.is_dir() else ()
    return {file.name: _read(file) for file in files if file != form and file.is_file()}


def _put(imported: Imported, output: Path | None) -> None:
    if imported.refused:
        return
    if output is None:
        sys.stdout.write(imported.script.decode())
    else:
        output.write_bytes(imported.script)


def _tell(imported: Imported, *, as_json: bool) -> None:
    if as_json:
        print(_as_json(imported), file=sys.stderr)
        return
    for remark in imported.remarks:
        print(remark, file=sys.stderr)


def _as_text(imported: Imported) -> str:
    counts = Counter(remark.effect.value for remark in imported.remarks)
    told = ", ".join(f"{count} {effect}" for effect, count in counts.items()) or "everything is translated"
    head = f"{imported.id}: {'refused' if imported.refused else 'imported'}, {told}"
    return "\n".join([head, *(str(remark) for remark in imported.remarks)])


def _as_json(imported: Imported) -> str:
    return json.dumps(
        {
            "id": imported.id,
            "imported": not imported.refused,
            "remarks": [{**asdict(remark), "effect": remark.effect.value} for remark in imported.remarks],
            "items": dict(imported.items),
            "values": dict(imported.values),
        },
        ensure_ascii=False,
        indent=2,
    )
