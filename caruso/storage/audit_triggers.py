"""The triggers that write the audit: made from `AUDITED` and from models, by the engine's adapter.

Why triggers: whatever changes a row writes its line, in the same transaction: our own code, a bulk update, a
migration, somebody at the database's own prompt. No code has to think of it, and none can forget it.

Who acts is told by the transaction (`caruso.storage.audit.changing`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, inspect

from caruso.storage.adapters.adapter import adapter_of
from caruso.storage.audited import AUDITED, CHANGES, MODELS_PREFIX, PREFIX, AuditedTable, trigger_name


def create_triggers(connection: Connection) -> None:
    """Make the triggers of all tables anew."""
    drop_triggers(connection)
    adapter_of(connection).create_triggers(connection, AUDITED)


def drop_triggers(connection: Connection) -> None:
    """Remove all triggers of the audit, but those of tables that models describe."""
    _drop(connection, PREFIX)


def missing_triggers(connection: Connection) -> tuple[str, ...]:
    """Return the tables on which a trigger is missing, or switched off."""
    return _missing(connection, PREFIX, AUDITED)


def create_model_triggers(connection: Connection, audited: Sequence[AuditedTable]) -> None:
    """Make the triggers of tables that models describe anew; of those that are there."""
    _drop(connection, MODELS_PREFIX)
    adapter_of(connection).create_triggers(connection, _there(connection, audited))


def missing_model_triggers(connection: Connection, audited: Sequence[AuditedTable]) -> tuple[str, ...]:
    """Return the tables that models describe on which a trigger is missing, or switched off."""
    return _missing(connection, MODELS_PREFIX, _there(connection, audited))


def _there(connection: Connection, audited: Sequence[AuditedTable]) -> list[AuditedTable]:
    """Return those that are tables of this database: a view has no rows of its own."""
    there = set(inspect(connection).get_table_names())
    return [each for each in audited if each.table.schema is None and each.table.name in there]


def _drop(connection: Connection, prefix: str) -> None:
    adapter = adapter_of(connection)
    for name, table in adapter.triggers(connection, prefix, switched_on=False):
        adapter.drop_trigger(connection, name, table)


def _missing(connection: Connection, prefix: str, audited: Collection[AuditedTable]) -> tuple[str, ...]:
    there = {name for name, _ in adapter_of(connection).triggers(connection, prefix, switched_on=True)}
    return tuple(
        dict.fromkeys(
            each.table.name for each in audited for change in CHANGES if trigger_name(each, change) not in there
        )
    )
