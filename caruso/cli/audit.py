"""``caruso audit show|state|restore``."""

from __future__ import annotations

from argparse import Namespace

import msgspec

from caruso.cli.outcome import Exit
from caruso.cli.stores import opened, run, settings
from caruso.model.changes import RecordChange, RecordState

#: Characters of a value that are shown in a list of changes, and how many of a longer one; `state` shows all.
_LONGEST, _SHOWN = 400, 60


def show(wanted: Namespace) -> int:
    """List changes, newest first."""
    return run(_show(wanted))


def state(wanted: Namespace) -> int:
    """Print a record as it was."""
    return run(_state(wanted))


def restore(wanted: Namespace) -> int:
    """Put a record back."""
    return run(_restore(wanted))


async def _show(wanted: Namespace) -> int:
    async with opened(settings(wanted)) as stores:
        changes = await stores.history.changes(wanted.class_name, wanted.record, limit=wanted.limit)
    for change in changes:
        _print(change)
    if not changes:
        print("No changes are known.")
    return Exit.OK


async def _state(wanted: Namespace) -> int:
    async with opened(settings(wanted)) as stores:
        found = await stores.history.state(wanted.class_name, wanted.record, wanted.change, before=wanted.before)
    _print_rows(found)
    return Exit.OK


async def _restore(wanted: Namespace) -> int:
    async with opened(settings(wanted)) as stores:
        found = await stores.history.restore(wanted.class_name, wanted.record, wanted.change, before=wanted.before)
    _print_rows(found)
    moment = "before" if wanted.before else "after"
    print(f"{wanted.class_name} {wanted.record} is what it was right {moment} change {wanted.change}.")
    return Exit.OK


def _print(change: RecordChange) -> None:
    who = change.by or "somebody past Caruso"
    role = f" ({change.role})" if change.role else ""
    place = " ".join(part for part in (change.channel, change.address) if part)
    print(
        f"{change.id}  {change.at:%Y-%m-%d %H:%M:%S} UTC  {change.class_name} {change.record}: "
        f"{change.change} in {change.table} by {who}{role}{f' from {place}' if place else ''}"
    )
    for name, (old, new) in change.fields.items():
        print(f"    {name}: {_in_short(old)} -> {_in_short(new)}")


def _print_rows(found: RecordState) -> None:
    for table, rows in found.tables.items():
        for row in rows:
            print(f"{table}:")
            for name, value in row.items():
                print(f"    {name} = {_written(value)}")
        if not rows:
            print(f"{table}: nothing")


def _in_short(value: object) -> str:
    """Return a value as it is written, without most of it when it is as long as a script."""
    written = _written(value)
    return written if len(written) <= _LONGEST else f"{written[:_SHOWN]}… ({len(written):,} characters)"


def _written(value: object) -> str:
    return msgspec.json.encode(value).decode()
