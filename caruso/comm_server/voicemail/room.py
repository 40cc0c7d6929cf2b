"""Puts the parts of voicemail together: callers who leave messages, messages on their way, and those that wait."""

from __future__ import annotations

from collections.abc import Callable

from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.dialog_room import DialogRoom
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.outside import Outside
from caruso.comm_server.voicemail.answering import Answering, Voices
from caruso.comm_server.voicemail.collecting import Cellar, Collecting
from caruso.comm_server.voicemail.mailboxes import CallOut, Mailboxes
from caruso.comm_server.voicemail.offers import Lines, MessageOffers
from caruso.model.centre import Centre
from caruso.model.facts import ContactEnded
from caruso.model.ids import AgentId


class VoicemailRoom:
    """All of voicemail; each part has its own module."""

    def __init__(
        self,
        outside: Outside,
        *,
        centre: Callable[[], Centre],
        exchange: Exchange,
        phone: PhoneChannel,
        cards: CustomerCards,
        dialogs: DialogRoom,
        stream: FactStream,
        tasks: GuardedTasks,
        call_out: CallOut,
        changed: Callable[[], None],
        lines: Callable[[], Lines],
        done: Callable[[AgentId], None],
    ) -> None:
        """Begin with no message.

        `changed` is called when others wait than before, `done` when an agent is done with one she was offered.
        """
        clock, timers = outside.clock, outside.timers
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
            voices=Voices(
                exchange=exchange,
                phone=phone,
                telephony=outside.telephony,
                recordings=outside.pbx_recordings,
                cards=cards,
                conversations=dialogs.conversations,
            ),
            mailboxes=self.mailboxes,
            centre=centre,
            stream=stream,
            clock=clock,
            tasks=tasks,
        )
        self.collecting = Collecting(
            cellar=Cellar(
                recordings=outside.pbx_recordings,
                files=outside.files,
                runs=outside.runs,
                store=outside.voicemails,
                services=outside.services,
                outbox=dialogs.outbox,
                exchange=exchange,
                cards=cards,
            ),
            mailboxes=self.mailboxes,
            centre=centre,
            stream=stream,
            clock=clock,
            tasks=tasks,
            texts_changed=self.mailboxes.touch,
        )

    def hear(self, fact: ContactEnded) -> None:
        """Forget callers who are gone, and fetch what they said."""
        self.answering.hear(fact)
        self.collecting.hear(fact)
