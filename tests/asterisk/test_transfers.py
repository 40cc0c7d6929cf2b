"""Transfers, consultations and conferences on a real Asterisk, with real consoles and SIP phones.

    caller ══ anna ──transfer──► bob, a queue, an entry point, a script, a number outside
    caller ∙∙ music   anna ══ bob           consult: the customer hears music, both talk
    caller ══ anna    bob ∙∙ music          toggle
    caller ══ anna ══ bob ══ outside        conference
    caller ══════════ bob                   complete

Each test ends at closing time (`lab.floor`): nothing left in Asterisk, nobody stuck, the journal balances.
"""

from __future__ import annotations

import asyncio

import pytest

from caruso.model import desk
from caruso.model.facts import (
    ConsultEnded,
    ConsultOutcome,
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    ContactTransferred,
    OfferEnded,
    OfferOutcome,
    OutsideEnded,
    Presence,
    QueueOutcome,
    TalkEnded,
    TransferForm,
)
from lab.floor import Agent, Floor
from lab.sip_phones import Caller, PhoneCall
from lab.web_client import Refused

CENTRE = """
name = "Test"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"

[queues.gas]
name = "Gas"
ring_seconds = 2
wrap_up_seconds = 30
caller_id = "+31205550100"

[queues.water]
name = "Water"
ring_seconds = 2
wrap_up_seconds = 0

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "sip:anna@@PHONES@"

[agents.bob]
name = "Bob"
queues = ["water"]
station = "sip"
address = "sip:bob@@PHONES@"

[agents.cora]
name = "Cora"
queues = ["water"]
station = "sip"
address = "sip:cora@@PHONES@"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.questions]
name = "Questions"
numbers = ["7002"]
queue = "water"
script = "one-digit"
"""
SCRIPTS = {
    "one-digit": """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="one-digit" version="1.0" languages="en" channels="phone agent">
  <title lang="en">One digit</title>
  <question id="number" type="digits">
    <text lang="en">Please enter a digit.</text>
    <input digits="1" first-digit-timeout="20s" next-digit-timeout="20s"/>
  </question>
  <handover id="over" channel="agent" resume-at="done">
    <text lang="en">One moment.</text>
  </handover>
  <end id="done" outcome="handled"/>
</dialog>
"""
}


class Talk:
    """A customer talks with Anna."""

    def __init__(self, floor: Floor, anna: Agent, caller: Caller, phone: PhoneCall) -> None:
        self.floor, self.anna, self.caller, self.phone = floor, anna, caller, phone
        self.contact = anna.contact

    async def ask(self, command: type[desk.DeskCommand], **fields: object) -> None:
        """Let Anna ask for something about this customer, wherever he is now."""
        await self.anna.do(command, contact=self.contact, **fields)

    async def hear(self, *whom: str) -> None:
        """Wait until exactly these hear each other: ``caller``, agents' ids, ``outside``."""

        def named(legs: list[str]) -> list[str]:
            return sorted(
                "caller" if leg == self.contact else "outside" if leg.endswith("~@") else leg.split("~")[2]
                for leg in legs
            )

        await self.floor.together(self.contact, lambda legs: named(legs) == sorted(whom))


async def talking(floor: Floor) -> Talk:
    """Let a customer call and Anna answer."""
    anna = await floor.agent("anna")
    caller = floor.call("7001")
    phone = await anna.phone.rings()
    phone.answer()
    await anna.until(Presence.TALKING)
    talk = Talk(floor, anna, caller, phone)
    await talk.hear("caller", "anna")
    return talk


async def consulting(floor: Floor, bob: Agent) -> tuple[Talk, PhoneCall]:
    """Let Anna talk with Bob about the customer."""
    talk = await talking(floor)
    await talk.ask(desk.Consult, kind="agent", to="bob")
    phone = await bob.phone.rings()
    phone.answer()
    await bob.until(Presence.TALKING)
    await talk.hear("anna", "bob")
    return talk, phone


