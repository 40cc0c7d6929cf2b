"""A real server beside a real Asterisk, in the test's own process: its services answer as golden cases say.

Database, journal, centre, telephony and web pages are those of the product. The test can look at the runs
themselves, which no page shows as a whole, and set the clock by which dialogs are led.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from caruso.app import Server
from caruso.clock import SystemClock
from caruso.comm_server.conversations import Conversation, Conversations
from caruso.config import load_config
from caruso.model.ids import ContactId
from caruso.model.records import Customer
from caruso.ports.speech import SpeechSynthesis
from lab.asterisk import LocalAsterisk
from lab.golden import ToldServices, files
from lab.server import CentreServer

#: A prompt may have to be spoken first, and silence waits for its end.
PATIENCE_SECONDS = 20.0


class ToldClock(SystemClock):
    """A wall clock that is set, and goes on from there. Waiting is measured as ever."""

    def __init__(self) -> None:
        """Be right."""
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the time as it was set, and what has passed since."""
        return super().now() + self._ahead

    def set(self, now: datetime) -> None:
        """Let it be `now`."""
        self._ahead = now - super().now()


class SeenRuns:
    """The runs of a server's contacts, also of those that are over: a dialog may end the call by itself."""

    def __init__(self, conversations: Conversations) -> None:
        """Keep the last state of what the server forgets."""
        self._conversations = conversations
        self._over: dict[ContactId, Conversation] = {}
        self._forget = conversations.forget
        conversations.forget = self._keep_and_forget  # type: ignore[method-assign]

    def all(self) -> Mapping[ContactId, Conversation]:
        """Return each with its contact."""
        return {**self._over, **{found.contact: found for found in self._conversations.everywhere()}}

    def _keep_and_forget(self, contact: ContactId) -> None:
        last = self._conversations.get(contact)
        if last is not None:
            self._over[contact] = last
        self._forget(contact)


class ToldServer(Server):
    """The product's server, but for its services and its clock; and its voice may be listened to."""

    def __init__(self, file: Path, voice: Callable[[SpeechSynthesis], SpeechSynthesis]) -> None:
        """Serve with the settings of `file`."""
        super().__init__(load_config(file, {}), registry=CollectorRegistry())
        self.clock = ToldClock()
        self._clock = self.clock
        self.told = ToldServices()
        self._services.scripts = self.told  # type: ignore[assignment]  # all that scripts ask of it
        self._speech = voice(self._speech)  # type: ignore[assignment]  # likewise

    def now(self) -> datetime:
        """Return the time on its clock."""
        return self.clock.now()

    async def know(self, customer: Customer) -> None:
        """Keep a customer, in place of the one of the same id."""
        await self._customers.save(customer, by="lab")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenServer:
    """The running server."""

    pbx: LocalAsterisk
    server: ToldServer
    runs: SeenRuns
    #: The same server as other processes see it: where browsers find it, its journal.
    outside: CentreServer

    @property
    def url(self) -> str:
        """Where browsers find it."""
        return self.outside.url

    def contacts(self) -> frozenset[ContactId]:
        """Return the contacts that a dialog leads, or has led."""
        return frozenset(self.runs.all())

    async def conversation_after(self, before: frozenset[ContactId]) -> Conversation:
        """Wait for a dialog to begin in a contact that was not there `before`."""
        await until(lambda: bool(self.contacts() - before), "the dialog has begun")
        (contact,) = self.contacts() - before
        return self.conversation(contact)

    def conversation(self, contact: ContactId) -> Conversation:
        """Return where a contact's dialog stands, or stood in the end."""
        return self.runs.all()[contact]

    async def settled(self) -> None:
        """Return when all that was done is in the database, and no action of a script is under way."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.server.journal.flush()
            await self.server.centre.dialogs.outbox.quiet()


@asynccontextmanager
async def golden_server(
    pbx: LocalAsterisk,
    directory: Path,
    description: str,
    *,
    scripts: Sequence[Path] = (),
    settings: str = "",
    voice: Callable[[SpeechSynthesis], SpeechSynthesis] = lambda own: own,
) -> AsyncIterator[GoldenServer]:
    """Serve a centre with `scripts`, or all golden dialogs, for the length of a block.

    `settings` are further tables of its caruso.toml; `voice` may stand in for its own.
    """
    prepared = CentreServer(pbx, directory, description, scripts=scripts or files(), settings=settings)
    server = ToldServer(await prepared.prepare(), voice)
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run(lambda _: started.set()))
        await started.wait()
        await until(lambda: server.centre.telephony_up, "the PBX is reached")
        runs = SeenRuns(server.centre.dialogs.conversations)
        yield GoldenServer(pbx=pbx, server=server, runs=runs, outside=prepared)
        server.stopping.set()


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds; a run is looked at, it cannot tell."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None
