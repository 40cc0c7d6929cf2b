"""A worker for tests, which sleeps as long as it is told: ``python -m lab.remote_worker 1.0 mark``."""

from __future__ import annotations

import asyncio
import os
import sys
from decimal import Decimal
from typing import Any

import msgspec

from caruso.service_manager.failures import ServiceFailed
from caruso.service_manager.sdk import Service, operation, serve


class NoSuchMeter(ServiceFailed):
    """There is no such meter."""

    code = "no-such-meter"


class Nap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long to sleep."""

    seconds: float = 0.0


class Meters(Service):
    """Knows meters."""

    name = "meters"
    at_once = 50
    timeout_seconds = 20.0

    def __init__(self, version: str = "1.0", mark: str = "") -> None:
        """Be of this version; `mark` is answered to tell workers apart."""
        self.version = version
        self.mark = mark or str(os.getpid())
        self.kept: list[bytearray] = []

    @operation(repeatable=True, fails=(NoSuchMeter,))
    async def read(self, params: Nap, *, key: str) -> dict[str, Any]:
        """Sleep, and tell who did."""
        await asyncio.sleep(params.seconds)
        if params.seconds < 0:
            raise NoSuchMeter("There is no meter that runs backwards")
        return {"by": self.mark, "version": self.version, "exact": Decimal("0.10"), "key": key}

    @operation(repeatable=False)
    async def book(self, params: Nap, *, key: str) -> str:
        """Sleep; twice is not the same as once."""
        await asyncio.sleep(params.seconds)
        return self.mark

    @operation(repeatable=True)
    async def leak(self, params: Nap, *, key: str) -> int:
        """Keep 32 MB for ever; return how many times it did."""
        self.kept.append(bytearray(32_000_000))
        return len(self.kept)


if __name__ == "__main__":
    serve(Meters(*sys.argv[1:]))
