"""Has sentences spoken for agents at telephones; what cannot be spoken becomes a tone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.errors import CarusoError
from caruso.ports.speech import SpeechSynthesis

log = structlog.get_logger(__name__)

#: A sound that Asterisk brings along.
TONE = ("sound:beep",)
#: Somebody waits for it: after this a tone has to do.
SPEECH_SECONDS = 3.0


class Announcer:
    """Makes sounds of sentences."""

    def __init__(self, *, speech: SpeechSynthesis, tasks: GuardedTasks) -> None:
        """Have them spoken by `speech`."""
        self._speech = speech
        self._tasks = tasks

    def prepare(self, text: str, language: str, ready: Callable[[tuple[str, ...]], None]) -> None:
        """Call `ready` with the sounds that say `text`, soon and in any case."""
        self._tasks.start(self._prepare(text, language, ready), name="prepare_announcement")

    async def _prepare(self, text: str, language: str, ready: Callable[[tuple[str, ...]], None]) -> None:
        sounds = TONE
        try:
            async with asyncio.timeout(SPEECH_SECONDS):
                sounds = (str((await self._speech.speak(text, language)).with_suffix("")),)
        except (CarusoError, TimeoutError) as error:
            log.warning("announcement_not_spoken", reason=str(error))
        ready(sounds)
