"""The triggers that write the audit in SQLite."""

from __future__ import annotations

from sqlalchemy import JSON, Column, LargeBinary

from caruso.storage.audited import CHANGED, SECRET, AuditedTable, trigger_name


def trigger(audited: AuditedTable, change: str) -> str:
    """Return the statement that makes one: for an ``insert``, ``update`` or ``delete``."""
    old = _object(audited, "OLD", change) if change != "insert" else "NULL"
    new = _object(audited, "NEW", change) if change != "delete" else "NULL"
    row = "OLD" if change == "delete" else "NEW"
    differs = " OR ".join(f'OLD."{c.name}" IS NOT NEW."{c.name}"' for c in audited.table.columns)
    condition = f" AND ({differs})" if change == "update" else ""
    return f"""
CREATE TRIGGER "{trigger_name(audited, change)}" AFTER {change} ON "{audited.table.name}"
WHEN NOT EXISTS (SELECT 1 FROM audit_off WHERE class_name = '{audited.class_name}'){condition}
BEGIN
    INSERT INTO record_changes (at, "by", role, channel, address, class_name, record, table_name, change, old, new)
    SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z', coalesce(acting."user", ''), coalesce(acting.role, ''),
        coalesce(acting.channel, ''), coalesce(acting.address, ''), '{audited.class_name}',
        CAST({row}."{audited.record}" AS TEXT), '{audited.table.name}', '{change}', {old}, {new}
    FROM (SELECT 1) LEFT JOIN acting ON acting.id = 1;
END
"""  # noqa: S608 -- names of our own tables


def _object(audited: AuditedTable, row: str, change: str) -> str:
    pairs = (f"'{column.name}', {_value(audited, column, row, change)}" for column in audited.table.columns)
    return f"json_object({', '.join(pairs)})"


def _value(audited: AuditedTable, column: Column[object], row: str, change: str) -> str:
    value = f'{row}."{column.name}"'
    if column.name in audited.secret:
        if change == "update" and row == "NEW":
            return f"CASE WHEN OLD.\"{column.name}\" IS {value} THEN '{SECRET}' ELSE '{CHANGED}' END"
        return f"'{SECRET}'"
    if isinstance(column.type, JSON):
        return f"json({value})"
    if isinstance(column.type, LargeBinary):
        return f"hex({value})"
    return value
