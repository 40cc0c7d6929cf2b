"""The triggers that write the audit in SQLite."""

from __future__ import annotations

from sqlalchemy import JSON, Column, LargeBinary

from caruso.storage.audited import CHANGED, SECRET, AuditedTable, kind_of, literal, quoted, trigger_name


def trigger(audited: AuditedTable, change: str) -> str:
    """Return the statement that makes one: for an ``insert``, ``update`` or ``delete``."""
    old = _object(audited, "OLD", change) if change != "insert" else "NULL"
    new = _object(audited, "NEW", change) if change != "delete" else "NULL"
    row = "OLD" if change == "delete" else "NEW"
    columns = [quoted(column.name) for column in audited.table.columns]
    differs = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    condition = f" AND ({differs})" if change == "update" else ""
    class_name = literal(audited.class_name)
    return f"""
CREATE TRIGGER {quoted(trigger_name(audited, change))} AFTER {change} ON {quoted(audited.table.name)}
WHEN NOT EXISTS (SELECT 1 FROM audit_off WHERE class_name = {class_name}){condition}
BEGIN
    INSERT INTO record_changes (
        at, "by", role, channel, address, class_name, record, table_name, change, old, new, batch
    )
    SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z', coalesce(acting."user", ''), coalesce(acting.role, ''),
        coalesce(acting.channel, ''), coalesce(acting.address, ''), {class_name},
        {_record(audited, row)}, {literal(audited.table.name)}, '{change}', {old}, {new}, acting.batch
    FROM (SELECT 1) LEFT JOIN acting ON acting.id = 1;
END
"""  # noqa: S608 -- names of our own tables


def _record(audited: AuditedTable, row: str) -> str:
    """Return what names the record, as `caruso.business_objects.keys.key_text` writes it."""
    parts = [f"CAST({row}.{quoted(name)} AS TEXT)" for name in audited.record]
    if len(parts) == 1:
        return parts[0]
    return " || ',' || ".join(f"replace(replace({part}, '%', '%25'), ',', '%2C')" for part in parts)


def _object(audited: AuditedTable, row: str, change: str) -> str:
    pairs = (f"{literal(column.name)}, {_value(audited, column, row, change)}" for column in audited.table.columns)
    return f"json_object({', '.join(pairs)})"


def _value(audited: AuditedTable, column: Column[object], row: str, change: str) -> str:
    name = quoted(column.name)
    value = f"{row}.{name}"
    if column.name in audited.secret:
        if change == "update" and row == "NEW":
            return f"CASE WHEN OLD.{name} IS {value} THEN '{SECRET}' ELSE '{CHANGED}' END"
        return f"'{SECRET}'"
    kind = kind_of(column)
    if isinstance(kind, JSON):
        return f"json({value})"
    if isinstance(kind, LargeBinary):
        return f"hex({value})"
    return value
