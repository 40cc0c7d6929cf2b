"""What commands work on: the settings, and the database they name."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from caruso.clock import SystemClock
from caruso.config import Config, default_config_file, load_config
from caruso.ports import CentreStore, RunStore, ScriptObjects, ScriptStore, UserStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """The parts of the database that commands use."""

    centres: CentreStore
    scripts: ScriptStore
    users: UserStore
    objects: ScriptObjects
    runs: RunStore


def settings(wanted: Namespace) -> Config:
    """Return the settings the command was given; raise `RejectedInput`."""
    return load_config(wanted.config or default_config_file(os.environ), os.environ)


def run(work: Coroutine[None, None, int]) -> int:
    """Carry out an asynchronous command. What it does it tells itself; only errors are logged."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        return asyncio.run(work)
    finally:
        structlog.reset_defaults()


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Stores]:
    """Open the database; raise `SchemaOutdated` when its tables are not of this version."""
    from caruso.part_settings import business_objects
    from caruso.storage.centres import Centres
    from caruso.storage.engine import Database
    from caruso.storage.migrations import require_schema
    from caruso.storage.runs import Runs
    from caruso.storage.scripts import Scripts
    from caruso.storage.users import Users

    database = Database(config.database_url)
    try:
        await require_schema(database)
        objects = business_objects(config, database, SystemClock())
        try:
            yield Stores(
                centres=Centres(database),
                scripts=Scripts(database),
                users=Users(database),
                objects=objects,
                runs=Runs(database),
            )
        finally:
            await objects.databases.dispose()
    finally:
        await database.dispose()
