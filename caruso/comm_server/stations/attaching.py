"""Decide how commands for an agent's leg are carried out on a line that was there before the call. Pure.

A call knows its agent by a leg of its own (`ids.agent_leg`). An agent whose line is kept open has no such leg: her
line is *attached* in its place. Commands name the leg and are given to the line; what happens on the line is told
of the leg. A hang-up takes the line out of the call; the line itself stays, where it is to stay.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from caruso.model.ids import BridgeId, LegId, PlaybackId
from caruso.model.telephony import (
    CloseBridge,
    Dial,
    HangUp,
    Join,
    Mute,
    OpenBridge,
    Part,
    Snoop,
    StartMusic,
    StartRinging,
    StopMusic,
    StopRinging,
    TelephonyCommand,
)


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """A line in the place of a leg."""

    #: As the call knows it.
    name: LegId
    #: As the PBX knows it.
    line: LegId
    #: It stays when the call is over.
    stays: bool = True
    #: The whisper is over: it counts as answered.
    answered: bool = False
    #: Where the line stands, as far as was ordered.
    bridge: BridgeId | None = None
    #: What was begun on the line and is to be ended when the call is over.
    music: bool = False
    ringing: bool = False
    muted: bool = False

    @property
    def whisper(self) -> PlaybackId:
        """Return what is played before the call is joined to the line."""
        return PlaybackId(f"{self.name}~whisper")


def carried_out(at: Attached, command: TelephonyCommand) -> tuple[Attached, TelephonyCommand]:
    """Return how a command, in which the leg is named, is carried out on the line; not for a hang-up."""
    match command:
        case Join(bridge=bridge):
            at = replace(at, bridge=bridge)
        case OpenBridge(bridge=bridge, legs=legs):
            at = replace(at, bridge=bridge)
            return at, replace(command, legs=tuple(at.line if leg == at.name else leg for leg in legs))
        case Part():
            at = replace(at, bridge=None)
        case Mute(on=on):
            at = replace(at, muted=on)
        case StartMusic() | StopMusic():
            at = replace(at, music=isinstance(command, StartMusic))
        case StartRinging() | StopRinging():
            at = replace(at, ringing=isinstance(command, StartRinging))
        case _:
            pass
    return at, renamed(command, at.name, at.line)


def names(command: TelephonyCommand) -> tuple[LegId, ...]:
    """Return the legs that a command is about."""
    match command:
        case OpenBridge(legs=legs):
            return legs
        case CloseBridge():
            return ()
        case Snoop(of=of):
            return (of,)
        case Dial(for_leg=other):
            return (other,) if other is not None else ()
        case _:
            return (command.leg,)


def renamed(command: Any, old: LegId, new: LegId) -> Any:
    """Return the command with another leg in the place of `old`."""
    for field in ("leg", "of", "for_leg"):
        if getattr(command, field, None) == old:
            command = replace(command, **{field: new})
    return command


def bridge_closed(at: Attached, bridge: BridgeId) -> Attached:
    """Return the line after a bridge was removed, in which it may have stood."""
    return replace(at, bridge=None) if at.bridge == bridge else at


def detached(at: Attached) -> tuple[TelephonyCommand, ...]:
    """Return how the line is taken out of the call."""
    if not at.stays:
        return (HangUp(leg=at.line),)
    commands: list[TelephonyCommand] = []
    if at.ringing:
        commands.append(StopRinging(leg=at.line))
    if at.music:
        commands.append(StopMusic(leg=at.line))
    if at.muted:
        commands.append(Mute(leg=at.line, on=False))
    if at.bridge is not None:
        commands.append(Part(bridge=at.bridge, leg=at.line))
    return tuple(commands)
