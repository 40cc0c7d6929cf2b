"""What follows from an event."""

from __future__ import annotations

from dataclasses import dataclass

from caruso.comm_server.calls.lifecycle.call import Call
from caruso.comm_server.calls.lifecycle.events import Timer
from caruso.model.facts import AnyFact
from caruso.model.telephony import TelephonyCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """Start a timer, anew if it runs."""

    timer: Timer
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTimer:
    """Stop a timer."""

    timer: Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What follows from an event. Commands are given first, then timers, then the facts are made known."""

    call: Call
    commands: tuple[TelephonyCommand, ...] = ()
    facts: tuple[AnyFact, ...] = ()
    timers: tuple[SetTimer | CancelTimer, ...] = ()
