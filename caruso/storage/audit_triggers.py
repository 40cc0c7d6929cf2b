"""The triggers that write the audit: made from `AUDITED`, and from models, the same on both engines.

Why triggers: whatever changes a row writes its line, in the same transaction: our own code, a bulk update, a
migration, somebody at the database's own prompt. No code has to think of it, and none can forget it.

Who acts is told by the transaction (`caruso.storage.audit.changing`): SQLite's has a row in `acting`, which no
other transaction ever sees, PostgreSQL's a setting of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec
from sqlalchemy import JSON, Column, Connection, LargeBinary, Table, inspect, text

from caruso.storage.audited import AUDITED, AuditedTable

#: Setting of a PostgreSQL transaction: the actor as JSON.
SETTING = "caruso.actor"
#: Stands for a secret, and for one that has changed.
SECRET, CHANGED = "(secret)", "(secret, changed)"

_PREFIX = "caruso_audit"
#: Of tables that models describe: `caruso db upgrade` leaves these alone.
MODELS_PREFIX = "caruso_model_audit"
_CHANGES = ("insert", "update", "delete")

_POSTGRES_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {_PREFIX}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    actor jsonb := coalesce(nullif(current_setting('{SETTING}', true), ''), '{{}}')::jsonb;
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    whole jsonb := coalesce(after, before);
    record text;
    secret text;
BEGIN
    IF EXISTS (SELECT 1 FROM audit_off WHERE class_name = TG_ARGV[0]) OR before = after THEN
        RETURN NULL;
    END IF;
    SELECT CASE
        WHEN count(*) = 1 THEN max(whole ->> name)
        ELSE string_agg(replace(replace(whole ->> name, '%', '%25'), ',', '%2C'), ',' ORDER BY place)
    END INTO record FROM jsonb_array_elements_text(TG_ARGV[1]::jsonb) WITH ORDINALITY AS parts (name, place);
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
    INSERT INTO record_changes (
        at, "by", role, channel, address, class_name, record, table_name, change, old, new, batch
    )
    VALUES (
        clock_timestamp(), coalesce(actor ->> 'user', ''), coalesce(actor ->> 'role', ''),
        coalesce(actor ->> 'channel', ''), coalesce(actor ->> 'address', ''),
        TG_ARGV[0], record, TG_TABLE_NAME, lower(TG_OP), before, after, txid_current()
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
    _make(connection, _PREFIX, AUDITED)


def drop_triggers(connection: Connection) -> None:
    """Remove all triggers of the audit, but those of tables that models describe."""
    _drop(connection, _PREFIX)


def missing_triggers(connection: Connection) -> tuple[str, ...]:
    """Return the tables on which a trigger is missing, or switched off."""
    return _missing(connection, _PREFIX, AUDITED)


def create_model_triggers(connection: Connection, audited: Sequence[AuditedTable]) -> None:
    """Make the triggers of tables that models describe anew; of those that are there."""
    _drop(connection, MODELS_PREFIX, _schemas(audited))
    _make(connection, MODELS_PREFIX, _there(connection, audited))


def missing_model_triggers(connection: Connection, audited: Sequence[AuditedTable]) -> tuple[str, ...]:
    """Return the tables that models describe on which a trigger is missing, or switched off."""
    return _missing(connection, MODELS_PREFIX, _there(connection, audited))


def _there(connection: Connection, audited: Sequence[AuditedTable]) -> list[AuditedTable]:
    """Return those that are tables of this database: a view has no rows of its own."""
    inspector = inspect(connection)
    return [each for each in audited if each.table.name in inspector.get_table_names(each.table.schema)]


def _make(connection: Connection, prefix: str, audited: Collection[AuditedTable]) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_POSTGRES_FUNCTION)
        connection.exec_driver_sql(_POSTGRES_REFUSAL)
    for each in audited:
        for statement in _statements(connection.dialect.name, prefix, each):
            connection.exec_driver_sql(statement)


def _schemas(audited: Collection[AuditedTable]) -> set[str]:
    """Return the schemas of tables beside our own."""
    return {each.table.schema for each in audited if each.table.schema}


def _drop(connection: Connection, prefix: str, schemas: Collection[str] = ()) -> None:
    for name, table in _present(connection, prefix, schemas):
        on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f"DROP TRIGGER {_quoted(name)}{on}")


def _missing(connection: Connection, prefix: str, audited: Collection[AuditedTable]) -> tuple[str, ...]:
    there = {name for name, _ in _present(connection, prefix, _schemas(audited), switched_on=True)}
    return tuple(
        dict.fromkeys(
            each.table.name for each in audited for change in _CHANGES if _name(prefix, each, change) not in there
        )
    )


def _present(
    connection: Connection, prefix: str, schemas: Collection[str], *, switched_on: bool = False
) -> list[tuple[str, str]]:
    """Return triggers with their tables, written as statements name them."""
    if connection.dialect.name == "postgresql":
        on = "AND tgenabled <> 'D'" if switched_on else ""
        query = text(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "  # noqa: S608
            f"WHERE NOT tgisinternal AND starts_with(tgname, :prefix) {on} "
            "AND relnamespace::regnamespace::text = ANY(array_append(CAST(:schemas AS text[]), current_schema()))"
        )
    else:
        query = text(
            "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name GLOB :prefix || '*'"
        )
    values: dict[str, object] = {"prefix": f"{prefix}_"}
    if connection.dialect.name == "postgresql":
        values["schemas"] = sorted(schemas)
    return [(str(name), str(table)) for name, table in connection.execute(query, values)]


def _statements(dialect: str, prefix: str, audited: AuditedTable) -> Iterator[str]:
    if dialect == "postgresql":
        yield from _of_postgres(prefix, audited)
    else:
        yield from (_of_sqlite(prefix, audited, change) for change in _CHANGES)


def _name(prefix: str, audited: AuditedTable, change: str) -> str:
    return f"{prefix}_{audited.table.name}_{change}"


def _of_postgres(prefix: str, audited: AuditedTable) -> Iterator[str]:
    table = _of_table(audited.table)
    record = msgspec.json.encode(audited.record).decode()
    arguments = ", ".join(_literal(value) for value in (audited.class_name, record, *audited.secret))
    for change in _CHANGES:
        yield (
            f"CREATE TRIGGER {_quoted(_name(prefix, audited, change))} AFTER {change} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {_PREFIX}({arguments})"
        )
    yield (
        f"CREATE TRIGGER {_quoted(_name(prefix, audited, 'truncate'))} BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_PREFIX}_truncate()"
    )


def _of_sqlite(prefix: str, audited: AuditedTable, change: str) -> str:
    old = _object(audited, "OLD", change) if change != "insert" else "NULL"
    new = _object(audited, "NEW", change) if change != "delete" else "NULL"
    row = "OLD" if change == "delete" else "NEW"
    columns = [_quoted(column.name) for column in audited.table.columns]
    differs = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    condition = f" AND ({differs})" if change == "update" else ""
    class_name = _literal(audited.class_name)
    return f"""
