"""The triggers that write the audit: made from `AUDITED`, the same on both engines.

Why triggers: whatever changes a row writes its line, in the same transaction: our own code, a bulk update, a
migration, somebody at the database's own prompt. No code has to think of it, and none can forget it.

Who acts is told by the transaction (`caruso.storage.audit.changing`): SQLite's has a row in `acting`, which no
other transaction ever sees, PostgreSQL's a setting of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import JSON, Column, Connection, LargeBinary, text

from caruso.storage.audited import AUDITED, AuditedTable

#: Setting of a PostgreSQL transaction: the actor as JSON.
SETTING = "caruso.actor"
#: Stands for a secret, and for one that has changed.
SECRET, CHANGED = "(secret)", "(secret, changed)"

_PREFIX = "caruso_audit"
_CHANGES = ("insert", "update", "delete")

_POSTGRES_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {_PREFIX}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    actor jsonb := coalesce(nullif(current_setting('{SETTING}', true), ''), '{{}}')::jsonb;
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    secret text;
BEGIN
    IF EXISTS (SELECT 1 FROM audit_off WHERE class_name = TG_ARGV[0]) OR before = after THEN
        RETURN NULL;
    END IF;
    FOREACH secret IN ARRAY TG_ARGV[2:] LOOP
        IF before ->> secret <> after ->> secret THEN
            after := jsonb_set(after, ARRAY[secret], '"{CHANGED}"');
        ELSIF after IS NOT NULL THEN
            after := jsonb_set(after, ARRAY[secret], '"{SECRET}"');
        END IF;
        IF before IS NOT NULL THEN
            before := jsonb_set(before, ARRAY[secret], '"{SECRET}"');
        END IF;
    END LOOP;
    INSERT INTO record_changes (at, "by", role, channel, address, class_name, record, table_name, change, old, new)
    VALUES (
        clock_timestamp(), coalesce(actor ->> 'user', ''), coalesce(actor ->> 'role', ''),
        coalesce(actor ->> 'channel', ''), coalesce(actor ->> 'address', ''),
        TG_ARGV[0], coalesce(after, before) ->> TG_ARGV[1], TG_TABLE_NAME, lower(TG_OP), before, after
    );
    RETURN NULL;
END $$
"""  # noqa: S608 -- names of our own

_POSTGRES_REFUSAL = f"""
CREATE OR REPLACE FUNCTION {_PREFIX}_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of % would leave no trace: use DELETE', TG_TABLE_NAME;
END $$
"""


def create_triggers(connection: Connection) -> None:
    """Make the triggers of all tables anew."""
    drop_triggers(connection)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRES_FUNCTION)
        connection.exec_driver_sql(_POSTGRES_REFUSAL)
    for statement in _statements(connection.dialect.name):
        connection.exec_driver_sql(statement)


def drop_triggers(connection: Connection) -> None:
    """Remove all triggers of the audit."""
    for name, table in _present(connection):
        on = f' ON "{table}"' if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"{on}')


def missing_triggers(connection: Connection) -> tuple[str, ...]:
    """Return the tables on which a trigger is missing, or switched off."""
    there = {name for name, _ in _present(connection, switched_on=True)}
    return tuple(
        dict.fromkeys(
            audited.table.name for audited in AUDITED for change in _CHANGES if _name(audited, change) not in there
        )
    )


def _present(connection: Connection, *, switched_on: bool = False) -> list[tuple[str, str]]:
    if connection.dialect.name == "postgresql":
        on = "AND tgenabled <> 'D'" if switched_on else ""
        query = text(
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "  # noqa: S608
            f"WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace AND tgname LIKE :like {on}"
        )
    else:
        query = text("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE :like")
    return [(str(name), str(table)) for name, table in connection.execute(query, {"like": f"{_PREFIX}%"})]


def _statements(dialect: str) -> Iterator[str]:
    for audited in AUDITED:
        if dialect == "postgresql":
            yield from _of_postgres(audited)
        else:
            yield from (_of_sqlite(audited, change) for change in _CHANGES)


def _name(audited: AuditedTable, change: str) -> str:
    return f"{_PREFIX}_{audited.table.name}_{change}"


def _of_postgres(audited: AuditedTable) -> Iterator[str]:
    table = audited.table.name
    arguments = ", ".join(f"'{value}'" for value in (audited.class_name, audited.record, *audited.secret))
    for change in _CHANGES:
        yield (
            f'CREATE TRIGGER "{_name(audited, change)}" AFTER {change} ON "{table}" '
            f"FOR EACH ROW EXECUTE FUNCTION {_PREFIX}({arguments})"
        )
    yield (
        f'CREATE TRIGGER "{_name(audited, "truncate")}" BEFORE TRUNCATE ON "{table}" '
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_PREFIX}_truncate()"
    )


def _of_sqlite(audited: AuditedTable, change: str) -> str:
    old = _object(audited, "OLD", change) if change != "insert" else "NULL"
    new = _object(audited, "NEW", change) if change != "delete" else "NULL"
    row = "OLD" if change == "delete" else "NEW"
    differs = " OR ".join(f'OLD."{c.name}" IS NOT NEW."{c.name}"' for c in audited.table.columns)
    condition = f" AND ({differs})" if change == "update" else ""
    return f"""
CREATE TRIGGER "{_name(audited, change)}" AFTER {change} ON "{audited.table.name}"
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
