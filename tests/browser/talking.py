"""What tests of conversations in a browser do again and again: hear, take, finish."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from caruso.model.facts import AnyFact
from lab.baresip import ListeningPhone
from tests.browser.conftest import AGENT_HERTZ, CALLER_HERTZ, Console, Desk, House

#: A resolution of 12 Hz in the browser's spectrum, and a codec in between.
NEAR_HERTZ = 15.0
#: Of 1. The beeps are at 0.28 (a sine of half the height, two thirds of the time).
AUDIBLE = 0.05
SILENT = 0.0008
#: How much of what is heard is the tone that is played.
MOSTLY = 0.6
#: How long a test waits for the one to hear the other again.
RESUMED_SECONDS = 20.0


async def hear_each_other(console: Console, caller: ListeningPhone) -> None:
    """Fail unless each hears the other's tone."""
    await console.until("audio-level", state="up")
    pitch, heard = await asyncio.gather(console.pitch(seconds=1.0), caller.listen(seconds=1.2))
    assert pitch == pytest.approx(CALLER_HERTZ, abs=NEAR_HERTZ)
    assert heard.loudness > AUDIBLE
    assert heard.share_of(AGENT_HERTZ) > MOSTLY
    assert heard.share_of(CALLER_HERTZ) < 0.1, "the caller hears himself"


async def until_heard(console: Console, hertz: float, *, within_seconds: float) -> None:
    """Wait until the browser hears this tone."""
    give_up = time.monotonic() + within_seconds
    while abs(await console.pitch(seconds=0.3) - hertz) > NEAR_HERTZ:
        assert time.monotonic() < give_up, f"{hertz} Hz is not heard within {within_seconds} s"


async def tell_the_machine(caller: ListeningPhone, *answers: str) -> None:
    """Press keys as soon as the machine is there, each answer in the middle of the question."""
    await caller.answered()
    for answer in answers:
        await asyncio.sleep(0.8)
        await caller.press(answer)


async def take(console: Console) -> None:
    """Accept the offer by keyboard and be in conversation."""
    await console.until("offer")
    await console.press("Alt+a")
    await console.until("conversation", state="talking")


async def finish(console: Console, *, hang_up: bool = True) -> None:
    """Bring the contact to its end."""
    if hang_up:
        await console.press("Alt+e")
    await console.until("wrap-up")
    await console.part("disposition-done").click()
    await console.press("Alt+f")
    await console.until("presence", state="ready")


async def nothing_left(house: House, desk: Desk) -> None:
    """Fail when a channel of the desk or of the caller stays up."""
    for _ in range(40):
        left = await house.pbx.cli("core show channels concise")
        if not left.strip():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"left behind at {desk.agent}'s: {left}")


def one(facts: Sequence[AnyFact], kind: type) -> AnyFact:
    """Return the only fact of its kind."""
    (found,) = [fact for fact in facts if isinstance(fact, kind)]
    return found
