"""The monitor says how old it is and which day it counts, also while nothing happens."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from caruso.comm_server.monitor.board import DAY_CHECK_SECONDS, Board
from caruso.model import ids
from caruso.model.facts import (
    AnyFact,
    ContactLeftQueue,
    ContactQueued,
    OfferMade,
    OfferPurpose,
    Presence,
    PresenceChanged,
    QueueOutcome,
    VoicemailDone,
    VoicemailListened,
    VoicemailOffered,
    VoicemailReceived,
    VoicemailReplied,
)
from caruso.model.ids import AgentId, ContactId, FileId, UserId
from caruso.model.views import MonitorView, OfferedKind
from lab.virtual_time import LoopTimers, VirtualClock, run_in_virtual_time
from lab.whole_centre import METER, small_centre

#: Two minutes before midnight in the centre's zone.
EVENING = datetime(2026, 6, 1, 21, 58, tzinfo=UTC)
CONTACT = ContactId("1")


def a_board() -> Board:
    return Board(centre=small_centre, clock=VirtualClock(EVENING), timers=LoopTimers())


def entered(view: MonitorView) -> int:
    return next(row.entered for row in view.queues if row.id == METER)


def test_at_midnight_the_figures_begin_anew_though_nothing_happens() -> None:
    """Somebody watches; nobody calls after the one before midnight."""

    async def night() -> None:
        board = a_board()
        seen: list[MonitorView] = []
        end = board.watch(seen.append)
        board.hear(ContactQueued(at=EVENING, contact=CONTACT, visit=1, queue=METER, priority=0, skills={}))
        board.hear(
            ContactLeftQueue(
                at=EVENING, contact=CONTACT, visit=1, queue=METER, outcome=QueueOutcome.ABANDONED, waited_seconds=9
            )
        )
        await asyncio.sleep(60)
        assert entered(seen[-1]) == 1
        told = len(seen)
        await asyncio.sleep(60 + DAY_CHECK_SECONDS + 1)
        assert entered(seen[-1]) == 0
        assert len(seen) == told + 1, "a day begins once"
        end()
        await asyncio.sleep(3 * DAY_CHECK_SECONDS)

    run_in_virtual_time(night)


def test_nobody_looks_for_midnight_when_nobody_watches() -> None:
    async def night() -> None:
        timers = LoopTimers()
        board = Board(centre=small_centre, clock=VirtualClock(EVENING), timers=timers)
        for _ in range(2):
            board.watch(lambda _: None)()
        await asyncio.sleep(2 * DAY_CHECK_SECONDS)
        assert len(timers) == 0

    run_in_virtual_time(night)


def test_while_the_pbx_is_away_the_monitor_says_since_when_it_has_heard_nothing() -> None:
    async def outage() -> None:
        board = a_board()
        assert board.whole().unheard_since is not None
        board.set_telephony(True)
        assert board.whole().unheard_since is None
        await asyncio.sleep(10)
        board.set_telephony(False)
        await asyncio.sleep(10)
        board.set_telephony(False)
        since = board.whole().unheard_since
        assert since is not None
        assert abs(since - EVENING - timedelta(seconds=10)) < timedelta(seconds=1)

    run_in_virtual_time(outage)


def test_messages_are_counted_and_how_old_they_were_when_they_were_heard_and_answered() -> None:
    """Two are left; one is heard twice, answered twice, and done; one waits."""
    message, anna, sue = ContactId("voicemail-1"), AgentId("anna"), UserId("sue")

    async def day() -> None:
        board = a_board()
        for seconds in (1.0, 2.0):
            board.hear(
                VoicemailReceived(at=EVENING, contact=message, queue=METER, seconds=seconds, file=FileId("f"))
            )
        for first, age in ((True, 60.0), (False, 90.0)):
            board.hear(
                VoicemailListened(at=EVENING, contact=message, queue=METER, by=sue, first=first, age_seconds=age)
            )
            board.hear(
                VoicemailReplied(
                    at=EVENING,
                    contact=message,
                    queue=METER,
                    agent=anna,
                    call=ContactId("out-1"),
                    first=first,
                    age_seconds=2 * age,
                )
            )
        board.hear(
            VoicemailDone(
                at=EVENING,
                contact=message,
                queue=METER,
                agent=anna,
                by=sue,
                disposition="",
                note="",
                age_seconds=200.0,
            )
        )
        board.set_voicemails({METER: (1, EVENING)})
        row = next(row for row in board.whole().queues if row.id == METER)
        assert (row.voicemails, row.oldest_voicemail) == (1, EVENING)
        assert (row.voicemails_received, row.voicemails_handled) == (2, 1)
        assert (row.voicemail_listen_seconds, row.voicemail_reply_seconds) == (60.0, 120.0)
        assert (row.entered, row.answered) == (0, 0)

    run_in_virtual_time(day)


def test_the_monitor_tells_what_an_agent_is_asked_to_take() -> None:
    """A call, a promised one, a customer whom a colleague gives away or asks about, a message; then nothing."""
    anna, ben = AgentId("anna"), AgentId("ben")
    called, promised = ContactId("5.1"), ids.outgoing_contact("c1", 1, 5)
    message = ids.voicemail_contact(called)

    def made(contact: ContactId, purpose: OfferPurpose = OfferPurpose.QUEUE) -> OfferMade:
        return OfferMade(at=EVENING, contact=contact, offer=1, queue=METER, agent=anna, purpose=purpose, by=ben)

    async def offers() -> None:
        board = a_board()

        def shown(contact: ContactId | None, presence: Presence, *facts: AnyFact) -> tuple[str | None, str]:
            for fact in (*facts, PresenceChanged(at=EVENING, agent=anna, presence=presence, contact=contact)):
                board.show(fact)
            row = next(row for row in board.whole().agents if row.id == anna)
            return row.offered, row.queue

        for contact, purpose, kind in (
            (called, OfferPurpose.QUEUE, OfferedKind.CALL),
            (called, OfferPurpose.CONSULT, OfferedKind.CONSULT),
            (called, OfferPurpose.TRANSFER, OfferedKind.TRANSFER),
            (promised, OfferPurpose.QUEUE, OfferedKind.CALL_BACK),
            (promised, OfferPurpose.OUTBOUND, OfferedKind.OUTBOUND),
        ):
            assert shown(contact, Presence.OFFERED, made(contact, purpose)) == (kind, METER)
        assert shown(called, Presence.TALKING) == (None, METER)
        assert shown(None, Presence.READY) == (None, "")
        offered = VoicemailOffered(at=EVENING, contact=message, queue=METER, agent=anna)
        assert shown(message, Presence.OFFERED, offered) == (OfferedKind.MESSAGE, METER)
        assert shown(None, Presence.NOT_READY) == (None, "")
        # After a restart nothing is known of how it was offered.
        assert shown(promised, Presence.OFFERED)[0] is OfferedKind.CALL_BACK

    run_in_virtual_time(offers)
