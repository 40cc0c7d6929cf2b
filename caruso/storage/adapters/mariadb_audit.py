"""The triggers that write the audit in MariaDB.

Rows that a foreign key takes along fire no triggers there: who is referred to has one that deletes them itself.
``TRUNCATE`` fires none either, and cannot be refused: it needs the right to drop tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import JSON, Column, DateTime, LargeBinary, Numeric, Text

from caruso.storage.audited import CHANGED, CHANGES, SECRET, AuditedTable, kind_of, literal, quoted, trigger_name

#: As SQLite keeps times, so that the audit reads the same.
_TIME = "%Y-%m-%dT%H:%i:%s.%fZ"


def triggers(tables: Sequence[AuditedTable]) -> Iterator[str]:
    """Give the statements that make the triggers of all tables."""
    for audited in tables:
        yield from (_trigger(audited, change) for change in CHANGES)
        for other in tables:
            for key in other.table.foreign_keys:
                if key.column.table is audited.table and key.ondelete == "CASCADE":
                    yield _cascade(audited, other, key.parent, key.column)


def _trigger(audited: AuditedTable, change: str) -> str:
    old = _object(audited, "OLD", change) if change != "insert" else "NULL"
    new = _object(audited, "NEW", change) if change != "delete" else "NULL"
    row = "OLD" if change == "delete" else "NEW"
    columns = [quoted(column.name) for column in audited.table.columns]
    differs = " OR ".join(f"NOT (OLD.{column} <=> NEW.{column})" for column in columns)
    condition = f" AND ({differs})" if change == "update" else ""
    class_name = literal(audited.class_name)
    return f"""
CREATE TRIGGER {quoted(trigger_name(audited, change))} AFTER {change} ON {quoted(audited.table.name)} FOR EACH ROW
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit_off WHERE class_name = {class_name}){condition} THEN
        INSERT INTO record_changes
            (at, "by", role, channel, address, class_name, record, table_name, "change", old, new, batch)
        SELECT utc_timestamp(6), coalesce(acting."user", ''), coalesce(acting.role, ''),
            coalesce(acting.channel, ''), coalesce(acting.address, ''), {class_name},
            {_record(audited, row)}, {literal(audited.table.name)}, '{change}', {old}, {new}, acting.batch
        FROM (SELECT 1 AS one) AS always LEFT JOIN acting ON acting.id = connection_id();
    END IF;
END
"""  # noqa: S608 -- names of our own tables


def _cascade(audited: AuditedTable, other: AuditedTable, referring: Column[object], named: Column[object]) -> str:
    name = trigger_name(audited, f"takes_{other.table.name}")
    return f"""
CREATE TRIGGER "{name}" BEFORE DELETE ON "{audited.table.name}" FOR EACH ROW
    DELETE FROM "{other.table.name}" WHERE "{referring.name}" = OLD."{named.name}"
"""  # noqa: S608 -- names of our own tables


def _record(audited: AuditedTable, row: str) -> str:
    """Return what names the record, as `caruso.business_objects.keys.key_text` writes it."""
    parts = [_text(audited.table.c[name], f"{row}.{quoted(name)}") for name in audited.record]
    if len(parts) == 1:
        return parts[0]
    escaped = (f"replace(replace({part}, '%', '%25'), ',', '%2C')" for part in parts)
    return f"concat_ws(',', {', '.join(escaped)})"


def _text(column: Column[object], value: str) -> str:
    """Return a part of a key as text: a number without idle zeros, which its column has."""
    if not isinstance(kind_of(column), Numeric):
        return value
    return f"trim(TRAILING '.' FROM trim(TRAILING '0' FROM CAST({value} AS DECIMAL(38, 12))))"


def _object(audited: AuditedTable, row: str, change: str) -> str:
    pairs = (f"{literal(column.name)}, {_value(audited, column, row, change)}" for column in audited.table.columns)
    return f"json_object({', '.join(pairs)})"


def _value(audited: AuditedTable, column: Column[object], row: str, change: str) -> str:
    name = quoted(column.name)
    value = f"{row}.{name}"
    if column.name in audited.secret:
        if change == "update" and row == "NEW":
            return f"CASE WHEN OLD.{name} <=> {value} THEN '{SECRET}' ELSE '{CHANGED}' END"
        return f"'{SECRET}'"
    kind = kind_of(column)
    if isinstance(kind, JSON):
        return f"json_compact({value})"
    if isinstance(kind, DateTime):
        return f"date_format({value}, '{_TIME}')"
    if isinstance(kind, LargeBinary):
        return f"hex({value})"
    if isinstance(kind, Text):
        return f"{value} COLLATE utf8mb4_bin"  # as that of JSON: others cannot be in one object with it
    return value
