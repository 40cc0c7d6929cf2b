"""Whatever browsers, pages and strangers send: an answer that says what is wrong, and no trace of it in calls."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caruso.model import desk
from caruso.model.desk import AnyDeskCommand
from caruso.model.facts import Presence
from caruso.web.binding import Operation
from caruso.web.live_socket import FLOODING
from caruso.web.operations import declared_operations
from lab.asterisk import LocalAsterisk
from lab.complaints import complaints
from lab.server import LAB_PASSWORD
from lab.sipp import caller
from lab.staffed import StaffedCentre, phases, staffed
from lab.web_client import WebClient

#: Ends the session or changes the password that everything else here needs.
SPARED = ("/api/session", "/api/sessions/{session}", "/api/password")
OPERATIONS = [operation for operation in declared_operations() if operation.path not in SPARED]
COMMANDS = [command.__struct_config__.tag for command in AnyDeskCommand.__args__]
FIELDS = sorted({name for command in AnyDeskCommand.__args__ for name in command.__struct_fields__} - {"id"})

QUICKLY = settings(
    deadline=None,
    max_examples=600,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

text = st.text(max_size=40) | st.sampled_from(
    ["", "gas", "a0", "\0", "'; DROP TABLE users;--", "<b>", "${SHELL()}", "\ud800"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)


def as_json(value: Any) -> bytes:
    """Return JSON as a careless program would write it: NaN, halves of surrogates and all."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


def bodies(operation: Operation) -> st.SearchStrategy[bytes]:
    """Return bodies that are nearly right, JSON that is not, and no JSON at all."""
    fields = list(getattr(operation.body, "__struct_fields__", ("name",)))
    near = st.dictionaries(st.sampled_from(fields) | text, values, max_size=len(fields) + 1)
    return near.map(as_json) | values.map(as_json) | st.binary(max_size=60)


class House:
    """A running centre, and a loop to talk to it from tests that have none."""

    def __init__(self, runner: asyncio.Runner, centre: StaffedCentre, admin: WebClient) -> None:
        self.runner = runner
        self.centre = centre
        self.admin = admin


@asynccontextmanager
async def opened(
    pbx: LocalAsterisk, factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[StaffedCentre, WebClient]]:
    async with (
        staffed(pbx, factory.mktemp("faults") / "server", agents=1, wrap_up_seconds=0) as centre,
        centre.server.client("ada") as admin,
    ):
        yield centre, admin


