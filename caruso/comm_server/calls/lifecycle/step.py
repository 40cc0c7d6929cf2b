"""What follows from an event."""

from __future__ import annotations

import msgspec

from caruso.comm_server.calls.lifecycle.call import Call
from caruso.comm_server.calls.lifecycle.events import Timer
from caruso.model.facts import AnyFact
from caruso.model.telephony import TelephonyCommand


class SetTimer(msgspec.Struct, frozen=True, kw_only=True):
    """Start a timer, anew if it runs."""

    timer: Timer
    seconds: float


class CancelTimer(msgspec.Struct, frozen=True, kw_only=True):
    """Stop a timer."""

    timer: Timer


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from an event. Commands are given first, then timers, then the facts are made known."""

    call: Call
    commands: tuple[TelephonyCommand, ...] = ()
    facts: tuple[AnyFact, ...] = ()
    timers: tuple[SetTimer | CancelTimer, ...] = ()