# -- Blind ----------------------------------------------------------------------------------------------------


async def test_a_colleague_sees_who_transfers_and_what_was_written_before_answering(floor: Floor) -> None:
    bob = await floor.agent("bob")
    talk = await talking(floor)
    await talk.ask(desk.SaveNote, text="Has no gas since this morning")
    await talk.ask(desk.Transfer, kind="agent", to="bob")
    phone = await bob.phone.rings()
    view = await bob.sees(lambda view: view.contact is not None and view.contact.from_agent == "Anna")
    assert view.contact is not None
    assert (view.contact.phase, view.contact.purpose) == ("offered", "transfer")
    assert [(note.name, note.text) for note in view.contact.notes] == [("Anna", "Has no gas since this morning")]
    assert phone.caller == "4930123456"
    await talk.phone.until_over()
    await talk.anna.until(Presence.WRAP_UP)
    phone.answer()
    await bob.until(Presence.TALKING)
    await talk.hear("caller", "bob")
    await asyncio.sleep(0.5)
    talk.caller.hang_up()
    await bob.until(Presence.WRAP_UP)
    talked = {str(fact.agent): fact.talk_seconds for fact in await floor.facts(TalkEnded, count=2)}
    assert talked["bob"] >= 0.4
    (given,) = await floor.facts(ContactTransferred)
    assert (given.by, given.agent, given.form) == ("anna", "bob", TransferForm.BLIND)
    assert [fact.outcome for fact in await floor.facts(ContactLeftQueue)] == [QueueOutcome.ANSWERED]


@pytest.mark.parametrize(
    ("refuses", "outcome"),
    [
        (lambda phone: phone.refuse(), OfferOutcome.DECLINED),
        (lambda phone: phone.refuse(480, "Temporarily Unavailable"), OfferOutcome.RONA),
        (lambda phone: None, OfferOutcome.RONA),
    ],
    ids=["busy", "unavailable", "no answer"],
)
async def test_a_customer_whom_the_colleague_does_not_take_comes_back_to_the_queue(
    floor: Floor, refuses: object, outcome: OfferOutcome
) -> None:
    bob = await floor.agent("bob")
    talk = await talking(floor)
    await talk.ask(desk.Transfer, kind="agent", to="bob")
    phone = await bob.phone.rings()
    assert callable(refuses)
    refuses(phone)
    await floor.shows(lambda view: any(row.queue == "gas" for row in view.waiting))
    await bob.until(Presence.NOT_READY)
    ended = [fact for fact in await floor.facts(OfferEnded, count=2) if fact.agent == "bob"]
    assert ended[0].outcome in (outcome, OfferOutcome.UNREACHABLE)
    await talk.anna.about(desk.FinishContact, disposition="done")
    again = await talk.anna.phone.rings()
    again.answer()
    await talk.anna.until(Presence.TALKING)
    await talk.hear("caller", "anna")


async def test_a_colleague_who_is_not_ready_is_refused_and_nothing_happens(floor: Floor) -> None:
    await floor.agent("bob", ready=False)
    talk = await talking(floor)
    with pytest.raises(Refused, match="Bob is not ready"):
        await talk.ask(desk.Transfer, kind="agent", to="bob")
    with pytest.raises(Refused, match="no such queue"):
        await talk.ask(desk.Transfer, kind="queue", to="steam")
    with pytest.raises(Refused, match="no telephone number"):
        await talk.ask(desk.Transfer, kind="number", to="sip:evil@example.org")
    await talk.hear("caller", "anna")


