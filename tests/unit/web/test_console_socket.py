"""The agent's desk over a real WebSocket: views, commands, replies, and browsers that misbehave."""

from __future__ import annotations

import asyncio
import socket as sockets
from datetime import timedelta
from typing import Any

import aiohttp
import msgspec
import pytest

from caruso.model import desk
from caruso.model.ids import AgentId, UserId
from caruso.web import live_socket
from caruso.web.protocol import Beat, Notice, Reply
from lab.web_client import Closed, ConsoleClient, Refused, WebClient

from .conftest import House

ANNA = AgentId("anna")


async def closed(console: ConsoleClient) -> int | None:
    """Read to the end and return the close code."""
    async with asyncio.timeout(5):
        while True:
            try:
                await console.hear()
            except Closed as end:
                return end.code


async def reply_to(console: ConsoleClient, message: str | bytes) -> Reply:
    """Send something raw and return the reply."""
    if isinstance(message, bytes):
        await console.socket.send_bytes(message)
    else:
        await console.socket.send_str(message)
    async with asyncio.timeout(5):
        while True:
            heard = await console.hear()
            if isinstance(heard, Reply):
                return heard


async def test_the_desk_is_shown_at_once_and_after_each_change(house: House) -> None:
    console = await (await house.browser("anna")).console()
    assert console.view is not None
    assert (console.view.agent, console.view.presence.presence) == ("anna", "not-ready")
    await console.do(desk.GoReady)
    await console.until(lambda view: view.presence.presence == "ready")


async def test_a_contact_from_offer_to_disposition(house: House) -> None:
    console = await (await house.browser("anna")).console()
    await console.do(desk.GoReady)
    contact = house.centre.offer(ANNA)
    view = await console.until(lambda view: view.contact is not None)
    assert view.dialog is not None
    run = view.dialog.run
    await console.do(desk.Accept, contact=contact)
    await console.do(desk.ConfirmItem, run=run, turn=view.dialog.turn.number)
    view = await console.until(lambda view: view.dialog is not None and view.dialog.turn.item == "same-flat")
    assert view.dialog is not None
    await console.do(desk.AnswerItem, run=run, turn=view.dialog.turn.number, text="yes")
    await console.do(desk.Hold, contact=contact, on=True)
    await console.until(lambda view: view.contact is not None and view.contact.phase == "held")
    await console.do(desk.HangUpCall, contact=contact)
    with pytest.raises(Refused, match="rejected-input"):
        await console.do(desk.FinishContact, contact=contact, disposition="no such thing")
    await console.do(desk.FinishContact, contact=contact, disposition="done", note="Fine.")
    view = await console.until(lambda view: view.contact is None)
    assert view.presence.presence == "ready"


async def test_a_command_that_is_not_possible_is_refused_and_the_desk_stays(house: House) -> None:
    console = await (await house.browser("anna")).console()
    with pytest.raises(Refused, match="not-found: This contact is not on your desk"):
        await console.do(desk.Accept, contact="call-9")
    await console.do(desk.GoReady)


async def test_a_mistake_of_the_server_is_a_reply_not_a_disconnect(house: House) -> None:
    console = await (await house.browser("anna")).console()
    house.centre.broken = True
    with pytest.raises(Refused, match="internal: Something went wrong in the server"):
        await console.do(desk.GoReady)
    house.centre.broken = False
    await console.do(desk.GoReady)


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("", 0),
        ("{", 0),
        ("null", 0),
        ("[]", 0),
        ('{"type": "go-ready"}', 0),
        ('{"type": "go-ready", "id": "7"}', 0),
        ('{"type": "launch", "id": 7}', 7),
        ('{"id": 7}', 7),
        ('{"type": "accept", "id": 7}', 7),
        ('{"type": "accept", "id": 7, "contact": 5}', 7),
        ('{"type": "go-ready", "id": 7, "extra": 1}', 7),
        ('{"type": "hold", "id": 7, "contact": "c", "on": "yes"}', 7),
        ("[" * 30_000, 0),
        (b"\x00\xff", 0),
    ],
)
async def test_what_cannot_be_read_is_answered(house: House, message: str | bytes, number: int) -> None:
    console = await (await house.browser("anna")).console()
    reply = await reply_to(console, message)
    assert reply.id == number
    assert reply.problem is not None
    assert reply.problem.code == "malformed"
    assert not house.centre.commands
    await console.do(desk.GoReady)


