"""Wraps the tariff calculator, a program of the command line."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.legacy.command import CommandService
from caruso.service_manager import ServiceFailed, operation
from caruso.service_manager.hookspecs import hookimpl


class NoSuchTariff(ServiceFailed):
    """There is no tariff of this name."""

    code = "no-such-tariff"


class Usage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is used in a year."""

    tariff: Annotated[str, Meta(min_length=1, max_length=40)]
    kwh: Annotated[int, Meta(ge=0, le=10_000_000)]


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What that costs."""

    tariff: str
    year: Decimal


class Tariffs(CommandService):
    """The tariff calculator."""

    name, version = "tariffs", "1.0"
    program = (str(Path(__file__).with_name("tariff")), "--json")
    exits = {3: NoSuchTariff}

    @operation(repeatable=True, fails=(NoSuchTariff,))
    async def price(self, params: Usage, *, key: str) -> Price:
        """Tell what a year costs."""
        return await self.answer(Price, values=[params.tariff, str(params.kwh)])


@hookimpl
def services(parts):
    """Bring the tariffs."""
    return [Tariffs(parts.system("tariffs"))]
