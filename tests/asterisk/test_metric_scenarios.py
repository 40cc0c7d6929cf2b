"""What becomes of callers, and what is counted: each edge case that breaks other systems, on a real Asterisk.

Read them as: *a caller hangs up after 2 s …, then the queue shows received 3, answered 1, abandoned 1*. The live
monitor, the report and the journal must all say so. All are played at once, each in a lane of its own
(`lab.lanes`), by one server and one Asterisk; at closing time nothing is left and the journal balances.

What needs no telephone is shown elsewhere: hours, midnight and changes of the clock in
tests/unit/reporting/test_reports.py, a call of five hours in tests/unit/comm_server/test_long_calls.py.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from caruso.model import desk
from caruso.model.facts import (
    AnyFact,
    ContactCause,
    ContactEnded,
    ContactQueued,
    DialogEnded,
    OfferEnded,
    OfferOutcome,
    Presence,
    TalkEnded,
)
from lab.floor import Agent, opened
from lab.lanes import Figures, Lane, Scene, Shown, scene, until_shown
from lab.sip_phones import sip_phones
from tests.asterisk.conftest import Premises

#: How long a caller must have waited for it to be no short abandon: longer than `short_abandon_seconds`.
A_WHILE = 2.0


@scene(received=3, answered=1, abandoned=1, short=1)
async def one_gives_up_after_two_seconds_and_one_at_once(lane: Lane) -> None:
    """Three wait; one hangs up after 2 s, one at once, one is answered."""
    patient, first = await lane.waits(), await lane.waits()
    hasty = await lane.waits()
    await lane.hangs_up(hasty)
    await lane.hangs_up(first, after=A_WHILE)
    anna = await lane.agent("anna")
    await lane.talks(anna)
    await lane.hangs_up(patient)


@scene(received=1, abandoned=1)
async def one_gives_up_while_a_phone_rings_for_him(lane: Lane) -> None:
    """Abandoned, not answered; Anna is ready again, and it is no missed offer of hers."""
    anna = await lane.agent("anna")
    caller = await lane.waits()
    phone = await anna.phone.rings()
    await lane.hangs_up(caller, after=A_WHILE)
    await phone.until_over()
    await anna.until(Presence.READY)
    assert [offer.outcome for offer in await lane.told(OfferEnded, count=1)] == [OfferOutcome.ABANDONED]


@scene(received=1, answered=1, ring_seconds=1.5)
async def a_second_offer_after_nobody_answered_the_first(lane: Lane) -> None:
    """One contact, two offers: RONA by Anna, answered by Bob; the wait runs through both."""
    anna = await lane.agent("anna")
    caller = await lane.waits()
    await anna.phone.rings()
    await anna.until(Presence.NOT_READY)
    bob = await lane.agent("bob")
    await lane.talks(bob)
    await lane.hangs_up(caller)
    offers = await lane.told(OfferEnded, count=2)
    assert [offer.outcome for offer in offers] == [OfferOutcome.RONA, OfferOutcome.ACCEPTED]
    report = await lane.floor.supervisor.call("GET", f"/api/reports/queues?queue={lane.name}")
    asa = dict(zip([c["id"] for c in report["columns"]], report["total"]["figures"], strict=True))["asa"]
    assert asa > sum(offer.ring_seconds for offer in offers), "ringing belongs to the wait"


@scene(received=1, answered=1)
async def a_declined_offer_goes_to_the_next_agent(lane: Lane) -> None:
    """Anna declines at the console; the caller keeps his place and is answered by Bob."""
    anna = await lane.agent("anna")
    caller = await lane.waits()
    await anna.phone.rings()
    await anna.about(desk.Decline)
    await anna.until(Presence.NOT_READY)
    bob = await lane.agent("bob")
    await lane.talks(bob)
    await lane.hangs_up(caller)


_WELCOME = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="{name}" version="1.0" languages="en" channels="phone agent">
  <title lang="en">Welcome</title>
  <question id="number" type="digits">
    <text lang="en">Welcome. Please enter a digit.</text>
    <input digits="1" first-digit-timeout="20s" next-digit-timeout="20s"/>
  </question>
  {rest}
</dialog>
"""
SCRIPTS = {
    "welcome": _WELCOME.format(
        name="welcome",
        rest="""<handover id="over" channel="agent" resume-at="done"><text lang="en">One moment.</text></handover>
  <end id="done" outcome="handled"/>""",
    ),
    "sorting": _WELCOME.format(name="sorting", rest='<end id="over" outcome="moving" hang-up="no"/>'),
}


