"""Decisions of the past without a journal: whatever a test puts there."""

from __future__ import annotations

from collections.abc import Sequence

from caruso.comm_server.decisions import DecidedAgain
from caruso.model.ids import ContactId


class FakeDecisions:
    """Decisions by contact, as they would be made today."""

    def __init__(self) -> None:
        """Know of none."""
        self.made: dict[ContactId, Sequence[DecidedAgain]] = {}

    async def again(self, contact: ContactId) -> Sequence[DecidedAgain]:
        """Return what was put there."""
        return self.made.get(contact, ())
