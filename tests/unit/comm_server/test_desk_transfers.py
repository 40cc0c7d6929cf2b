"""Whom and what an agent can give a customer to, as she searches for it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace

import pytest

from caruso.comm_server.calls.lifecycle import Phase
from caruso.errors import IllegalMove
from caruso.model import desk
from caruso.model.ids import AgentId, EntryPointId, ScriptId
from caruso.model.records import ScriptSource
from caruso.model.views import ContactView
from lab.fake_telephony import Pickup
from lab.self_service_scripts import READING
from lab.whole_centre import START, WholeCentre
from tests.unit.comm_server.test_centre_scenarios import lead, now, talking

BRAM = AgentId("bram")


def _without_telephone(house: WholeCentre) -> None:
    """Let the script “reading” be there, which has no prompts."""
    library = house.centre.library
    source = ScriptSource(id=ScriptId("reading"), version="", source=READING, applied_at=START)
    library.replace([source])


def test_colleagues_queues_entry_points_scripts_and_numbers_outside_are_listed() -> None:
    async def scene(house: WholeCentre) -> None:
        found = defaultdict(list)
        for target in house.centre.transfer_targets(BRAM):
            found[target.kind].append((target.id, target.name))
        assert set(found) == {"agent", "queue", "entry-point", "script", "number"}
        assert [name for _, name in found["agent"]] == ["Anna", "Chloe", "Deniz", "Elif"], "but not herself"
        assert ("billing", "Billing") in found["queue"]
        assert ("meter", "Meter") in found["entry-point"]
        assert ("meter-reading", "Meter reading") in found["script"]

    lead(scene)


def test_a_script_that_is_not_for_the_telephone_leads_no_caller() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, BRAM, "300")
        _without_telephone(house)
        assert "script" not in {target.kind for target in house.centre.transfer_targets(BRAM)}
        wanted = desk.Transfer(id=1, contact=call.contact, kind="script", to="reading")
        with pytest.raises(IllegalMove, match="cannot be led on the phone"):
            house.centre.command(BRAM, wanted)

    lead(scene)


def test_a_script_leads_a_caller_of_a_mailbox_too() -> None:
    """The number he dialled takes messages only; the agent called him back, and gives him to a dialog."""

    async def scene(house: WholeCentre) -> None:
        points = house.full.entry_points
        mailbox = replace(points[EntryPointId("direct")], voicemail=True)
        call = await talking(house, BRAM, "300")
        house.apply(replace(house.full, entry_points={**points, mailbox.id: mailbox}))
        house.ask(BRAM, desk.Transfer, contact=call.contact, kind="script", to="moving")
        await asyncio.sleep(1)
        assert now(house, call.contact).phase is Phase.DIALOG
        conversation = house.centre.dialogs.conversations.get(call.contact)
        assert conversation is not None
        assert conversation.dialog.id == "moving"

    lead(scene)


def test_who_gets_a_customer_back_reads_what_she_wrote_before_and_begins_a_new_note() -> None:
    """Bram gives him to a queue, is offered him again, the server is killed, and nothing written is lost."""

    async def scene(house: WholeCentre) -> None:
        call = await talking(house, BRAM, "300")
        house.ask(BRAM, desk.SaveNote, contact=call.contact, text="Has no gas")
        house.answers = lambda endpoint: Pickup(seconds=4)
        house.ask(BRAM, desk.Transfer, contact=call.contact, kind="queue", to="meter")
        house.ask(BRAM, desk.FinishContact, contact=call.contact, disposition="", note="Has no gas")
        await asyncio.sleep(2)
        offered = shown(house)
        assert (offered.phase, offered.note, written(offered)) == ("offered", "", ["Has no gas"])
        await asyncio.sleep(4)
        house.ask(BRAM, desk.SaveNote, contact=call.contact, text="Nor water")
        house.ask(BRAM, desk.SaveNote, contact=call.contact, text="Nor water since Monday")
        for _ in range(2):
            await asyncio.sleep(1)
            held = shown(house)
            assert (held.phase, held.note, written(held)) == ("talking", "Nor water since Monday", ["Has no gas"])
            await house.crash(lost=0, away=1)
            house.open_console(BRAM)

    lead(scene)


def shown(house: WholeCentre) -> ContactView:
    """Return what Bram's desk shows."""
    contact = house.views[BRAM].contact
    assert contact is not None
    return contact


def written(contact: ContactView) -> list[str]:
    return [note.text for note in contact.notes]