async def test_another_queue_answers_and_both_visits_are_counted(floor: Floor) -> None:
    """Whoever is offered the customer there sees what was written, before answering."""
    bob = await floor.agent("bob")
    talk = await talking(floor)
    await talk.ask(desk.SaveNote, text="Has no water since this morning")
    await talk.ask(desk.Transfer, kind="queue", to="water")
    ringing = await bob.phone.rings()
    view = await bob.sees(lambda view: view.contact is not None and view.contact.phase == "offered")
    assert view.contact is not None
    assert [(note.name, note.text) for note in view.contact.notes] == [("Anna", "Has no water since this morning")]
    ringing.answer()
    await bob.until(Presence.TALKING)
    await talk.hear("caller", "bob")
    visits = [(fact.queue, fact.visit) for fact in await floor.facts(ContactQueued, count=2)]
    assert visits == [("gas", 1), ("water", 2)]
    outcomes = [fact.outcome for fact in await floor.facts(ContactLeftQueue, count=2)]
    assert outcomes == [QueueOutcome.ANSWERED, QueueOutcome.ANSWERED]


async def test_an_entry_point_leads_the_caller_by_its_script_and_on_to_its_queue(floor: Floor) -> None:
    bob = await floor.agent("bob")
    talk = await talking(floor)
    await talk.ask(desk.Transfer, kind="entry-point", to="questions")
    await talk.phone.until_over()
    await asyncio.sleep(1.0)
    talk.caller.press("7")
    (await bob.phone.rings()).answer()
    view = await bob.sees(lambda view: view.dialog is not None and bool(view.dialog.trail))
    assert view.dialog is not None
    assert [(line.item, line.value) for line in view.dialog.trail] == [("number", "7")]
    await talk.hear("caller", "bob")


async def test_a_script_leads_the_caller_and_comes_back_with_what_he_keyed_in(floor: Floor) -> None:
    """Anna finds it in the list, and gets him back: what he keyed in, and her note, before she picks up."""
    talk = await talking(floor)
    there_are = await talk.anna.browser.call("GET", "/api/transfer-targets")
    scripts = [target for target in there_are if target["kind"] == "script"]
    assert [(target["id"], target["name"]) for target in scripts] == [("one-digit", "One digit")]
    await talk.ask(desk.SaveNote, text="Knows his number")
    await talk.ask(desk.Transfer, kind="script", to="one-digit")
    await talk.phone.until_over()
    await talk.anna.until(Presence.WRAP_UP)
    await talk.anna.about(desk.FinishContact, disposition="done", note="Knows his number")
    await asyncio.sleep(1.0)
    talk.caller.press("7")
    ringing = await talk.anna.phone.rings()
    view = await talk.anna.sees(lambda view: view.contact is not None and view.dialog is not None)
    assert view.contact is not None
    assert view.dialog is not None
    assert view.contact.phase == "offered"
    assert [(line.item, line.value) for line in view.dialog.trail] == [("number", "7")]
    assert [note.text for note in view.contact.notes] == ["Knows his number"]
    ringing.answer()
    await talk.anna.until(Presence.TALKING)
    await talk.hear("caller", "anna")
    (given,) = await floor.facts(ContactTransferred, count=1)
    assert given.script == "one-digit"
    with pytest.raises(Refused, match="no such script"):
        await talk.ask(desk.Transfer, kind="script", to="none")


async def test_a_number_outside_gets_the_customer_and_sees_the_queues_number(floor: Floor) -> None:
    talk = await talking(floor)
    outside = floor.phones.phone("+4930555")
    await talk.ask(desk.Transfer, kind="number", to="+49 30 555")
    ringing = await outside.rings()
    assert ringing.caller == "+31205550100"
    await talk.anna.until(Presence.WRAP_UP)
    ringing.answer()
    await talk.hear("caller", "outside")
    ringing.hang_up()
    await talk.caller.until_over()
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert ended.cause is ContactCause.OUTSIDE_HUNG_UP
    (called,) = await floor.facts(OutsideEnded, count=1)
    assert (called.number, called.outcome) == ("+4930555", OfferOutcome.ACCEPTED)


