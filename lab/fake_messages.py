"""Messages without callers: the real mailboxes, on facts of our own, and sounds that are tones."""

from __future__ import annotations

import array
import itertools
import math
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.comm_server.voicemail.sound import RATE, message_of
from caruso.errors import IllegalMove
from caruso.model.centre import Centre
from caruso.model.facts import AnyFact, VoicemailBegun, VoicemailReceived
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, QueueId, RunId, voicemail_contact
from caruso.ports import RunFiles
from lab.memory_voicemails import MemoryVoicemails


class FakeMessages:
    """Mailboxes, and a way to leave messages in them."""

    def __init__(
        self, centre: Callable[[], Centre], now: Callable[[], datetime], changed: Callable[[], None]
    ) -> None:
        """Begin with none; `changed` is told when they are not what they were."""
        self._now = now
        self._numbers = itertools.count(1)
        self.store = MemoryVoicemails()
        self.stream = FactStream()
        self.facts: list[AnyFact] = []
        #: Who was called: agent, queue, number.
        self.calls: list[tuple[AgentId, QueueId, str]] = []
        #: Why the next call is refused.
        self.refuses = ""
        clock = _Clock(now)
        self.mailboxes = Mailboxes(
            centre=centre, stream=self.stream, clock=clock, call_out=self._call_out, changed=changed
        )
        for listener in (self.facts.append, self.store.hear, self.mailboxes.hear):
            self.stream.decide(listener)

    def _call_out(self, agent: AgentId, queue: QueueId, number: str) -> ContactId:
        if self.refuses:
            raise IllegalMove(self.refuses)
        self.calls.append((agent, queue, number))
        return ContactId(f"out-{len(self.calls)}")

    async def leave(
        self,
        files: RunFiles,
        *,
        queue: str = "billing",
        owner: str | None = None,
        number: str = "+49305550001",
        name: str = "",
        customer: str | None = None,
        text: str = "",
        priority: int = 0,
        seconds: float = 2.0,
        minutes_ago: float = 5.0,
    ) -> ContactId:
        """Let somebody have left a message."""
        origin = ContactId(f"1700000000.{next(self._numbers)}")
        contact = voicemail_contact(origin)
        kept = await files.keep(
            RunId(contact),
            "voicemail",
            name=f"{contact}.wav",
            media_type="audio/wav",
            content=_pieces(tone(seconds)),
        )
        at = self._now() - timedelta(minutes=minutes_ago)
        to, whose = QueueId(queue), AgentId(owner) if owner else None
        self.stream.publish(
            VoicemailBegun(
                at=at - timedelta(seconds=seconds),
                contact=contact,
                origin=origin,
                queue=to,
                owner=whose,
                entry_point=EntryPointId("service-line"),
                number=number,
                name=name,
                language="en",
                priority=priority,
                take=1,
            ),
            VoicemailReceived(
                at=at,
                contact=contact,
                queue=to,
                owner=whose,
                customer=CustomerId(customer) if customer else None,
                seconds=seconds,
                file=kept.id,
            ),
        )
        if text:
            await self.store.keep_text(contact, text)
        return contact


class _Clock:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now().timestamp()


def tone(seconds: float, hertz: float = 440.0) -> bytes:
    """Return a WAV file of a tone."""
    samples = array.array(
        "h", (round(8_000 * math.sin(2 * math.pi * hertz * at / RATE)) for at in range(int(seconds * RATE)))
    )
    sound = samples.tobytes()
    header = b"RIFF" + (36 + len(sound)).to_bytes(4, "little") + b"WAVE"
    return message_of(header + b"data" + len(sound).to_bytes(4, "little") + sound).wav


async def _pieces(sound: bytes) -> AsyncIterator[bytes]:
    yield sound
