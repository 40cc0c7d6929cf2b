"""Hash and verify passwords with argon2, away from the event loop and never many at once.

Knows no users. One verification costs about 30 ms of a core and 19 MiB, so an unbounded number of them would be
a way to stop the telephone exchange.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from caruso.web.refusals import Busy

#: The profile OWASP recommends where many people sign in at the start of a shift (Password Storage Cheat Sheet).
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: Verified for users who do not exist or have no password, so that the time taken does not tell who does.
_NOBODY = _HASHER.hash("nobody")

#: Threads that hash.
CONCURRENCY = 2
#: People who may wait for one of them; a whole centre starting its shift, and more.
MAX_WAITING = 256

_Result = TypeVar("_Result")

#: ``M_MMAP_THRESHOLD`` of glibc's mallopt(3), and what is given back to the system as soon as it is free.
_MMAP_THRESHOLD, _GIVEN_BACK_BYTES = -3, 4 * 1024 * 1024


def _give_memory_back() -> None:
    """Have the C library return the memory of a hash at once; by itself it keeps 19 MiB for the next one."""
    with contextlib.suppress(OSError, AttributeError):  # another C library has no mallopt, and other ways
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _GIVEN_BACK_BYTES)


def hash_password(password: str) -> str:
    """Return the hash to keep. Takes about 30 ms: in the server use `Passwords.hash`."""
    return _HASHER.hash(password)


class Passwords:
    """A few threads that do nothing else."""

    def __init__(self, *, concurrency: int = CONCURRENCY, max_waiting: int = MAX_WAITING) -> None:
        """Start no thread yet."""
        _give_memory_back()
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="argon2")
        self._room = concurrency + max_waiting

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return the hash to keep."""
        return await self._run(lambda: _HASHER.hash(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Tell whether `password` belongs to the hash `kept`; takes as long when there is none."""
        matches = await self._run(lambda: _verify(kept or _NOBODY, password))
        return matches and bool(kept)

    @staticmethod
    def is_outdated(kept: str) -> bool:
        """Tell whether `kept` was made with other parameters than today's."""
        try:
            return _HASHER.check_needs_rehash(kept)
        except InvalidHashError:
            return True

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        if self._room <= 0:
            raise Busy
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._room += 1


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except InvalidHashError:  # a user without a password: that must take as long
        if kept != _NOBODY:
            _verify(_NOBODY, password)
        return False
    except VerificationError:
        return False
