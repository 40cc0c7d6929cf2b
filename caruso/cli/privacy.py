"""``caruso privacy export|erase|accesses``."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

from caruso.cli.outcome import Exit, refused
from caruso.cli.stores import opened, run, settings


def export(wanted: Namespace) -> int:
    """Write all that is kept of a customer into a ZIP."""
    return run(_export(wanted))


def erase(wanted: Namespace) -> int:
    """Make a customer unrecognizable everywhere."""
    return run(_erase(wanted))


def accesses(wanted: Namespace) -> int:
    """List who looked at a customer."""
    return run(_accesses(wanted))


async def _export(wanted: Namespace) -> int:
    target: Path = wanted.out or Path(f"customer-{wanted.customer}.zip".replace("/", "_"))
    async with opened(settings(wanted)) as stores:
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as output:
                entries = await stores.personal.export(wanted.customer, output)
        except BaseException:
            os.unlink(target)  # noqa: PTH108 -- a moment, at a terminal
            raise
    print(f"{target}: {entries} files")
    return Exit.OK


async def _erase(wanted: Namespace) -> int:
    if not wanted.yes and not _confirmed(wanted.customer):
        return refused("Nothing was erased.")
    async with opened(settings(wanted)) as stores:
        erased = await stores.personal.erase(wanted.customer)
    print(
        f"Erased for ever: {erased.contacts} contacts, {erased.runs} dialogs, {erased.callbacks} call-backs and "
        f"{erased.files} files are now of {erased.pseudonym}; {erased.objects} business objects are gone. "
        "Back-ups that are older still know the customer."
    )
    return Exit.OK


def _confirmed(customer: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"This cannot be undone. Type {customer} to erase: ") == customer


async def _accesses(wanted: Namespace) -> int:
    async with opened(settings(wanted)) as stores:
        found = await stores.accesses.of(wanted.customer, wanted.limit)
    for access in found:
        role = f" ({access.role})" if access.role else ""
        place = " ".join(part for part in (access.channel, access.address) if part)
        print(f"{access.at:%Y-%m-%d %H:%M:%S} UTC  {access.what} by {access.by or '-'}{role} from {place}")
    if not found:
        print("Nobody looked at this customer.")
    return Exit.OK
