"""Export and erasure in one place, each written down in the access log. Implements the port `PersonalData`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from caruso.clock import Clock
from caruso.model.changes import Erased
from caruso.storage.engine import Database
from caruso.storage.objects.privacy import PersonalObjects
from caruso.storage.objects.store import Objects, own_objects
from caruso.storage.privacy.access import Accesses
from caruso.storage.privacy.erasing import Erasing
from caruso.storage.privacy.exporting import Exporting


class Personal:
    """Gives out, and erases."""

    def __init__(self, exporting: Exporting, erasing: Erasing, accesses: Accesses) -> None:
        """Write every use into `accesses`."""
        self._exporting = exporting
        self._erasing = erasing
        self._accesses = accesses

    async def export(self, customer: str, output: IO[bytes]) -> int:
        """Write everything as a ZIP; return how many entries it has. Raises `NotFound`."""
        await self._accesses.note(customer, "export")
        return await self._exporting.export(customer, output)

    async def erase(self, customer: str) -> Erased:
        """Make a customer unrecognizable everywhere. Raises `NotFound`, `IllegalMove`."""
        erased = await self._erasing.erase(customer)
        await self._accesses.note(erased.pseudonym, "erasure")
        return erased


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyParts:
    """All that has to do with personal data, of one database."""

    accesses: Accesses
    objects: PersonalObjects
    erasing: Erasing
    personal: Personal


def privacy_parts(
    database: Database,
    files: Path,
    clock: Clock,
    *,
    region: str,
    objects: Objects | None = None,
    forget: Callable[[], None] = lambda: None,
) -> PrivacyParts:
    """Build them; see `Erasing` for what `forget` is for. Without `objects` there are our own customers."""
    accesses = Accesses(database, clock)
    of_objects = PersonalObjects(objects or own_objects(database, clock, region=region))
    erasing = Erasing(database, of_objects, files, clock, region=region, forget=forget)
    exporting = Exporting(database, of_objects, files, clock, region=region)
    return PrivacyParts(
        accesses=accesses,
        objects=of_objects,
        erasing=erasing,
        personal=Personal(exporting, erasing, accesses),
    )
