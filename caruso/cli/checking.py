"""``caruso check-config``, ``asterisk check``, ``db check|upgrade``."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

import msgspec

from caruso.cli.outcome import Exit
from caruso.cli.stores import run, settings
from caruso.config import Config
from caruso.toml.shape import Secret


def check_config(wanted: Namespace) -> int:
    """Check the settings; mistakes are raised."""
    if wanted.print_docs:
        from caruso.cli.settings_page import settings_page

        sys.stdout.write(settings_page())
        return Exit.OK
    config = settings(wanted)
    if wanted.show:
        _show(config)
    else:
        print("The settings are fine.")
    return Exit.OK


def _show(config: Config) -> None:
    for section in msgspec.structs.fields(config):
        print(f"[{section.name}]")
        values = getattr(config, section.name)
        for key in msgspec.structs.fields(values):
            print(f"{key.name} = {_written(getattr(values, key.name))}")
        print()


def _written(value: object) -> str:
    """Write a value as in TOML, near enough to be read."""
    match value:
        case Secret():
            return "(set)" if value else "(not set)"
        case None:
            return "(not set)"
        case Path():
            return msgspec.json.encode(str(value)).decode()
        case msgspec.Struct():
            return _written(msgspec.structs.asdict(value))
        case tuple():
            return f"[{', '.join(_written(item) for item in value)}]"
        case dict():
            return "{ " + ", ".join(f"{key} = {_written(item)}" for key, item in value.items()) + " }"
        case _:
            return msgspec.json.encode(value).decode()


def check_asterisk(wanted: Namespace) -> int:
    """Check the PBX; each thing that is missing is a line."""
    config = settings(wanted)
    from caruso.comm_server.asterisk.check import check_asterisk
    from caruso.part_settings import asterisk_settings

    async def work() -> int:
        results = await check_asterisk(asterisk_settings(config))
        for result in results:
            print(result)
        return Exit.OK if all(result.ok for result in results) else Exit.REFUSED

    return run(work())


def upgrade_database(wanted: Namespace) -> int:
    """Bring the database to this version."""
    from caruso.storage.migrations import upgrade

    url = settings(wanted).database_url

    async def work() -> int:
        state = await upgrade(url)
        print(f"The database is at step {state.current}.")
        return Exit.OK

    return run(work())


def check_database(wanted: Namespace) -> int:
    """Tell whether the database is of this version."""
    from caruso.storage.migrations import check_schema

    url = settings(wanted).database_url

    async def work() -> int:
        state = await check_schema(url)
        if state.up_to_date:
            print(f"The database is at step {state.current}, as this version needs it.")
            return Exit.OK
        has = f"at step {state.current}" if state.current else "empty"
        print(f"The database is {has}; this version needs {state.needed}: run `caruso db upgrade`.")
        return Exit.REFUSED

    return run(work())
