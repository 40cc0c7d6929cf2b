"""A service in a process of its own: ``CARUSO_NATS=nats://localhost CARUSO_SECRET=… python tariffs.py``."""

from __future__ import annotations

import msgspec

from caruso.service_manager.sdk import Service, operation, serve


class Usage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody uses."""

    #: Kilowatt hours a year.
    kwh: int


class Tariffs(Service):
    """Knows what a kilowatt hour costs."""

    name, version = "tariffs", "1.0"

    @operation(repeatable=True)
    async def best(self, params: Usage, *, key: str) -> str:
        """Return the tariff that costs least."""
        return "saver" if params.kwh < 3000 else "family"


if __name__ == "__main__":
    serve(Tariffs())
