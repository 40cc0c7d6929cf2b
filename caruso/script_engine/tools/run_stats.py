"""Where people give up, and how long each question takes: what the audit of runs tells, added up. Pure.

A run that ended without coming to an end of the script *dropped off* at the item that was shown last; one that can
still be continued is *open* and counts for neither. The time of a question goes from when it was first shown to
its answer, with everything that was said and typed in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from caruso.model.run_records import PastRun, RunEvent

#: Between the item and the numbers of its passes in the key of a visit.
_NUMBERS = "#"
_SHOWN, _ANSWERED, _LEFT, _SPLIT = "shown", frozenset({"answered", "changed"}), "left", "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStats:
    """One item of one version."""

    item: str
    #: Runs that came to it.
    reached: int
    #: How often it was shown, repeats and mistaken entries too.
    shown: int
    #: Runs that answered it.
    answered: int
    #: Answers that were changed later.
    changed: int
    #: How often somebody went back from it.
    back: int
    #: Runs that ended here without coming to an end.
    dropped: int
    #: Seconds from being shown to being answered; None without an answer.
    median_seconds: float | None
    slow_seconds: float | None

    @property
    def drop_off(self) -> float:
        """Per cent of those who came here and went no further."""
        return 100 * self.dropped / self.reached if self.reached else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionStats:
    """One version of a script, in one variant of its splits."""

    version: str
    #: ``name=branch``; empty for a script without splits.
    variant: str
    runs: int
    finished: int
    dropped: int
    #: They can still be continued.
    open: int
    #: Runs by what their end says.
    outcomes: dict[str, int]
    #: Seconds from beginning to end of those that finished; None without one.
    median_seconds: float | None
    #: In the order people meet them.
    items: tuple[ItemStats, ...]


@dataclass(slots=True)
class _Item:
    reached: int = 0
    shown: int = 0
    answered: int = 0
    changed: int = 0
    back: int = 0
    dropped: int = 0
    seconds: list[float] = field(default_factory=list)
    #: Summed place among the items of its runs.
    place: int = 0


@dataclass(slots=True)
class _Version:
    runs: int = 0
    finished: int = 0
    dropped: int = 0
    seconds: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    items: dict[str, _Item] = field(default_factory=dict)


class Statistics:
    """Adds up runs, one after the other."""

    def __init__(self) -> None:
        """Begin with none."""
        self._versions: dict[tuple[str, str], _Version] = {}

    def add(self, runs: Iterable[PastRun]) -> None:
        """Count these, too."""
        for run in runs:
            key = run.version, _variant(run.events)
            _count(self._versions.setdefault(key, _Version()), run)

    def result(self) -> tuple[VersionStats, ...]:
        """Return what was counted, by version and variant."""
        return tuple(_version(key, counted) for key, counted in sorted(self._versions.items()))


def item_of(key: str) -> str:
    """Return the item of a visit, without the numbers of its passes."""
    return key.partition(_NUMBERS)[0]


def _variant(events: Iterable[RunEvent]) -> str:
    splits = dict.fromkeys(event.text for event in events if event.event == _SPLIT)
    named = dict.fromkeys(event.variant for event in events if event.variant)
    return ", ".join(sorted(splits or named))


def _count(version: _Version, run: PastRun) -> None:
    version.runs += 1
    if run.finished:
        version.finished += 1
        version.outcomes[run.outcome] += 1
        if run.events:
            version.seconds.append((run.events[-1].at - run.began_at).total_seconds())
    stands_at = _walk(version, run)
    left = any(event.event == _LEFT for event in run.events)
    if not run.finished and (run.over or left) and stands_at is not None:
        version.dropped += 1
        version.items[stands_at].dropped += 1


def _walk(version: _Version, run: PastRun) -> str | None:
    """Count what happened at each item; return the one that was shown last."""
    waiting: dict[str, datetime] = {}
    seen: dict[str, int] = {}
    answered: set[str] = set()
    last = ""
    for event in run.events:
        if not event.item:
            continue
        item = item_of(event.item)
        if event.event == _SHOWN:
            last = event.item
            waiting.setdefault(event.item, event.at)
            _at(version, item, seen).shown += 1
        elif event.event in _ANSWERED:
            # Of a group shown at once the group was shown, and the questions in it are answered.
            since = waiting.pop(event.item, None) or waiting.get(last)
            counted = _at(version, item, seen)
            counted.changed += event.event == "changed"
            counted.answered += item not in answered
            answered.add(item)
            if since is not None and event.event == "answered":
                counted.seconds.append((event.at - since).total_seconds())
        elif event.event == "back" and item in version.items:
            version.items[item].back += 1
    return item_of(last) or None


def _at(version: _Version, item: str, seen: dict[str, int]) -> _Item:
    counted = version.items.setdefault(item, _Item())
    if item not in seen:
        seen[item] = len(seen)
        counted.reached += 1
        counted.place += seen[item]
    return counted


def _version(key: tuple[str, str], counted: _Version) -> VersionStats:
    version, variant = key
    return VersionStats(
        version=version,
        variant=variant,
        runs=counted.runs,
        finished=counted.finished,
        dropped=counted.dropped,
        open=counted.runs - counted.finished - counted.dropped,
        outcomes=dict(sorted(counted.outcomes.items())),
        median_seconds=median(counted.seconds) if counted.seconds else None,
        items=tuple(_items(counted)),
    )


def _items(counted: _Version) -> Iterator[ItemStats]:
    by_place = sorted(counted.items.items(), key=lambda pair: (pair[1].place / pair[1].reached, pair[0]))
    for name, item in by_place:
        seconds = sorted(item.seconds)
        yield ItemStats(
            item=name,
            reached=item.reached,
            shown=item.shown,
            answered=item.answered,
            changed=item.changed,
            back=item.back,
            dropped=item.dropped,
            median_seconds=median(seconds) if seconds else None,
            # Nine of ten are quicker.
            slow_seconds=seconds[min(len(seconds) - 1, len(seconds) * 9 // 10)] if seconds else None,
        )
