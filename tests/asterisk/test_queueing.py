"""Callers wait, agents take them, decline them, do not answer, hang up: on a real Asterisk, with real consoles.

Each test ends at closing time (`lab.floor`): nothing left in Asterisk, nobody stuck, the journal balances, and no
error is in the server's log.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence

import pytest

from caruso.model import desk
from caruso.model.facts import (
    ContactArrived,
    ContactCause,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactQueued,
    NoteWritten,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    Presence,
    PresenceChanged,
    QueueOutcome,
    TalkEnded,
    WrapUpEnded,
)
from lab.floor import Agent, Floor, agent_row
from lab.sip_phones import Caller, PhoneCall
from lab.web_client import Refused

CENTRE = """
name = "Test"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"
later = "Call back later"

[not_ready_reasons]
lunch = "Lunch"

[skills]
spanish = "Spanish"

[hours.never]
weekdays = []

[queues.gas]
name = "Gas"
ring_seconds = 5
wrap_up_seconds = 30

[queues.quick]
name = "Rings for a second, no wrap-up"
ring_seconds = 1
wrap_up_seconds = 0

[queues.vip]
name = "Before all others"
priority = 10
wrap_up_seconds = 0

[queues.spanish]
name = "Spanish"
skills = { spanish = 5 }
wrap_up_seconds = 0

[queues.impatient]
name = "Waits for a second and a half"
max_wait_seconds = 1.5
wrap_up_seconds = 0

[queues.announced]
name = "Tells the position"
announce_position_seconds = 1
wrap_up_seconds = 0

[queues.short]
name = "Wraps up for half a second"
wrap_up_seconds = 0.5

[agents.anna]
name = "Anna"
queues = ["gas", "quick", "vip", "spanish", "impatient", "announced", "short"]
skills = { spanish = 4 }
station = "sip"
address = "sip:anna@@PHONES@"

[agents.bob]
name = "Bob"
queues = ["gas", "quick", "spanish"]
skills = { spanish = 5 }
station = "sip"
address = "sip:bob@@PHONES@"

[agents.carl]
name = "Carl, whose phone is not plugged in"
queues = ["gas", "quick"]
station = "sip"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.quick]
name = "Quick line"
numbers = ["7002"]
queue = "quick"

[entry_points.vip]
name = "VIP line"
numbers = ["7003"]
queue = "vip"

[entry_points.spanish]
name = "Spanish line"
numbers = ["7004"]
queue = "spanish"

[entry_points.impatient]
name = "Impatient line"
numbers = ["7005"]
queue = "impatient"

[entry_points.announced]
name = "Announced line"
numbers = ["7006"]
queue = "announced"

[entry_points.short]
name = "Short line"
numbers = ["7007"]
queue = "short"

