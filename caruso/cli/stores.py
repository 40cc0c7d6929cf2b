"""What commands work on: the settings, and the database they name."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import structlog

from caruso.cli.plugins import use_plugins
from caruso.clock import SystemClock
from caruso.config import Config, default_config_file, load_config, relocated
from caruso.errors import RejectedInput
from caruso.model.acting import Actor, acting
from caruso.ports.centres import CentreStore
from caruso.ports.customers import AccessLog, PersonalData, RecordHistory
from caruso.ports.recordings import RecordingStore
from caruso.ports.runs import RunStore
from caruso.ports.scripts import ScriptObjects, ScriptStore
from caruso.ports.users import UserStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The parts of the database that commands use."""

    centres: CentreStore
    scripts: ScriptStore
    users: UserStore
    objects: ScriptObjects
    runs: RunStore
    recordings: RecordingStore
    history: RecordHistory
    accesses: AccessLog
    personal: PersonalData


def settings(wanted: Namespace) -> Config:
    """Return the settings the command was given; raise `RejectedInput`."""
    file = wanted.config or default_config_file(os.environ)
    config = load_config(file, os.environ)
    if not config.database_url.startswith("sqlite:"):  # known without loading all that is built in
        from caruso.built_in import require_engine

        try:
            require_engine(config)
        except RejectedInput as refused:
            raise relocated(refused, file, os.environ, "database", "url_file", "url") from None
    return config


def run(work: Coroutine[None, None, int]) -> int:
    """Carry out an asynchronous command. What it does it tells itself; only errors are logged."""
    with only_errors_logged(), acting(Actor(user=_system_user(), channel="cli")):
        return asyncio.run(work)


@contextmanager
def only_errors_logged() -> Iterator[None]:
    """Log errors only, beside what a command prints."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.reset_defaults()


def _system_user() -> str:
    """Return who works at the terminal: for the audit."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return str(os.getuid())


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Stores]:
    """Open the database; raise `SchemaOutdated` when its tables are not of this version."""
    from caruso.part_settings import business_objects
    from caruso.storage.audit import Audit
    from caruso.storage.centres import Centres
    from caruso.storage.engine import Database
    from caruso.storage.histories import Histories
    from caruso.storage.migrations import require_schema
    from caruso.storage.privacy.personal_data import privacy_parts
    from caruso.storage.recordings import Recordings
    from caruso.storage.runs import Runs
    from caruso.storage.scripts import Scripts
    from caruso.storage.users import Users

    use_plugins(config)
    database = Database(config.database_url)
    try:
        await require_schema(database)
        clock, region = SystemClock(), config.server.country
        objects = business_objects(config, database, clock)
        files = config.server.data_dir / "files"
        privacy = privacy_parts(database, files, clock, region=region, objects=objects)
        try:
            yield Stores(
                centres=Centres(database),
                scripts=Scripts(database),
                users=Users(database),
                objects=objects,
                runs=Runs(database),
                recordings=Recordings(database),
                history=Histories(Audit(database), objects),
                accesses=privacy.accesses,
                personal=privacy.personal,
            )
        finally:
            await objects.databases.dispose()
    finally:
        await database.dispose()
