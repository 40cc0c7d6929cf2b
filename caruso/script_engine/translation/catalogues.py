"""Texts of a script as a PO catalogue: one language, each text under its id, the original beside it."""

from __future__ import annotations

from pathlib import PurePath

import polib

from caruso.errors import Located, RejectedInput
from caruso.script_engine.translation.importing import Translation, translations_of
from caruso.script_engine.translation.units import Texts


def to_po(texts: Texts, language: str) -> bytes:
    """Return a catalogue for translators into `language`."""
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = {
        "Project-Id-Version": f"{texts.script} {texts.version}",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "X-Source-Language": texts.languages[0],
    }
    contexts = {unit.id: unit.context for unit in texts.units}
    for translation in translations_of(texts, language):
        if not translation.original:
            continue  # nothing to translate; and an entry without an original is the catalogue's head
        catalogue.append(
            polib.POEntry(
                msgctxt=translation.id,
                msgid=translation.original or "",
                msgstr=translation.text,
                comment=contexts[translation.id],
                occurrences=[(PurePath(texts.file).name or f"{texts.script}.xml", str(translation.line))],
            )
        )
    return str(catalogue).encode()


def from_po(data: bytes, file: str) -> list[Translation]:
    """Return what a catalogue says; a translation marked as unsure (fuzzy) is told so. Raise `RejectedInput`."""
    try:
        text = data.decode("utf-8-sig")
        if "msgid" not in text:
            raise ValueError("there is no msgid in it")
        # The library takes a text that is the name of a file for that file; with a line end it is none.
        catalogue = polib.pofile(f"{text}\n")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise _refused(file, line, "The catalogue is not UTF-8.") from problem
    except (OSError, ValueError, IndexError, KeyError) as problem:
        raise _refused(file, 0, f"This is no catalogue: {problem}.") from problem
    language = catalogue.metadata.get("Language", "").strip().replace("_", "-")
    if not language:
        raise _refused(file, 1, "The catalogue does not say its language (header “Language”).")
    return [
        Translation(
            id=entry.msgctxt or "",
            language=language,
            text=entry.msgstr,
            original=entry.msgid,
            line=entry.linenum or 0,
            unsure="fuzzy" in entry.flags,
        )
        for entry in catalogue
        if not entry.obsolete
    ]


def _refused(file: str, line: int, message: str) -> RejectedInput:
    return RejectedInput((Located(rule="translations", message=message, file=file, line=line),))
