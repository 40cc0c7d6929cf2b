"""Call-backs. Implements the port `CallbackStore`: added once per id, changed by who saw the newest version."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, or_, select, update

from caruso.model.callbacks import Callback, CallbackId, CallbackState
from caruso.model.ids import CustomerId, QueueId
from caruso.storage.audit import changing
from caruso.storage.engine import Database
from caruso.storage.tables.callbacks import callbacks


class Callbacks:
    """Keeps call-backs."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database
        self._add = database.adapter.insert_unless_there(callbacks)

    async def add(self, callback: Callback) -> None:
        """Keep a new call-back; one whose id is there already stays as it is."""
        async with changing(self._database, by=callback.changed_by) as connection:
            await connection.execute(self._add, _row(callback))

    async def get(self, callback: CallbackId) -> Callback | None:
        """Return a call-back."""
        async with self._database.reading() as connection:
            query = select(callbacks).where(callbacks.c.id == callback)
            row = (await connection.execute(query)).mappings().one_or_none()
        return _callback(row) if row else None

    async def find(
        self, *, queues: Collection[QueueId] | None, states: Collection[CallbackState], limit: int
    ) -> Sequence[Callback]:
        """Return call-backs in `states`, by the time they are due; of all queues when `queues` is None."""
        query = select(callbacks).where(callbacks.c.state.in_([state.value for state in states]))
        if queues is not None:
            query = query.where(callbacks.c.queue.in_(list(queues)))
        wanted = query.order_by(callbacks.c.due_at, callbacks.c.id).limit(limit)
        return await self._database.look_up(
            lambda connection: [_callback(row) for row in connection.execute(wanted).mappings()]
        )

    async def of_callers(self, numbers: Collection[str], customers: Collection[CustomerId]) -> Sequence[Callback]:
        """Return the open call-backs to any of these numbers, or for any of these customers."""
        if not numbers and not customers:
            return []

        def work(connection: Connection) -> list[Callback]:
            wanted = {"wanted_numbers": list(numbers), "wanted_customers": list(customers)}
            return [_callback(row) for row in connection.execute(_OF_CALLERS, wanted).mappings()]

        return await self._database.look_up(work)

    async def change(self, callback: Callback) -> bool:
        """Write a call-back whose version before this one is the one that is kept; False: somebody was quicker."""
        row = _row(callback)
        statement = (
            update(callbacks)
            .where(callbacks.c.id == callback.id, callbacks.c.version == callback.version - 1)
            .values({name: value for name, value in row.items() if name != "id"})
        )
        async with changing(self._database, by=callback.changed_by) as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def open_counts(self) -> Mapping[QueueId, int]:
        """Return how many are open, by queue; cheap enough to be asked every second."""
        return await self._database.look_up(
            lambda connection: {QueueId(queue): count for queue, count in connection.execute(_OPEN_COUNTS).all()}
        )


_OPEN_COUNTS = (
    select(callbacks.c.queue, func.count())
    .where(callbacks.c.state == CallbackState.OPEN.value)
    .group_by(callbacks.c.queue)
)
#: Asked for every second in which a conversation begins.
_OF_CALLERS = select(callbacks).where(
    callbacks.c.state == CallbackState.OPEN.value,
    or_(
        callbacks.c.number.in_(bindparam("wanted_numbers", expanding=True)),
        callbacks.c.customer.in_(bindparam("wanted_customers", expanding=True)),
    ),
)


def _row(callback: Callback) -> dict[str, Any]:
    return {**asdict(callback), "state": callback.state.value}


def _callback(row: RowMapping) -> Callback:
    return Callback(**{**row, "state": CallbackState(row["state"])})
