"""Leads callers who leave messages: says and records what `leading` decides.

What they said is fetched from the PBX when their call is over (`collecting`). A recording belongs to the PBX: it
goes on when this server dies, and whoever comes back finds it by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from caruso.clock import Clock
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import BeginDialog, Call, Ended, Phase
from caruso.comm_server.conversations import Conversations
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.voicemail import leading
from caruso.comm_server.voicemail.leading import Box, HangUpNow, Leading, Order, RecordNow, Say, Stage
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.errors import LinkDown
from caruso.model import ids
from caruso.model.centre import Centre
from caruso.model.facts import ContactCause, ContactEnded, VoicemailBegun
from caruso.model.ids import AgentId, ContactId, QueueId, RecordingId, SkillId
from caruso.model.telephony import Record, RecordingEnded
from caruso.model.voicemails import Voicemail, VoicemailState
from caruso.ports.recordings import Recordings
from caruso.ports.telephony import Telephony
from caruso.script_engine.turns import Input, Turn

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """Whom it works with."""

    exchange: Exchange
    phone: PhoneChannel
    telephony: Telephony
    recordings: Recordings
    cards: CustomerCards
    conversations: Conversations


class Answering:
    """Callers who leave messages."""

    def __init__(
        self,
        *,
        voices: Voices,
        mailboxes: Mailboxes,
        centre: Callable[[], Centre],
        stream: FactStream,
        clock: Clock,
        tasks: GuardedTasks,
    ) -> None:
        """Begin with nobody."""
        self._voices = voices
        self._mailboxes = mailboxes
        self._centre = centre
        self._stream = stream
        self._clock = clock
        self._tasks = tasks
        self._leading: dict[ContactId, Leading] = {}

    # -- Beginning --------------------------------------------------------------------------------------------

    def begin(
        self,
        call: Call,
        queue: QueueId | None,
        *,
        owner: AgentId | None = None,
        intro: str = "",
        priority: int | None = None,
        skills: Mapping[SkillId, int] | None = None,
    ) -> bool:
        """Let a caller leave a message for a queue; False when the queue takes none.

        `intro` is said before the greeting; `priority` and `skills` go before the queue's own.
        """
        box = self._box(call, queue, owner=owner, intro=intro, priority=priority, skills=skills)
        if box is None:
            return False
        self._voices.exchange.post(call.contact, BeginDialog())
        log.info("voicemail_offered", contact_id=call.contact, queue=box.queue)
        self._go_on(call.contact, *leading.begin(call.contact, box))
        return True

    def _box(
        self,
        call: Call,
        queue: QueueId | None,
        *,
        owner: AgentId | None,
        intro: str,
        priority: int | None,
        skills: Mapping[SkillId, int] | None,
    ) -> Box | None:
        rules = self._centre().queues.get(queue) if queue is not None else None
        if rules is None or rules.voicemail is None:
            return None
        entry_point = self._centre().entry_points.get(call.entry_point) if call.entry_point else None
        conversation = self._voices.conversations.get(call.contact)
        return Box(
            queue=rules.id,
            rules=rules.voicemail,
            owner=owner,
            language=entry_point.language if entry_point else "en",
            intro=intro,
            priority=rules.priority if priority is None else priority,
            skills={**rules.skills, **(skills or {})},
            run=conversation.run.id if conversation is not None else None,
        )

    def resumed(self, call: Call) -> bool:
        """Go on with a caller after we were away; False when he was leaving no message."""
        message = self._mailboxes.left_in(call.contact)
        if message is not None and message.state is VoicemailState.RECORDING:
            box = self._box_of(message)
            self._leading[call.contact] = Leading(
                contact=call.contact, box=box, stage=Stage.RECORDING, take=message.take
            )
            self._voices.exchange.post(call.contact, BeginDialog())
            self._tasks.start(self._resume(call.contact, box, message.take), name="resume_voicemail")
            return True
        known = self._leading.get(call.contact)
        if known is None:
            return False
        self._voices.exchange.post(call.contact, BeginDialog())
        self._go_on(call.contact, *leading.begin(call.contact, known.box))
        return True

    def _box_of(self, message: Voicemail) -> Box:
        return Box(
            queue=message.queue,
            rules=self._mailboxes.rules(message.queue),
            owner=message.owner,
            language=message.language,
            priority=message.priority,
            skills=message.skills,
            run=message.run,
        )

    async def _resume(self, contact: ContactId, box: Box, take: int) -> None:
        """Find out how far the PBX is with his message."""
        recording = ids.voicemail_recording(contact, take)
        try:
            live = await self._voices.recordings.is_live(recording)
            stored = None if live else await self._voices.recordings.read(recording)
        except LinkDown:
            return  # the link is down again, and comes back
        known = self._leading.get(contact)
        if live or known is None or known.stage is not Stage.RECORDING or known.take != take:
            return  # he speaks still, or has ended in this moment and been asked already
        step = leading.at_menu(contact, box, take) if stored else leading.again(contact, box, take)
        self._go_on(contact, *step)

    # -- Going on ---------------------------------------------------------------------------------------------

    def given(self, contact: ContactId, given: Input) -> bool:
        """Take a key of a caller who leaves a message; False when he does not."""
        known = self._leading.get(contact)
        if known is None:
            return False
        self._go_on(contact, *leading.given(known, given))
        return True

    def heard(self, contact: ContactId, event: RecordingEnded) -> bool:
        """Take the end of a message; False when it is none."""
        if not ids.is_voicemail_recording(event.recording):
            return False
        known = self._leading.get(contact)
        if known is not None and self._in_dialog(contact):
            spoken = not event.failed and event.spoken_seconds > 0
            self._go_on(contact, *leading.recorded(known, _take_of(event.recording), spoken=spoken))
        return True

    def said(self, contact: ContactId, turn: Turn) -> bool:
        """Go on after words that expected nothing; False when they were not ours."""
        known = self._leading.get(contact)
        if known is None or not turn.item.startswith(leading.ITEM):
            return False
        self._go_on(contact, *leading.said(known, turn))
        return True

    def hear(self, fact: ContactEnded) -> None:
        """Forget who has hung up."""
        self._leading.pop(fact.contact, None)

    def _in_dialog(self, contact: ContactId) -> bool:
        call = self._voices.exchange.call(contact)
        return call is not None and call.phase is Phase.DIALOG

    def _go_on(self, contact: ContactId, known: Leading, order: Order | None) -> None:
        if not self._in_dialog(contact):
            return
        self._leading[contact] = known
        match order:
            case Say(turn=turn):
                self._voices.phone.present(contact, turn)
            case RecordNow(take=take):
                self._record(contact, known.box, take)
            case HangUpNow():
                self._voices.exchange.post(contact, Ended(cause=ContactCause.VOICEMAIL))
            case None:
                pass

    def _record(self, contact: ContactId, box: Box, take: int) -> None:
        call = self._voices.exchange.call(contact)
        if call is None:
            return
        customer = self._voices.cards.customer(contact)
        # Known before it begins: whatever happens from here on, somebody looks for it.
        self._stream.publish(
            VoicemailBegun(
                at=self._clock.now(),
                contact=ids.voicemail_contact(contact),
                origin=contact,
                queue=box.queue,
                owner=box.owner,
                entry_point=call.entry_point,
                number=call.caller_number,
                name=customer.name if customer else call.caller_name,
                customer=customer.id if customer else None,
                run=box.run,
                language=box.language,
                priority=box.priority,
                skills=dict(box.skills),
                take=take,
            )
        )
        self._voices.telephony.send(
            Record(
                leg=ids.caller_leg(contact),
                recording=ids.voicemail_recording(contact, take),
                max_seconds=box.rules.max_seconds,
                silence_seconds=box.rules.silence_seconds,
                end_key=leading.END_KEY,
            )
        )


def _take_of(recording: RecordingId) -> int:
    digits = recording.rpartition("~voicemail")[2]
    return int(digits) if digits.isdecimal() else 0
