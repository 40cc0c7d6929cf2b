"""A real server beside a real Asterisk, in the test's own process: its services answer as golden cases say.

Database, journal, centre, telephony and web pages are those of the product. The test can look at the runs
themselves, which no page shows as a whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from caruso.app import Server
from caruso.comm_server.conversations import Conversation
from caruso.config import load_config
from caruso.model.ids import ContactId
from caruso.ports import SpeechSynthesis
from lab.asterisk import LocalAsterisk
from lab.golden import ToldServices, files
from lab.server import CentreServer

#: A prompt may have to be spoken first, and silence waits for its end.
PATIENCE_SECONDS = 20.0


class ToldServer(Server):
    """The product's server, but for its services; and its voice may be listened to."""

    def __init__(self, file: Path, voice: Callable[[SpeechSynthesis], SpeechSynthesis]) -> None:
        """Serve with the settings of `file`."""
        super().__init__(load_config(file, {}))
        self.told = ToldServices()
        self._services = self.told  # type: ignore[assignment]  # all that the centre asks of it
        self._speech = voice(self._speech)  # type: ignore[assignment]  # likewise

    def now(self) -> datetime:
        """Return the time on its clock."""
        return self._clock.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenServer:
    """The running server."""

    pbx: LocalAsterisk
    server: ToldServer
    #: Where browsers find it.
    url: str

    def contacts(self) -> frozenset[ContactId]:
        """Return the contacts that a dialog leads."""
        return frozenset(conversation.contact for conversation in self.server.centre.conversations.everywhere())

    async def conversation_after(self, before: frozenset[ContactId]) -> Conversation:
        """Wait for a dialog to begin in a contact that was not there `before`."""
        await until(lambda: bool(self.contacts() - before), "the dialog has begun")
        (contact,) = self.contacts() - before
        return self.conversation(contact)

    def conversation(self, contact: ContactId) -> Conversation:
        """Return where a contact's dialog stands."""
        conversation = self.server.centre.conversations.get(contact)
        assert conversation is not None, "the dialog is over and gone"
        return conversation

    async def settled(self) -> None:
        """Return when all that was done is in the database, and no action of a script is under way."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.server.journal.flush()
            await self.server.centre.outbox.quiet()


@asynccontextmanager
async def golden_server(
    pbx: LocalAsterisk,
    directory: Path,
    description: str,
    *,
    voice: Callable[[SpeechSynthesis], SpeechSynthesis] = lambda own: own,
) -> AsyncIterator[GoldenServer]:
    """Serve a centre with all golden dialogs for the length of a block; `voice` may stand in for its own."""
    prepared = CentreServer(pbx, directory, description, scripts=files())
    server = ToldServer(await prepared.prepare(), voice)
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run(lambda _: started.set()))
        await started.wait()
        await until(lambda: server.centre.telephony_up, "the PBX is reached")
        yield GoldenServer(pbx=pbx, server=server, url=prepared.url)
        server.stopping.set()


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds; a run is looked at, it cannot tell."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None
