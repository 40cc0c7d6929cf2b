"""How a command is declared: its name, what carries it out, what help says about it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXIT_CODES = "exit codes: 0 done, 1 refused or not as it should be, 2 wrong arguments, 3 could not be tried"


def group(commands: Any, name: str, about: str, *, reads_scripts: bool = False) -> Any:
    """Declare a group of commands and return where they are added.

    Before one that `reads_scripts` begins plug-ins are loaded: scripts may use their functions.
    """
    made = commands.add_parser(name, help=about, description=about)
    made.set_defaults(reads_scripts=reads_scripts)
    return made.add_subparsers(title="commands", metavar="COMMAND", required=True)


def command(
    commands: Any, name: str, carry_out: Callable[[argparse.Namespace], int], about: str, *, more: str = ""
) -> argparse.ArgumentParser:
    """Declare a command; `more` stands below its help, as written."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=about,
        epilog=f"{more}\n\n{EXIT_CODES}" if more else EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter if more else argparse.HelpFormatter,
    )
    # May stand before or after the command; a default here would hide what stood before.
    parser.add_argument("--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.set_defaults(command=carry_out, parser=parser)
    return parser