@pytest.fixture(scope="module")
def house(pbx: LocalAsterisk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with asyncio.Runner() as runner:
        opening = opened(pbx, tmp_path_factory)
        centre, admin = runner.run(opening.__aenter__())
        try:
            yield House(runner, centre, admin)
        finally:
            runner.run(opening.__aexit__(None, None, None))


def assert_well(house: House) -> None:
    """A call works, and nothing went wrong that somebody would have to look into."""
    house.runner.run(_a_call(house.centre))
    found = complaints(house.centre.server.log_lines())
    assert not found, "\n".join(found)


async def _a_call(centre: StaffedCentre) -> None:
    console = await centre.browsers[0].console()
    if console.view is not None and console.view.presence.presence is not Presence.READY:
        await console.do(desk.ChooseStation, kind="sip")
        await console.do(desk.GoReady)
    async with caller(centre.pbx, "7001", stay_seconds=0.5) as call:
        await centre.until(lambda view: phases(view)["talking"] == 1)
        assert (await call.result()).successful == 1
    await centre.until(lambda view: not view.calls)


def test_no_request_is_answered_with_a_fault_of_ours(house: House) -> None:
    """Every operation, with paths, queries and bodies of all kinds."""

    @QUICKLY
    @given(data=st.data())
    def fuzz(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(OPERATIONS))
        path = re.sub(
            r"\{\w+\}", lambda _: quote(data.draw(text).encode("utf-8", "replace"), safe=""), operation.path
        )
        query = "&".join(
            f"{quote(name)}={quote(data.draw(text).encode('utf-8', 'replace'))}"
            for name in getattr(operation.query, "__struct_fields__", ())
            if data.draw(st.booleans())
        )
        body = data.draw(bodies(operation)) if operation.body else None
        answer = house.runner.run(house.admin.request(operation.method, f"{path}?{query}", data=body))
        assert answer.status < 500, (operation.name, answer.body)
        if answer.status >= 400:
            assert msgspec.json.decode(answer.body, type=dict[str, Any])["code"]

    fuzz()
    assert_well(house)


def test_no_message_to_the_desk_is_left_unanswered(house: House) -> None:
    """Commands that are nearly right, JSON that is none, binary; one that floods is cut off and may come back."""
    near = st.fixed_dictionaries(
        {"type": st.sampled_from(COMMANDS) | text, "id": st.integers(0, 2**53) | values},
        optional=dict.fromkeys(FIELDS, values),
    )
    messages = (
        near.map(as_json) | values.map(as_json) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "replace"))
    )
    browser = house.centre.browsers[0]
    sockets: list[aiohttp.ClientWebSocketResponse] = []

    async def exchange(message: bytes, *, binary: bool) -> None:
        if not sockets or sockets[-1].closed:
            sockets.append(await browser.open_socket("/ws/console"))
        desk_socket = sockets[-1]
        if binary:
            await desk_socket.send_bytes(message)
        else:
            await desk_socket.send_str(message.decode("utf-8", "replace"))
        async with asyncio.timeout(5):
            while True:
                heard = await desk_socket.receive()
                if heard.type is not aiohttp.WSMsgType.TEXT:
                    assert desk_socket.close_code == FLOODING
                    return
                if msgspec.json.decode(heard.data)["type"] == "reply":
                    return

    @QUICKLY
    @given(message=messages, binary=st.booleans())
    def fuzz(message: bytes, binary: bool) -> None:
        house.runner.run(exchange(message, binary=binary))

    fuzz()
    for opened_socket in sockets:
        house.runner.run(opened_socket.close())
    assert_well(house)


def test_strangers_who_speak_no_http_are_let_go(house: House) -> None:
    """Raw bytes on the port, connections that say nothing, a header without end."""
    port = int(house.centre.server.url.rsplit(":", 1)[1])

    @settings(QUICKLY, max_examples=100)
    @given(noise=st.binary(max_size=200) | st.just(b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000))
    def fuzz(noise: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as stranger:
            stranger.sendall(noise)

    fuzz()
    assert_well(house)


def test_a_guesser_of_passwords_is_slowed_down_and_nobody_else(house: House) -> None:
    """Wrong passwords from all sides; the agents at their desks and one who signs in rightly do not notice."""

    async def guess() -> set[int]:
        async with WebClient(house.centre.server.url) as stranger:
            return {
                (await stranger.request("POST", "/api/session", {"user": "a0", "password": str(number)})).status
                for number in range(30)
            }

    statuses = house.runner.run(guess())
    assert statuses == {401, 429}
    assert LAB_PASSWORD not in house.centre.server.log
    assert_well(house)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[server]\nport = \"eighty\"\n", r"caruso\.toml:2"),
        ("[server]\nprot = 8080\n", r"caruso\.toml:2.*port"),
        ("[server\n", r"caruso\.toml:1"),
        ("[database]\nurl = \"mysql://a:secret@b/c\"\n", r"caruso\.toml:2.*sqlite"),
        (b"\xff\xfe[server]", r"UTF-8"),
    ],
)  # fmt: skip
def test_a_server_with_wrong_settings_says_where_and_does_not_start(
    house: House, written: str | bytes, told: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wrong")
    server = house.centre.server.beside(folder / "server")
    file = folder / "server" / "caruso.toml"
    file.write_bytes(written if isinstance(written, bytes) else written.encode())
    code, output = house.runner.run(server.command("serve"))
    assert code == 1
    assert re.search(told, output), output
    assert "secret" not in output
    assert "Traceback" not in output
