"""Agents at telephones outside, on a real Asterisk: called for each call, and with a line kept open.

    per call    caller ─ music ─ queue          bob's telephone rings, "press 1" ─ 1 ─► both talk
    nailed up   bob ready ─► his telephone rings, "press 1" ─ 1 ─► open ═══ call ═══ call ═══ signed out
                                                                    ▲ "A call for Gas." and both talk

Each test ends at closing time (`lab.floor`): nothing left in Asterisk, nobody stuck, the journal balances.
"""

from __future__ import annotations

import asyncio

import pytest

from caruso.model import desk
from caruso.model.facts import (
    ContactLeftQueue,
    LineClosed,
    LineOpened,
    LineOutcome,
    OfferEnded,
    OfferOutcome,
    Presence,
    StationChosen,
    TalkEnded,
    WrapUpEnded,
)
from lab.floor import Agent, Floor
from lab.sip_phones import PhoneCall
from lab.web_client import Refused

NUMBER, OTHER = "+4930123456", "+4930123457"

CENTRE = f"""
name = "Remote"
timezone = "Europe/Berlin"

[dispositions]
done = "Done"

[stations]
numbers = ["+4930*"]
confirm_seconds = 3
ring_seconds = 10
caller_id = "+4930999"

[queues.gas]
name = "Gas"
ring_seconds = 4
wrap_up_seconds = 60

[queues.water]
name = "Water"
ring_seconds = 10
wrap_up_seconds = 0

[agents.anna]
name = "Anna"
queues = ["water"]
station = "sip"
address = "sip:anna@@PHONES@"

[agents.bob]
name = "Bob"
queues = ["gas"]
station = "number"
number = "{NUMBER}"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.water]
name = "Water line"
numbers = ["7002"]
queue = "water"
"""


async def choose(bob: Agent, number: str = NUMBER, *, nailed_up: bool = True) -> None:
    """Have Bob at a telephone outside."""
    await bob.do(desk.ChooseStation, kind="number", number=number, nailed_up=nailed_up)
    await bob.sees(lambda view: view.station.number == number and view.station.nailed_up is nailed_up)


async def opened(floor: Floor, bob: Agent, number: str = NUMBER) -> PhoneCall:
    """Have Bob ready with an open line."""
    await choose(bob, number)
    await bob.do(desk.GoReady)
    line = await floor.phones.phone(number).rings()
    await bob.sees(lambda view: view.presence.reason == "line-opening" and view.station.line == "calling")
    line.answer()
    await asyncio.sleep(0.5)
    assert bob.presence is Presence.NOT_READY, "a mailbox would have opened the line"
    line.press("1")
    await bob.until(Presence.READY)
    assert bob.console.view.station.line == "open"
    return line


async def finish(bob: Agent) -> None:
    """End Bob's wrap-up."""
    await bob.until(Presence.WRAP_UP)
    await bob.about(desk.FinishContact, disposition="done")


