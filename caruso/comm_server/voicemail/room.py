"""Puts the parts of voicemail together: callers who leave messages, messages on their way, and those that wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from caruso.clock import Clock
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.conversations import Conversations
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.runs.outbox import Outbox
from caruso.comm_server.voicemail.answering import Answering, Voices
from caruso.comm_server.voicemail.collecting import Cellar, Collecting
from caruso.comm_server.voicemail.mailboxes import CallOut, Mailboxes
from caruso.comm_server.voicemail.offers import Lines, MessageOffers
from caruso.model.centre import Centre
from caruso.model.facts import AnyFact
from caruso.model.ids import AgentId
from caruso.ports import ActionServices, Recordings, RunFiles, RunStore, Telephony, Timers, VoicemailStore


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Whom it works with."""

    exchange: Exchange
    phone: PhoneChannel
    telephony: Telephony
    cards: CustomerCards
    conversations: Conversations
    outbox: Outbox
    recordings: Recordings
    files: RunFiles
    runs: RunStore
    store: VoicemailStore
    services: ActionServices


class VoicemailRoom:
    """All of voicemail; each part has its own module."""

    def __init__(
        self,
        *,
        house: Callable[[], House],
        centre: Callable[[], Centre],
        stream: FactStream,
        clock: Clock,
        timers: Timers,
        tasks: GuardedTasks,
        call_out: CallOut,
        changed: Callable[[], None],
        lines: Callable[[], Lines],
        done: Callable[[AgentId], None],
    ) -> None:
        """Begin with no message; `house` is complete by the time the first call comes.

        `changed` is called when others wait than before, `done` when an agent is done with one she was offered.
        """
        self._house = house
        self.mailboxes = Mailboxes(centre=centre, stream=stream, clock=clock, call_out=call_out, changed=changed)
        self.offers = MessageOffers(
            centre=centre,
            mailboxes=self.mailboxes,
            lines=lines,
            done=done,
            stream=stream,
            clock=clock,
            timers=timers,
        )
        self.answering = Answering(
            voices=self._voices, mailboxes=self.mailboxes, centre=centre, stream=stream, clock=clock, tasks=tasks
        )
        self.collecting = Collecting(
            cellar=self._cellar,
            mailboxes=self.mailboxes,
            centre=centre,
            stream=stream,
            clock=clock,
            tasks=tasks,
            texts_changed=self.mailboxes.touch,
        )

    def hear(self, fact: AnyFact) -> None:
        """Forget callers who are gone, and fetch what they said."""
        self.answering.hear(fact)
        self.collecting.hear(fact)

    def _voices(self) -> Voices:
        house = self._house()
        return Voices(
            exchange=house.exchange,
            phone=house.phone,
            telephony=house.telephony,
            recordings=house.recordings,
            cards=house.cards,
            conversations=house.conversations,
        )

    def _cellar(self) -> Cellar:
        house = self._house()
        return Cellar(
            recordings=house.recordings,
            files=house.files,
            runs=house.runs,
            store=house.store,
            services=house.services,
            outbox=house.outbox,
            exchange=house.exchange,
            cards=house.cards,
        )
