"""``python -m lab.worked_example``: write the simulated morning of docs/simulation.md anew, with the command."""

from __future__ import annotations

import sys
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from caruso.cli import main as caruso

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "simulation.md"
EXAMPLES = ROOT / "docs" / "examples"
#: The block after this line is what the command writes.
COMMAND = "caruso simulate docs/examples/morning.toml --arrivals docs/examples/morning.csv --log morning.log"
_BEGIN, _END = f"{COMMAND}\n```\n```\n", "```\n"


def simulated_morning() -> str:
    """Return the decision log of the example."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        log = Path(folder) / "morning.log"
        files = [str(EXAMPLES / "morning.toml"), "--arrivals", str(EXAMPLES / "morning.csv")]
        code = caruso(["simulate", *files, "--log", str(log)])
        if code != 0:
            raise RuntimeError(f"caruso simulate ended with {code}")
        return log.read_text(encoding="utf-8")


def with_morning(page: str, morning: str) -> str:
    """Return the page with this morning in it."""
    before, begin, rest = page.partition(_BEGIN)
    if not begin:
        raise ValueError(f"{PAGE.name} does not show the command")
    return before + begin + morning + _END + rest.partition(_END)[2]


if __name__ == "__main__":
    PAGE.write_text(with_morning(PAGE.read_text(encoding="utf-8"), simulated_morning()), encoding="utf-8")
    sys.exit(0)