@scene(line='script = "welcome"')
async def one_hangs_up_during_the_welcome(lane: Lane) -> None:
    """He never came into a queue: received 0, no abandon; the contact ended by the caller."""
    caller = await lane.calls()
    contact, ended = await lane.contact(caller), list[ContactEnded]()
    await lane.hangs_up(caller, after=0.5)
    for _ in range(50):
        ended = [f for f in await lane.floor.journal() if isinstance(f, ContactEnded) and f.contact == contact]
        if ended:
            break
        await asyncio.sleep(0.1)
    assert [fact.cause for fact in ended] == [ContactCause.CALLER_HUNG_UP]


@scene(other=Figures(received=1, answered=1), line='script = "sorting"\noutcomes = { moving = "@LANE@-other" }')
async def a_dialog_sends_a_caller_on_to_another_entry_point(lane: Lane) -> None:
    """By its outcome: the first queue receives nobody, the other one does; the agent sees what was answered."""
    cora = await lane.agent("cora")
    caller = await lane.calls()
    await asyncio.sleep(0.5)
    caller.press("7")
    await lane.talks(cora)
    view = await cora.sees(lambda view: view.dialog is not None)
    assert view.dialog is not None
    assert [entry.value for entry in view.dialog.trail] == ["7"]
    await lane.hangs_up(caller)
    assert [fact.outcome for fact in await lane.told(DialogEnded, count=1)] == ["moving"]


async def _consulted(lane: Lane, anna: Agent, colleague: Agent) -> None:
    await anna.about(desk.Consult, kind="agent", to=colleague.name)
    (await colleague.phone.rings()).answer()
    await colleague.until(Presence.TALKING)


@scene(received=1, answered=1)
async def an_attended_transfer_is_one_answered_contact(lane: Lane) -> None:
    """Counted once; each agent has his own talk time, and none of the other's."""
    anna = await lane.agent("anna")
    caller = await lane.waits()
    await lane.talks(anna)
    contact = anna.contact
    await asyncio.sleep(1.0)
    bob = await lane.agent("bob", ready=True)
    await _consulted(lane, anna, bob)
    await anna.do(desk.CompleteTransfer, contact=contact)
    await anna.until(Presence.READY)
    await lane.floor.hear_each_other(contact)
    await asyncio.sleep(2.0)
    await lane.hangs_up(caller)
    await bob.until(Presence.READY)
    talked = {str(f.agent): f.talk_seconds for f in await lane.told(TalkEnded, count=2)}
    assert talked[bob.name] >= 1.9, talked
    assert talked[anna.name] >= 0.9, talked
    told = await lane.floor.supervisor.call("GET", f"/api/contacts/{contact}")
    assert sum(talked.values()) == pytest.approx(told["talk_seconds"], abs=0.01)


@scene(received=1, answered=1, other=Figures(received=1, abandoned=1))
async def a_transfer_to_a_queue_is_a_visit_of_that_queue(lane: Lane) -> None:
    """Answered here; there he gives up, and it is that queue's abandon."""
    anna = await lane.agent("anna")
    caller = await lane.waits()
    await lane.talks(anna)
    await anna.about(desk.Transfer, kind="queue", to=lane.other)
    await lane.until_waiting(caller, lane.other)
    await lane.hangs_up(caller, after=5.5)


@scene(
    received=2,
    answered=1,
    call_back=1,
    more='[queues.@LANE@.call_back]\nfirst = "agent"\noffer_after_seconds = 0.5\nring_seconds = 20\n',
)
async def a_call_back_is_no_abandon_and_a_visit_of_its_own(lane: Lane) -> None:
    """He presses 1 and is called back: the first visit ends as call-back, the second one is answered."""
    caller = await lane.waits()
    await caller.until_answered()
    await asyncio.sleep(1.0)
    caller.press("1")
    await caller.until_over()
    anna = await lane.agent("anna")
    (await anna.phone.rings()).answer()
    at_home = await lane.floor.phones.phone(caller.number).rings()
    at_home.answer()
    await anna.until(Presence.TALKING)
    await lane.floor.hear_each_other(anna.contact)
    at_home.hang_up()
    await anna.until(Presence.READY)