async def test_a_command_that_comes_twice_is_carried_out_once(house: House) -> None:
    console = await (await house.browser("anna")).console()
    command = '{"type": "go-ready", "id": 41}'
    assert await reply_to(console, command) == await reply_to(console, command) == Reply(id=41)
    assert len(house.centre.commands) == 1
    refused = '{"type": "accept", "id": 42, "contact": "x"}'
    assert (await reply_to(console, refused)).problem == (await reply_to(console, refused)).problem is not None


async def test_the_same_number_on_another_socket_is_another_command(house: House) -> None:
    browser = await house.browser("anna")
    first = await browser.console()
    await first.do(desk.GoReady)
    await first.close()
    second = await browser.console()
    await second.do(desk.GoReady)
    assert len(house.centre.commands) == 2


async def test_too_many_commands_are_refused_but_not_at_once_a_disconnect(house: House) -> None:
    console = await (await house.browser("anna")).console()
    for number in range(60):
        await console.socket.send_str(f'{{"type": "go-ready", "id": {number}}}')
    while len(console.replies) < 60:
        await console.hear()
    problems = [reply.problem for reply in console.replies.values()]
    assert problems[:20] == [None] * 20
    refused = [problem for problem in problems if problem is not None]
    assert len(refused) >= 30
    assert {problem.code for problem in refused} == {"too-many-commands"}
    house.clock.ahead = timedelta(seconds=1)
    assert (await reply_to(console, '{"type": "go-ready", "id": 100}')).problem is None


async def test_a_flood_is_cut_off(house: House) -> None:
    console = await (await house.browser("anna")).console()
    for _ in range(500):
        await console.socket.send_str("x")
    assert await closed(console) == live_socket.FLOODING
    assert console.notices[-1].code == "flooding"


async def test_a_frame_that_is_too_large_closes_the_socket(house: House) -> None:
    console = await (await house.browser("anna")).console()
    await console.socket.send_str('{"type": "note", "id": 1, "contact": "c", "text": "' + "x" * 300_000 + '"}')
    assert await closed(console) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert not house.centre.commands


async def test_the_newer_console_wins(house: House) -> None:
    browser = await house.browser("anna")
    old = await browser.console()
    new = await (await house.browser("anna")).console()
    assert await closed(old) == live_socket.SIGNED_IN_ELSEWHERE
    assert old.notices == [Notice(code="signed-in-elsewhere", message=old.notices[0].message)]
    await new.do(desk.GoReady)
    await new.until(lambda view: view.presence.presence == "ready")


async def test_a_reload_finds_the_desk_as_it_was(house: House) -> None:
    browser = await house.browser("anna")
    console = await browser.console()
    await console.do(desk.GoReady)
    contact = house.centre.offer(ANNA)
    await console.do(desk.Accept, contact=contact)
    await console.do(desk.SaveNote, contact=contact, text="half a sent")
    await console.close()
    again = await browser.console()
    assert again.view is not None
    assert again.view.contact is not None
    assert (again.view.contact.phase, again.view.contact.note) == ("talking", "half a sent")


async def test_the_desk_closes_with_its_session(house: House) -> None:
    browser = await house.browser("anna")
    console = await browser.console()
    await browser.call("DELETE", "/api/session")
    assert await closed(console) == live_socket.SESSION_ENDED
    assert console.notices[-1].code == "session-ended"


async def test_the_desk_closes_when_its_user_is_disabled(house: House) -> None:
    console, other = await (await house.browser("anna")).console(), await (await house.browser("ben")).console()
    await house.users.disable(UserId("anna"), house.clock.now())
    house.server.shut_out({UserId("anna")})
    assert await closed(console) == live_socket.SESSION_ENDED
    assert console.notices[-1].code == "session-ended"
    await other.do(desk.GoReady)


async def test_the_desk_closes_when_the_session_expires(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "SESSION_CHECK_SECONDS", 0.02)
    console = await (await house.browser("anna")).console()
    house.clock.ahead = timedelta(hours=12, seconds=1)
    assert await closed(console) == live_socket.SESSION_ENDED


async def test_a_store_that_is_down_closes_nobodys_desk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "SESSION_CHECK_SECONDS", 0.02)
    console = await (await house.browser("anna")).console()

    async def locked(token_hash: str) -> None:
        raise OSError("database is locked")

    house.users.session = locked  # type: ignore[method-assign]
    house.clock.ahead = timedelta(seconds=60)
    await asyncio.sleep(0.1)
    await console.do(desk.GoReady)


async def test_an_open_desk_keeps_its_session_alive(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "SESSION_CHECK_SECONDS", 0.02)
    browser = await house.browser("anna")
    console = await browser.console()
    for hours in (6, 11):
        house.clock.ahead = timedelta(hours=hours)
        await asyncio.sleep(0.1)
    await console.do(desk.GoReady)
    assert (await browser.request("GET", "/api/session")).status == 200


