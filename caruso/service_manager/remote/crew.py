"""Which workers are there, and which of them is asked. Pure.

A service is carried out by those of its workers that have the newest version: older ones stand by. Whoever was not
heard of for `GONE_SECONDS` is gone, whatever became of it: killed, hung, or cut off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from packaging.version import Version

from caruso.service_manager.description import ServiceDescription
from caruso.service_manager.remote.wire import GONE_SECONDS, Announcement


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A worker, as it was heard of last."""

    announcement: Announcement
    #: Seconds on the monotonic clock.
    heard_at: float

    @property
    def usable(self) -> bool:
        """Tell whether it takes something new."""
        return not self.announcement.going and not self.announcement.ailment


def gone(workers: Mapping[str, Seen], now: float) -> tuple[str, ...]:
    """Return those that were not heard of for too long."""
    return tuple(name for name, seen in workers.items() if now - seen.heard_at > GONE_SECONDS)


def newest(workers: Iterable[Seen]) -> Mapping[str, ServiceDescription]:
    """Return, by the service's name, what its usable workers of the newest version say it is."""
    found: dict[str, ServiceDescription] = {}
    for seen in workers:
        service = seen.announcement.service
        best = found.get(service.name)
        if seen.usable and (best is None or Version(service.version) > Version(best.version)):
            found[service.name] = service
    return found


def crew_of(workers: Mapping[str, Seen], service: ServiceDescription) -> tuple[str, ...]:
    """Return the usable workers that carry out exactly this."""
    return tuple(
        sorted(name for name, seen in workers.items() if seen.usable and seen.announcement.service == service)
    )


def next_asked(crew: Iterable[str], under_way: Mapping[str, int], tried: Collection[str], turn: int) -> str | None:
    """Return who is asked: whoever is at least; among equals they take turns. None when nobody is left."""
    left = [name for name in crew if name not in tried]
    if not left:
        return None
    least = min(under_way.get(name, 0) for name in left)
    idle = [name for name in left if under_way.get(name, 0) == least]
    return idle[turn % len(idle)]