CREATE TRIGGER {_quoted(_name(prefix, audited, change))} AFTER {change} ON {_of_table(audited.table)}
WHEN NOT EXISTS (SELECT 1 FROM audit_off WHERE class_name = {class_name}){condition}
BEGIN
    INSERT INTO record_changes (
        at, "by", role, channel, address, class_name, record, table_name, change, old, new, batch
    )
    SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z', coalesce(acting."user", ''), coalesce(acting.role, ''),
        coalesce(acting.channel, ''), coalesce(acting.address, ''), {class_name},
        {_record(audited, row)}, {_literal(audited.table.name)}, '{change}', {old}, {new}, acting.batch
    FROM (SELECT 1) LEFT JOIN acting ON acting.id = 1;
END
"""  # noqa: S608 -- names of our own tables


def _record(audited: AuditedTable, row: str) -> str:
    """Return what names the record, as `caruso.business_objects.keys.key_text` writes it."""
    parts = [f"CAST({row}.{_quoted(name)} AS TEXT)" for name in audited.record]
    if len(parts) == 1:
        return parts[0]
    return " || ',' || ".join(f"replace(replace({part}, '%', '%25'), ',', '%2C')" for part in parts)


def _object(audited: AuditedTable, row: str, change: str) -> str:
    pairs = (
        f"{_literal(column.name)}, {_value(audited, column, row, change)}" for column in audited.table.columns
    )
    return f"json_object({', '.join(pairs)})"


def _value(audited: AuditedTable, column: Column[object], row: str, change: str) -> str:
    name = _quoted(column.name)
    value = f"{row}.{name}"
    if column.name in audited.secret:
        if change == "update" and row == "NEW":
            return f"CASE WHEN OLD.{name} IS {value} THEN '{SECRET}' ELSE '{CHANGED}' END"
        return f"'{SECRET}'"
    if isinstance(column.type, JSON):
        return f"json({value})"
    if isinstance(column.type, LargeBinary):
        return f"hex({value})"
    return value


def _of_table(table: Table) -> str:
    return ".".join(_quoted(name) for name in (table.schema, table.name) if name)


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _literal(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"