async def test_a_number_outside_that_is_busy_leaves_the_customer_in_the_queue(floor: Floor) -> None:
    talk = await talking(floor)
    await talk.ask(desk.Transfer, kind="number", to="+4930555")
    (await floor.phones.phone("+4930555").rings()).refuse()
    await floor.shows(lambda view: any(row.queue == "gas" for row in view.waiting))


# -- Consultation and conference ------------------------------------------------------------------------------


async def test_consult_toggle_and_complete(floor: Floor) -> None:
    bob = await floor.agent("bob")
    talk, phone = await consulting(floor, bob)
    view = await bob.sees(lambda view: view.contact is not None and view.contact.phase == "consulted")
    assert view.contact is not None
    assert (view.contact.from_agent, view.contact.purpose, view.contact.mine) == ("Anna", "consult", False)
    await talk.ask(desk.Toggle)
    await talk.hear("anna", "caller")
    await talk.ask(desk.Toggle)
    await talk.hear("anna", "bob")
    await talk.ask(desk.CompleteTransfer)
    await talk.hear("bob", "caller")
    await talk.phone.until_over()
    await talk.anna.until(Presence.WRAP_UP)
    await bob.sees(lambda view: view.contact is not None and view.contact.phase == "talking" and view.contact.mine)
    await asyncio.sleep(0.3)
    phone.hang_up()
    await talk.caller.until_over()
    anna, bobs = await floor.facts(TalkEnded, count=2)
    assert (anna.agent, bobs.agent) == ("anna", "bob")
    assert anna.hold_seconds > 0
    assert bobs.hold_seconds == 0
    assert bobs.talk_seconds < 5, "the time of the consultation is nobody's talk"
    (consulted,) = await floor.facts(ConsultEnded, count=1)
    assert consulted.outcome is ConsultOutcome.COMPLETED


async def test_whoever_is_free_in_a_queue_is_consulted_and_sent_away_again(floor: Floor) -> None:
    bob = await floor.agent("bob")
    talk = await talking(floor)
    await talk.ask(desk.Consult, kind="queue", to="water")
    phone = await bob.phone.rings()
    phone.answer()
    await talk.hear("anna", "bob")
    await talk.ask(desk.DropParty)
    await phone.until_over()
    await bob.until(Presence.READY)
    await talk.ask(desk.Hold, on=False)
    await talk.hear("anna", "caller")
    with pytest.raises(Refused, match="Nobody is free in Gas"):
        await talk.ask(desk.Consult, kind="queue", to="gas")


async def test_a_conference_of_four_goes_on_without_the_one_who_made_it(floor: Floor) -> None:
    bob = await floor.agent("bob")
    talk, _ = await consulting(floor, bob)
    await talk.ask(desk.Conference)
    await talk.hear("anna", "bob", "caller")
    await talk.ask(desk.Consult, kind="number", to="+4930555")
    outside = await floor.phones.phone("+4930555").rings()
    outside.answer()
    await talk.hear("anna", "bob", "outside")
    await talk.ask(desk.Conference)
    await talk.hear("anna", "bob", "caller", "outside")
    await talk.ask(desk.CompleteTransfer)
    await talk.hear("bob", "caller", "outside")
    await bob.sees(lambda view: view.contact is not None and view.contact.mine)
    await bob.about(desk.DropParty, party=3)
    await outside.until_over()
    await talk.hear("bob", "caller")
    (given,) = await floor.facts(ContactTransferred, count=1)
    assert (given.form, given.agent) == (TransferForm.CONFERENCE, "bob")


async def test_six_talk_together_and_no_more(floor: Floor) -> None:
    """Caller, Anna, Bob and three outside; a fourth one is refused, and nothing happens to them."""
    bob = await floor.agent("bob")
    talk, _ = await consulting(floor, bob)
    await talk.ask(desk.Conference)
    together = ["anna", "bob", "caller"]
    for number in ("+4930551", "+4930552", "+4930553"):
        await talk.ask(desk.Consult, kind="number", to=number)
        (await floor.phones.phone(number).rings()).answer()
        together.append("outside")
        await talk.hear(*(who for who in together if who != "caller"))
        await talk.ask(desk.Conference)
        await talk.hear(*together)
    with pytest.raises(Refused, match="Not more than 6"):
        await talk.ask(desk.Consult, kind="number", to="+4930554")
    await talk.hear(*together)


