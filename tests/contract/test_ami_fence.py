"""The fence round panoramisk, against a manager that misbehaves in every way that was seen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from caruso.comm_server.asterisk.ami import AmiLink, AmiRefused, NotPermitted, contact_reachable
from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.errors import LinkDown
from caruso.model.centre import StationKind
from caruso.model.ids import AgentId

#: What an action is answered with; None for silence. Further bytes may be written to the connection's writer.
Answer = Callable[[dict[str, str], asyncio.StreamWriter], str | None]


def usual(action: dict[str, str], _: asyncio.StreamWriter) -> str | None:
    if action["Action"] == "PJSIPShowContacts":
        return "Response: Error\r\nMessage: No Contacts found"
    return "Response: Success\r\nMessage: fine"


class FakeManager:
    """Asterisk's manager interface as far as these tests need it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.actions: list[dict[str, str]] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in text.split("\r\n") if ": " in line)
                self.actions.append(action)
                if (answer := self.answer(action, writer)) is not None:
                    writer.write(f"{answer}\r\nActionID: {action['ActionID']}\r\n\r\n".encode())
        writer.close()

    def names(self) -> list[str]:
        return [action["Action"] for action in self.actions]


@contextlib.asynccontextmanager
async def managed(
    answer: Answer = usual,
    reachable: Callable[[AgentId, StationKind, bool | None], None] | None = None,
    watched: Callable[[bool], None] | None = None,
) -> AsyncIterator[tuple[FakeManager, AmiLink]]:
    fake = FakeManager(answer)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    settings = AsteriskSettings(
        ari_password="a", ami_secret="b", server_secret="c", ami_port=fake.port,
        request_timeout_seconds=1.0, ping_seconds=0.5, reconnect_first_seconds=0.01,
    )  # fmt: skip
    link = AmiLink(settings, reachable=reachable, watched=watched, refused_pause_seconds=30)
    running = asyncio.create_task(link.run())
    try:
        yield fake, link
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        server.close()
        for writer in fake.writers:
            writer.transport.abort()


async def until(true: Callable[[], object], within_seconds: float = 8.0) -> None:
    async with asyncio.timeout(within_seconds):
        while not true():  # noqa: ASYNC110 -- the tests look at what others change
            await asyncio.sleep(0.005)


async def test_a_letter_cut_by_a_packet_stays_whole() -> None:
    heard: list[AgentId] = []
    async with managed(reachable=lambda agent, kind, on: heard.append(agent)) as (fake, link):
        await until(lambda: link.up)
        event = "Event: ContactStatus\r\nEndpointName: jürgen-sip\r\nContactStatus: Reachable\r\n\r\n".encode()
        cut = event.index("ü".encode()) + 1
        fake.writers[0].write(event[:cut])
        await asyncio.sleep(0.05)
        fake.writers[0].write(event[cut:])
        await until(lambda: heard)
        assert heard == ["jürgen"]


async def test_a_handler_that_fails_does_not_cut_the_link() -> None:
    heard: list[AgentId] = []

    def fail_at_first(agent: AgentId, _: StationKind, __: bool | None) -> None:
        heard.append(agent)
        if len(heard) == 1:
            raise RuntimeError("a fault")

    async with managed(reachable=fail_at_first) as (fake, link):
        await until(lambda: link.up)
        event = b"Event: ContactStatus\r\nEndpointName: anna-web\r\nContactStatus: Removed\r\n\r\n"
        fake.writers[0].write(event + event)
        await until(lambda: len(heard) == 2)
        await link.ping()
    assert len(fake.writers) == 1


async def test_an_action_in_an_outage_fails_at_once_and_is_never_repeated() -> None:
    def silent_reload(action: dict[str, str], writer: asyncio.StreamWriter) -> str | None:
        if action["Action"] == "Reload":
            writer.transport.abort()
            return None
        return usual(action, writer)

    async with managed(silent_reload) as (fake, link):
        await until(lambda: link.up)
        with pytest.raises(LinkDown):
            await link.reload("res_pjsip.so")
        await until(lambda: len(fake.writers) == 2 and link.up)
        await asyncio.sleep(0.2)
        assert fake.names().count("Reload") == 1


async def test_an_action_while_the_link_is_down_fails_at_once() -> None:
    link = AmiLink(AsteriskSettings(ari_password="a", ami_secret="b", server_secret="c"))
    with pytest.raises(LinkDown):
        await link.ping()


async def test_a_peer_that_falls_silent_is_given_up_and_connected_anew() -> None:
    def dead_to_pings(action: dict[str, str], writer: asyncio.StreamWriter) -> str | None:
        return None if action["Action"] == "Ping" else usual(action, writer)

    async with managed(dead_to_pings) as (fake, _):
        await until(lambda: len(fake.writers) >= 2)


