"""A real centre with a desk for each test, all led by one script: a server and an Asterisk of its own.

caller ──► Asterisk ──► keys to the machine, where the script begins with it ──► queue ──► console in Chromium
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser

from caruso.model.records import Customer
from caruso.script_engine.loader import load
from lab.asterisk import LocalAsterisk
from lab.server import LAB_PASSWORD, CentreServer
from lab.sip_phones import sip_phones
from tests.browser.conftest import Console, open_console

_AGENTS = ("anna", "ben", "cara", "dan", "eva", "finn")
_HEAD = """
name = "Small centre"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"
"""
_DESK = """
[queues.{name}]
name = "Queue of {name}"
script = "{script}"
wrap_up_seconds = 60
[agents.{name}]
name = "{title}"
queues = ["{name}"]
[entry_points.{name}]
name = "Line of {name}"
numbers = ["{number}"]
queue = "{name}"
"""
#: A machine needs its time for a key, and the first wants to be asked for.
_FIRST_KEY_SECONDS, _BETWEEN_KEYS_SECONDS = 0.8, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallCentre:
    """The running centre."""

    pbx: LocalAsterisk
    server: CentreServer
    #: Of agents at whose desks nobody has sat yet, with the numbers that lead there.
    desks: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def conversation(
        self, chromium: Browser, *, number: str = "+442079460999", keys: str = ""
    ) -> AsyncIterator[Console]:
        """Have somebody call from `number` and press `keys`; the agent takes the call, the caller ends it."""
        agent = next(iter(self.desks))
        dialled = self.desks.pop(agent)
        console = await open_console(chromium, self.server.url)
        await console.sign_in(agent, LAB_PASSWORD)
        await console.until("station", reach="good")
        await console.press("Alt+r")
        await console.until("presence", state="ready")
        async with sip_phones(self.pbx) as phones:
            caller = phones.call(dialled, number=number)
            if keys:
                await caller.until_answered()
            for count, key in enumerate(keys):
                await asyncio.sleep(_BETWEEN_KEYS_SECONDS if count else _FIRST_KEY_SECONDS)
                caller.press(key)
            await console.until("offer", seconds=20)
            await console.press("Alt+a")
            await console.until("conversation", state="talking")
            await console.until("dialog")
            yield console
            caller.hang_up()
            await caller.until_over()
            await console.until("wrap-up")
        assert console.failures == []


@contextmanager
def small_centre(
    directory: Path, script: str, *, by_phone: bool = False, settings: str = "", customers: Iterable[Customer] = ()
) -> Iterator[SmallCentre]:
    """Run a centre that `script` leads, `by_phone` already; `settings` are further ones of its caruso.toml."""
    file = directory / "script.xml"
    file.write_text(script, encoding="utf-8")
    desks = {name: f"71{index:02}" for index, name in enumerate(_AGENTS)}
    centre = _HEAD + "".join(_desk(load(script.encode()).id, desk, by_phone=by_phone) for desk in desks.items())
    pbx = LocalAsterisk(directory / "pbx")
    server = CentreServer(
        pbx, directory / "server", centre, scripts=[file], settings=settings, customers=tuple(customers)
    )

    async def start() -> None:
        await pbx.start()
        await server.start()

    async def stop() -> None:
        await server.stop()
        await pbx.__aexit__()

    asyncio.run(start())
    yield SmallCentre(pbx=pbx, server=server, desks=desks)
    asyncio.run(stop())


def _desk(script: str, desk: Sequence[str], *, by_phone: bool) -> str:
    name, number = desk
    described = _DESK.format(name=name, title=name.title(), script=script, number=number)
    return described + (f'script = "{script}"\n' if by_phone else "")
