"""Read the tables that lie beside a form (CSV, XML, GeoJSON) into what its own secondary instances look like."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence

from caruso.errors import Located, RejectedInput
from caruso.script_engine.xforms.document import LARGEST_FORM, Tag, read_xml

#: Rows of a table, and columns.
MOST_ROWS = 20_000
MOST_COLUMNS = 200

_NOT_A_NAME = re.compile(r"[^\w.-]+")


def read_table(name: str, source: bytes) -> Tag:
    """Return the table in a file of that name; raise `RejectedInput`."""
    if len(source) > LARGEST_FORM:
        raise _refused("too-large", f"a table may have {LARGEST_FORM} bytes", name)
    match name.lower().rpartition(".")[2]:
        case "xml":
            return Tag("instance", {}, (read_xml(source, name),), ("", ""), 1)
        case "csv":
            return _of_rows(_csv(source, name))
        case "geojson":
            return _of_rows(_geojson(source, name))
        case _:
            raise _refused("unknown-table", "a table is CSV, XML or GeoJSON", name)


def _refused(rule: str, message: str, file: str) -> RejectedInput:
    return RejectedInput((Located(rule=rule, message=message, file=file, line=1),))


def _csv(source: bytes, name: str) -> Sequence[Mapping[str, str]]:
    try:
        text = source.decode("utf-8-sig")
        dialect = csv.Sniffer().sniff(text[:4_000], ",;\t|") if text.strip() else csv.excel
        lines = list(csv.reader(io.StringIO(text), dialect))
    except (UnicodeDecodeError, csv.Error):
        try:
            lines = list(csv.reader(io.StringIO(source.decode("utf-8-sig"))))
        except (UnicodeDecodeError, csv.Error) as problem:
            raise _refused("table", f"this is no CSV in UTF-8: {problem}", name) from None
    if not lines:
        return []
    _check_size(lines, name)
    head, *rows = lines
    columns = [_NOT_A_NAME.sub("_", column.strip()) for column in head]
    return [dict(zip(columns, row, strict=False)) for row in rows if any(row)]


def _check_size(lines: Sequence[Sequence[str]], name: str) -> None:
    if len(lines) > MOST_ROWS or len(lines[0]) > MOST_COLUMNS:
        raise _refused("too-large", f"a table may have {MOST_ROWS} rows and {MOST_COLUMNS} columns", name)


def _geojson(source: bytes, name: str) -> Sequence[Mapping[str, str]]:
    try:
        whole = json.loads(source)
        features = whole["features"]
        rows = [_feature(feature) for feature in features]
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as problem:
        raise _refused("table", f"this is no GeoJSON: {problem}", name) from None
    if rows:
        _check_size([list(row) for row in rows], name)
    return rows


def _feature(feature: Mapping[str, object]) -> dict[str, str]:
    properties = feature.get("properties") or {}
    row = {str(key): str(value) for key, value in properties.items()} if isinstance(properties, dict) else {}
    if "id" in feature:
        row.setdefault("id", str(feature["id"]))
    geometry = feature.get("geometry")
    if isinstance(geometry, dict):
        row["geometry"] = "; ".join(_points(geometry.get("coordinates")))
    return row


def _points(coordinates: object) -> Iterable[str]:
    match coordinates:
        case [int() | float() as longitude, int() | float() as latitude, *_]:
            yield f"{latitude} {longitude} 0 0"
        case [*inner]:
            for each in inner:
                yield from _points(each)


def _of_rows(rows: Iterable[Mapping[str, str]]) -> Tag:
    items = tuple(
        Tag(
            "item",
            {},
            tuple(Tag(name, {}, (), (text,), 1) for name, text in row.items()),
            _blank(len(row)),
            number,
        )
        for number, row in enumerate(rows, start=2)
    )
    root = Tag("root", {}, items, _blank(len(items)), 1)
    return Tag("instance", {}, (root,), ("", ""), 1)


def _blank(children: int) -> tuple[str, ...]:
    return ("",) * (children + 1)