async def test_only_who_presses_the_key_gets_the_caller(floor: Floor) -> None:
    """A mailbox, somebody who hangs up, and then Bob himself: the caller hears music until the key.

    caller ──► queue ─┬─ telephone answers, no key for 3 s ── RONA
                      ├─ answers, hangs up ── RONA
                      └─ answers, 9, 1 ── talk
    """
    bob = await floor.agent("bob", ready=False)
    await choose(bob, nailed_up=False)
    telephone = floor.phones.phone(NUMBER)
    caller = floor.call("7001")
    for hangs_up in (False, True):
        await bob.do(desk.GoReady)
        mailbox = await telephone.rings()
        assert mailbox.caller == "+4930999"
        mailbox.answer()
        await asyncio.sleep(0.5)
        assert bob.presence is Presence.OFFERED
        if hangs_up:
            mailbox.hang_up()
        view = await bob.until(Presence.NOT_READY)
        assert view.presence.reason == "rona"
        await mailbox.until_over()
        assert (await floor.monitor()).waiting, "the caller waits on"
    await bob.do(desk.GoReady)
    call = await telephone.rings()
    call.answer()
    await asyncio.sleep(0.5)
    call.press("9")
    await asyncio.sleep(0.5)
    assert bob.presence is Presence.OFFERED
    call.press("1")
    await bob.until(Presence.TALKING)
    await floor.hear_each_other(bob.contact)
    await bob.about(desk.Hold, on=True)
    await floor.together(bob.contact, lambda legs: len(legs) == 1)
    await bob.about(desk.Hold, on=False)
    await floor.hear_each_other(bob.contact)
    await bob.about(desk.HangUpCall)
    await call.until_over()
    await caller.until_over()
    await finish(bob)
    outcomes = [fact.outcome for fact in await floor.facts(OfferEnded, count=3)]
    assert outcomes == [OfferOutcome.RONA, OfferOutcome.RONA, OfferOutcome.ACCEPTED]
    (left,) = await floor.facts(ContactLeftQueue, count=1)
    (talk,) = await floor.facts(TalkEnded, count=1)
    # Ringing, the mailbox and the words before the key are waiting, not talking.
    assert left.waited_seconds > 3 + 0.3 + 1.0
    assert talk.talk_seconds + talk.hold_seconds < left.waited_seconds


async def test_a_line_is_kept_open_between_calls_and_across_a_killed_server(floor: Floor) -> None:
    """Two calls on one line, a kill -9 between ringing nobody, and in the middle of the second call.

    bob ready ── rings, 1 ══ call, caller hangs up ══ kill -9 ══ call ══ kill -9 ══ agent ends it ══ signs out
    """
    bob = await floor.agent("bob", ready=False)
    line = await opened(floor, bob)
    first = floor.call("7001")
    await bob.until(Presence.TALKING)
    await floor.hear_each_other(bob.contact)
    first.hang_up()
    await bob.until(Presence.WRAP_UP)
    assert not line.over
    await finish(bob)
    await bob.until(Presence.READY)
    await floor.facts(WrapUpEnded, count=1)

    await _killed(floor, bob)
    await bob.until(Presence.READY)
    assert bob.console.view.station.line == "open"
    second = floor.call("7001", number="4930777")
    await bob.until(Presence.TALKING)
    contact = bob.contact
    await floor.hear_each_other(contact)
    await _killed(floor, bob)
    await bob.until(Presence.TALKING)
    await floor.hear_each_other(contact)
    await bob.about(desk.MuteMe, on=True)
    await bob.about(desk.HangUpCall)
    await second.until_over()
    await finish(bob)
    await bob.until(Presence.READY)
    assert not line.over
    assert len(floor.phones.phone(NUMBER).calls) == 1, "the telephone rang once"

    await bob.do(desk.SignOut)
    await line.until_over()
    (closed,) = await floor.facts(LineClosed, count=1)
    (began,) = await floor.facts(LineOpened, count=1)
    assert (closed.outcome, closed.line) == (LineOutcome.SIGNED_OUT, began.line)
    assert closed.seconds > 1


async def _killed(floor: Floor, agent: Agent) -> None:
    """Kill the server, start it again, and open the agent's console."""
    await floor.server.kill()
    await floor.server.start()
    await floor.reload(agent)


