"""Fetches what callers said from the PBX when their calls are over, keeps it, and lets it be known.

    call over ─► read all takes ─► keep the newest that is long enough ─► VoicemailReceived ─► remove from the PBX
                                └─ none is ─► VoicemailDiscarded
    then: written down by the service `stt` where there is one ─► mailed through the outbox, once

Whenever this server dies in between, the next start finds the message still `RECORDING`, or not mailed, and goes
on from there: a sound that was kept already is not kept again, and a mail is ordered once per key. Only writing
it down may be asked for again, by the next process, when nothing of it had been kept: that changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog

from caruso.clock import Clock
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import Phase
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.runs.outbox import Outbox
from caruso.comm_server.voicemail import mails, sound
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.comm_server.voicemail.sound import Message
from caruso.errors import CarusoError, LinkDown, NotFound, StorageUnavailable
from caruso.model import ids
from caruso.model.centre import Centre
from caruso.model.facts import (
    VOICEMAIL,
    ContactArrived,
    ContactEnded,
    VoicemailDiscarded,
    VoicemailErased,
    VoicemailMailed,
    VoicemailReceived,
    VoicemailTranscribed,
)
from caruso.model.ids import ContactId, CustomerId, RecordingId, RunId
from caruso.model.run_records import OutboxAction, StoredFile
from caruso.model.voicemails import Voicemail, VoicemailState
from caruso.ports.recordings import Recordings
from caruso.ports.runs import RunFiles, RunStore
from caruso.ports.scripts import ActionServices
from caruso.ports.voicemails import VoicemailStore

log = structlog.get_logger(__name__)

#: Until something that could not be reached is tried again, seconds.
RETRY_SECONDS = 2.0
#: The PBX closes a recording a moment after its caller is gone.
LIVE_SECONDS = 0.2
#: What a message is waited for to be written down, before it is mailed without.
TRANSCRIPTION_SECONDS = 120.0
#: The operation that writes down what was said; its failures harm nobody.
TRANSCRIBE = "stt.transcribe"
#: Messages whose retention is over that are erased in one go.
ERASED_AT_ONCE = 200
#: Characters of a text that are kept.
_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cellar:
    """What messages are kept with."""

    recordings: Recordings
    files: RunFiles
    runs: RunStore
    store: VoicemailStore
    services: ActionServices
    outbox: Outbox
    exchange: Exchange
    cards: CustomerCards


class Collecting:
    """All messages on their way from the PBX to the mailboxes, and beyond."""

    def __init__(
        self,
        *,
        cellar: Cellar,
        mailboxes: Mailboxes,
        centre: Callable[[], Centre],
        stream: FactStream,
        clock: Clock,
        tasks: GuardedTasks,
        texts_changed: Callable[[], None],
    ) -> None:
        """Begin with none under way; `texts_changed` is called when one was written down."""
        self._cellar = cellar
        self._mailboxes = mailboxes
        self._centre = centre
        self._stream = stream
        self._clock = clock
        self._tasks = tasks
        self._texts_changed = texts_changed
        self._under_way: set[ContactId] = set()

    def hear(self, fact: ContactEnded) -> None:
        """Fetch the message of a call that is over."""
        message = self._mailboxes.left_in(fact.contact)
        if message is not None and message.state is VoicemailState.RECORDING:
            self._begin(message)

    def link_up(self) -> None:
        """Fetch the messages of calls that ended while the PBX, or this server, was away."""
        for message in self._mailboxes.recording():
            call = self._cellar.exchange.call(message.origin)
            if call is None or call.phase is Phase.ENDED:
                self._begin(message)

    def go_on(self) -> None:
        """Write down and mail what had not been when this server stopped."""
        for message in self._mailboxes.waiting():
            if not message.mailed:
                self._tasks.start(self._announce(message), name="announce_voicemail")

    # -- Fetching ---------------------------------------------------------------------------------------------

    def _begin(self, message: Voicemail) -> None:
        if message.contact not in self._under_way:
            self._under_way.add(message.contact)
            self._tasks.start(self._collect(message.contact), name="collect_voicemail")

    async def _collect(self, contact: ContactId) -> None:
        try:
            while True:
                message = self._mailboxes.get(contact)
                if message is None or message.state is not VoicemailState.RECORDING:
                    return
                try:
                    await self._fetch(message)
                    return
                except (LinkDown, StorageUnavailable, OSError) as error:
                    log.warning("voicemail_not_fetched", contact_id=contact, error=str(error))
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            self._under_way.discard(contact)

    async def _fetch(self, message: Voicemail) -> None:
        takes = [ids.voicemail_recording(message.origin, take) for take in range(message.take, 0, -1)]
        kept = await self._kept(message) or await self._keep_newest(message, takes)
        if kept is None:
            self._stream.publish(
                VoicemailDiscarded(at=self._clock.now(), contact=message.contact, queue=message.queue)
            )
            log.info("voicemail_discarded", contact_id=message.contact)
        else:
            await self._receive(message, *kept)
        for take in takes:
            await self._drop(take)

    async def _kept(self, message: Voicemail) -> tuple[StoredFile, float] | None:
        """Return what was kept already by a server that died before it was known."""
        found = await self._cellar.runs.files(RunId(message.contact))
        if not found:
            return None
        try:
            _, file = await self._cellar.files.content(found[-1].id)
        except NotFound:
            return None
        return found[-1], (await _measured(file)).seconds

    async def _keep_newest(
        self, message: Voicemail, takes: Collection[RecordingId]
    ) -> tuple[StoredFile, float] | None:
        least = self._mailboxes.rules(message.queue).min_seconds
        for take in takes:
            said = await self._read(take)
            if said is None or said.seconds < least or not said.spoken_seconds:
                continue
            kept = await self._cellar.files.keep(
                RunId(message.contact),
                "voicemail",
                name=f"{message.contact}.wav",
                media_type="audio/wav",
                content=_pieces(said.wav),
            )
            return kept, said.seconds
        return None

    async def _read(self, take: RecordingId) -> Message | None:
        while await self._cellar.recordings.is_live(take):  # noqa: ASYNC110 -- nobody tells of its end any more
            await asyncio.sleep(LIVE_SECONDS)
        file = await self._cellar.recordings.read(take)
        return await _measured(file) if file is not None else None

    async def _receive(self, message: Voicemail, kept: StoredFile, seconds: float) -> None:
        customer = message.customer or await self._customer(message)
        now = self._clock.now()
        self._stream.publish(
            ContactArrived(
                at=now,
                contact=message.contact,
                entry_point=message.entry_point,
                caller_number=message.number,
                caller_name=message.name,
                dialled="",
                channel=VOICEMAIL,
            ),
            VoicemailReceived(
                at=now,
                contact=message.contact,
                queue=message.queue,
                owner=message.owner,
                customer=customer,
                seconds=seconds,
                file=kept.id,
            ),
        )
        log.info("voicemail_received", contact_id=message.contact, queue=message.queue, seconds=seconds)
        received = self._mailboxes.get(message.contact)
        if received is not None:
            self._tasks.start(self._announce(received), name="announce_voicemail")

    async def _customer(self, message: Voicemail) -> CustomerId | None:
        found = await self._cellar.cards.identify(message.contact, message.number)
        return found.id if found is not None else None

    async def _drop(self, take: RecordingId) -> None:
        try:
            await self._cellar.recordings.drop(take)
        except LinkDown:
            log.warning("voicemail_left_in_pbx", recording=take)

    # -- Afterwards -------------------------------------------------------------------------------------------

    async def _announce(self, message: Voicemail) -> None:
        """Have it written down, then mailed."""
        text = (await self._text_of(message)) or await self._transcribe(message)
        rules = self._mailboxes.rules(message.queue)
        queue = self._centre().queues.get(message.queue)
        orders = mails.orders(
            message,
            rules.emails,
            queue_name=queue.name if queue is not None else message.queue,
            text=text,
            time_zone=self._centre().timezone,
            now=self._clock.now(),
        )
        for order in orders:
            await self._order(order)
        self._cellar.outbox.begin(orders)
        self._stream.publish(
            VoicemailMailed(at=self._clock.now(), contact=message.contact, queue=message.queue, mails=len(orders))
        )

    async def _text_of(self, message: Voicemail) -> str:
        try:
            return (await self._cellar.store.texts([message.contact])).get(message.contact, "")
        except StorageUnavailable:
            return ""

    async def _transcribe(self, message: Voicemail) -> str:
        """Return what was said; nothing when there is no such service, or it fails."""
        try:
            if message.file is None:
                return ""
            _, wav = await self._cellar.files.content(message.file)
            params = {"wav": wav, "language": message.language}
            async with asyncio.timeout(TRANSCRIPTION_SECONDS):
                said = await self._cellar.services.call(TRANSCRIBE, params, key=f"{message.contact}/stt")
            text = said.strip()[:_LONGEST_TEXT] if isinstance(said, str) else ""
            if not text:
                return ""
            await self._cellar.store.keep_text(message.contact, text)
        except (CarusoError, TimeoutError, OSError) as error:
            code = error.code if isinstance(error, CarusoError) else "timeout"
            if code != "unknown-service":
                log.warning("voicemail_not_transcribed", contact_id=message.contact, code=code)
            return ""
        self._stream.publish(
            VoicemailTranscribed(at=self._clock.now(), contact=message.contact, queue=message.queue)
        )
        self._texts_changed()
        return text

    async def _order(self, mail: OutboxAction) -> None:
        while True:
            try:
                await self._cellar.runs.order(mail)
                return
            except StorageUnavailable:
                await asyncio.sleep(RETRY_SECONDS)

    # -- Retention --------------------------------------------------------------------------------------------

    async def erase_expired(self) -> None:
        """Erase sound and text of messages whose queue's retention is over. Raises `StorageUnavailable`."""
        now = self._clock.now()
        for queue in self._centre().queues.values():
            if queue.voicemail is None or not queue.voicemail.retention_days:
                continue
            before = now - timedelta(days=queue.voicemail.retention_days)
            for message in await self._cellar.store.expired(queue.id, before, ERASED_AT_ONCE):
                await self._erase(message)

    async def _erase(self, message: Voicemail) -> None:
        for file in await self._cellar.runs.files(RunId(message.contact)):
            await self._cellar.files.erase(file.id)
        await self._cellar.store.drop_text(message.contact)
        self._stream.publish(VoicemailErased(at=self._clock.now(), contact=message.contact, queue=message.queue))


async def _measured(file: bytes) -> Message:
    """Return the message in a file; others have their turn meanwhile."""
    samples, spoken = sound.samples_of(file), 0.0
    for piece in sound.pieces_of(samples):
        spoken += sound.spoken_seconds(piece)
        await asyncio.sleep(0)
    return sound.message(samples, spoken)


async def _pieces(wav: bytes) -> AsyncIterator[bytes]:
    yield wav
