"""Who looked at a customer. Implements the port `AccessLog`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from caruso.clock import Clock
from caruso.model.acting import who_acts
from caruso.model.changes import CustomerAccess
from caruso.storage.engine import Database
from caruso.storage.tables.changes import customer_access


class Accesses:
    """Keeps who looked at whom."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep it in `database`."""
        self._database = database
        self._clock = clock

    async def note(self, customer: str, what: str) -> None:
        """Write down that whoever acts sees a customer; before anything is shown."""
        actor = who_acts()
        row = {
            "at": self._clock.now(),
            "customer": customer,
            "what": what,
            "by": actor.user,
            "role": actor.role,
            "channel": actor.channel,
            "address": actor.address,
        }
        async with self._database.writing() as connection:
            await connection.execute(insert(customer_access), row)

    async def of(self, customer: str, limit: int = 100) -> Sequence[CustomerAccess]:
        """Return who looked at a customer, newest first."""
        query = select(customer_access).where(customer_access.c.customer == customer)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.order_by(customer_access.c.id.desc()).limit(limit))
            return [
                CustomerAccess(**{name: value for name, value in row.items() if name != "id"})
                for row in rows.mappings()
            ]
