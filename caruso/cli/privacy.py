"""``caruso customer export|erase``, ``caruso model tidy``."""

from __future__ import annotations

import sys
from argparse import Namespace

import msgspec

from caruso.cli.models import opened_objects
from caruso.cli.outcome import Exit
from caruso.cli.stores import run
from caruso.clock import SystemClock
from caruso.model.actor import house


def export(wanted: Namespace) -> int:
    """Write all that is kept of a customer in business objects, as JSON, to standard output."""

    async def work() -> int:
        from caruso.storage.objects.privacy import Privacy

        async with opened_objects(wanted) as objects:
            found = await Privacy(objects).export(wanted.customer)
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
            return Exit.OK

    return run(work())


def erase(wanted: Namespace) -> int:
    """Erase all that is kept of a customer in business objects."""

    async def work() -> int:
        from caruso.cli.script_publishing import who
        from caruso.storage.objects.privacy import Privacy

        async with opened_objects(wanted) as objects:
            for name, count in (await Privacy(objects).erase(wanted.customer, house(who(), "command"))).items():
                print(f"{name}: {count} erased")
            return Exit.OK

    return run(work())


def tidy(wanted: Namespace) -> int:
    """Erase what models say has been kept long enough."""

    async def work() -> int:
        from caruso.storage.objects.privacy import Privacy

        async with opened_objects(wanted) as objects:
            for name, count in (await Privacy(objects).tidy(SystemClock().now())).items():
                print(f"{name}: {count} erased")
            return Exit.OK

    return run(work())
