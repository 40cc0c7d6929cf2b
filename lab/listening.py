"""A link to a local Asterisk whose events can be waited for one by one: what tests of the telephony stand on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TypeVar
from urllib.parse import quote

import aiohttp

from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.comm_server.asterisk.telephony import AriTelephony
from caruso.model.centre import AgentProfile
from caruso.model.telephony import TelephonyCommand, TelephonyEvent
from lab.asterisk import LocalAsterisk

#: Looks at what is still there before a clearing gives up: about a second.
CLEARINGS = 50
#: A link that was told to end has closed its socket by then.
END_SECONDS = 10.0

_E = TypeVar("_E", bound=TelephonyEvent)


def settings_for(pbx: LocalAsterisk) -> AsteriskSettings:
    """Return the settings with which a server reaches this Asterisk."""
    return AsteriskSettings(
        ari_url=pbx.ari_url,
        ari_user=pbx.ari_user,
        ari_password=pbx.ari_password,
        ami_port=pbx.ami_port,
        ami_user=pbx.ami_user,
        ami_secret=pbx.ami_secret,
        app=pbx.app,
        context=pbx.context,
        phone_ws_url=pbx.ws_url,
        phone_sip_server=f"sip:127.0.0.1:{pbx.sip_port}",
        phone_domain="127.0.0.1",
        server_secret=pbx.ari_password,
        reconnect_most_seconds=0.5,
        replaced_pause_seconds=2.0,
    )


class Link:
    """An `AriTelephony` and all it told."""

    def __init__(self, settings: AsteriskSettings, agents: Iterable[AgentProfile] = ()) -> None:
        """Nothing is connected before `listening`."""
        self.settings = settings
        self.events: list[TelephonyEvent] = []
        self._taken: set[int] = set()
        self.telephony = AriTelephony(settings, self.events.append)
        self.telephony.set_agents(agents)

    def send(self, *commands: TelephonyCommand) -> None:
        """Send commands in order."""
        for command in commands:
            self.telephony.send(command)

    async def expect(self, kind: type[_E], *, within_seconds: float = 10.0, **values: object) -> _E:
        """Return the next event of this kind, and with these values, that was not returned before."""
        try:
            async with asyncio.timeout(within_seconds):
                while (found := self._next(kind, values)) is None:  # noqa: ASYNC110 -- a test may look often
                    await asyncio.sleep(0.002)
                return found
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__} {values} among {self.events}") from None

    def told(self, kind: type[_E]) -> list[_E]:
        """Return all events of this kind, whether `expect` returned them or not."""
        return [event for event in self.events if isinstance(event, kind)]

    def _next(self, kind: type[_E], values: Mapping[str, object]) -> _E | None:
        for index, event in enumerate(self.events):
            if not isinstance(event, kind) or index in self._taken:
                continue
            if all(getattr(event, name) == value for name, value in values.items()):
                self._taken.add(index)
                return event
        return None


@contextlib.asynccontextmanager
async def listening(settings: AsteriskSettings, agents: Iterable[AgentProfile] = ()) -> AsyncIterator[Link]:
    """Hold a link for the length of a block."""
    link = Link(settings, agents)
    running = asyncio.create_task(link.telephony.run())
    try:
        yield link
    finally:
        running.cancel()
        ended, _ = await asyncio.wait({running}, timeout=END_SECONDS)
        assert ended, "the link does not end"


async def leftovers(pbx: LocalAsterisk) -> list[str]:
    """Return the names of all channels and bridges there are."""
    async with aiohttp.ClientSession(headers=pbx.http_headers) as http:
        return [*await _names(pbx, http, "channels"), *await _names(pbx, http, "bridges")]


async def _names(pbx: LocalAsterisk, http: aiohttp.ClientSession, what: str) -> list[str]:
    async with http.get(f"{pbx.ari_url}/{what}") as answer:
        return [found["id"] for found in await answer.json()]


async def hang_up(pbx: LocalAsterisk, *channels: str) -> None:
    """End these channels, whatever any server knows of them: how people leave at a moment a test chooses."""
    async with aiohttp.ClientSession(headers=pbx.http_headers) as http:
        for channel in channels:
            await http.delete(f"{pbx.ari_url}/channels/{quote(channel)}")


async def clear(pbx: LocalAsterisk) -> None:
    """End all channels and bridges, also those that were just being made."""
    async with aiohttp.ClientSession(headers=pbx.http_headers) as http:
        for _ in range(CLEARINGS):
            found = [(what, name) for what in ("channels", "bridges") for name in await _names(pbx, http, what)]
            if not found:
                return
            for what, name in found:
                await http.delete(f"{pbx.ari_url}/{what}/{quote(name)}")
            await asyncio.sleep(0.02)
