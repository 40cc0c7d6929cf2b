"""``caruso model check|reflect|diff|apply|index``."""

from __future__ import annotations

import functools
import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from caruso.cli.outcome import Exit
from caruso.cli.plugins import use_plugins
from caruso.cli.stores import run, settings
from caruso.errors import Located, RejectedInput

if TYPE_CHECKING:
    from caruso.storage.objects.store import Objects


def model_commands(models: Any) -> None:
    """Declare the commands."""
    from caruso.cli.commands import command

    command(models, "check", check, "read all models, and hold them against the databases")
    proposes = command(models, "reflect", reflect, "propose a model of a database that is there")
    proposes.add_argument("database", metavar="DATABASE", help="a name from objects.databases, or own")
    proposes.add_argument("table", nargs="*", metavar="TABLE", help="only these tables and views")
    proposes.add_argument("--schema", default="", metavar="NAME", help="schema of the tables")
    command(models, "diff", diff, "print the statements that would make tables that are not there")
    command(models, "apply", apply, "make the tables that are not there, and let the audit follow those of ours")
    command(models, "index", index, "index the words of all objects again, where others write them, too")


@asynccontextmanager
async def opened_objects(wanted: Namespace) -> AsyncIterator[Objects]:
    """Open all databases of the settings; raise `SchemaOutdated` when ours is not of this version."""
    from caruso.clock import SystemClock
    from caruso.part_settings import business_objects
    from caruso.storage.engine import Database
    from caruso.storage.migrations import require_schema

    config = settings(wanted)
    use_plugins(config)
    own = Database(config.database_url)
    try:
        await require_schema(own)
        objects = business_objects(config, own, SystemClock())
        try:
            yield objects
        finally:
            await objects.databases.dispose()
    finally:
        await own.dispose()


def check(wanted: Namespace) -> int:
    """Tell what is wrong with models, and where they say something else than the databases."""
    from caruso.storage.objects.schema import compare, not_followed

    async def work() -> int:
        async with opened_objects(wanted) as objects:
            findings: list[Located] = []
            for name in objects.databases.names:
                findings += await objects.databases[name].look_up(
                    functools.partial(compare, model=objects.model, database=name)
                )
            findings += await objects.databases.own.look_up(lambda c: not_followed(c, objects.model))
            if findings:
                raise RejectedInput(tuple(findings))
            print(f"{len(objects.model.classes)} classes, as the databases have them.")
            return Exit.OK

    return run(work())


def reflect(wanted: Namespace) -> int:
    """Write the proposal to standard output."""
    from caruso.storage.objects.reflect import reflect

    async def work() -> int:
        async with opened_objects(wanted) as objects:
            proposal = await objects.databases[wanted.database].look_up(
                lambda c: reflect(c, wanted.database, tables=wanted.table, schema=wanted.schema)
            )
            sys.stdout.write(proposal)
            return Exit.OK

    return run(work())


def diff(wanted: Namespace) -> int:
    """Print statements."""
    from caruso.storage.objects.schema import missing

    async def work() -> int:
        async with opened_objects(wanted) as objects:
            there = True
            for name in objects.databases.names:
                statements = await objects.databases[name].look_up(
                    functools.partial(missing, model=objects.model, database=name)
                )
                for statement in statements:
                    there = False
                    print(f"-- {name}\n{statement};\n")
            if there:
                print("All tables are there.")
            return Exit.OK if there else Exit.REFUSED

    return run(work())


def apply(wanted: Namespace) -> int:
    """Make tables, and let the audit follow those of ours; columns of tables that are there are never changed."""
    from caruso.storage.objects.schema import make_missing

    async def work() -> int:
        async with opened_objects(wanted) as objects:
            for name in objects.databases.names:
                made = await objects.databases[name].change(
                    functools.partial(make_missing, model=objects.model, database=name)
                )
                for table in made:
                    print(f"{name}: made {table}")
            return Exit.OK

    return run(work())


def index(wanted: Namespace) -> int:
    """Read every object of classes in which words are searched for, and write its words again."""

    async def work() -> int:
        async with opened_objects(wanted) as objects:
            for name, of in objects.model.classes.items():
                if of.searched:
                    print(f"{name}: {await objects.index_again(name)} objects")
            return Exit.OK

    return run(work())
