"""What stands in the place of personal data: pseudonyms that nobody can trace back, or nothing. Pure.

The token is drawn anew for each erasure and kept nowhere beside what it stands in, so there is no way back; within
one erasure the same number has the same pseudonym, and whatever counts numbers or customers counts as before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from caruso.model.facts import AnyFact
from caruso.storage.privacy.registry import FACT_FIELDS, Kind

#: How every pseudonym begins.
ERASED = "erased-"
#: Event of a run's audit whose text is the name of a branch.
SPLIT = "split"


class Pseudonyms:
    """Pseudonyms of one erasure."""

    def __init__(
        self, token: str, numbers: Collection[str], normalise: Callable[[str], str], *, others_too: bool = False
    ) -> None:
        """Replace `numbers`, however they are written (`normalise`), and with `others_too` every other one."""
        self._token = token
        self._normalise = normalise
        self._others_too = others_too
        self._places = {number: place for place, number in enumerate(sorted(numbers), 1)}

    def number(self, number: str) -> str:
        """Return what stands for a number; one that is not to be replaced stays."""
        key = self._normalise(number)
        if not key or number.startswith(ERASED):
            return number
        if key not in self._places and not self._others_too:
            return number
        return f"{ERASED}{self._token}-{self._places.setdefault(key, len(self._places) + 1)}"

    def customer(self, customer: str | None) -> str | None:
        """Return what stands for a customer's id."""
        if customer is None or customer.startswith(ERASED):
            return customer
        return f"{ERASED}{self._token}"

    def value(self, kind: Kind, value: Any, row: Mapping[str, Any]) -> Any:
        """Return what stands for a value of `row`."""
        match kind:
            case Kind.NUMBER:
                return self.number(value) if value else value
            case Kind.CUSTOMER:
                return self.customer(value)
            case Kind.TEXT:
                return "" if value is not None else None
            case Kind.SPOKEN:
                return value if row.get("event") == SPLIT else ""
            case Kind.VALUE:
                return None
            case Kind.LIST:
                return []
            case Kind.STATE:
                return {"outcome": value["outcome"]} if "outcome" in value else {}

    def fact(self, fact: AnyFact) -> AnyFact:
        """Return a fact without personal data; the same one when it has none."""
        fields = FACT_FIELDS.get(type(fact), {})
        changed = {
            name: after
            for name, kind in fields.items()
            if (after := self.value(kind, before := getattr(fact, name), {})) != before
        }
        return msgspec.structs.replace(fact, **changed) if changed else fact
