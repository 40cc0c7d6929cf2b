"""``caruso script texts export|import`` and ``recordings``: what translators and speakers work on."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from caruso.cli.outcome import Exit, refused, report_findings
from caruso.cli.script_files import read_file
from caruso.cli.stores import settings
from caruso.script_engine.loader import load
from caruso.script_engine.recordings import Recording, recordings
from caruso.script_engine.translation.files import FORMS, form_of, read_back, written
from caruso.script_engine.translation.importing import Translation, put_in
from caruso.script_engine.translation.tables import LARGEST_FILE
from caruso.script_engine.translation.units import Texts, read_texts


def export_texts(wanted: Namespace) -> int:
    """Write all texts of a script into a file for translators."""
    texts = read_texts(read_file(wanted.file), str(wanted.file))
    form = form_of(str(wanted.to))
    if form == "po" and len(wanted.language) != 1:
        return refused("a PO catalogue is for one language: --language de")
    if form not in FORMS:
        return refused(f"{wanted.to} ends in none of {', '.join(FORMS)}")
    data = written(texts, form, wanted.language)
    wanted.to.write_bytes(data)
    print(f"{len(texts.units)} texts are in {wanted.to}.")
    return Exit.OK


def import_texts(wanted: Namespace) -> int:
    """Write a script with the translations of a file; with a mistake in one of them nothing is written."""
    texts = read_texts(read_file(wanted.file), str(wanted.file))
    if wanted.to.exists() and wanted.to.samefile(wanted.file) and not wanted.force:
        return refused(f"{wanted.to} is the script itself: write to another file, or use --force")
    translations = _read(wanted.table, texts)
    if wanted.language:
        translations = [one for one in translations if one.language in wanted.language]
        if not translations:
            return refused(f"{wanted.table} has nothing in {', '.join(wanted.language)}")
    imported = put_in(texts, translations, str(wanted.table), version=wanted.version)
    report_findings(imported.findings)
    if imported.refused:
        return refused("nothing was written")
    load(imported.source, file=str(wanted.to))  # whatever came back, what is written is a script
    wanted.to.write_bytes(imported.source)
    for name, language in imported.changed:
        print(f"changed: {name} ({language or 'any language'})")
    print(f"{len(imported.changed)} texts are other now; {wanted.to} is written.")
    if wanted.version is None and imported.changed:
        print(f"It still is version {texts.version}: it needs another one before it is published.")
    return Exit.OK


def list_recordings(wanted: Namespace) -> int:
    """List what has to be recorded, by language."""
    source = read_file(wanted.file)
    texts = read_texts(source, str(wanted.file))
    sounds: Path = wanted.sounds or settings(wanted).scripts.sounds
    if wanted.sounds is not None and not sounds.is_dir():
        return refused(f"there is no folder {sounds}")
    found = recordings(texts, load(source, file=str(wanted.file)))
    missing = [one for one in found if one.file and not (sounds / one.language / one.file).is_file()]
    unnamed = [one for one in found if not one.file] if wanted.all else []
    if wanted.json:
        for one in (*missing, *unnamed):
            told = {name: getattr(one, name) for name in ("language", "file", "text", "words", "line")}
            print(json.dumps(told, ensure_ascii=False))
        return Exit.OK
    for language in texts.languages:
        _tell(language, [one for one in (*missing, *unnamed) if one.language == language])
    if not any(one.file for one in found):
        print("The script names no recordings: all it says is spoken by a machine. --all lists its texts.")
    elif not missing:
        print(f"Every recording the script names is in {sounds}.")
    return Exit.OK


def _tell(language: str, wanted: Sequence[Recording]) -> None:
    if wanted:
        print(f"{language}:")
    for one in wanted:
        print(f"  {one.file or '(no name)'}  line {one.line}  {one.words}")


def _read(file: Path, texts: Texts) -> list[Translation]:
    with file.open("rb") as opened:
        return read_back(opened.read(LARGEST_FILE + 1), str(file), texts)
