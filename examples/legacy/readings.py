"""Takes the readings that the metering company drops as files, and leaves it a file with meters to be read."""

from datetime import date
from decimal import Decimal

import msgspec

from caruso.legacy.file_drop import FileDropService
from caruso.legacy.layouts import FixedWidth, SeparatedValues
from caruso.service_manager import operation
from caruso.service_manager.hookspecs import hookimpl


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a file that is dropped."""

    customer: str
    kwh: Decimal
    read_on: date = msgspec.field(name="day")
    remark: str = ""


class Meters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Meters that are to be read."""

    numbers: list[str]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a file that we leave."""

    meter: str
    position: int


class Readings(FileDropService):
    """Readings of the metering company."""

    name, version = "readings", "1.0"
    requires = ("customer",)
    pattern = "*.csv"
    layout = SeparatedValues(kind=Reading, encoding="cp1252", day="%d.%m.%Y", decimal_comma=True)
    orders = FixedWidth(kind=Wanted, widths={"meter": 12, "position": 6})

    async def take(self, record, *, key):
        """Note a reading at its customer."""
        changes = {"customer": record.customer, "kwh": record.kwh, "read_on": record.read_on.isoformat()}
        await self.services.call("customer.update", changes, key=key)

    @operation(repeatable=True)
    async def order(self, params: Meters, *, key: str) -> str:
        """Leave a file with meters that are to be read, and return its name."""
        wanted = [Wanted(meter=meter, position=number) for number, meter in enumerate(params.numbers, 1)]
        return await self.leave("order", wanted, self.orders, key=key)


@hookimpl
def services(parts):
    """Bring the readings."""
    return [Readings(parts.system("readings"))]