@scene(
    received=1,
    flowed_out=1,
    other=Figures(received=1, answered=1),
    more='[[queues.@LANE@.overflow]]\nafter_seconds = 1\nqueue = "@LANE@-other"\n',
)
async def who_flows_out_is_received_where_he_flows_to(lane: Lane) -> None:
    """Nobody is free for a second: he goes on in the other queue, and is answered there."""
    cora = await lane.agent("cora")
    caller = await lane.waits()
    await lane.talks(cora)
    await lane.hangs_up(caller)
    queued = await lane.told(ContactQueued, count=2)
    assert queued[1].in_line_since is not None, "he keeps his age"


@scene(received=1, flowed_out=1, queue="max_wait_seconds = 1")
async def who_waits_too_long_is_told_so_and_has_flowed_out(lane: Lane) -> None:
    """Not abandoned: we sent him away."""
    caller = await lane.waits()
    await caller.until_over(30)


@scene(received=1, moved=1, other=Figures(received=1, answered=1))
async def who_is_moved_by_a_supervisor_is_no_abandon(lane: Lane) -> None:
    """Transferred here, received there."""
    cora = await lane.agent("cora")
    caller = await lane.waits()
    contact = await lane.contact(caller)
    await lane.floor.supervisor.call("POST", f"/api/waiting/{contact}/move", {"queue": lane.other})
    await lane.talks(cora)
    await lane.hangs_up(caller)


@scene(received=2, answered=2)
async def a_call_given_back_to_its_own_queue_is_received_twice(lane: Lane) -> None:
    """Each visit is answered once; each agent has a segment."""
    anna = await lane.agent("anna")
    caller = await lane.waits()
    await lane.talks(anna)
    await anna.about(desk.Transfer, kind="queue", to=lane.name)
    await anna.until(Presence.READY, Presence.OFFERED)
    await lane.talks(anna)
    await lane.hangs_up(caller)
    assert len(await lane.told(TalkEnded, count=2)) == 2


SCENES: tuple[Scene, ...] = tuple(found for found in list(globals().values()) if isinstance(found, Scene))
CENTRE = 'name = "Scenarios"\ntimezone = "Europe/Amsterdam"\n' + "".join(
    each.centre(number) for number, each in enumerate(SCENES, 1)
)


@dataclass(slots=True)
class Played:
    """What came of all scenarios."""

    failures: dict[str, BaseException] = field(default_factory=dict)
    shown: dict[str, Shown] = field(default_factory=dict)
    others: dict[str, Shown] = field(default_factory=dict)
    closing: BaseException | None = None
    facts: list[AnyFact] = field(default_factory=list)


@pytest.fixture(scope="module")
def played(premises: Premises) -> Played:
    """Play all of them, beside each other."""
    return asyncio.run(_play_all(premises))


async def _play_all(premises: Premises) -> Played:
    done = Played()
    server = premises.server
    async with sip_phones(server.pbx, port=premises.phones_port) as phones:
        try:
            async with opened(server, phones) as floor:
                lanes = {each.name: Lane(floor, number) for number, each in enumerate(SCENES, 1)}
                plays = [_played(each, lanes[each.name], done) for each in SCENES]
                await asyncio.gather(*plays)
                done.facts = list(await floor.journal())
        except Exception as error:  # noqa: BLE001 -- told by a test of its own
            done.closing = error
    return done


async def _played(each: Scene, lane: Lane, done: Played) -> None:
    """Play one; what goes wrong in it must not end the others."""
    try:
        async with asyncio.timeout(60):
            await each.play(lane)
            done.shown[each.name] = await until_shown(lane, lane.name, each.figures)
            done.others[each.name] = await until_shown(lane, lane.other, each.other)
    except Exception as error:  # noqa: BLE001 -- raised again by the scenario's own test
        done.failures[each.name] = error


@pytest.mark.parametrize("each", SCENES, ids=lambda each: each.name)
def test_the_queue_shows(each: Scene, played: Played) -> None:
    """Monitor, report and journal say the same."""
    if each.name in played.failures:
        raise played.failures[each.name]
    for wanted, shown in ((each.figures, played.shown[each.name]), (each.other, played.others[each.name])):
        assert str(shown.monitor) == str(wanted), "the live monitor"
        assert str(shown.report) == str(wanted), "the report"
        assert str(shown.journal) == str(wanted), "the journal"


def test_nothing_is_left_and_the_books_balance(played: Played) -> None:
    """Closing time of all of them together (`lab.floor`)."""
    if played.closing is not None:
        raise played.closing
    assert played.facts
