"""How the link to Asterisk ends and is made again, whatever else happens in that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.comm_server.asterisk.telephony import LEAVING_SECONDS, TOGETHER_SECONDS, AriTelephony, Replaced
from caruso.model.ids import BridgeId, LegId
from caruso.model.telephony import CloseBridge, Join, OpenBridge, Part, TelephonyCommand
from lab.virtual_time import run_in_virtual_time

Attempt = Callable[[], Awaitable[None]]

SETTINGS = AsteriskSettings(
    ari_password="a",
    ami_secret="b",
    server_secret="c",
    reconnect_first_seconds=0.01,
    reconnect_most_seconds=0.01,
    replaced_pause_seconds=30.0,
)
#: Much more than the attempts take that are made at once, much less than the pause.
PATIENCE_SECONDS = 5.0


class ScriptedLink(AriTelephony):
    """A link whose attempts to connect go as written; after the last of them it stays up."""

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        super().__init__(SETTINGS, lambda _: None)
        self._attempts = list(attempts)
        self.tried = 0
        self.stays_up = asyncio.Event()

    async def _connected(self) -> None:
        self.tried += 1
        if self.tried > len(self._attempts):
            self.stays_up.set()
            await asyncio.sleep(3600)
        await self._attempts[self.tried - 1]()


async def unanswered() -> None:
    raise TimeoutError


async def refused() -> None:
    raise ConnectionRefusedError


async def test_a_link_that_breaks_in_the_moment_the_server_stops_is_not_made_again() -> None:
    """The task group of a link tells of the break only, and the wish to stop would be forgotten."""

    async def broken_while_stopped() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(stop_and_break())
            await asyncio.sleep(3600)

    async def stop_and_break() -> None:
        running.cancel()
        raise ConnectionError("Asterisk closed the event socket")

    link = ScriptedLink([broken_while_stopped])
    running = asyncio.create_task(link.run())
    done, _ = await asyncio.wait({running}, timeout=PATIENCE_SECONDS)
    running.cancel()
    assert done
    assert running.cancelled()
    assert link.tried == 1


@pytest.mark.parametrize(
    ("before", "at_once"), [([unanswered], True), ([refused], False), ([], False)], ids=["hung", "down", "up"]
)
async def test_who_is_replaced_by_an_attempt_of_his_own_comes_back_at_once(
    before: list[Attempt], at_once: bool
) -> None:
    """An Asterisk that hung answers attempts given up long ago; another server's is left alone for a while."""

    async def replaced() -> None:
        link._replaced = True
        raise Replaced

    link = ScriptedLink([*before, replaced])
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS if at_once else 0.5):
            await link.stays_up.wait()
    except TimeoutError:
        assert not at_once
    else:
        assert at_once
    finally:
        running.cancel()
        await asyncio.wait({running})


class SubmittedLink(AriTelephony):
    """A link that writes down what it would send."""

    def __init__(self) -> None:
        super().__init__(SETTINGS, lambda _: None)
        self.submitted: list[TelephonyCommand] = []

    def _submit(self, command: TelephonyCommand) -> None:
        self.submitted.append(command)


def test_a_bridge_is_destroyed_once_its_legs_have_left_and_not_when_it_is_wanted_again() -> None:
    """Asterisk knows nothing, now and then, of a bridge that is made again by its name while a leg leaves it."""
    caller, agent = LegId("1.1"), LegId("1.1~1~anna")
    one, other = BridgeId("1.1~bridge"), BridgeId("1.2~bridge")
    opened, joined = OpenBridge(bridge=one, legs=(caller,)), Join(bridge=one, leg=agent)

    async def lead() -> None:
        link = SubmittedLink()
        link.send(Part(bridge=one, leg=caller))
        link.send(CloseBridge(bridge=one))
        link.send(CloseBridge(bridge=other))
        link.send(opened)
        await asyncio.sleep(2 * LEAVING_SECONDS)
        assert link.submitted == [Part(bridge=one, leg=caller), opened, CloseBridge(bridge=other)]
        link.send(CloseBridge(bridge=one))
        link.send(joined)
        link.send(CloseBridge(bridge=one))
        link.send(CloseBridge(bridge=one))
        await asyncio.sleep(2 * LEAVING_SECONDS)
        assert link.submitted[3:] == [joined, CloseBridge(bridge=one)]

    run_in_virtual_time(lead)


def test_bridges_that_end_soon_after_each_other_are_destroyed_together_and_none_too_soon() -> None:
    bridges = [BridgeId(f"1.{number}~bridge") for number in range(40)]

    async def lead() -> None:
        link, loop = SubmittedLink(), asyncio.get_running_loop()
        asked: list[float] = []
        destroyed: list[float] = []
        for bridge in bridges:
            link.send(CloseBridge(bridge=bridge))
            asked.append(loop.time())
            await asyncio.sleep(0.05)
            destroyed += [loop.time()] * (len(link.submitted) - len(destroyed))
        while len(destroyed) < len(bridges):
            await asyncio.sleep(0.01)
            destroyed += [loop.time()] * (len(link.submitted) - len(destroyed))
        assert link.submitted == [CloseBridge(bridge=bridge) for bridge in bridges]
        waits = [end - begin for begin, end in zip(asked, destroyed, strict=True)]
        assert min(waits) >= LEAVING_SECONDS
        assert max(waits) <= LEAVING_SECONDS + TOGETHER_SECONDS + 0.05 + 1e-6
        assert len(set(destroyed)) <= len(bridges) * 0.05 / TOGETHER_SECONDS + 2

    run_in_virtual_time(lead)
