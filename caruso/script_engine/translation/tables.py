"""Texts as tables for translators: a row for each text, a column for each language; CSV and XLSX.

Spreadsheets take a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula: such texts begin with an
apostrophe there, which is taken away again when they come back.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from caruso.errors import Located, RejectedInput
from caruso.script_engine.translation.importing import Translation
from caruso.script_engine.translation.units import ANY, Texts

#: Names of the first columns; languages follow.
ID, CONTEXT = "id", "context"
#: How the column of texts that serve for all languages is called.
ANY_COLUMN = "any language"
#: No table of texts has more; a file that does was not meant.
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LARGEST_FILE = 20_000_000
#: Bytes an XLSX may unpack to.
LARGEST_UNPACKED = 200_000_000
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_WIDTHS = {ID: 32.0, CONTEXT: 24.0}

Row = tuple[int, Sequence[str]]


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguarded(cell: str) -> str:
    """Undo `guarded`."""
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell[1:]) else cell


def _rows(texts: Texts, languages: Sequence[str]) -> Iterator[list[str]]:
    columns = tuple(dict.fromkeys((*texts.columns, *languages)))
    yield [ID, CONTEXT, *(column or ANY_COLUMN for column in columns)]
    for unit in texts.units:
        wordings = (unit.wordings.get(column) for column in columns)
        yield [unit.id, unit.context, *(wording.shown if wording else "" for wording in wordings)]


def to_csv(texts: Texts, languages: Sequence[str] = ()) -> bytes:
    """Return a table of all texts, in UTF-8 as spreadsheets know it; `languages` are added empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([guarded(cell) for cell in row] for row in _rows(texts, languages))
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(texts: Texts, languages: Sequence[str] = ()) -> bytes:
    """Return a workbook of all texts; `languages` are added empty."""
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise TypeError("a new workbook has a sheet")
    sheet.title = "texts"
    sheet.freeze_panes = "B2"
    for number, row in enumerate(_rows(texts, languages), start=1):
        for column, text in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = guarded(text)
            cell.data_type = "s"  # never a formula
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font = Font(bold=number == 1)
    for column, name in enumerate(next(_rows(texts, languages)), start=1):
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS.get(name, 60.0)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def from_csv(data: bytes, file: str, original_language: str) -> list[Translation]:
    """Return what a table says; raise `RejectedInput`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise _refused(file, line, "The table is not UTF-8.", "save it as “CSV UTF-8”") from problem
    sample = text[: text.find("\n") + 1] or text
    separator = max(",;\t", key=sample.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return _read(((reader.line_num, row) for row in reader), file, original_language)
    except csv.Error as problem:
        raise _refused(file, reader.line_num, f"This is no table: {problem}.") from problem


def from_xlsx(data: bytes, file: str, original_language: str) -> list[Translation]:
    """Return what a workbook's first sheet says; raise `RejectedInput`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
                raise _refused(file, 0, "The workbook is too large.")
        sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
        rows = sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
        cells = ((n, [_cell(value) for value in row]) for n, row in enumerate(rows, start=1))
        return _read(cells, file, original_language)
    except (
        zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, OSError, TypeError,
        AttributeError, NotImplementedError, EOFError, RuntimeError, SyntaxError,
    ) as problem:  # fmt: skip
        raise _refused(file, 0, f"This is no workbook: {problem}.") from problem


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _read(rows: Iterable[Row], file: str, original_language: str) -> list[Translation]:
    iterator = iter(rows)
    line, head = next(iterator, (1, ()))
    names = [name.strip() for name in head]
    if ID not in names:
        raise _refused(file, line, f"The first row has no column “{ID}”.")
    languages = {n: _language(name) for n, name in enumerate(names) if name and name not in (ID, CONTEXT)}
    if len(set(languages.values())) != len(languages):
        raise _refused(file, line, "A language has two columns.")
    first = next((n for n, language in languages.items() if language == original_language), None)
    at = names.index(ID)
    found: list[Translation] = []
    for number, (row_line, row) in enumerate(iterator):
        if number >= MOST_ROWS:
            raise _refused(file, row_line, f"The table has more than {MOST_ROWS} rows.")
        name = row[at].strip() if len(row) > at else ""
        if not name:
            continue
        original = unguarded(row[first]) if first is not None and first < len(row) else ""
        found += [
            Translation(
                id=unguarded(name),
                language=language,
                text=unguarded(row[column]),
                original=original or None,
                line=row_line,
            )
            for column, language in languages.items()
            if column < len(row)
        ]
    return found


def _language(name: str) -> str:
    return ANY if name == ANY_COLUMN else name


def _refused(file: str, line: int, message: str, suggestion: str = "") -> RejectedInput:
    return RejectedInput(
        (Located(rule="translations", message=message, file=file, line=line, suggestion=suggestion),)
    )
