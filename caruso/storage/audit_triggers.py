"""The triggers that write the audit: made from `AUDITED`, by the engine's adapter, the same on all engines.

Why triggers: whatever changes a row writes its line, in the same transaction: our own code, a bulk update, a
migration, somebody at the database's own prompt. No code has to think of it, and none can forget it.

Who acts is told by the transaction (`caruso.storage.audit.changing`).
"""

from __future__ import annotations

from sqlalchemy import Connection

from caruso.storage.adapters.adapter import adapter_of
from caruso.storage.audited import AUDITED, CHANGES, PREFIX, trigger_name


def create_triggers(connection: Connection) -> None:
    """Make the triggers of all tables anew."""
    drop_triggers(connection)
    adapter_of(connection).create_triggers(connection, AUDITED)


def drop_triggers(connection: Connection) -> None:
    """Remove all triggers of the audit."""
    adapter = adapter_of(connection)
    for name, table in adapter.triggers(connection, PREFIX, switched_on=False):
        adapter.drop_trigger(connection, name, table)


def missing_triggers(connection: Connection) -> tuple[str, ...]:
    """Return the tables on which a trigger is missing, or switched off."""
    there = {name for name, _ in adapter_of(connection).triggers(connection, PREFIX, switched_on=True)}
    return tuple(
        dict.fromkeys(
            audited.table.name
            for audited in AUDITED
            for change in CHANGES
            if trigger_name(audited, change) not in there
        )
    )
