"""``caruso script record``: make a test case of a run that is kept in the database."""

from __future__ import annotations

import sys
from argparse import Namespace

from caruso.cli.outcome import Exit
from caruso.cli.stores import opened, run, settings
from caruso.comm_server.script_trials import kept_run
from caruso.model.ids import RunId
from caruso.script_engine.tools.recording import recorded


def record_run(wanted: Namespace) -> int:
    """Print the test case of a run."""

    async def record() -> int:
        async with opened(settings(wanted)) as stores:
            kept = await kept_run(stores.runs, stores.scripts, RunId(wanted.run))
        sys.stdout.write(recorded(kept.dialog(), kept.run, wanted.name or ""))
        return Exit.OK

    return run(record())
