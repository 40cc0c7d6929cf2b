"""A call of five hours over midnight, in virtual time: it talks on, and counts once, on the day it came."""

from __future__ import annotations

import asyncio

import pytest

from caruso.model import desk, ids
from caruso.model.facts import ContactEnded, Presence, TalkEnded
from caruso.model.ids import AgentId
from caruso.model.views import QueueRow
from lab.books import imbalances
from lab.fake_telephony import Pickup
from lab.virtual_time import run_in_virtual_time
from lab.whole_centre import BILLING, WholeCentre

ANNA = AgentId("anna")
FIVE_HOURS = 5 * 3600.0


def row(house: WholeCentre) -> QueueRow:
    return next(row for row in house.centre.monitor().queues if row.id == BILLING)


def test_a_call_of_five_hours_over_midnight_counts_once_on_the_day_it_came() -> None:
    async def main() -> None:
        house = WholeCentre(0)  # it is a minute to midnight
        house.stores.patience = 0.0
        house.answers = lambda endpoint: Pickup(seconds=1)
        await house.start()
        house.open_console(ANNA)
        house.ask(ANNA, desk.GoReady)
        leg = house.telephony.call("200", "+31201")
        await asyncio.sleep(5)
        assert (row(house).entered, row(house).answered, row(house).talking) == (1, 1, 1)
        await asyncio.sleep(FIVE_HOURS)
        assert (row(house).entered, row(house).answered, row(house).talking) == (0, 0, 1), "another day"
        view = house.views[ANNA]
        assert view.contact is not None
        assert (view.presence.presence, view.contact.phase) == (Presence.TALKING, "talking")
        house.telephony.hang_up(leg)
        await asyncio.sleep(1)
        house.ask(ANNA, desk.FinishContact, contact=ids.contact_of(leg), disposition="done", note="")
        await asyncio.sleep(1)
        assert (row(house).entered, row(house).answered, row(house).talking) == (0, 0, 0)
        (talked,) = [fact for fact in house.journal.facts if isinstance(fact, TalkEnded)]
        assert talked.talk_seconds == pytest.approx(FIVE_HOURS, abs=10)
        assert len([fact for fact in house.journal.facts if isinstance(fact, ContactEnded)]) == 1
        assert imbalances(house.journal.facts) == []
        house.calls_back = False
        await house.centre.tasks.close()

    run_in_virtual_time(main)
