"""``callback.schedule``: promises that somebody calls a customer back. Agents find it on their desks.

A call-back's id is made of the key, so that asking twice promises one call even after a restart. Which run it
belongs to is the key's first part (`caruso.script_engine.actions`): the dialog can be continued in that call.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from caruso.clock import Clock
from caruso.model.callbacks import Callback, CallbackId
from caruso.model.centre import Centre
from caruso.model.ids import CustomerId, QueueId, RunId
from caruso.ports.callbacks import CallbackStore
from caruso.service_manager.failures import BadArguments, ServiceFailed, UnknownRecord
from caruso.service_manager.service import Service, operation

#: Who made it, for the list.
BY = "script"
#: No promise is made for longer.
FURTHEST = timedelta(days=366)
#: A time just gone by is now: people answer slowly.
PAST_GRACE = timedelta(hours=12)
#: What people write between the digits of a number.
_BETWEEN_DIGITS = re.compile(r"[ ./()-]")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_LONGEST_NAME = 200


Moment = Annotated[Any, Meta(title="a date and time, a day, or either as text like 2026-01-31T14:30")]


class NewCallback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call-back to be promised."""

    #: Telephone number to call.
    number: Annotated[str, Meta(min_length=3, max_length=60)]
    #: Id of the queue whose agents call.
    queue: Annotated[str, Meta(min_length=1, max_length=100)]
    #: Not before this time; now when not given.
    at: Moment = None
    #: Not after this time; a day means its end.
    until: Moment = None
    #: Id of the customer.
    customer: Annotated[str, Meta(max_length=200)] | None = None
    #: Who is to be called.
    name: Annotated[str, Meta(max_length=_LONGEST_NAME)] | None = None
    #: What it is about.
    reason: Annotated[str, Meta(max_length=2_000)] | None = None


class CallbackService(Service):
    """Promises call-backs."""

    name = "callback"
    version = "1.0"

    def __init__(self, callbacks: CallbackStore, centre: Callable[[], Centre | None], clock: Clock) -> None:
        """Keep them in `callbacks`; `centre` is the present description, None before there is one."""
        self._callbacks = callbacks
        self._centre = centre
        self._clock = clock

    @operation(repeatable=True, fails=(UnknownRecord,))
    async def schedule(self, params: NewCallback, *, key: str) -> str:
        """Promise a call-back and return its id.

        Agents of the queue see it at once, with the time from which it is due. Times without a zone are the
        centre's.
        """
        centre = self._centre()
        if centre is None:
            raise ServiceFailed("The server has no centre yet")
        if not key:
            raise BadArguments("callback.schedule needs a key")
        if params.queue not in centre.queues:
            raise UnknownRecord(_no_queue(params.queue, centre))
        now = self._clock.now()
        zone = ZoneInfo(centre.timezone)
        due_at = moment(params.at, zone, end_of_day=False) or now
        until = moment(params.until, zone, end_of_day=True)
        _check_times(now, due_at, until)
        callback_id = CallbackId("b" + hashlib.sha256(key.encode()).hexdigest()[:20])
        await self._callbacks.add(
            Callback(
                id=callback_id,
                number=dialled(params.number),
                queue=QueueId(params.queue),
                due_at=max(due_at, now),
                until=until,
                name=_one_line(params.name or ""),
                customer=CustomerId(params.customer) if params.customer else None,
                reason=params.reason or "",
                run=RunId(key.partition("/")[0]),
                created_at=now,
                changed_at=now,
                changed_by=BY,
            )
        )
        return callback_id


def dialled(number: str) -> str:
    """Return a number as it is dialled, without what people write between digits; raise `BadArguments`."""
    digits = _BETWEEN_DIGITS.sub("", number.strip())
    if not _NUMBER.fullmatch(digits):
        raise BadArguments("callback.schedule: “number” is no telephone number")
    return digits


def moment(given: object, zone: ZoneInfo, *, end_of_day: bool) -> datetime | None:
    """Return a time with its zone; of a day its beginning, or its end. Raise `BadArguments`."""
    match given:
        case None | "":
            return None
        case str():
            return moment(_read(given), zone, end_of_day=end_of_day)
        case datetime():
            return given if given.tzinfo is not None else given.replace(tzinfo=zone)
        case date():
            return datetime.combine(given, time(23, 59, 59) if end_of_day else time(0), zone)
        case _:
            raise BadArguments("callback.schedule: a time must be a date and time, a day, or text")


def _read(text: str) -> datetime | date:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-31") else datetime.fromisoformat(text)
    except ValueError as problem:
        raise BadArguments(f"callback.schedule: “{text[:40]}” is no time like 2026-01-31T14:30") from problem


def _check_times(now: datetime, due_at: datetime, until: datetime | None) -> None:
    if due_at < now - PAST_GRACE and (until is None or until < now):
        raise BadArguments("callback.schedule: the time is over")
    if until is not None and until < max(now, due_at):
        raise BadArguments("callback.schedule: “until” is before it is due, or over")
    if max(due_at, until or due_at) > now + FURTHEST:
        raise BadArguments("callback.schedule: the time is more than a year away")


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _no_queue(queue: str, centre: Centre) -> str:
    nearest = get_close_matches(queue, list(centre.queues), n=1)
    return f"There is no queue “{queue[:80]}”" + (f"; did you mean “{nearest[0]}”?" if nearest else "")