async def test_a_dropped_line_makes_not_ready_and_another_station_keeps_signed_in(floor: Floor) -> None:
    """What happens to a line, and changing stations in the middle of a call.

    open ── hung up: not ready ── opened again ── call ── another number ══ the call ends ── the new one rings
    """
    bob = await floor.agent("bob", ready=False)
    line = await opened(floor, bob)
    line.hang_up()
    view = await bob.until(Presence.NOT_READY)
    assert (view.presence.reason, view.station.line) == ("line-down", "closed")
    with pytest.raises(Refused):
        await bob.do(desk.CallOut, number=OTHER, queue="gas")

    await bob.do(desk.OpenLine)
    line = await floor.phones.phone(NUMBER).rings()
    line.answer()
    await asyncio.sleep(0.5)
    line.press("1")
    await bob.sees(lambda view: view.station.line == "open")
    assert bob.presence is Presence.NOT_READY, "only opened: she did not ask to be ready"
    await bob.do(desk.GoReady)
    await bob.until(Presence.READY)

    caller = floor.call("7001")
    await bob.until(Presence.TALKING)
    await floor.hear_each_other(bob.contact)
    await choose(bob, OTHER)
    await floor.hear_each_other(bob.contact)
    assert not line.over, "the call goes on where it is"
    caller.hang_up()
    await line.until_over()
    other = await floor.phones.phone(OTHER).rings()
    other.answer()
    await asyncio.sleep(0.5)
    other.press("1")
    await finish(bob)
    await bob.until(Presence.READY)
    await bob.do(desk.SignOut)
    await other.until_over()
    outcomes = [fact.outcome for fact in await floor.facts(LineClosed, count=3)]
    assert outcomes == [LineOutcome.DROPPED, LineOutcome.CHANGED, LineOutcome.SIGNED_OUT]
    assert [fact.number for fact in await floor.facts(StationChosen)][-1] == OTHER
    for wrong in ("12", "0900123456", "+31205550100"):
        with pytest.raises(Refused):
            await bob.do(desk.ChooseStation, kind="number", number=wrong)


async def test_an_open_line_is_consulted_given_a_customer_and_called_again_with_asterisk(floor: Floor) -> None:
    """Everything a phone can, on a line; and Asterisk is restarted.

    caller ══ anna ── consults ──► bob's line ── toggles ── completes: caller ══ bob ── gives him away ──► outside
    bob ready ── Asterisk restarts ── his telephone rings, 1 ── ready
    """
    bob = await floor.agent("bob", ready=False)
    line = await opened(floor, bob)
    anna = await floor.agent("anna")
    caller = floor.call("7002")
    (await anna.phone.rings()).answer()
    await anna.until(Presence.TALKING)
    contact = anna.contact
    await floor.hear_each_other(contact)

    await anna.about(desk.Consult, kind="agent", to="bob")
    await bob.until(Presence.TALKING)
    await floor.together(contact, lambda legs: len(legs) == 2 and any(leg.startswith("line~bob~") for leg in legs))
    await anna.about(desk.Toggle)
    await floor.together(contact, lambda legs: len(legs) == 2 and not any("line~" in leg for leg in legs))
    await anna.about(desk.Conference)
    await floor.together(contact, lambda legs: len(legs) == 3)
    await anna.about(desk.CompleteTransfer)
    await anna.until(Presence.READY)
    await floor.together(contact, lambda legs: len(legs) == 2 and any(leg.startswith("line~bob~") for leg in legs))

    await bob.about(desk.Transfer, kind="number", to="4930555")
    outside = await floor.phones.phone("4930555").rings()
    await floor.together(contact, lambda legs: not legs)
    outside.answer()
    await floor.together(contact, lambda legs: len(legs) == 2 and not any("line~" in leg for leg in legs))
    assert not line.over
    caller.hang_up()
    await outside.until_over()
    await bob.until(Presence.READY)
    assert len(floor.phones.phone(NUMBER).calls) == 1

    await floor.server.pbx.kill()
    await floor.server.pbx.start()
    line.end()  # nobody told it
    again = await floor.phones.phone(NUMBER).rings()
    await bob.until(Presence.NOT_READY)
    again.answer()
    await asyncio.sleep(0.5)
    again.press("1")
    await bob.until(Presence.READY)
    await bob.do(desk.SignOut)
    await again.until_over()
    outcomes = [fact.outcome for fact in await floor.facts(LineClosed, count=2)]
    assert outcomes == [LineOutcome.LOST, LineOutcome.SIGNED_OUT]
