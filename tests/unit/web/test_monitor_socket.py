"""The live monitor: first the whole, then changes; nobody's slowness costs the others."""

from __future__ import annotations

import asyncio
import dataclasses

import aiohttp
import msgspec
import pytest

from caruso.model import desk
from caruso.model.centre import Role
from caruso.model.ids import AgentId, ContactId, QueueId, UserId
from caruso.model.views import CallRow, MonitorView, WaitingRow
from caruso.web import live_socket
from caruso.web.protocol import Notice
from lab.web_client import Closed, next_monitor

from .conftest import House
from .test_console_socket import frames, open_lazily

Rows = dict[str, dict[str, object]]


def apply(rows: Rows, view: MonitorView) -> None:
    """Do what a page does with a view."""
    for kind in ("agents", "waiting", "calls", "queues"):
        kept = {} if view.whole else rows.get(kind, {})
        kept |= {row.id: row for row in getattr(view, kind)}
        for gone in getattr(view, f"gone_{kind}", ()):
            kept.pop(gone, None)
        rows[kind] = kept


async def closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read to the end and return the close code."""
    async with asyncio.timeout(5):
        while True:
            try:
                await next_monitor(socket)
            except Closed as end:
                return end.code


def shown(view: MonitorView) -> Rows:
    rows: Rows = {}
    apply(rows, view)
    return rows


async def test_first_the_whole_then_changes_that_add_up(house: House) -> None:
    socket = await (await house.browser("sam")).monitor()
    first = await next_monitor(socket)
    assert isinstance(first, MonitorView)
    assert first.whole
    assert {agent.id for agent in first.agents} >= {"anna", "ben"}
    rows, seq = shown(first), first.seq
    for _ in range(5):
        for _ in range(8):
            house.centre.stir()
        change = await next_monitor(socket)
        assert isinstance(change, MonitorView)
        assert not change.whole
        assert change.seq == seq + 1
        seq = change.seq
        apply(rows, change)
    assert rows == shown(house.centre.monitor())


async def test_all_monitors_are_fed_by_one_watch_which_ends_with_the_last(house: House) -> None:
    browser = await house.browser("sam")
    monitors = [await browser.monitor() for _ in range(10)]
    for monitor in monitors:
        await next_monitor(monitor)
    assert house.centre.watchers == 1
    house.centre.stir()
    changes = [await next_monitor(monitor) for monitor in monitors]
    assert all(change == changes[0] for change in changes)
    for monitor in monitors:
        await monitor.close()
    async with asyncio.timeout(2):
        while house.centre.watchers:  # noqa: ASYNC110 - the fake has nothing to wait for
            await asyncio.sleep(0.01)


async def test_a_monitor_that_lags_is_sent_the_whole_again(house: House) -> None:
    browser = await house.browser("sam")
    reader, writer = await open_lazily(house, browser, "/ws/monitor")
    await asyncio.sleep(0.05)
    seq = house.centre.monitor().seq
    rows = [
        CallRow(
            id=ContactId(f"c{n}"), phase="talking", caller="x" * 200, agent="a", queue="q", since=house.clock.now()
        )
        for n in range(300)
    ]
    for number in range(200):
        house.centre.push_change(MonitorView(seq=seq + 1 + number, now=house.clock.now(), whole=False, calls=rows))
        await asyncio.sleep(0)
    views = [msgspec.json.decode(frame, type=MonitorView) for frame in await frames(reader)]
    assert views[0].whole
    assert sum(view.whole for view in views) >= 2
    assert len(views) < 150, "20 MB were not kept"
    writer.close()


async def test_a_monitor_that_lags_does_not_slow_down_another(house: House) -> None:
    browser = await house.browser("sam")
    _, writer = await open_lazily(house, browser, "/ws/monitor")
    quick = await browser.monitor()
    await next_monitor(quick)
    seq = house.centre.monitor().seq
    waiting = [
        WaitingRow(
            id=ContactId(f"w{n}"), queue=QueueId("q"), caller="x" * 200, since=house.clock.now(), priority=0
        )
        for n in range(300)
    ]
    for number in range(100):
        house.centre.push_change(
            MonitorView(seq=seq + 1 + number, now=house.clock.now(), whole=False, waiting=waiting)
        )
        async with asyncio.timeout(1):
            change = await next_monitor(quick)
        assert isinstance(change, MonitorView)
        assert change.seq == seq + 1 + number
    writer.close()


async def test_the_monitor_closes_with_its_session(house: House) -> None:
    browser = await house.browser("sam")
    socket = await browser.monitor()
    await next_monitor(socket)
    await browser.call("DELETE", "/api/session")
    notice = await next_monitor(socket)
    assert isinstance(notice, Notice)
    assert notice.code == "session-ended"
    with pytest.raises(Closed) as end:
        await next_monitor(socket)
    assert end.value.code == live_socket.SESSION_ENDED


async def test_the_monitor_closes_when_its_user_is_disabled(house: House) -> None:
    socket = await (await house.browser("sam")).monitor()
    await next_monitor(socket)
    await house.users.disable(UserId("sam"), house.clock.now())
    house.server.shut_out({UserId("sam")})
    notice = await next_monitor(socket)
    assert isinstance(notice, Notice)
    assert notice.code == "session-ended"


async def test_the_monitor_closes_when_its_owner_is_no_supervisor_any_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "SESSION_CHECK_SECONDS", 0.02)
    socket = await (await house.browser("sam")).monitor()
    await next_monitor(socket)
    house.users.kept[UserId("sam")] = dataclasses.replace(house.users.kept[UserId("sam")], role=Role.AGENT)
    house.clock.advance(30)
    notice = await next_monitor(socket)
    assert isinstance(notice, Notice)
    assert notice.code == "session-ended"


async def test_a_page_that_talks_to_the_monitor_is_cut_off(house: House) -> None:
    socket = await (await house.browser("sam")).monitor()
    for _ in range(150):
        await socket.send_str("hello?")
    assert await closed(socket) == live_socket.FLOODING


async def test_what_an_agent_does_is_on_the_monitor(house: House) -> None:
    socket = await (await house.browser("sam")).monitor()
    await next_monitor(socket)
    console = await (await house.browser("anna")).console()
    await console.do(desk.GoReady)
    house.centre.offer(AgentId("anna"))
    rows: Rows = {}
    async with asyncio.timeout(3):
        while getattr(rows.get("agents", {}).get("anna"), "presence", "") != "offered":
            change = await next_monitor(socket)
            assert isinstance(change, MonitorView)
            apply(rows, change)
