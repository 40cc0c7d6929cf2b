"""``caruso check-config``, ``asterisk check``."""

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
