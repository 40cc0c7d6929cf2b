"""Messages without callers: the real mailboxes and offers, on facts of our own, and sounds that are tones."""

from __future__ import annotations

import array
import itertools
import math
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from caruso.comm_server.acd.plan import MessageWish
from caruso.comm_server.agents.message_views import message_offer_view
from caruso.comm_server.agents.presence import MESSAGE
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.comm_server.voicemail.offers import MessageOffers
from caruso.comm_server.voicemail.sound import RATE, message_of
from caruso.errors import IllegalMove
from caruso.model.centre import Centre
from caruso.model.facts import (
    AnyFact,
    OfferOutcome,
    Presence,
    VoicemailBegun,
    VoicemailOffered,
    VoicemailOfferEnded,
    VoicemailReceived,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, QueueId, RunId, voicemail_contact
from caruso.model.views import MessageOfferView
from caruso.ports.runs import RunFiles
from caruso.ports.timers import TimerHandle
from lab.memory_voicemails import MemoryVoicemails

CallLater = Callable[[float, Callable[[], None]], TimerHandle]


class FakeMessages:
    """Mailboxes, and a way to leave messages in them."""

    def __init__(
        self,
        centre: Callable[[], Centre],
        now: Callable[[], datetime],
        changed: Callable[[], None],
        call_later: CallLater,
        presence: Callable[[AgentId, Presence, str], None],
    ) -> None:
        """Begin with none; `changed` is told when they are not what they were, `presence` how agents' changes."""
        self._centre = centre
        self._presence = presence
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
        self.offers = MessageOffers(
            centre=centre,
            mailboxes=self.mailboxes,
            lines=_NobodyWaits,
            done=lambda agent: presence(agent, Presence.READY, ""),
            stream=self.stream,
            clock=clock,
            timers=_Timers(call_later),
        )
        for listener in (self.facts.append, self.store.hear, self.mailboxes.hear, self.offers.hear, self._asked):
            self.stream.decide(listener)

    def offer(self, agent: AgentId, contact: ContactId) -> None:
        """Ask an agent to take a message."""
        message = self.mailboxes.get(contact)
        assert message is not None
        self.offers.make(agent, contact, message.queue, None)

    def offer_view(self, agent: AgentId) -> MessageOfferView | None:
        """Return what an agent sees of what she is asked."""
        offer = self.offers.offer_to(agent)
        message = self.mailboxes.get(offer.contact) if offer is not None else None
        return message_offer_view(offer, message, self._centre()) if offer and message else None

    def _asked(self, fact: AnyFact) -> None:
        match fact:
            case VoicemailOffered(agent=agent):
                self._presence(agent, Presence.OFFERED, "")
            case VoicemailOfferEnded(agent=agent, outcome=OfferOutcome.ACCEPTED):
                self._presence(agent, Presence.NOT_READY, MESSAGE)
            case VoicemailOfferEnded(agent=agent, outcome=OfferOutcome.WITHDRAWN):
                self._presence(agent, Presence.READY, "")
            case VoicemailOfferEnded(agent=agent, outcome=outcome):
                self._presence(agent, Presence.NOT_READY, outcome.value)
            case _:
                pass

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


class _NobodyWaits:
    """Lines in which nobody is looked for: a test says who is asked."""

    def wait(self, message: ContactId, wish: MessageWish, since: datetime, *, offered: bool) -> None:
        pass

    def leave(self, message: ContactId) -> None:
        pass


class _Timers:
    def __init__(self, call_later: CallLater) -> None:
        self.call_later = call_later


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
