"""Asks the warehouse, which is reached by a message queue."""

from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.legacy.message_queue import QueueService
from caruso.service_manager import operation
from caruso.service_manager.hookspecs import hookimpl


class Article(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is meant."""

    number: Annotated[str, Meta(min_length=1, max_length=40)]


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """How many are there."""

    number: str
    pieces: int


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be sent to whom."""

    number: Annotated[str, Meta(min_length=1, max_length=40)]
    customer: str
    pieces: Annotated[int, Meta(ge=1, le=10)] = 1


class Warehouse(QueueService):
    """The warehouse."""

    name, version = "warehouse", "1.0"

    @operation(repeatable=True)
    async def stock(self, params: Article, *, key: str) -> Stock:
        """Tell how many are there."""
        return await self.ask("warehouse.stock", params, Stock)

    @operation(repeatable=True)
    async def order(self, params: Order, *, key: str) -> None:
        """Have something sent to a customer; the same key is one parcel."""
        await self.publish("warehouse.orders", params, key=key)


@hookimpl
def services(parts):
    """Bring the warehouse."""
    return [Warehouse(parts.system("warehouse"))]
