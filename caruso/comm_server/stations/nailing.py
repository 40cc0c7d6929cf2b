"""Decide how the line to an agent's telephone is opened, kept and closed. Pure.

    CALLING ── answered (and confirmed by the key) ──► OPEN ── hung up, dropped ──► gone
       └── not answered ──► gone                        └── not wanted any more: when no call is on it ──► gone

Which calls are on it is `attaching`; what it means for the agent's presence is `on_duty`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from caruso.model.facts import AnyFact, LineClosed, LineOpened, LineOutcome
from caruso.model.ids import AgentId, LegId
from caruso.model.telephony import (
    Dial,
    HangUp,
    StartMusic,
    StartSilence,
    StopMusic,
    StopSilence,
    TelephonyCommand,
)

#: The PBX gives up ringing this much after we do, seconds.
RING_GRACE_SECONDS = 5.0


class Stage(StrEnum):
    """Where a line is."""

    CALLING = "calling"
    OPEN = "open"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The line to one agent's telephone."""

    agent: AgentId
    leg: LegId
    #: Where it leads: an endpoint, as a `Dial` has it.
    endpoint: str
    #: For the journal; empty for a SIP phone.
    number: str = ""
    stage: Stage = Stage.CALLING
    opened_at: datetime | None = None
    #: A call is on it.
    busy: bool = False
    #: It is to be closed when no call is on it.
    unwanted: LineOutcome | None = None


class LineStep(msgspec.Struct, frozen=True, kw_only=True):
    """What follows."""

    #: None when it is gone.
    line: Line | None
    commands: tuple[TelephonyCommand, ...] = ()
    facts: tuple[AnyFact, ...] = ()


def begin(line: Line, *, shown: str, ring_seconds: float, confirm_seconds: float) -> LineStep:
    """Call the agent's telephone; `shown` is the name that it shows."""
    dial = Dial(
        leg=line.leg,
        endpoint=line.endpoint,
        caller_number="",
        caller_name=shown,
        timeout_seconds=ring_seconds + confirm_seconds + RING_GRACE_SECONDS,
    )
    return LineStep(line=line, commands=(dial,))


def answered(line: Line, music: str, now: datetime) -> LineStep:
    """Keep the line open from now on."""
    if line.stage is Stage.OPEN:
        return LineStep(line=line)
    opened = replace(line, stage=Stage.OPEN, opened_at=now)
    fact = LineOpened(at=now, agent=line.agent, line=line.leg, number=line.number)
    return LineStep(line=opened, commands=idle(line, music), facts=(fact,))


def idle(line: Line, music: str) -> tuple[TelephonyCommand, ...]:
    """Return what is heard between calls."""
    return (StartMusic(leg=line.leg, music=music),) if music else (StartSilence(leg=line.leg),)


def taken(line: Line, music: str) -> LineStep:
    """End what is heard between calls: a call comes."""
    quiet: TelephonyCommand = StopMusic(leg=line.leg) if music else StopSilence(leg=line.leg)
    return LineStep(line=replace(line, busy=True), commands=(quiet,))


def freed(line: Line, music: str, now: datetime) -> LineStep:
    """Wait for the next call, or close a line that is not wanted any more."""
    free = replace(line, busy=False)
    if free.unwanted is not None:
        return close(free, free.unwanted, now)
    return LineStep(line=free, commands=idle(free, music))


def close(line: Line, outcome: LineOutcome, now: datetime) -> LineStep:
    """Close the line, after the call that is on it."""
    if line.busy:
        return LineStep(line=replace(line, unwanted=outcome))
    over = ended(line, outcome, now)
    return replace(over, commands=(HangUp(leg=line.leg),))


def ended(line: Line, outcome: LineOutcome, now: datetime) -> LineStep:
    """Write down that the line is gone."""
    never = line.opened_at is None
    told = LineOutcome.NOT_ANSWERED if never and outcome is LineOutcome.DROPPED else outcome
    opened = 0.0 if line.opened_at is None else max(0.0, (now - line.opened_at).total_seconds())
    fact = LineClosed(at=now, agent=line.agent, line=line.leg, outcome=told, seconds=round(opened, 3))
    return LineStep(line=None, facts=(fact,))
