"""Which tables people change, and to which class of records each row belongs: the audit follows all of these.

A new table that people can change gets a line here; ``caruso db upgrade`` makes its triggers. Tables of business
objects in our own database follow from their models (`caruso.storage.objects.auditing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.types import TypeDecorator, TypeEngine

from caruso.storage.tables.callbacks import callbacks
from caruso.storage.tables.centres import centre_versions
from caruso.storage.tables.customers import customer_numbers, customers
from caruso.storage.tables.scripts import script_drafts, script_rollouts, scripts
from caruso.storage.tables.users import users

#: Beginning of the names of the audit's triggers.
PREFIX = "caruso_audit"
#: The same of tables that models describe: `caruso db upgrade` leaves these alone.
MODELS_PREFIX = "caruso_model_audit"
#: What each table has a trigger for.
CHANGES = ("insert", "update", "delete")
#: Stands for a secret, and for one that has changed.
SECRET, CHANGED = "(secret)", "(secret, changed)"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedTable:
    """One table of a class."""

    table: Table
    class_name: str
    #: Columns that together name the record.
    record: tuple[str, ...]
    #: Columns whose values are never written down; that they changed is.
    secret: tuple[str, ...] = ()
    #: Column that counts the versions of a row: going back is a new version.
    counts: str | None = None
    #: An earlier state can be put back; else it is done by what the class has for it (`caruso apply`, roll-outs).
    restorable: bool = True
    #: Beginning of the names of its triggers.
    prefix: str = PREFIX


AUDITED = (
    AuditedTable(table=customers, class_name="Customer", record=("id",)),
    AuditedTable(table=customer_numbers, class_name="Customer", record=("customer",)),
    AuditedTable(table=callbacks, class_name="Callback", record=("id",), counts="version"),
    AuditedTable(table=users, class_name="User", record=("id",), secret=("password_hash",)),
    AuditedTable(table=script_drafts, class_name="ScriptDraft", record=("script",), counts="revision"),
    AuditedTable(table=scripts, class_name="Script", record=("id",), restorable=False),
    AuditedTable(table=script_rollouts, class_name="ScriptRollout", record=("script",), restorable=False),
    AuditedTable(table=centre_versions, class_name="Centre", record=("version",), restorable=False),
)

CLASSES = tuple(dict.fromkeys(audited.class_name for audited in AUDITED))


def tables_of(class_name: str) -> tuple[AuditedTable, ...]:
    """Return the tables of a class, such that what is referred to comes first; none for an unknown class."""
    return tuple(audited for audited in AUDITED if audited.class_name == class_name)


def trigger_name(audited: AuditedTable, change: str) -> str:
    """Return what the trigger of a table is called."""
    return f"{audited.prefix}_{audited.table.name}_{change}"


def kind_of(column: Column[Any]) -> TypeEngine[Any]:
    """Return what a column holds, without what is done to it on the way."""
    return column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type


def quoted(name: str) -> str:
    """Return a name as statements have it: tables of models may be called anything."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def literal(text: str) -> str:
    """Return a text as statements have it."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
