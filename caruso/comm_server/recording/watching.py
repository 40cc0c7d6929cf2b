"""Notices when the telephone system writes recordings no more, and when it does again; lives on facts.

However many calls are recorded, it asks for the size of one file every few seconds (`growth.looked_at`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from caruso.clock import Clock
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.recording.growth import Growth, Seen, growth, looked_at
from caruso.errors import LinkDown, RecordingRefused
from caruso.model.facts import AnyFact, RecordingBegun, RecordingOver, RecordingStalled
from caruso.model.ids import ContactId, RecordingId
from caruso.ports.recordings import TapeDeck
from caruso.ports.timers import TimerHandle, Timers

log = structlog.get_logger(__name__)

#: Between two looks, seconds.
LOOK_SECONDS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What watching works with."""

    deck: TapeDeck
    stream: FactStream
    clock: Clock
    timers: Timers
    tasks: GuardedTasks
    #: What is shown of a contact has changed.
    changed: Callable[[ContactId], None]


class Watching:
    """All recordings that go on."""

    def __init__(self, watched: Watched) -> None:
        """Begin with none; `restore` brings back those of before a crash."""
        self._watched = watched
        self._going: dict[RecordingId, ContactId] = {}
        self._seen: dict[RecordingId, Seen] = {}
        self._stalled: set[RecordingId] = set()
        self._timer: TimerHandle | None = None
        self._looking = False

    @property
    def problem(self) -> str:
        """Return what is wrong; empty when nothing is."""
        count = len(self._stalled)
        calls = "a call" if count == 1 else f"{count} calls"
        return f"Asterisk writes no recording of {calls} any more: its disk may be full" if count else ""

    def is_stalled(self, contact: ContactId) -> bool:
        """Tell whether nothing of what is said in a call is written."""
        return any(self._going[recording] == contact for recording in self._stalled)

    def restore(self, facts: Iterable[AnyFact]) -> None:
        """Take over what went on before a crash."""
        for fact in facts:
            self._take(fact)
        self._look_again()

    def hear(self, fact: RecordingBegun | RecordingStalled | RecordingOver) -> None:
        """Watch what begins, until it is over."""
        self._take(fact)
        if isinstance(fact, RecordingBegun):
            self._look_again()
        elif isinstance(fact, RecordingStalled):
            self._watched.changed(fact.contact)

    def _take(self, fact: AnyFact) -> None:
        match fact:
            case RecordingBegun(recording=recording, contact=contact):
                self._going[recording] = contact
            case RecordingStalled(recording=recording, again=False) if recording in self._going:
                self._stalled.add(recording)
            case RecordingStalled(recording=recording):
                self._stalled.discard(recording)
            case RecordingOver(recording=recording):
                self._going.pop(recording, None)
                self._seen.pop(recording, None)
                self._stalled.discard(recording)
                if not self._going and self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
            case _:
                pass

    def _look_again(self) -> None:
        if self._going and self._timer is None and not self._looking:
            self._timer = self._watched.timers.call_later(LOOK_SECONDS, self._due)

    def _due(self) -> None:
        self._timer, self._looking = None, True
        self._watched.tasks.start(self._look(), name="watch_recordings")

    async def _look(self) -> None:
        try:
            for recording in looked_at(list(self._going), self._stalled):
                await self._look_at(recording)
        except (LinkDown, RecordingRefused):
            pass  # that the telephone system is away is told elsewhere
        finally:
            self._looking = False
            self._look_again()

    async def _look_at(self, recording: RecordingId) -> None:
        size = await self._watched.deck.size(recording)
        contact = self._going.get(recording)
        if size is None or contact is None:
            return
        now = Seen(size=size, at=self._watched.clock.monotonic())
        found = growth(self._seen.get(recording), now)
        if found is Growth.GROWS or recording not in self._seen:
            self._seen[recording] = now
        if found is not Growth.UNKNOWN and (found is Growth.STALLED) is not (recording in self._stalled):
            stalled = found is Growth.STALLED
            log.warning("recording_stalled" if stalled else "recording_goes_on", recording_id=recording)
            self._watched.stream.publish(
                RecordingStalled(
                    at=self._watched.clock.now(), contact=contact, recording=recording, again=not stalled
                )
            )
