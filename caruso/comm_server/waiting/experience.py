"""Decide what a waiting caller hears besides music, and when. Pure: knows no clock and no telephone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from caruso.model.centre import Information, Queue

#: What is due within this of one another is said in one go, seconds.
TOGETHER_SECONDS = 1.0
#: Nobody is talked to more often than this.
SHORTEST_SECONDS = 0.1


class Words(StrEnum):
    """What can be told to somebody who waits, in the order in which it is said."""

    POSITION = "position"
    WAIT = "wait"
    COMFORT = "comfort"
    CALL_BACK = "call-back"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What is said after so many seconds of waiting."""

    after_seconds: float
    #: Nothing that is due until then is left to be said.
    until_seconds: float
    words: tuple[Words, ...]


def next_announcement(queue: Queue, waited_seconds: float) -> Announcement | None:
    """Return what a caller hears next who has waited this long; None for nothing but music.

    After an announcement go on with its `until_seconds`.
    """
    times = {
        words: _next(max(every, SHORTEST_SECONDS), waited_seconds)
        for words, every in _intervals(queue)
        if every > 0
    }
    if not times:
        return None
    first = min(times.values())
    together = tuple(words for words in Words if times.get(words, math.inf) < first + TOGETHER_SECONDS)
    return Announcement(after_seconds=first, until_seconds=max(times[words] for words in together), words=together)


def is_offered(queue: Queue, waited_seconds: float) -> bool:
    """Tell whether a caller who has waited this long has been offered to be called back."""
    rules = queue.call_back
    return rules is not None and 0 < rules.offer_after_seconds <= waited_seconds + TOGETHER_SECONDS


def information_due(queue: Queue, until_seconds: float) -> Information | None:
    """Return what is told in an announcement with these `until_seconds`: those without a key, in turn."""
    by_itself = [told for told in queue.information if not told.key]
    if not by_itself or not queue.information_seconds:
        return None
    return by_itself[(round(until_seconds // queue.information_seconds) - 1) % len(by_itself)]


def information_for(queue: Queue, key: str) -> Information | None:
    """Return what a waiting caller hears who presses this key; None where it is no such key."""
    return next((told for told in queue.information if told.key == key), None)


def _intervals(queue: Queue) -> Iterator[tuple[Words, float]]:
    yield Words.POSITION, queue.announce_position_seconds
    yield Words.WAIT, queue.announce_wait_seconds
    yield Words.COMFORT, queue.comfort_seconds
    yield Words.CALL_BACK, queue.call_back.offer_after_seconds if queue.call_back else 0.0
    yield Words.INFORMATION, queue.information_seconds


def _next(every: float, waited: float) -> float:
    """Return the first multiple of `every` after `waited`; what was said a moment ago is not said again."""
    return every * (math.floor((waited + 0.001) / every) + 1)
