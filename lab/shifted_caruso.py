"""The ``caruso`` command on a machine whose wall clock jumps: by as many seconds as the file ``clock-shift`` says.

``python -m lab.shifted_caruso --config …/caruso.toml serve``; the file lies beside caruso.toml. Only the wall time
jumps, as on a real machine.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

from caruso.cli import main, serving
from caruso.clock import SystemClock

SHIFT_FILE = "clock-shift"


def shift_clock(file: Path) -> None:
    """Let the machine's clock be wrong by what `file` says, from now on."""
    right = SystemClock.now

    def wrong(clock: SystemClock) -> datetime:
        text = file.read_text() if file.exists() else ""
        return right(clock) + timedelta(seconds=float(text or 0))

    SystemClock.now = wrong  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    serving.PROGRAM = ("-m", "lab.shifted_caruso")  # whom ``watch`` runs
    shift_clock(Path(sys.argv[sys.argv.index("--config") + 1]).parent / SHIFT_FILE)
    sys.exit(main())
