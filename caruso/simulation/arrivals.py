"""Contacts to come: read from a file, or drawn from a profile.

Each carries its own patience and talk time, so that two sets of rules meet exactly the same callers.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from caruso.errors import Located, RejectedInput
from caruso.model.centre import Centre
from caruso.model.ids import QueueId, SkillId

DAY_SECONDS = 86_400.0


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who calls."""

    #: Seconds from the first midnight.
    at: float
    queue: QueueId
    #: How long he would wait.
    patience_seconds: float
    #: How long the conversation takes with an agent of ordinary speed.
    talk_seconds: float
    #: How long the agent writes afterwards; None: as long as the queue allows.
    wrap_up_seconds: float | None = None
    priority: int | None = None
    skills: Mapping[SkillId, int] = {}
    customer: Mapping[str, str] = {}


class QueueProfile(msgspec.Struct, frozen=True, kw_only=True):
    """How many call a queue in a day, and how they are."""

    calls: float
    talk_seconds: float = 240.0
    #: Standard deviation of the talk time, divided by its mean.
    talk_cv: float = 1.1
    patience_seconds: float = 150.0
    #: None: as long as the queue allows.
    wrap_up_seconds: float | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A day's callers."""

    queues: Mapping[QueueId, QueueProfile]
    #: What part of the day's calls comes in each hour, from midnight; in any unit.
    hours: Sequence[float] = (1.0,) * 24
    #: By how much the share of each queue drifts from hour to hour, at most.
    drift: float = 0.0


#: Shapes of a day: parts of the calls by hour.
SHAPES: Mapping[str, Sequence[float]] = {
    "flat": (1.0,) * 24,
    "office": (0,) * 8 + (6, 10, 12, 11, 8, 8, 10, 10, 8, 5) + (0,) * 6,
}


def profile_of(centre: Centre, shape: str, calls: float, **how: float) -> Profile:
    """Return a profile in which all queues get the same number of calls."""
    each = calls / max(1, len(centre.queues))
    queues = {queue: QueueProfile(calls=each, **how) for queue in centre.queues}
    return Profile(queues=queues, hours=SHAPES[shape])


def drawn(profile: Profile, days: int, seed: int) -> list[Arrival]:
    """Draw the callers of some days: Poisson within each hour, log-normal talk, exponential patience."""
    found: list[Arrival] = []
    whole = sum(profile.hours)
    # Each queue has dice of its own: another queue more or less changes nothing for it.
    for queue, each in sorted(profile.queues.items()):
        dice = random.Random(f"{seed}/{queue}")
        for day in range(days):
            for hour, part in enumerate(profile.hours):
                factor = 1.0 + profile.drift * dice.uniform(-1, 1)
                rate = each.calls * part / whole * factor / 3600.0
                begins = day * DAY_SECONDS + hour * 3600.0
                found += (_drawn(queue, each, at, dice) for at in _poisson(rate, begins, 3600.0, dice))
    return sorted(found, key=lambda arrival: (arrival.at, arrival.queue))


def _poisson(rate: float, begins: float, seconds: float, dice: random.Random) -> Iterator[float]:
    at = 0.0
    while rate > 0 and (at := at + dice.expovariate(rate)) < seconds:
        yield begins + at


def _drawn(queue: QueueId, each: QueueProfile, at: float, dice: random.Random) -> Arrival:
    return Arrival(
        at=at,
        queue=queue,
        patience_seconds=dice.expovariate(1 / each.patience_seconds) if each.patience_seconds else math.inf,
        talk_seconds=lognormal(dice, each.talk_seconds, each.talk_cv),
        wrap_up_seconds=each.wrap_up_seconds,
    )


def lognormal(dice: random.Random, mean: float, cv: float) -> float:
    """Return a log-normal number with this mean, and a standard deviation of `cv` times the mean."""
    if cv <= 0:
        return mean
    sigma = math.sqrt(math.log(1 + cv * cv))
    return dice.lognormvariate(math.log(mean) - sigma * sigma / 2, sigma)


