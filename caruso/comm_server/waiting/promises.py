"""Decide when the centre calls somebody back, whom next, and what an attempt that came to nothing means.

Pure: knows no clock, no store and no telephone. Call-backs of queues without rules are made by hand; nothing here
touches them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from msgspec import structs

from caruso.comm_server.calls.lifecycle import Call, QueuePlace
from caruso.comm_server.calls.rebuilding import place_in
from caruso.model.callbacks import Callback, CallbackId, CallbackMove, CallbackState, moved
from caruso.model.centre import CallBackRules, CallFirst, Centre, Queue
from caruso.model.facts import ContactCause
from caruso.model.ids import AgentId, CustomerId, QueueId, UserId

#: Who changed a call-back, when the centre did.
BY = UserId("centre")
#: A number that can be called (E.123 without signs between digits); others are not offered to be called back.
_NUMBER = re.compile(r"\+?[0-9]{3,20}")

#: Ends of attempts that say nothing about the customer: they are not counted.
_NOT_COUNTED = frozenset({ContactCause.WITHDRAWN, ContactCause.PBX_LOST, ContactCause.ENDED_UNSEEN})


def can_be_called(number: str) -> bool:
    """Tell whether this is a number to call, and no hidden one."""
    return _NUMBER.fullmatch(number) is not None


def promise_id(call: Call) -> CallbackId:
    """Return the name of what is promised to a waiting caller: asked for twice in one visit, it is promised once.

    What was taken back in an earlier visit, because an agent was quicker, says nothing about this one.
    """
    return CallbackId(f"w{call.contact}-{call.visit}")


def promised(
    call: Call, place: QueuePlace, number: str, *, customer: CustomerId | None, name: str, now: datetime
) -> Callback:
    """Return the call-back for a caller who waits at `place`, to be made as soon as it is his turn."""
    return Callback(
        id=promise_id(call),
        number=number,
        queue=place.queue,
        due_at=now,
        name=name or call.caller_name,
        customer=customer,
        created_at=now,
        changed_at=now,
        changed_by="caller",
        waiting_since=place.in_line_since or place.since,
        priority=place.priority,
        skills=dict(place.skills),
        origin=call.contact,
        entry_point=call.entry_point,
    )


def whom_to_call(
    callbacks: Iterable[Callback],
    queues: Mapping[QueueId, Queue],
    *,
    under_way: Collection[CallbackId],
    free: Callable[[QueueId, datetime], int],
    may_call: Callable[[CallBackRules], bool],
    now: datetime,
) -> Iterator[tuple[Callback, CallBackRules]]:
    """Yield the call-backs to begin now, who has waited longest first.

    Agent first: all that are due; they wait in line. Customer first: no more than there are agents for, so that
    nobody is called to wait. `free` tells how many agents of a queue are ready beyond those that callers who
    wait since before a time will take, and customers who are being called; `may_call` whether it is an hour to
    call people.
    """
    called: dict[QueueId, int] = {}
    for callback in sorted(callbacks, key=in_line_since):
        queue = queues.get(callback.queue)
        rules = queue.call_back if queue is not None else None
        if rules is None or callback.id in under_way or not _due(callback, now) or not may_call(rules):
            continue
        if rules.first is CallFirst.CUSTOMER:
            count = called.get(callback.queue, 0)
            if free(callback.queue, in_line_since(callback)) <= count:
                continue
            called[callback.queue] = count + 1
        yield callback, rules


def in_line_since(callback: Callback) -> datetime:
    """Return since when a call-back is treated as waiting: from the arrival of who asked in a queue.

    One for a later time has waited from that time on.
    """
    return callback.waiting_since or callback.due_at


def _due(callback: Callback, now: datetime) -> bool:
    return callback.state is CallbackState.OPEN and callback.callable_at <= now and not overdue(callback, now)


def place(callback: Callback, queue: Queue, now: datetime) -> QueuePlace:
    """Return the place in the queue from which somebody is called back: the one he had.

    Nobody who is called back is sent away because nobody is free.
    """
    wanted = place_in(queue, now, priority=callback.priority, skills=dict(callback.skills))
    return structs.replace(wanted, in_line_since=min(in_line_since(callback), now), max_wait_seconds=0.0)


def overdue(callback: Callback, now: datetime) -> bool:
    """Tell whether the time until which somebody was to be called is over."""
    return callback.state is CallbackState.OPEN and callback.until is not None and callback.until < now


def stranded(callback: Callback) -> bool:
    """Tell of a call-back that is not under way whether its call ended and nobody wrote that down."""
    return callback.state is CallbackState.TAKEN and callback.changed_by == BY


def opened_again(callback: Callback, now: datetime) -> Callback | None:
    """Return a stranded call-back as one to be made again; None when it is not stranded any more."""
    if not stranded(callback):
        return None
    return replace(_moved(callback, CallbackMove.TRIED, now), attempts=callback.attempts)


def not_reached(callback: Callback, rules: CallBackRules, cause: ContactCause, now: datetime) -> Callback:
    """Return the call-back after an attempt in which nobody was reached: to be tried again later, or over."""
    if cause in _NOT_COUNTED:
        counted = _moved(callback, CallbackMove.TRIED, now)
        return replace(counted, attempts=callback.attempts, result=cause.value)
    last = callback.attempts + 1 >= rules.attempts
    pause = rules.busy_seconds if cause is ContactCause.BUSY else rules.retry_seconds
    next_at = now + timedelta(seconds=pause)
    if last or (callback.until is not None and next_at > callback.until):
        return replace(_moved(callback, CallbackMove.GIVE_UP, now), result=cause.value)
    return replace(_moved(callback, CallbackMove.TRIED, now), next_at=next_at, result=cause.value)


def given_up(callback: Callback, now: datetime) -> Callback | None:
    """Return the call-back as one whose time is over; None when it is not open any more."""
    if callback.state is not CallbackState.OPEN:
        return None
    return replace(_moved(callback, CallbackMove.GIVE_UP, now), attempts=callback.attempts, result="too-late")


def taken(callback: Callback, agent: AgentId, now: datetime) -> Callback:
    """Return the call-back as one that an agent makes now."""
    return moved(callback, CallbackMove.TAKE, version=callback.version, agent=agent, by=BY, now=now)


def done(callback: Callback, now: datetime) -> Callback:
    """Return the call-back as kept."""
    return replace(_moved(callback, CallbackMove.DONE, now), result="reached")


def instead(callback: Callback, centre: Centre) -> QueueId | None:
    """Return for which queue somebody is called whose own was taken away: that of where he called, or any other.

    One that calls people back is chosen before one whose agents do it by hand; None where there is no queue.
    """
    asked = centre.entry_points.get(callback.entry_point) if callback.entry_point is not None else None
    if asked is not None and asked.queue in centre.queues:
        return asked.queue
    calling = (queue.id for queue in centre.queues.values() if queue.call_back is not None)
    return next(calling, None) or next(iter(centre.queues), None)


def moved_to(callback: Callback, queue: QueueId, now: datetime) -> Callback:
    """Return the call-back as one of another queue, at its place; the skills were those of the old one."""
    return replace(
        callback, queue=queue, skills={}, version=callback.version + 1, changed_at=now, changed_by=str(BY)
    )


def needless(callback: Callback, now: datetime) -> Callback:
    """Return the call-back as cancelled, because the customer got through without it."""
    return replace(_moved(callback, CallbackMove.CANCEL, now), result="got-through")


def _moved(callback: Callback, move: CallbackMove, now: datetime) -> Callback:
    return moved(callback, move, version=callback.version, agent=None, by=BY, now=now)
