"""The monitor's rows of supervisors in conversations: a projection of facts."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from caruso.model.facts import SupervisionBegun, SupervisionEnded, SupervisionModeChanged
from caruso.model.ids import SupervisionId
from caruso.model.views import SupervisionRow

#: One that ended is shown for so long: its supervisor is to see how.
SHOWN = timedelta(seconds=30)


class SupervisionRows:
    """Those under way, and those that ended just now."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: dict[SupervisionId, SupervisionRow] = {}

    def hear(self, fact: SupervisionBegun | SupervisionModeChanged | SupervisionEnded) -> None:
        """Take a fact over into the rows."""
        row = self._rows.get(fact.supervision)
        match fact:
            case SupervisionBegun():
                self._rows[fact.supervision] = SupervisionRow(
                    id=fact.supervision,
                    contact=fact.contact,
                    queue=fact.queue,
                    agent=fact.agent,
                    by=fact.by,
                    mode=fact.mode,
                    stage="calling",
                    since=fact.at,
                )
            case SupervisionModeChanged() if row is not None:
                since = row.since if row.stage == "active" else fact.at
                self._rows[fact.supervision] = replace(row, mode=fact.mode, stage="active", since=since)
            case SupervisionEnded() if row is not None:
                self._rows[fact.supervision] = replace(row, stage="ended", outcome=fact.outcome, since=fact.at)
            case _:
                pass

    def now(self, now: datetime) -> list[SupervisionRow]:
        """Return the rows, and forget what ended a while ago."""
        over = [row.id for row in self._rows.values() if row.stage == "ended" and now - row.since > SHOWN]
        for supervision in over:
            del self._rows[supervision]
        return list(self._rows.values())
