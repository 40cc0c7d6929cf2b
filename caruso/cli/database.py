"""``caruso db upgrade|check|backup|verify|restore|rebuild``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from caruso.cli.outcome import Exit, report_findings
from caruso.cli.stores import run, settings
from caruso.clock import SystemClock
from caruso.config import Config

if TYPE_CHECKING:
    from caruso.storage.backups.manifest import Manifest
    from caruso.storage.backups.taking import Source
    from caruso.storage.engine import Database
    from caruso.storage.rebuilding import Compared, Rebuilt


def upgrade(wanted: Namespace) -> int:
    """Bring the database to this version."""
    from caruso.storage.audit import Audit
    from caruso.storage.migrations import upgrade

    config = settings(wanted)

    async def work() -> int:
        state = await upgrade(config.database_url)
        async with _database(config) as database:
            await Audit(database).switch_off(config.audit.off)
        print(f"The database is at step {state.current}.")
        return Exit.OK

    return run(work())


def check(wanted: Namespace) -> int:
    """Tell whether the database is of this version and whole, with all files that belong to it."""
    from caruso.storage.checking import check
    from caruso.storage.migrations import NEWEST

    config = settings(wanted)

    async def work() -> int:
        async with _database(config) as database:
            found = await check(database, config.server.data_dir / "files")
        report_findings(found)
        if found:
            return Exit.REFUSED
        print(f"The database is at step {NEWEST}, as this version needs it, and whole.")
        return Exit.OK

    return run(work())


def backup(wanted: Namespace) -> int:
    """Take a back-up; the server may run."""
    from caruso.storage.backups.taking import take

    config = settings(wanted)
    folder: Path = wanted.folder or config.backup_folder

    async def work() -> int:
        async with _source(config) as source:
            # Whatever the folder, back-ups are not backed up.
            left_out = replace(source, leave_out=(*source.leave_out, folder))
            target, manifest = await take(left_out, folder, SystemClock())
        print(f"{target}: {_described(manifest)}")
        for file in manifest.missing:
            print(f"warning: the file {file} that the database names was not there")
        return Exit.OK

    return run(work())


def verify(wanted: Namespace) -> int:
    """Look at a back-up without restoring it; what is wrong is raised."""
    from caruso.storage.backups.manifest import verify
    from caruso.storage.migrations import known_steps

    manifest = verify(wanted.folder, known_steps())
    print(f"{wanted.folder} is whole: {_described(manifest)}")
    return Exit.OK


def restore(wanted: Namespace) -> int:
    """Put a back-up in the place of the database and its files."""
    from caruso.app import refuse_taken_port
    from caruso.storage.backups.restoring import restore
    from caruso.storage.migrations import upgrade

    config = settings(wanted)

    async def work() -> int:
        await refuse_taken_port(config.server.host, config.server.port)
        async with _source(config) as source:
            restored = await restore(wanted.folder, source, SystemClock(), replace=wanted.replace)
        state = await upgrade(config.database_url)
        print(f"Restored: {_described(restored.manifest)}; {restored.written} files were written.")
        if state.current != restored.manifest.step:
            print(f"The database was brought to step {state.current}.")
        if restored.kept is not None:
            print(
                f"The database that was there is now {restored.kept}; delete it when you do not need it any more."
            )
        return Exit.OK

    return run(work())


def rebuild(wanted: Namespace) -> int:
    """Make the projections anew from the journal, and tell whether they are the same."""
    from caruso.storage.migrations import require_schema
    from caruso.storage.rebuilding import rebuild

    config = settings(wanted)

    async def work() -> int:
        async with _database(config) as database:
            await require_schema(database)
            rebuilt = await rebuild(database, compare_only=wanted.compare)
        _tell(rebuilt)
        return Exit.REFUSED if wanted.compare and not rebuilt.same else Exit.OK

    return run(work())


def _tell(rebuilt: Rebuilt) -> None:
    for table in rebuilt.tables:
        print(f"{table.table:<20} {table.rows:>10} rows  {_difference(table)}")
    unreadable = f", {rebuilt.unreadable} of them unreadable for this version" if rebuilt.unreadable else ""
    outcome = "replaced what differed" if rebuilt.replaced else "nothing was changed"
    print(f"Made anew from {rebuilt.facts} facts{unreadable}: {outcome}.")


def _difference(table: Compared) -> str:
    if table.same:
        return "the same"
    keys = ", ".join(table.keys)
    return f"{table.wrong} missing or different, {table.superfluous} superfluous: {keys}"


def _described(manifest: Manifest) -> str:
    return (
        f"{manifest.engine} at step {manifest.step}, journal up to fact {manifest.last_fact}, "
        f"{len(manifest.files)} files, {manifest.size / 1e6:.1f} MB, "
        f"begun {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"
    )


@asynccontextmanager
async def _database(config: Config) -> AsyncIterator[Database]:
    from caruso.storage.engine import Database

    database = Database(config.database_url)
    try:
        yield database
    finally:
        await database.dispose()


@asynccontextmanager
async def _source(config: Config) -> AsyncIterator[Source]:
    from caruso.part_settings import backup_order
    from caruso.storage.backups.child import source_of

    source = source_of(backup_order(config))
    try:
        yield source
    finally:
        await source.database.dispose()
