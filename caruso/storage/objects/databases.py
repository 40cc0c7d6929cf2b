"""Our own database and the company's, by the names the settings give them: each with a pool and limits."""

from __future__ import annotations

from collections.abc import Mapping

from caruso.business_objects.model import OWN
from caruso.errors import NotFound
from caruso.storage.engine import Database


class Databases:
    """All databases with business objects."""

    def __init__(self, own: Database, others: Mapping[str, Database] | None = None) -> None:
        """Know them by name; ours is ``own``."""
        self.own = own
        self._all = {**(others or {}), OWN: own}

    @property
    def names(self) -> tuple[str, ...]:
        """Return all names."""
        return tuple(self._all)

    def __getitem__(self, name: str) -> Database:
        """Return a database; raise `NotFound`."""
        if name not in self._all:
            raise NotFound(f"there is no database {name}")
        return self._all[name]

    def forget_statements(self) -> None:
        """Forget statements that name tables of a model that is not in force any more."""
        for database in self._all.values():
            database.forget_statements()

    async def dispose(self) -> None:
        """Close the company's databases; ours is closed by whoever opened it."""
        for name, database in self._all.items():
            if name != OWN:
                await database.dispose()
