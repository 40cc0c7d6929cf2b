"""``link.make``: lets a script send its customer a link with which the dialog goes on on the web."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from caruso.model.ids import RunId, run_of
from caruso.service_manager.failures import BadArguments
from caruso.service_manager.service import Service, operation


class LinkWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing is to be said: the link leads to the run that asks."""


class LinkService(Service):
    """Lets customers go on with a dialog on the web."""

    name = "link"
    version = "1.0"

    def __init__(self, make: Callable[[RunId], Awaitable[str]]) -> None:
        """`make` returns a new address that opens a run once."""
        self._make = make

    @operation(repeatable=True)
    async def make(self, params: LinkWish, *, key: str) -> str:
        """Return the address of a page on which this run goes on; it opens once, within 7 days."""
        if not key:
            raise BadArguments("link.make needs a key")
        return await self._make(run_of(key))
