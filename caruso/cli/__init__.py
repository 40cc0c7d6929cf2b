"""The ``caruso`` command: what an admin does at a terminal.

Knows how to ask for things and how to tell what became of them; what they do is done elsewhere. Each command
imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from caruso.cli.arguments import parse
from caruso.cli.outcome import Exit, report
from caruso.errors import CarusoError


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code (`caruso.cli.outcome`)."""
    wanted = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        if getattr(wanted, "reads_scripts", False):
            _use_plugins(wanted)
        return int(wanted.command(wanted))
    except CarusoError as problem:
        return report(problem)
    except BrokenPipeError:
        # Whoever read our output has had enough; what Python still holds of it must not complain at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except OSError as problem:
        # Without the number of the error, which is of use to nobody at a terminal.
        named = (
            f"{problem.filename}: {problem.strerror}" if problem.filename and problem.strerror else str(problem)
        )
        print(f"caruso: {named}", file=sys.stderr)
        return Exit.FAILED
    except KeyboardInterrupt:
        return 130


def _use_plugins(wanted: Namespace) -> None:
    from caruso.cli.plugins import use_plugins
    from caruso.cli.stores import only_errors_logged, settings

    with only_errors_logged():
        use_plugins(settings(wanted))