async def test_of_a_phone_nobody_knows_while_the_link_is_down_and_that_it_went_away_afterwards() -> None:
    told: list[tuple[AgentId, StationKind, bool | None]] = []
    async with managed(reachable=lambda *news: told.append(news)) as (fake, link):
        await until(lambda: link.up)
        fake.writers[0].write(
            b"Event: ContactStatus\r\nEndpointName: anna-web\r\nContactStatus: Reachable\r\n\r\n"
        )
        await until(lambda: told)
        fake.writers[0].transport.abort()
        await until(lambda: len(told) == 3)
    assert told[1:3] == [(AgentId("anna"), StationKind.BROWSER, known) for known in (None, False)]


async def test_a_refused_sign_in_is_not_tried_again_at_once() -> None:
    def refuse(action: dict[str, str], writer: asyncio.StreamWriter) -> str | None:
        return "Response: Error\r\nMessage: Authentication failed"

    async with managed(refuse) as (fake, link):
        await until(lambda: fake.actions)
        await asyncio.sleep(0.3)
        assert fake.names() == ["Login"]
        assert not link.up


@pytest.mark.parametrize("module", ["x\r\nAction: Originate", "x\ny"])
async def test_a_value_cannot_carry_another_header(module: str) -> None:
    async with managed() as (fake, link):
        await until(lambda: link.up)
        with pytest.raises(ValueError, match="CR or LF"):
            await link.reload(module)
        await link.ping()
    assert "Originate" not in fake.names()


async def test_a_refused_action_says_why() -> None:
    def refuse(action: dict[str, str], writer: asyncio.StreamWriter) -> str | None:
        return (
            "Response: Error\r\nMessage: No such module" if action["Action"] == "Reload" else usual(action, writer)
        )

    async with managed(refuse) as (_, link):
        await until(lambda: link.up)
        with pytest.raises(AmiRefused, match="No such module"):
            await link.reload("nothing.so")


async def test_what_our_user_may_not_ask_is_told_apart_from_what_is_not_there() -> None:
    """No context of this name; no right to look. The link stays up either way: calls do not depend on it."""

    def answer(action: dict[str, str], writer: asyncio.StreamWriter) -> str | None:
        if action["Action"] == "PJSIPShowContacts":
            return "Response: Error\r\nMessage: Permission denied"
        if action["Action"] == "ShowDialPlan":
            known = action["Context"] == "forbidden"
            return f"Response: Error\r\nMessage: {'Permission denied' if known else 'Did not find context'}"
        return usual(action, writer)

    async with managed(answer) as (fake, link):
        await until(lambda: link.up)
        with pytest.raises(NotPermitted, match="PJSIPShowContacts: Permission denied"):
            await link.contacts()
        assert await link.dialplan("elsewhere") == []
        with pytest.raises(NotPermitted, match="ShowDialPlan: Permission denied"):
            await link.dialplan("forbidden")
        assert link.up
        assert len(fake.writers) == 1


async def test_it_is_told_when_the_phones_are_known_and_when_nobody_looks_any_more() -> None:
    """Only then a phone of which nothing was heard is one that is not there."""
    told: list[object] = []

    def one_phone(action: dict[str, str], writer: asyncio.StreamWriter) -> str | None:
        if action["Action"] != "PJSIPShowContacts":
            return usual(action, writer)
        name = action["ActionID"]
        writer.write(f"Response: Success\r\nActionID: {name}\r\nEventList: start\r\n\r\n".encode())
        contact = "Event: ContactList\r\nEndpoint: anna-sip\r\nStatus: Reachable"
        writer.write(f"{contact}\r\nActionID: {name}\r\n\r\n".encode())
        return "Event: ContactListComplete\r\nEventList: Complete"

    def reachable(agent: AgentId, _: StationKind, on: bool | None) -> None:
        told.append((agent, on))

    async with managed(one_phone, reachable=reachable, watched=told.append) as (fake, _):
        await until(lambda: len(told) == 2)
        assert told == [("anna", True), True]
        fake.writers[0].transport.abort()
        await until(lambda: len(told) >= 4)
        assert told[2:4] == [False, ("anna", None)]


async def test_an_endless_message_is_cut_off() -> None:
    async with managed() as (fake, link):
        await until(lambda: link.up)
        fake.writers[0].write(b"Event: X\r\nA: " + b"x" * 1_100_000)
        await until(lambda: len(fake.writers) == 2)


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Reachable", True), ("NonQualified", True), ("Removed", False), ("Unreachable", False), ("Unknown", None)],
)
def test_a_contact_state_tells_whether_a_phone_can_be_called(status: str, expected: bool | None) -> None:
    assert contact_reachable(status) is expected
