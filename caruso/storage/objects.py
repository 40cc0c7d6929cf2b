"""Records as dialog scripts see them. Implements the port `ScriptObjects`.

Until business objects come there is one class, `Customer`: ``id``, ``name``, ``email``, ``number`` (the first),
``numbers``, and every attribute under its own name. What a script gets are values of a script: numbers are
`Decimal`. Dates are kept, and come back, as ISO text, since attributes are plain JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

from caruso.errors import Located, NotFound, RejectedInput
from caruso.model.ids import CustomerId
from caruso.model.records import Customer, ObjectFilter
from caruso.storage.customers import CLASS_NAME, Customers

#: What a customer has by itself; an attribute cannot hide it.
OWN_FIELDS = ("id", "name", "email", "number", "numbers")


class Objects:
    """Loads and saves records by the name of their class."""

    def __init__(self, customers: Customers) -> None:
        """Find customers in `customers`."""
        self._customers = customers

    async def load(self, class_name: str, key: Any) -> Mapping[str, Any] | None:
        """Return a record as values of a script, or None; raise `NotFound` for an unknown class."""
        _check_class(class_name)
        if key is None or key == "":
            return None
        customer = await self._customers.get(CustomerId(str(key)))
        return _as_object(customer) if customer is not None else None

    async def find(
        self, class_name: str, where: Sequence[ObjectFilter], limit: int
    ) -> Sequence[Mapping[str, Any]]:
        """Return records for which every filter holds, by name; raise `NotFound` for an unknown class."""
        _check_class(class_name)
        return [_as_object(customer) for customer in await self._customers.find(where, limit)]

    async def save(self, class_name: str, key: Any, changes: Mapping[str, Any], *, by: str) -> None:
        """Change a record; the audit keeps who changed what. Raises `NotFound`, `RejectedInput`."""
        _check_class(class_name)
        if changes:
            await self._customers.change(CustomerId(str(key)), _as_changes(changes), by=by)


def _check_class(class_name: str) -> None:
    if class_name != CLASS_NAME:
        raise NotFound(f"there is no class {class_name}; there is: {CLASS_NAME}")


def _as_object(customer: Customer) -> dict[str, Any]:
    values = {name: script_value(value) for name, value in customer.attributes.items()}
    values["id"] = customer.id
    values["name"] = customer.name
    values["email"] = customer.email
    values["number"] = customer.numbers[0] if customer.numbers else ""
    values["numbers"] = list(customer.numbers)
    return values


def _as_changes(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Sort what a script sets into fields and attributes."""
    fields: dict[str, Any] = {}
    for name, value in changes.items():
        plain = plain_value(value)
        if name not in OWN_FIELDS:
            fields.setdefault("attributes", {})[name] = plain
        elif name in ("name", "email", "number") and isinstance(plain, str):
            fields[name] = plain
        elif name == "numbers" and isinstance(plain, list) and all(isinstance(n, str) for n in plain):
            fields["numbers"] = tuple(plain)
        else:
            message = f"{CLASS_NAME}.{name} cannot be set to {type(value).__name__}"
            raise RejectedInput((Located(rule="object-field", message=message, attribute=name),))
    return fields


def plain_value(value: Any) -> Any:
    """Return a value of a script as plain JSON."""
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    return value


def script_value(value: Any) -> Any:
    """Return plain JSON as a value of a script."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {name: script_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [script_value(item) for item in value]
    return value
