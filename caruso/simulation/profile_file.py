"""Read a profile of callers from TOML: which queues get how many, in which hours, and how they are. Pure.

shape = "office"          # or hours = [0, 0, …], 24 numbers
drift = 0.1

[queues.billing]
calls = 1200
talk_seconds = 210
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.errors import RejectedInput
from caruso.model.centre import Centre
from caruso.model.ids import QueueId
from caruso.simulation.arrivals import SHAPES, Profile, QueueProfile
from caruso.toml.shape import Shape
from caruso.toml.source import did_you_mean, read_toml

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
_HOURS = 24


class QueueTable(msgspec.Struct, frozen=True, kw_only=True):
    """Callers of a queue."""

    #: In a day.
    calls: Annotated[float, Meta(ge=0, le=1_000_000)]
    #: Mean of a conversation.
    talk_seconds: Seconds = 240.0
    #: Its standard deviation, divided by the mean.
    talk_cv: Annotated[float, Meta(ge=0, le=10)] = 1.1
    #: Mean of the time somebody would wait; 0: for ever.
    patience_seconds: Seconds = 150.0
    #: What the agent writes afterwards; as long as the queue allows when not set.
    wrap_up_seconds: Seconds | None = None


class ProfileTable(msgspec.Struct, frozen=True, kw_only=True):
    """A day's callers."""

    #: When they call: ``office`` or ``flat``.
    shape: str = "office"
    #: The same in 24 numbers, from midnight.
    hours: tuple[Annotated[float, Meta(ge=0)], ...] = ()
    #: By how much the share of each queue drifts from hour to hour, at most.
    drift: Annotated[float, Meta(ge=0, le=1)] = 0.0
    #: Queues by id.
    queues: dict[str, QueueTable] = {}


def read_profile(text: str, file: str, centre: Centre) -> Profile:
    """Read a profile; raise `RejectedInput` with all mistakes."""
    shape = Shape(read_toml(text, file))
    tables = shape.struct(ProfileTable, shape.source.data, ())
    if tables is not None:
        _check(tables, shape, centre)
    if shape.findings or tables is None:
        raise RejectedInput(tuple(sorted(shape.findings, key=lambda finding: (finding.line, finding.column))))
    queues = {QueueId(key): QueueProfile(**msgspec.structs.asdict(table)) for key, table in tables.queues.items()}
    return Profile(queues=queues, hours=tables.hours or SHAPES[tables.shape], drift=tables.drift)


def _check(tables: ProfileTable, shape: Shape, centre: Centre) -> None:
    if tables.shape not in SHAPES:
        known = did_you_mean(tables.shape, SHAPES) or f"known: {', '.join(SHAPES)}"
        shape.add(("shape",), "unknown-shape", f"There is no shape “{tables.shape}”.", suggestion=known)
    if tables.hours and (len(tables.hours) != _HOURS or not sum(tables.hours)):
        shape.add(("hours",), "wrong-value", "hours must be 24 numbers, one of them above 0.")
    for key in tables.queues:
        if key not in centre.queues:
            nearest = did_you_mean(key, centre.queues)
            shape.add(("queues", key), "unknown-queue", f"There is no queue “{key}”.", suggestion=nearest)
    if not tables.queues:
        shape.add((), "missing-key", "The file names no queue.")
