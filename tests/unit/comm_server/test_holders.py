"""With whom the monitor shows a call, however it is given away: agents' own facts, in the order they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from caruso.model import desk, ids
from caruso.model.ids import ContactId
from lab.fake_telephony import Pickup
from lab.whole_centre import WholeCentre
from tests.unit.comm_server.test_centre_scenarios import BRAM, CHLOE, lead, ready, talking

Row = tuple[str, str]


def row(house: WholeCentre, contact: ContactId) -> Row:
    """Return how the monitor shows a call, and with whom."""
    return next((call.phase, call.agent) for call in house.centre.monitor().calls if call.id == contact)


def shows(house: WholeCentre, contact: ContactId, phase: str, agent: str = "") -> None:
    assert row(house, contact) == (phase, agent)
    serving = sum(queue.talking for queue in house.centre.monitor().queues)
    assert serving == (phase in ("talking", "held"))


async def _asks(
    house: WholeCentre, contact: ContactId, command: Callable[..., desk.AnyDeskCommand], /, **what: str
) -> None:
    house.ask(BRAM, command, contact=contact, **what)
    await asyncio.sleep(1)


def test_given_to_a_dialog_nobody_has_him() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, BRAM, "300")
        shows(house, call.contact, "talking", "Bram")
        await _asks(house, call.contact, desk.Transfer, kind="entry-point", to="meter")
        shows(house, call.contact, "dialog")

    lead(scene)


@pytest.mark.parametrize(
    ("kind", "to", "then"), [("agent", "chloe", ("talking", "Chloe")), ("number", "+49305", ("outside", ""))]
)
def test_given_without_a_word_he_is_rung_for_and_then_with_whom_he_was_given_to(
    kind: str, to: str, then: Row
) -> None:
    async def scene(house: WholeCentre) -> None:
        ready(house, CHLOE)
        call = await talking(house, BRAM, "200")
        house.answers = lambda endpoint: Pickup(seconds=3)
        await _asks(house, call.contact, desk.Transfer, kind=kind, to=to)
        shows(house, call.contact, "transferring")
        await asyncio.sleep(4)
        shows(house, call.contact, *then)

    lead(scene)


def test_in_a_conference_the_one_who_has_the_call_keeps_it_until_it_is_given_over() -> None:
    async def scene(house: WholeCentre) -> None:
        ready(house, CHLOE)
        call = await talking(house, BRAM, "200")
        await _asks(house, call.contact, desk.Consult, kind="agent", to="chloe")
        shows(house, call.contact, "held", "Bram")
        await _asks(house, call.contact, desk.Conference)
        shows(house, call.contact, "talking", "Bram")
        await _asks(house, call.contact, desk.CompleteTransfer)
        shows(house, call.contact, "talking", "Chloe")

    lead(scene)


def test_completed_with_somebody_outside_no_agent_has_him_and_nothing_is_kept() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, BRAM, "300")
        await _asks(house, call.contact, desk.Consult, kind="number", to="+49305")
        await _asks(house, call.contact, desk.CompleteTransfer)
        shows(house, call.contact, "outside")
        await house.crash(lost=0, away=1)
        shows(house, call.contact, "outside")
        house.telephony.hang_up(ids.caller_leg(call.contact))
        await asyncio.sleep(1)
        assert not house.centre.board._holders._talks

    lead(scene)