# -- From a file ----------------------------------------------------------------------------------------------

_NUMBERS = ("patience", "talk", "wrap_up")


def read_arrivals(text: str, file: str, centre: Centre, seed: int) -> list[Arrival]:
    """Read callers from CSV; raise `RejectedInput` with all mistakes.

    Columns: ``at`` (seconds, or a time like 2026-11-27T09:30:00) and ``queue`` or ``dialled`` (a number of an
    entry point); and, where wanted, ``patience``, ``talk``, ``wrap_up`` (seconds), ``priority`` and ``customer.…``
    for rules. What is missing is drawn.
    """
    rows = csv.DictReader(text.splitlines())
    findings: list[Located] = []
    dice = random.Random(f"{seed}/file")
    usual = QueueProfile(calls=0)
    numbers = {number: point.queue for point in centre.entry_points.values() for number in point.numbers}
    found: list[Arrival] = []
    first: datetime | None = None
    for row in rows:
        line, drawn_one = rows.line_num, _drawn(QueueId(""), usual, 0.0, dice)
        at, first = _moment(row.get("at") or "", first)
        queue = str(row.get("queue") or numbers.get(row.get("dialled") or "", ""))
        given = {name: _number(row.get(name)) for name in (*_NUMBERS, "priority")}
        wrong = [name for name, value in given.items() if value is not None and (value != value or value < 0)]
        if at is None:
            findings.append(_mistake(file, line, "at", "“at” must be seconds or a time like 2026-11-27T09:30:00."))
        if queue not in centre.queues:
            findings.append(
                _mistake(file, line, "queue", "There is no such queue, nor a number that leads to one.")
            )
        findings += (_mistake(file, line, name, f"“{name}” must be a number from 0.") for name in wrong)
        if at is None or queue not in centre.queues or wrong:
            continue
        patience, talk, priority = given["patience"], given["talk"], given["priority"]
        found.append(
            msgspec.structs.replace(
                drawn_one,
                at=at,
                queue=QueueId(queue),
                patience_seconds=drawn_one.patience_seconds if patience is None else patience,
                talk_seconds=drawn_one.talk_seconds if talk is None else talk,
                wrap_up_seconds=given["wrap_up"],
                priority=None if priority is None else int(priority),
                customer={
                    name.removeprefix("customer."): value
                    for name, value in row.items()
                    if name and name.startswith("customer.") and value
                },
            )
        )
    if findings or not found:
        raise RejectedInput(tuple(findings) or (_mistake(file, 1, "", "There is no line with a caller."),))
    return sorted(found, key=lambda arrival: arrival.at)


def _moment(text: str, first: datetime | None) -> tuple[float | None, datetime | None]:
    """Return the seconds from the midnight before the first caller, and that midnight."""
    seconds = _number(text)
    if seconds is not None and seconds >= 0:
        return seconds, first
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None, first
    midnight = first or at.replace(hour=0, minute=0, second=0, microsecond=0)
    if (at.tzinfo is None) is not (midnight.tzinfo is None):
        return None, first
    return (at - midnight).total_seconds(), midnight


def _number(text: str | None) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return math.nan


def _mistake(file: str, line: int, column: str, message: str) -> Located:
    return Located(file=file, line=line, column=1, rule="wrong-value", message=message, attribute=column)


def written(arrivals: Iterable[Arrival]) -> Iterator[str]:
    """Yield the lines of a file that `read_arrivals` reads."""
    yield "at,queue,patience,talk,wrap_up"
    for each in arrivals:
        wrap_up = "" if each.wrap_up_seconds is None else f"{each.wrap_up_seconds:.3f}"
        yield f"{each.at:.3f},{each.queue},{each.patience_seconds:.3f},{each.talk_seconds:.3f},{wrap_up}"
