"""What becomes of a recording when the call is over: kept once, written down, mailed once, erased in time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.runs.outbox import Outbox
from caruso.comm_server.voicemail.collecting import Cellar, Collecting
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.comm_server.voicemail.mails import length_of
from caruso.errors import CarusoError, LinkDown
from caruso.model.centre import Centre, Queue, VoicemailRules
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactEnded,
    VoicemailBegun,
    VoicemailDiscarded,
    VoicemailDone,
    VoicemailErased,
    VoicemailMailed,
    VoicemailReceived,
    VoicemailTranscribed,
)
from caruso.model.ids import ContactId, QueueId, RecordingId, UserId, voicemail_contact
from caruso.model.run_records import OutboxAction
from caruso.model.voicemails import Voicemail
from lab.fake_messages import tone
from lab.fake_runs import MemoryFiles
from lab.memory_runs import MemoryRuns
from lab.memory_voicemails import MemoryVoicemails

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
CALL = ContactId("1.1")
MESSAGE = voicemail_contact(CALL)
GAS = QueueId("gas")


class Clock:
    """Stands still until it is moved."""

    at = AT

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


class Pbx:
    """What the PBX has recorded."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        #: How often it is asked in vain.
        self.away = 0

    async def is_live(self, recording: RecordingId) -> bool:
        return False

    async def read(self, recording: RecordingId) -> bytes | None:
        if self.away:
            self.away -= 1
            raise LinkDown("the PBX")
        return self.stored.get(recording)

    async def drop(self, recording: RecordingId) -> None:
        self.stored.pop(recording, None)


class Nobody:
    """No calls, and no customers."""

    def call(self, contact: ContactId) -> None:
        return None

    async def identify(self, contact: ContactId, number: str) -> None:
        return None


class Stt:
    """A service that writes down, fails, or is not there."""

    def __init__(self, said: str | Exception | None) -> None:
        self.said = said
        self.heard: list[Mapping[str, Any]] = []

    async def call(self, service: str, params: Mapping[str, Any], *, key: str) -> Any:
        self.heard.append(params)
        if isinstance(self.said, Exception):
            raise self.said
        if self.said is None:
            problem = CarusoError("There is no service “stt”")
            problem.code = "unknown-service"  # type: ignore[misc]
            raise problem
        return self.said

    def repeatable(self, service: str) -> bool:
        return True


class Post:
    """The outbox's part."""

    def __init__(self) -> None:
        self.begun: list[OutboxAction] = []

    def begin(self, actions: tuple[OutboxAction, ...]) -> None:
        self.begun.extend(actions)


class House:
    """Everything a message passes through."""

    def __init__(self, said: str | Exception | None = None, **rules: Any) -> None:
        queue = Queue(id=GAS, name="Gas", voicemail=VoicemailRules(**rules))
        self.description = Centre(name="", timezone="UTC", queues={GAS: queue}, entry_points={}, agents={})
        self.clock, self.pbx, self.stt, self.post = Clock(), Pbx(), Stt(said), Post()
        self.runs, self.store = MemoryRuns(), MemoryVoicemails()
        self.files = MemoryFiles(self.runs, self.clock)
        self.facts: list[AnyFact] = []
        self.start()

    def start(self) -> None:
        """Start the server, with what is kept."""
        self.stream, self.tasks = FactStream(), GuardedTasks()
        self.mailboxes = Mailboxes(
            centre=lambda: self.description,
            stream=self.stream,
            clock=self.clock,
            call_out=lambda *_: ContactId("out"),
            changed=lambda: None,
        )
        nobody: Any = Nobody()
        self.collecting = Collecting(
            cellar=Cellar(
                recordings=self.pbx,
                files=self.files,
                runs=self.runs,
                store=self.store,
                services=self.stt,
                outbox=cast("Outbox", self.post),
                exchange=cast("Exchange", nobody),
                cards=cast("CustomerCards", nobody),
            ),
            mailboxes=self.mailboxes,
            centre=lambda: self.description,
            stream=self.stream,
            clock=self.clock,
            tasks=self.tasks,
            texts_changed=lambda: None,
        )
        for listener in (self.facts.append, self.store.hear, self.mailboxes.hear):
            self.stream.decide(listener)
        self.stream.follow(self.collecting.hear)

    async def crash(self) -> None:
        """Die, and start again."""
        await self.tasks.close()
        self.start()
        self.mailboxes.restore(await self.store.unfinished())

    def begin(self, take: int = 1) -> None:
        """Let a caller begin to speak."""
        self.stream.publish(
            VoicemailBegun(
                at=AT,
                contact=MESSAGE,
                origin=CALL,
                queue=GAS,
                number="+4930",
                name="",
                language="en",
                take=take,
            )
        )

    def says(self, take: int, sound: bytes) -> None:
        """Have the PBX keep what he said."""
        self.pbx.stored[f"{CALL}~voicemail{take}"] = sound

    async def hangs_up(self) -> None:
        """End the call, and let everything follow."""
        self.stream.publish(ContactEnded(at=AT, contact=CALL, cause=ContactCause.CALLER_HUNG_UP))
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        while self.tasks._tasks:
            await asyncio.wait(set(self.tasks._tasks))

    def kinds(self) -> list[type]:
        """Return what happened to the message."""
        return [type(fact) for fact in self.facts if getattr(fact, "contact", None) == MESSAGE]


