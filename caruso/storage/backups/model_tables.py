"""Tables of business objects: no step of the database makes them, so a back-up of rows tells how they are made.

They are those of `caruso.storage.tables.customers.model_tables` (``caruso model apply``), as they are now:
somebody may have added a column since.
"""

from __future__ import annotations

from sqlalchemy import Connection, ForeignKeyConstraint, MetaData, Table, inspect, select, text
from sqlalchemy.schema import CreateIndex, CreateTable, DefaultClause, ExecutableDDLElement

from caruso.storage.audited import MODELS_PREFIX, quoted
from caruso.storage.tables.customers import model_tables


def made_tables(connection: Connection) -> list[str]:
    """Return the tables that models had made and that are there."""
    inspector = inspect(connection)
    if not inspector.has_table(model_tables.name):  # of an earlier step
        return []
    names = connection.execute(select(model_tables.c.name).order_by(model_tables.c.name)).scalars().all()
    return [name for name in names if inspector.has_table(name)]


def statements_for(connection: Connection, name: str) -> tuple[str, ...]:
    """Return what makes a table with its indexes; foreign keys that somebody added are left out."""
    table = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
    for constraint in [each for each in table.constraints if isinstance(each, ForeignKeyConstraint)]:
        table.constraints.discard(constraint)
    for column in table.columns:
        default = column.server_default
        if isinstance(default, DefaultClause) and "nextval(" in str(default.arg):
            column.server_default = None  # it counts by itself again
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    made: list[ExecutableDDLElement] = [CreateTable(table), *(CreateIndex(index) for index in indexes)]
    return tuple(str(each.compile(connection)).strip() for each in made)


def triggers_of(connection: Connection, name: str) -> tuple[str, ...]:
    """Return what makes the triggers by which the audit follows a table."""
    if connection.dialect.name == "mariadb":
        return _triggers_in_mariadb(connection, name)
    query = text(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger"
        " WHERE tgrelid = to_regclass(quote_ident(:name)) AND starts_with(tgname, :prefix) ORDER BY tgname"
    )
    found = connection.execute(query, {"name": name, "prefix": f"{MODELS_PREFIX}_"}).scalars()
    return tuple(str(statement) for statement in found)


def _triggers_in_mariadb(connection: Connection, name: str) -> tuple[str, ...]:
    query = text(
        "SELECT trigger_name, action_timing, event_manipulation, action_statement FROM information_schema.triggers"
        " WHERE trigger_schema = database() AND event_object_table = :name AND trigger_name LIKE :like"
    )
    found = connection.execute(query, {"name": name, "like": f"{MODELS_PREFIX}%"}).all()
    return tuple(
        # As its driver takes it, which reads % for a parameter.
        f"CREATE TRIGGER {quoted(trigger)} {when} {change} ON {quoted(name)} FOR EACH ROW {what}".replace(
            "%", "%%"
        )
        for trigger, when, change, what in found
    )
