"""Have the operating system run what calls wait for before everything else on the machine.

`SCHED_RR` of sched(7), as Debian's service of Asterisk has it (``asterisk -p``, priority 10): a report, a backup
or the database on the same machine then takes no processor from a call. Only the event loop, and the threads it
waits for, run so; other threads and every program that is started run as usual.
"""

from __future__ import annotations

import os


def run_at_once(priority: int) -> bool:
    """Run the calling thread at a real-time priority from now on; return False where that is not allowed.

    Args:
        priority: 1 to 99; the highest goes first.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except (OSError, AttributeError):  # no such right, no Linux
        return False
    return True


def as_the_event_loop() -> None:
    """Run the calling thread as the process's first thread runs, in which the event loop is.

    It takes the interpreter's lock, so whoever waits for the lock waits for it.
    """
    try:
        first = os.getpid()
        if os.sched_getscheduler(first) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR:
            run_at_once(os.sched_getparam(first).sched_priority)
    except (OSError, AttributeError):
        return
