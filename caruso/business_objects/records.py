"""What is asked of a store of business objects, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from caruso.business_objects.model import Model
from caruso.model.asker import Asker
from caruso.model.conditions import EVERYTHING, Condition
from caruso.script_engine.turns import Value

#: Objects of one page at most, and those that may be left out before it.
LONGEST_PAGE = 500
FURTHEST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An object as somebody may see it."""

    class_name: str
    key: str
    values: Mapping[str, Value]
    #: Tells this state of the object from any other; named by whoever changes it.
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which objects, in which order, how many."""

    condition: Condition = EVERYTHING
    #: Attributes to sort by, and whether the greatest comes first.
    order: tuple[tuple[str, bool], ...] = ()
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the objects found."""

    records: Sequence[Record]
    #: There are others behind them.
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One attribute of one object that was changed."""

    id: int
    at: datetime
    #: Who, in which role, through what, from which address; all empty when it was done past Caruso.
    by: str
    role: str
    channel: str
    address: str
    #: Empty where the whole object was made or deleted.
    field: str
    old: Any
    new: Any


class ObjectStore(Protocol):
    """Business objects, as the edges ask for them.

    Every method raises `NotFound` for an unknown class or attribute, `NotAllowed` where the asker may not,
    `StorageUnavailable` when the database does not answer.
    """

    @property
    def model(self) -> Model:
        """Return the model in force."""
        ...

    async def get(self, class_name: str, key: str, asker: Asker) -> Record:
        """Return an object; raise `NotFound`, also for one that the asker may not see."""
        ...

    async def query(self, class_name: str, query: Query, asker: Asker) -> Page:
        """Return objects; raise `RejectedInput` for a condition no database can look for."""
        ...

    async def search(self, class_name: str, text: str, asker: Asker, limit: int = 20) -> Sequence[Record]:
        """Return objects with words that begin as those in `text`."""
        ...

    async def related(self, class_name: str, key: str, relation: str, query: Query, asker: Asker) -> Page:
        """Return the objects that belong to one."""
        ...

    async def create(self, class_name: str, values: Mapping[str, Any], asker: Asker) -> Record:
        """Make an object; raise `RejectedInput`."""
        ...

    async def change(
        self, class_name: str, key: str, changes: Mapping[str, Any], asker: Asker, *, version: str = ""
    ) -> Record:
        """Change an object; raise `RejectedInput`, and `IllegalMove` when it is not the version seen."""
        ...

    async def delete(self, class_name: str, key: str, asker: Asker, *, version: str = "") -> None:
        """Delete an object; raise `IllegalMove` when it has another version than that seen."""
        ...

    async def history(self, class_name: str, key: str, asker: Asker) -> Sequence[Change]:
        """Return what happened to an object as far as the asker may see it, the newest first."""
        ...

    async def state(
        self, class_name: str, key: str, change: int, asker: Asker, *, before: bool = True
    ) -> Mapping[str, Any]:
        """Return an object as it was before a change."""
        ...

    async def restore(
        self, class_name: str, key: str, change: int, asker: Asker, *, before: bool = True
    ) -> Record:
        """Make an object again what it was before a change; also one that was deleted."""
        ...
