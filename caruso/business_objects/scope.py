"""What expressions of a model see: the object, and who reads or writes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal

from caruso.model.asker import Asker
from caruso.script_engine.turns import Value


class ObjectScope:
    """One object at one moment."""

    __slots__ = ("bound", "element", "now", "roots", "work", "zone")

    def __init__(
        self,
        of: Mapping[str, Value],
        now: datetime,
        asker: Asker | None = None,
        *,
        zone: tzinfo = UTC,
        root: str = "object",
    ) -> None:
        """Look at `of`, called `root` in expressions, as `asker`."""
        self.bound: dict[str, Value] = {}
        self.element: Value = None
        self.work = 0
        self.now = now
        self.zone = zone
        self.roots: Mapping[str, Mapping[str, Value]] = {root: of}
        if asker is not None:
            self.roots = {**self.roots, "user": as_value(asker)}

    @property
    def today(self) -> date:
        """Return the day where the centre is."""
        return self.now.astimezone(self.zone).date()

    @property
    def attempt(self) -> int:
        """Nothing is asked here."""
        return 0

    def computed(self, name: str) -> Value:
        """There are no names beside the roots."""
        return None

    def label(self, item: str) -> str | None:
        """There are no answers here."""
        return None

    def score(self, item: str) -> Decimal | None:
        """There are no answers here."""
        return None

    def visited(self, item: str) -> bool:
        """There is no path here."""
        return False

    def answered(self, item: str) -> bool:
        """There is no path here."""
        return False

    def is_open(self, hours: str) -> bool | None:
        """Opening hours are the centre's business."""
        return None


def as_value(asker: Asker) -> dict[str, Value]:
    """Return what expressions see of who acts."""
    return {"id": asker.user, "role": str(asker.role or "admin"), "agent": asker.agent}