[entry_points.closed]
name = "Closed line"
numbers = ["7009"]
queue = "gas"
hours = "never"
closed_text = "We are closed."
"""

GAS, QUICK, VIP, SPANISH, IMPATIENT, ANNOUNCED, SHORT, CLOSED = (
    "7001", "7002", "7003", "7004", "7005", "7006", "7007", "7009",
)  # fmt: skip


#: What follows at once takes milliseconds; on a busy machine it may take longer.
SOON_SECONDS = 1.0


async def talking(floor: Floor, agent: Agent, dialled: str, number: str = "491") -> tuple[Caller, PhoneCall]:
    """Bring a caller and an agent together."""
    caller = floor.call(dialled, number=number)
    ringing = await agent.phone.rings()
    assert ringing.caller == number
    ringing.answer()
    await agent.until(Presence.TALKING)
    await caller.until_answered()
    return caller, ringing


async def outcomes(floor: Floor, count: int) -> list[QueueOutcome]:
    """Return how the visits to the queues ended, in that order."""
    return [fact.outcome for fact in await floor.facts(ContactLeftQueue, count=count)]


# -- Waiting --------------------------------------------------------------------------------------------------


async def test_the_second_caller_waits_with_music_and_is_served_next(floor: Floor) -> None:
    """Two callers, one agent; the third is behind the second.

    first  ── 7001 ──► gas ──► anna ── hangs up ── wrap-up ─┐
    second ── 7001 ──► gas ── music ────────────────────────┴──► anna
    third  ── 7001 ──► gas ── music ── hangs up
    """
    anna = await floor.agent("anna")
    first, _ = await talking(floor, anna, GAS, "491")
    second = await floor.waiting(GAS, number="492")
    third = await floor.waiting(GAS, number="493")
    assert [row.caller for row in (await floor.monitor()).waiting] == ["492", "493"]
    first.hang_up()
    await anna.until(Presence.WRAP_UP)
    await anna.about(desk.FinishContact, disposition="done")
    ringing = await anna.phone.rings()
    assert ringing.caller == "492"
    ringing.answer()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)
    third.hang_up()
    await third.until_over()
    assert await outcomes(floor, 3) == [
        QueueOutcome.ANSWERED, QueueOutcome.ANSWERED, QueueOutcome.SHORT_ABANDONED,
    ]  # fmt: skip
    assert second.answered.is_set()


async def test_the_agent_who_is_free_is_called_before_anybody_pays(floor: Floor) -> None:
    """With a free agent the caller hears ringing, unanswered, until she picks up.

    caller ── 7001 ──► gas ── ringing ──► anna picks up ──► both talk
    """
    anna = await floor.agent("anna")
    caller = floor.call(GAS)
    ringing = await anna.phone.rings()
    await asyncio.sleep(0.3)
    assert not caller.answered.is_set()
    ringing.answer()
    await caller.until_answered()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)


async def test_a_caller_of_a_queue_with_priority_is_served_before_those_who_came_earlier(floor: Floor) -> None:
    """Priority goes before age.

    early ── 7002 ──► quick (0) ── waits ──────┐
    late  ── 7003 ──► vip  (10) ── waits ──► anna, then early
    """
    anna = await floor.agent("anna", ready=False)
    await floor.waiting(QUICK, number="491")
    await floor.waiting(VIP, number="492")
    await anna.do(desk.GoReady)
    late = await anna.phone.rings()
    assert late.caller == "492"
    late.answer()
    await anna.until(Presence.TALKING)
    late.hang_up()
    early = await anna.phone.rings()
    assert early.caller == "491"
    early.answer()
    await anna.until(Presence.TALKING)


async def test_only_an_agent_with_the_skill_at_its_level_is_called(floor: Floor) -> None:
    """Anna is idle longer, but speaks too little Spanish.

    caller ── 7004 ──► spanish (needs spanish 5) ──► bob (5), not anna (4)
    """
    anna = await floor.agent("anna")
    bob = await floor.agent("bob")
    caller = floor.call(SPANISH)
    ringing = await bob.phone.rings()
    ringing.answer()
    await bob.until(Presence.TALKING)
    second = await floor.waiting(SPANISH, number="492")
    assert anna.phone.calls == []
    second.hang_up()
    caller.hang_up()


async def test_a_caller_who_waits_too_long_is_told_so_and_flows_out(floor: Floor) -> None:
    """The longest wait of the queue is a second and a half.

    caller ── 7005 ──► impatient ── 1.5 s of music ──► "nobody is free" ──► the centre hangs up
    """
    began = time.monotonic()
    caller = await floor.waiting(IMPATIENT)
    (left,) = await floor.facts(ContactLeftQueue, count=1)
    assert left.outcome is QueueOutcome.FLOWED_OUT
    assert left.waited_seconds == pytest.approx(1.5, abs=0.6)
    await caller.until_over()
    assert not caller.ended_by_us
    assert time.monotonic() - began > 2.5, "he was told"
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert ended.cause is ContactCause.FLOWED_OUT


async def test_who_is_taken_in_time_is_not_ended_by_the_longest_wait(floor: Floor) -> None:
    """The longest wait ends with the answer.

    caller ── 7005 ──► impatient ── 1 s ──► anna ── still talking after 2 s
    """
    anna = await floor.agent("anna", ready=False)
    caller = await floor.waiting(IMPATIENT)
    await anna.do(desk.GoReady)
    (await anna.phone.rings()).answer()
    await anna.until(Presence.TALKING)
    await asyncio.sleep(2)
    assert not caller.over


async def test_outside_the_opening_hours_the_caller_hears_so_and_nobody_is_called(floor: Floor) -> None:
    """The line is never open.

    caller ── 7009 ──► "We are closed." ──► the centre hangs up
    """
    anna = await floor.agent("anna")
    caller = floor.call(CLOSED)
    await caller.until_answered()
    began = time.monotonic()
    await caller.until_over()
    assert time.monotonic() - began > 0.4, "the sentence takes its time"
    assert not caller.ended_by_us
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert ended.cause is ContactCause.CLOSED
    assert await floor.facts(ContactQueued) == []
    assert anna.phone.calls == []


async def test_an_unknown_number_is_refused_and_written_down(floor: Floor) -> None:
    """No entry point has this number.

    caller ── 999 ──► 404
    """
    caller = floor.call("999", number="491")
    await caller.until_over()
    assert caller.status == 404
    (arrived,) = await floor.facts(ContactArrived, count=1)
    assert (arrived.entry_point, arrived.dialled, arrived.caller_number) == (None, "999", "491")
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert ended.cause is ContactCause.NO_ENTRY_POINT


async def test_telling_the_position_breaks_neither_music_nor_the_offer(floor: Floor) -> None:
    """Announcements come every second and take longer than that; an agent who picks up in the midst talks at once.

    first  ── 7006 ──► announced ── music ── "number 1" ── music … ──► anna picks up during the announcement
    second ── 7006 ──► announced ── music ── "number 2" ── music …
    """
    anna = await floor.agent("anna", ready=False)
    await floor.waiting(ANNOUNCED, number="491")
    second = await floor.waiting(ANNOUNCED, number="492")
    await asyncio.sleep(1.6)  # in the midst of the first announcement
    await anna.do(desk.GoReady)
    began = time.monotonic()
    ringing = await anna.phone.rings()
    assert ringing.caller == "491"
    ringing.answer()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)
    assert time.monotonic() - began < SOON_SECONDS
    await asyncio.sleep(1.5)  # no announcement follows the caller into the conversation
    await floor.hear_each_other(anna.contact)
    assert not second.over


async def test_nobody_waits_for_the_announcement_to_another(floor: Floor) -> None:
    """While one caller's announcement is cut short by an answer, another's call is not held up.

    first ── 7006 ──► "number 1" ──► anna     at the same moment:  other ── 7002 ──► bob rings
    """
    anna = await floor.agent("anna", ready=False)
    bob = await floor.agent("bob")
    await floor.waiting(ANNOUNCED, number="491")
    await asyncio.sleep(1.3)
    await anna.do(desk.GoReady)
    (await anna.phone.rings()).answer()
    began = time.monotonic()
    floor.call(QUICK, number="492")
    await bob.phone.rings()
    assert time.monotonic() - began < SOON_SECONDS


# -- Offers that come to nothing --------------------------------------------------------------------------------


async def test_ring_on_no_answer_makes_the_agent_not_ready_and_the_next_agent_gets_the_caller(
    floor: Floor,
) -> None:
    """Anna lets it ring for a second. The caller goes before one who came later.

    first  ── 7002 ──► quick ──► anna (rings 1 s: RONA, not ready) ──► bob
    second ── 7002 ──► quick ── waits ── bob, afterwards
    """
    anna = await floor.agent("anna")
    floor.call(QUICK, number="491")
    unanswered = await anna.phone.rings()
    began = time.monotonic()
    await floor.waiting(QUICK, number="492")
    await unanswered.until_over()
    assert time.monotonic() - began == pytest.approx(1.0, abs=0.6)
    await anna.until(Presence.NOT_READY)
    assert agent_row(await floor.monitor(), "anna") == (Presence.NOT_READY, "rona")
    bob = await floor.agent("bob", ready=False)
    await bob.do(desk.GoReady)
    ringing = await bob.phone.rings()
    assert ringing.caller == "491", "the caller is back at the front"
    ringing.answer()
    await bob.until(Presence.TALKING)
    ringing.hang_up()
    assert (await bob.phone.rings()).caller == "492"
    await floor.facts(OfferMade, count=3)
    rona, accepted = await floor.facts(OfferEnded, count=2)
    assert (rona.agent, rona.outcome) == ("anna", OfferOutcome.RONA)
    assert rona.ring_seconds == pytest.approx(1.0, abs=0.6)
    assert (accepted.agent, accepted.outcome) == ("bob", OfferOutcome.ACCEPTED)


@pytest.mark.parametrize(("status", "reason"), [(486, "Busy Here"), (603, "Decline")])
async def test_an_agent_who_declines_by_phone_is_not_ready_and_the_next_one_gets_the_caller(
    floor: Floor, status: int, reason: str
) -> None:
    """Anna presses "reject" on her phone.

    caller ── 7001 ──► gas ──► anna (486 or 603: declined, not ready) ──► bob
    """
    anna = await floor.agent("anna")
    bob = await floor.agent("bob")
    floor.call(GAS)
    (await anna.phone.rings()).refuse(status, reason)
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    await anna.until(Presence.NOT_READY)
    assert agent_row(await floor.monitor(), "anna") == (Presence.NOT_READY, "declined")
    ended = await floor.facts(OfferEnded, count=2)
    assert [fact.outcome for fact in ended] == [OfferOutcome.DECLINED, OfferOutcome.ACCEPTED]


async def test_an_agent_who_declines_at_the_console_is_not_ready_and_the_next_one_gets_the_caller(
    floor: Floor,
) -> None:
    """Anna clicks "decline": her phone stops ringing.

    caller ── 7001 ──► gas ──► anna (declines) ──► bob
    """
    anna = await floor.agent("anna")
    bob = await floor.agent("bob")
    floor.call(GAS)
    ringing = await anna.phone.rings()
    await anna.until(Presence.OFFERED)
    await anna.about(desk.Decline)
    await ringing.until_over()
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    await anna.until(Presence.NOT_READY)
    assert agent_row(await floor.monitor(), "anna") == (Presence.NOT_READY, "declined")


async def test_an_agent_whose_phone_cannot_be_reached_is_not_ready_and_the_next_one_gets_the_caller(
    floor: Floor,
) -> None:
    """Carl's phone has not registered.

    caller ── 7001 ──► gas ──► carl (unreachable, not ready) ──► anna
    """
    carl = await floor.agent("carl")
    anna = await floor.agent("anna")
    floor.call(GAS)
    (await anna.phone.rings()).answer()
    await anna.until(Presence.TALKING)
    await carl.until(Presence.NOT_READY)
    assert agent_row(await floor.monitor(), "carl") == (Presence.NOT_READY, "unreachable")
    ended = await floor.facts(OfferEnded, count=2)
    assert [fact.outcome for fact in ended] == [OfferOutcome.UNREACHABLE, OfferOutcome.ACCEPTED]


async def test_a_caller_whom_everybody_declines_goes_on_waiting_with_music(floor: Floor) -> None:
    """The caller, unanswered until then, is answered and waits for whoever becomes ready.

    caller ── 7001 ──► gas ──► anna (486) ──► music ──► anna, ready again
    """
    anna = await floor.agent("anna")
    caller = floor.call(GAS)
    (await anna.phone.rings()).refuse()
    await caller.until_answered()
    await anna.until(Presence.NOT_READY)
    await anna.do(desk.GoReady)
    (await anna.phone.rings()).answer()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)
    await floor.facts(OfferMade, count=2)
    assert len(await floor.facts(ContactQueued)) == 1, "one visit to the queue, two offers"


async def test_a_caller_who_gives_up_while_it_rings_does_not_count_against_the_agent(floor: Floor) -> None:
    """Anna stays ready, and does not lose her turn.

    caller ── 7001 ──► gas ──► anna rings ── caller cancels ──► anna ready
    """
    anna = await floor.agent("anna")
    caller = floor.call(GAS)
    ringing = await anna.phone.rings()
    await anna.until(Presence.OFFERED)
    caller.hang_up()
    await ringing.until_over()
    await caller.until_over()
    assert caller.status == 487
    await anna.until(Presence.READY)
    (ended,) = await floor.facts(OfferEnded, count=1)
    assert ended.outcome is OfferOutcome.ABANDONED
    assert await outcomes(floor, 1) == [QueueOutcome.SHORT_ABANDONED]


# -- In conversation --------------------------------------------------------------------------------------------


async def test_the_agent_hangs_up_at_the_console(floor: Floor) -> None:
    """One click ends both legs.

    caller ── 7001 ──► anna ── clicks "hang up" ──► both phones are hung up ── wrap-up
    """
    anna = await floor.agent("anna")
    caller, ringing = await talking(floor, anna, GAS)
    await anna.about(desk.HangUpCall)
    await asyncio.gather(caller.until_over(), ringing.until_over())
    await anna.until(Presence.WRAP_UP)
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert ended.cause is ContactCause.AGENT_HUNG_UP


async def test_the_agent_hangs_up_the_phone(floor: Floor) -> None:
    """Putting down a SIP phone ends the call.

    caller ── 7001 ──► anna ── BYE ──► the caller's phone is hung up ── wrap-up
    """
    anna = await floor.agent("anna")
    caller, ringing = await talking(floor, anna, GAS)
    ringing.hang_up()
    await asyncio.gather(caller.until_over(), ringing.until_over())
    await anna.until(Presence.WRAP_UP)
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert ended.cause is ContactCause.AGENT_HUNG_UP


async def test_hold_is_told_apart_from_talk(floor: Floor) -> None:
    """Twice on hold; the second time the caller does not wait for the end of it.

    caller ── 7001 ──► anna ── 0.5 s ── hold 0.6 s ── talk 0.5 s ── hold 0.4 s ── caller hangs up
    """
    anna = await floor.agent("anna")
    caller, _ = await talking(floor, anna, GAS)
    connected, held = time.monotonic(), 0.0
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await anna.about(desk.Hold, on=True)
    assert (await floor.monitor()).calls[0].phase == "held"
    await asyncio.sleep(0.6)
    await anna.about(desk.Hold, on=False)
    held += time.monotonic() - began
    await floor.hear_each_other(anna.contact)
    assert (await floor.monitor()).calls[0].phase == "talking"
    await asyncio.sleep(0.5)
    began = time.monotonic()
    await anna.about(desk.Hold, on=True)
    await asyncio.sleep(0.4)
    caller.hang_up()
    await anna.until(Presence.WRAP_UP)
    held += time.monotonic() - began
    spoken = time.monotonic() - connected - held
    (talked,) = await floor.facts(TalkEnded, count=1)
    assert talked.hold_seconds == pytest.approx(held, abs=0.2)
    assert talked.talk_seconds == pytest.approx(spoken, abs=0.4)
    assert len(await floor.facts(ContactHeld)) == 2


async def test_asking_twice_for_hold_or_for_its_end_changes_nothing(floor: Floor) -> None:
    """A second click is no second hold.

    caller ── 7001 ──► anna ── hold, hold ── resume, resume ──► both talk
    """
    anna = await floor.agent("anna")
    await talking(floor, anna, GAS)
    for on in (True, True, False, False):
        await anna.about(desk.Hold, on=on)
    await floor.hear_each_other(anna.contact)
    await anna.about(desk.MuteMe, on=True)
    view = await anna.sees(lambda view: view.contact is not None and view.contact.muted)
    assert view.contact is not None
    await anna.about(desk.MuteMe, on=False)
    await anna.about(desk.PressDigits, digits="12#")
    with pytest.raises(Refused):
        await anna.about(desk.PressDigits, digits="1;2")
    await floor.facts(ContactHeld, count=1)


async def test_a_call_is_not_at_the_desk_of_another(floor: Floor) -> None:
    """Bob cannot hang up, hold or decline what is Anna's.

    caller ── 7001 ──► anna        bob: hang up, hold, decline ── refused
    """
    anna = await floor.agent("anna")
    caller, _ = await talking(floor, anna, GAS)
    bob = await floor.agent("bob")
    contact = anna.contact
    for command, more in ((desk.HangUpCall, {}), (desk.Hold, {"on": True}), (desk.Decline, {})):
        with pytest.raises(Refused):
            await bob.do(command, contact=contact, **more)
    assert not caller.over
    await floor.hear_each_other(contact)


async def test_a_long_row_of_digits_holds_up_nobody_else(floor: Floor) -> None:
    """Digits take their time; a hold that follows waits for them, but no other caller does.

    caller ── 7001 ──► anna ── "0123456789012345" ── hold        at the same moment: other ── 7002 ──► bob rings
    """
    anna = await floor.agent("anna")
    bob = await floor.agent("bob", ready=False)
    await talking(floor, anna, GAS)
    await bob.do(desk.GoReady)
    await floor.hear_each_other(anna.contact)
    await anna.about(desk.PressDigits, digits="0123456789012345")
    await anna.about(desk.Hold, on=True)
    began = time.monotonic()
    floor.call(QUICK, number="492")
    await bob.phone.rings()
    assert time.monotonic() - began < SOON_SECONDS


# -- Afterwards -------------------------------------------------------------------------------------------------


async def test_wrap_up_ends_by_itself(floor: Floor) -> None:
    """Half a second of wrap-up, without a disposition.

    caller ── 7007 ──► anna ── caller hangs up ── wrap-up 0.5 s ──► ready
    """
    anna = await floor.agent("anna")
    caller, _ = await talking(floor, anna, SHORT)
    caller.hang_up()
    await anna.until(Presence.WRAP_UP)
    await anna.until(Presence.READY)
    (wrapped,) = await floor.facts(WrapUpEnded, count=1)
    assert wrapped.wrap_up_seconds == pytest.approx(0.5, abs=0.4)
    assert (wrapped.disposition, wrapped.note) == ("", "")


async def test_without_wrap_up_the_agent_is_ready_at_once_and_served_at_once(floor: Floor) -> None:
    """The queue has no wrap-up.

    first ── 7002 ──► anna ── hangs up ──► anna ready, and rings for the second
    """
    anna = await floor.agent("anna")
    first, _ = await talking(floor, anna, QUICK, "491")
    await floor.waiting(QUICK, number="492")
    first.hang_up()
    began = time.monotonic()
    (await anna.phone.rings()).answer()
    assert time.monotonic() - began < SOON_SECONDS
    await anna.until(Presence.TALKING)
    presences = [fact.presence for fact in await floor.facts(PresenceChanged) if fact.agent == "anna"]
    assert Presence.WRAP_UP not in presences


async def test_disposition_and_note_are_kept(floor: Floor) -> None:
    """The note is saved in the conversation and once more with the disposition; an unknown one is refused.

    caller ── 7001 ──► anna ── note ── hang up ── note, disposition ──► ready
    """
    anna = await floor.agent("anna")
    caller, _ = await talking(floor, anna, GAS)
    await anna.about(desk.SaveNote, text="asks about\n„Abschläge“ \U0001f4a1")
    caller.hang_up()
    await anna.until(Presence.WRAP_UP)
    with pytest.raises(Refused):
        await anna.about(desk.FinishContact, disposition="unheard-of", note="x")
    await anna.about(desk.FinishContact, disposition="later", note="will call again")
    await anna.until(Presence.READY)
    (wrapped,) = await floor.facts(WrapUpEnded, count=1)
    assert (wrapped.disposition, wrapped.note) == ("later", "will call again")
    notes = [fact.text for fact in await floor.facts(NoteWritten)]
    assert notes == ["asks about\n„Abschläge“ \U0001f4a1", "will call again"]


async def test_what_was_asked_for_in_the_conversation_follows_it(floor: Floor) -> None:
    """Anna asks for lunch while she talks.

    caller ── 7002 ──► anna ── "not ready: lunch" ── caller hangs up ──► not ready, and no call
    """
    anna = await floor.agent("anna")
    caller, _ = await talking(floor, anna, QUICK, "491")
    await anna.do(desk.GoNotReady, reason="lunch")
    await floor.waiting(QUICK, number="492")
    assert anna.presence is Presence.TALKING
    caller.hang_up()
    await anna.until(Presence.NOT_READY)
    assert agent_row(await floor.monitor(), "anna") == (Presence.NOT_READY, "lunch")
    assert len(anna.phone.calls) == 1


async def test_the_longest_idle_agent_is_called_first(floor: Floor) -> None:
    """Three calls, two agents who decline nothing: they take turns.

    491 ──► anna (ready first) ── 492 ──► bob ── both over: anna first again
    """
    anna = await floor.agent("anna")
    bob = await floor.agent("bob")
    taken: list[Sequence[str]] = []
    for number, agent in zip(("491", "492", "493"), itertools.cycle((anna, bob)), strict=False):
        caller, _ = await talking(floor, agent, QUICK, number)
        caller.hang_up()
        await agent.until(Presence.READY)
    taken = [(fact.agent, fact.contact) for fact in await floor.facts(OfferMade, count=3)]
    assert [agent for agent, _ in taken] == ["anna", "bob", "anna"]
