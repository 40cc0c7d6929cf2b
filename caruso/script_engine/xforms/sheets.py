"""Turn a form written in a spreadsheet (XLSForm) into its XML, with pyxform. The only module that knows it.

A workbook is an archive of XML files: how much it unpacks to is looked at before anything reads it.
"""

from __future__ import annotations

import io
import re
import zipfile

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from caruso.errors import Located, RejectedInput

#: Bytes of a workbook, packed and unpacked, and files in it.
LARGEST_WORKBOOK = 5_000_000
LARGEST_UNPACKED = 60_000_000
MOST_FILES = 1_000

_ROW = re.compile(r"\[row : (\d+)\]\s*")


def read_sheet(source: bytes, file: str = "") -> bytes:
    """Return the form in a workbook as XML; raise `RejectedInput`."""
    _check_archive(source, file)
    try:
        form: str = convert(io.BytesIO(source), file_type=".xlsx", pretty_print=True).xform
        return form.encode()
    except PyXFormError as problem:
        raise RejectedInput(tuple(_located(line, file) for line in str(problem).splitlines() if line)) from None
    except Exception as problem:  # noqa: BLE001  whatever openpyxl makes of a broken workbook
        raise _refused("sheet", f"this is no form in a workbook: {problem}", file) from None


def _check_archive(source: bytes, file: str) -> None:
    if len(source) > LARGEST_WORKBOOK:
        raise _refused(
            "too-large", f"a workbook may have {LARGEST_WORKBOOK} bytes, this one has {len(source)}", file
        )
    try:
        with zipfile.ZipFile(io.BytesIO(source)) as archive:
            members = archive.infolist()
            if len(members) > MOST_FILES or sum(member.file_size for member in members) > LARGEST_UNPACKED:
                raise _refused("too-large", "the workbook unpacks to more than a form can be", file)
            for member in members:
                _check_member(archive, member, file)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as problem:
        raise _refused("sheet", f"this is no workbook: {problem}", file) from None


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str) -> None:
    # What an archive says of its sizes may be wrong, so no more is unpacked than it says.
    with archive.open(member) as opened:
        content = opened.read(min(member.file_size, LARGEST_UNPACKED) + 1)
    if len(content) > member.file_size:
        raise _refused("too-large", "the workbook unpacks to more than it says", file)
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise _refused("entity", f"{member.filename} in the workbook declares entities", file)


def _located(line: str, file: str) -> Located:
    row = _ROW.search(line)
    return Located(rule="sheet", message=_ROW.sub("", line).strip(), file=file, line=int(row[1]) if row else 0)


def _refused(rule: str, message: str, file: str) -> RejectedInput:
    return RejectedInput((Located(rule=rule, message=message, file=file),))
