"""Files for translators, by their form: written and read back. Pure: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from caruso.errors import Located, RejectedInput
from caruso.script_engine.translation.catalogues import from_po, to_po
from caruso.script_engine.translation.importing import Translation
from caruso.script_engine.translation.tables import LARGEST_FILE, from_csv, from_xlsx, to_csv, to_xlsx
from caruso.script_engine.translation.units import Texts

#: How names of such files end.
FORMS = ("xlsx", "csv", "po")


def form_of(file: str) -> str:
    """Return the form a file has by its name."""
    return PurePath(file).suffix.removeprefix(".").lower()


def written(texts: Texts, form: str, languages: Sequence[str]) -> bytes:
    """Return all texts in one of the `FORMS`; raise `RejectedInput` for a catalogue of more languages than one."""
    match form:
        case "xlsx":
            return to_xlsx(texts, languages)
        case "csv":
            return to_csv(texts, languages)
        case "po" if len(languages) == 1:
            return to_po(texts, languages[0])
        case "po":
            raise _refused("", "A PO catalogue is for one language: say which.")
        case _:
            raise _refused("", f"The name ends in none of {', '.join(FORMS)}.")


def read_back(data: bytes, file: str, texts: Texts) -> list[Translation]:
    """Return the translations in a file that came back; raise `RejectedInput` for one that cannot be read."""
    if len(data) > LARGEST_FILE:
        raise _refused(file, f"The file is longer than {LARGEST_FILE} bytes.")
    match form_of(file):
        case "xlsx":
            return from_xlsx(data, file, texts.languages[0])
        case "csv":
            return from_csv(data, file, texts.languages[0])
        case "po":
            return from_po(data, file)
        case _:
            raise _refused(file, f"The name ends in none of {', '.join(FORMS)}.")


def _refused(file: str, message: str) -> RejectedInput:
    return RejectedInput((Located(rule="translations", message=message, file=file),))
