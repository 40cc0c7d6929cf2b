"""Decide whether one more failure of something that is tried again and again is worth a line in the log."""

from __future__ import annotations

from dataclasses import dataclass, field

#: A failure that goes on is told again this often, seconds.
AGAIN_SECONDS = 60.0


@dataclass(slots=True)
class Told:
    """What has been told of one outage. Begin a new one for the next."""

    _at: dict[str, float] = field(default_factory=dict)

    def is_news(self, reason: str, now: float) -> bool:
        """Say whether `reason` is new in this outage, or was told long ago; then it counts as told at `now`."""
        last = self._at.get(reason)
        if last is not None and now - last < AGAIN_SECONDS:
            return False
        self._at[reason] = now
        return True