async def test_an_agent_who_puts_the_receiver_down_in_a_consultation_completes_it(floor: Floor) -> None:
    bob = await floor.agent("bob")
    talk, _ = await consulting(floor, bob)
    talk.phone.hang_up()
    await talk.hear("bob", "caller")
    await talk.anna.until(Presence.WRAP_UP)


# -- Calls that agents make -----------------------------------------------------------------------------------


async def test_an_agent_calls_somebody_who_sees_the_queues_number(floor: Floor) -> None:
    """anna: call +4930777 for gas ──► her phone ──► the customer's ──► both talk, wrap-up, books."""
    anna = await floor.agent("anna", ready=False)
    await anna.do(desk.CallOut, number="+49 30 777", queue="gas")
    own = await anna.phone.rings()
    assert own.caller == "+4930777"
    await anna.sees(lambda view: view.contact is not None and view.contact.phase == "dialling")
    own.answer()
    customer = await floor.phones.phone("+4930777").rings()
    assert customer.caller == "+31205550100"
    customer.answer()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)
    await anna.about(desk.Hold, on=True)
    await anna.about(desk.Hold, on=False)
    await floor.hear_each_other(anna.contact)
    customer.hang_up()
    await own.until_over()
    await anna.until(Presence.WRAP_UP)
    await anna.about(desk.FinishContact, disposition="done")
    await anna.until(Presence.NOT_READY)
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert ended.cause is ContactCause.CALLER_HUNG_UP


@pytest.mark.parametrize("step", ["own phone rings", "customer's phone rings", "busy", "agent hangs up"])
async def test_a_call_that_comes_to_nothing_leaves_the_agent_as_she_was(floor: Floor, step: str) -> None:
    anna = await floor.agent("anna")
    await anna.do(desk.CallOut, number="+4930778", queue="gas")
    own = await anna.phone.rings()
    await anna.sees(lambda view: view.contact is not None and view.contact.phase == "dialling")
    if step == "own phone rings":
        await anna.about(desk.HangUpCall)
    else:
        own.answer()
        customer = await floor.phones.phone("+4930778").rings()
        if step == "busy":
            customer.refuse()
        elif step == "agent hangs up":
            own.hang_up()
        else:
            await anna.about(desk.HangUpCall)
        await customer.until_over()
    await own.until_over()
    await anna.until(Presence.READY)
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert ended.cause is (ContactCause.BUSY if step == "busy" else ContactCause.AGENT_HUNG_UP)


async def test_a_customer_an_agent_called_can_be_given_to_a_colleague(floor: Floor) -> None:
    bob = await floor.agent("bob")
    anna = await floor.agent("anna")
    await anna.do(desk.CallOut, number="+4930779", queue="gas")
    (await anna.phone.rings()).answer()
    (await floor.phones.phone("+4930779").rings()).answer()
    await anna.until(Presence.TALKING)
    contact = anna.contact
    await anna.about(desk.Transfer, kind="agent", to="bob")
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    await floor.together(contact, lambda legs: [leg.rpartition("~")[2] for leg in legs] == ["bob", "customer"])
    await bob.about(desk.HangUpCall)
    await bob.until(Presence.WRAP_UP)


async def test_calling_out_is_refused_with_a_sentence_where_it_is_not_possible(floor: Floor) -> None:
    anna = await floor.agent("anna")
    with pytest.raises(Refused, match="no queue of yours"):
        await anna.do(desk.CallOut, number="+4930777", queue="water")
    with pytest.raises(Refused, match="no telephone number"):
        await anna.do(desk.CallOut, number="mum", queue="gas")
