"""The fake PBX refuses what the real one was seen to refuse."""

from __future__ import annotations

import asyncio
import random

import pytest

from caruso.model.ids import BridgeId, LegId
from caruso.model.telephony import (
    CloseBridge,
    CommandFailed,
    HangUp,
    Join,
    OpenBridge,
    Part,
    StartMusic,
    TelephonyCommand,
    TelephonyEvent,
)
from lab.fake_telephony import FakeTelephony
from lab.virtual_time import run_in_virtual_time

TALK, OTHER = BridgeId("talk"), BridgeId("other")


def refused_after(*between: TelephonyCommand) -> list[str]:
    """Open a bridge with a leg in it, close it, do something, and open it again; return what was refused."""
    told: list[TelephonyEvent] = []

    async def live() -> None:
        pbx = FakeTelephony(random.Random(1), lambda _: None)  # noqa: S311
        pbx.connect(told.append)
        leg = pbx.call("7001", "491")
        for command in (OpenBridge(bridge=OTHER, legs=()), OpenBridge(bridge=TALK, legs=(leg,)), *between):
            pbx.send(command)
        pbx.send(OpenBridge(bridge=TALK, legs=()))
        await asyncio.sleep(5)

    run_in_virtual_time(live)
    return [event.command for event in told if isinstance(event, CommandFailed)]


CALLER = LegId("1.1")
CLOSE = CloseBridge(bridge=TALK)


@pytest.mark.parametrize(
    "between",
    [
        (CLOSE,),
        (CLOSE, StartMusic(leg=CALLER, music="default")),
        (CLOSE, HangUp(leg=CALLER)),
        (Part(bridge=TALK, leg=CALLER), CLOSE, Join(bridge=OTHER, leg=CALLER)),
    ],
)
def test_a_bridge_that_was_closed_can_be_opened_again(between: tuple[TelephonyCommand, ...]) -> None:
    assert refused_after(*between) == []


def test_but_not_when_a_leg_went_from_it_straight_to_another() -> None:
    assert refused_after(CLOSE, Join(bridge=OTHER, leg=CALLER)) == ["OpenBridge"]
