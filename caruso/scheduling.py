"""Have the operating system run what calls wait for before everything else on the machine.

`SCHED_RR` of sched(7), as Debian's service of Asterisk has it (``asterisk -p``, priority 10): a report, a backup
or the database on the same machine then takes no processor from a call. Only the event loop, and the threads it
waits for, run so; other threads and every program that is started run as usual.
"""

from __future__ import annotations

import os


def set_real_time_priority(priority: int) -> bool:
    """Run the calling thread at a real-time priority from now on; return False where that is not allowed.

    Args:
        priority: 1 to 99; the highest goes first.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except (OSError, AttributeError):  # no such right, no Linux
        return False
    return True


def take_real_time_priority_of_the_loop() -> None:
    """Run the calling thread at the priority of the process's first thread, in which the event loop is.

    For threads the loop waits for: while one has the interpreter's lock, the loop is no quicker than it is.
    """
    try:
        first = os.getpid()
        if os.sched_getscheduler(first) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR:
            set_real_time_priority(os.sched_getparam(first).sched_priority)
    except (OSError, AttributeError):
        return