async def test_the_server_says_good_bye(house: House) -> None:
    console = await (await house.browser("anna")).console()
    stopping = asyncio.create_task(house.server.stop())
    assert await closed(console) == live_socket.SERVER_STOPPING
    assert console.notices[-1].code == "server-stopping"
    await stopping


async def test_a_silent_socket_beats(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "BEAT_SECONDS", 0.05)
    console = await (await house.browser("anna")).console()
    async with asyncio.timeout(2):
        assert await console.hear() == Beat()
        assert await console.hear() == Beat()


# -- Who may --------------------------------------------------------------------------------------------------


async def refused(browser: WebClient, path: str, **more: Any) -> int:
    """Return the status a WebSocket is refused with."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await browser.open_socket(path, **more)
    return refusal.value.status


@pytest.mark.parametrize("path", ["/ws/console", "/ws/monitor"])
async def test_no_socket_without_signing_in(house: House, path: str) -> None:
    assert await refused(await house.browser(), path) == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_no_socket_for_a_foreign_page(house: House, origin: str) -> None:
    browser = await house.browser("sam")
    assert await refused(browser, "/ws/console", origin=origin) == 403
    assert await refused(browser, "/ws/monitor", origin=origin) == 403


async def test_no_desk_for_somebody_who_takes_no_contacts(house: House) -> None:
    assert await refused(await house.browser("sam"), "/ws/console") == 404


async def test_no_monitor_for_an_agent(house: House) -> None:
    assert await refused(await house.browser("anna"), "/ws/monitor") == 403


async def test_a_plain_request_to_a_socket_is_refused_as_json(house: House) -> None:
    answer = await (await house.browser("anna")).request("GET", "/ws/console")
    assert answer.status == 400
    assert answer.json()["code"] == "malformed"


# -- Slow browsers --------------------------------------------------------------------------------------------


async def open_lazily(house: House, browser: WebClient, path: str) -> tuple[asyncio.StreamReader, Any]:
    """Open a WebSocket whose receiver takes only what the kernel's smallest buffer holds."""
    raw = sockets.socket()
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", house.server.port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    cookie = "; ".join(f"{c.key}={c.value}" for c in browser.cookies)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{house.server.port}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n"
        f"Origin: {browser.url}\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    assert b"101" in await reader.readline()
    while await reader.readline() != b"\r\n":
        pass
    return reader, writer


async def frames(reader: asyncio.StreamReader) -> list[bytes]:
    """Read all text frames until nothing comes for a while."""
    found = []
    try:
        while True:
            async with asyncio.timeout(0.5):
                first, length = await reader.readexactly(2)
                if length == 126:
                    length = int.from_bytes(await reader.readexactly(2))
                elif length == 127:
                    length = int.from_bytes(await reader.readexactly(8))
                data = await reader.readexactly(length)
            if first & 15 == 1:
                found.append(data)
    except TimeoutError:
        return found


async def test_a_slow_browser_is_spared_the_views_in_between(house: House) -> None:
    browser = await house.browser("anna")
    reader, writer = await open_lazily(house, browser, "/ws/console")
    note = "x" * 20_000
    house.centre.command(ANNA, desk.GoReady(id=1))
    contact = house.centre.offer(ANNA)
    house.centre.command(ANNA, desk.Accept(id=2, contact=contact))
    for number in range(1000):
        house.centre.command(ANNA, desk.SaveNote(id=3, contact=contact, text=f"{note} {number}"))
        if number % 10 == 0:
            await asyncio.sleep(0)
    views = [view for view in map(msgspec.json.decode, await frames(reader)) if view["type"] == "desk"]
    assert len(views) < 500, "20 MB were not kept"
    assert views[-1]["contact"]["note"].endswith(" 999"), "the newest is what counts"
    assert [view["seq"] for view in views] == sorted({view["seq"] for view in views})
    writer.close()


async def test_a_browser_that_takes_nothing_is_let_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "SEND_SECONDS", 0.3)
    browser = await house.browser("anna")
    _, writer = await open_lazily(house, browser, "/ws/console")
    house.centre.command(ANNA, desk.GoReady(id=1))
    contact = house.centre.offer(ANNA)
    house.centre.command(ANNA, desk.Accept(id=2, contact=contact))
    async with asyncio.timeout(10):
        while house.centre.has_desk(ANNA):
            house.centre.command(ANNA, desk.SaveNote(id=3, contact=contact, text="x" * 100_000))
            await asyncio.sleep(0.005)
    writer.close()
    console = await browser.console()
    assert console.view is not None
    assert console.view.contact is not None
