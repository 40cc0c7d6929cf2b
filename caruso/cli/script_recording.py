"""``caruso script record``: make a test case of a run that is kept in the database."""

from __future__ import annotations

import sys
from argparse import Namespace

from caruso.cli.outcome import Exit
from caruso.cli.stores import opened, run, settings
from caruso.comm_server.script_library import ScriptLibrary, sources_of
from caruso.errors import NotFound
from caruso.model.ids import RunId
from caruso.script_engine.runs import run_from_json
from caruso.script_engine.tools.recording import recorded


def record_run(wanted: Namespace) -> int:
    """Print the test case of a run."""

    async def record() -> int:
        async with opened(settings(wanted)) as stores:
            saved = await stores.runs.load(RunId(wanted.run))
            if saved is None:
                raise NotFound(f"There is no run “{wanted.run}”.")
            library = ScriptLibrary()
            library.keep(*await sources_of(stores.centres, saved.script, saved.version))
        dialog = library.pinned(saved.script, saved.version)
        if dialog is None:
            raise NotFound(f"The script of the run, “{saved.script}” {saved.version}, is not there any more.")
        sys.stdout.write(recorded(dialog, run_from_json(saved.state), wanted.name or f"Run {saved.id}"))
        return Exit.OK

    return run(record())