async def test_what_was_said_is_kept_and_removed_from_the_pbx() -> None:
    house = House()
    house.begin()
    house.says(1, tone(3.0))
    await house.hangs_up()
    assert house.kinds() == [VoicemailBegun, ContactArrived, VoicemailReceived, VoicemailMailed]
    (waiting,) = house.mailboxes.waiting()
    assert waiting.seconds == 3.0
    assert house.pbx.stored == {}
    assert list(house.files.contents.values()) == [tone(3.0)]


@pytest.mark.parametrize("sound", [tone(0.5), tone(0.0), None], ids=["too short", "nothing", "no file"])
async def test_what_is_too_short_is_not_kept(sound: bytes | None) -> None:
    house = House(min_seconds=1.0)
    house.begin()
    if sound is not None:
        house.says(1, sound)
    await house.hangs_up()
    assert house.kinds() == [VoicemailBegun, VoicemailDiscarded]
    assert (house.pbx.stored, house.files.contents, house.mailboxes.recording()) == ({}, {}, [])


async def test_the_newest_take_is_kept_that_holds_something() -> None:
    """He recorded it anew, and hung up after a breath: what he said first counts."""
    house = House()
    house.begin(1)
    house.begin(2)
    house.begin(3)
    house.says(1, tone(2.0))
    house.says(2, tone(4.0))
    house.says(3, tone(0.2))
    await house.hangs_up()
    assert house.mailboxes.waiting()[0].seconds == 4.0
    assert house.pbx.stored == {}


async def test_a_pbx_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caruso.comm_server.voicemail.collecting.RETRY_SECONDS", 0.0)
    house = House()
    house.pbx.away = 3
    house.begin()
    house.says(1, tone(2.0))
    await house.hangs_up()
    assert len(house.mailboxes.waiting()) == 1


async def test_a_server_that_died_after_keeping_it_keeps_it_no_second_time() -> None:
    """The sound was written, and removed from the PBX; that it was received had not been."""
    house = House()
    house.begin()
    house.says(1, tone(2.0))
    await house.hangs_up()
    house.facts.clear()
    kept = Voicemail(contact=MESSAGE, origin=CALL, queue=GAS, begun_at=AT, number="+4930")
    house.store.kept = {MESSAGE: kept}
    await house.crash()
    house.collecting.link_up()
    await house.settle()
    assert len(house.files.contents) == 1
    assert house.mailboxes.waiting()[0].seconds == 2.0


async def test_each_address_gets_one_mail_however_often_the_server_dies() -> None:
    house = House("Please call me.", emails=("a@example.com", "b@example.com"))
    house.begin()
    house.says(1, tone(7.0))
    await house.hangs_up()
    keys = [f"{MESSAGE}/mail/{address}" for address in ("a@example.com", "b@example.com")]
    assert sorted(house.runs.actions) == keys
    mail = house.runs.actions[keys[0]]
    assert "Please call me." in mail.params["text"]
    assert mail.params["subject"] == "Gas: message from +4930 (0:07)"
    assert mail.params["attachments"] == list(house.files.contents)
    # That they were ordered was not written down.
    house.store.kept[MESSAGE] = replace(house.store.kept[MESSAGE], mailed=False)
    await house.crash()
    house.collecting.go_on()
    await house.settle()
    assert sorted(house.runs.actions) == keys


async def test_a_service_writes_down_what_was_said() -> None:
    house = House("Please call me.")
    house.begin()
    house.says(1, tone(2.0))
    await house.hangs_up()
    assert house.store.written == {MESSAGE: "Please call me."}
    assert house.kinds().index(VoicemailTranscribed) < house.kinds().index(VoicemailMailed)
    assert house.stt.heard == [{"wav": tone(2.0), "language": "en"}]


@pytest.mark.parametrize("said", [None, CarusoError("broken"), TimeoutError(), "   "])
async def test_without_it_or_when_it_fails_the_message_is_there_all_the_same(said: str | Exception | None) -> None:
    house = House(said, emails=("a@example.com",))
    house.begin()
    house.says(1, tone(2.0))
    await house.hangs_up()
    assert house.store.written == {}
    assert len(house.runs.actions) == len(house.post.begun) == 1
    assert len(house.mailboxes.waiting()) == 1


async def test_sound_and_text_are_erased_when_their_time_is_over_and_not_while_it_waits() -> None:
    house = House("Please call me.", retention_days=30)
    house.begin()
    house.says(1, tone(2.0))
    await house.hangs_up()
    house.clock.at = AT + timedelta(days=400)
    await house.collecting.erase_expired()
    assert len(house.files.contents) == 1
    house.clock.at = AT
    house.stream.publish(
        VoicemailDone(
            at=AT,
            contact=MESSAGE,
            queue=GAS,
            agent=None,
            by=UserId("sue"),
            disposition="",
            note="",
            age_seconds=0.0,
        )
    )
    for days, kept in ((29, 1), (31, 0)):
        house.clock.at = AT + timedelta(days=days)
        await house.collecting.erase_expired()
        assert len(house.files.contents) == len(house.store.written) == kept
    await house.collecting.erase_expired()
    assert house.kinds().count(VoicemailErased) == 1


def test_lengths_are_told_as_clocks_do() -> None:
    assert [length_of(seconds) for seconds in (0.4, 7, 59.6, 600)] == ["0:00", "0:07", "1:00", "10:00"]
