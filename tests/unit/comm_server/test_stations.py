"""Whether an agent's phone can be reached, as her console shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from caruso.comm_server.agents.stations import StationInUse, Stations
from caruso.errors import IllegalMove
from caruso.model.centre import AgentProfile, Centre, Station, StationKind, StationRules
from caruso.model.facts import StationChosen
from caruso.model.ids import AgentId

ANNA, BRAM = AgentId("anna"), AgentId("bram")
SIP, BROWSER, NUMBER = StationKind.SIP, StationKind.BROWSER, StationKind.NUMBER


def stations() -> Stations:
    """Return those of anna, who has a browser phone, and of bram, whose phone is at a fixed address."""
    anna = AgentProfile(id=ANNA, name="Anna", queues=(), station=Station(kind=BROWSER))
    bram = AgentProfile(id=BRAM, name="Bram", queues=(), station=Station(kind=SIP, address="sip:b@192.0.2.7"))
    centre = Centre(
        name="Test", timezone="Europe/Amsterdam", queues={}, entry_points={}, agents={ANNA: anna, BRAM: bram}
    )
    return Stations(centre=lambda: centre, endpoint_name=lambda agent, kind: f"{agent}-{kind}")


def shown(phones: Stations, agent: AgentId) -> tuple[str, bool | None, bool]:
    view = phones.view(agent)
    return view.kind, view.reachable, view.fixed


def test_a_phone_that_never_registered_is_not_reachable_once_all_that_did_are_known() -> None:
    phones = stations()
    phones.choose(ANNA, SIP)
    assert shown(phones, ANNA) == ("sip", None, False)
    phones.set_watched(True)
    assert phones.view(ANNA).reachable is False
    phones.set_reachable(ANNA, SIP, True)
    assert phones.view(ANNA).reachable is True
    phones.choose(ANNA, BROWSER)
    assert phones.view(ANNA).reachable is False


def test_nobody_knows_while_the_pbx_cannot_be_asked() -> None:
    phones = stations()
    phones.set_watched(True)
    phones.set_reachable(ANNA, BROWSER, True)
    phones.set_reachable(ANNA, BROWSER, None)
    phones.set_watched(False)
    assert phones.view(ANNA).reachable is None


def test_a_phone_at_a_fixed_address_need_not_register() -> None:
    phones = stations()
    phones.set_watched(True)
    assert shown(phones, BRAM) == ("sip", None, True)
    phones.choose(BRAM, BROWSER)
    assert shown(phones, BRAM) == ("browser", False, False)


# -- Telephones outside ---------------------------------------------------------------------------------------

BERLIN, ROME = "+4930123456", "+390612345678"


def remote(*numbers: str, outside: bool = True, nailed_up: bool = True) -> tuple[Stations, dict[str, Centre]]:
    """Return phones of a centre with these rules, and where another description can be put in force."""
    profile = AgentProfile(id=ANNA, name="Anna", queues=(), station=Station(kind=BROWSER))
    rules = StationRules(numbers=numbers, nailed_up=nailed_up)
    described = Centre(
        name="Test", timezone="Europe/Berlin", queues={}, entry_points={}, agents={ANNA: profile}, stations=rules
    )
    force = {"centre": described}
    phones = Stations(
        centre=lambda: force["centre"],
        endpoint_name=lambda agent, kind: f"{agent}-{kind}",
        calls_outside=outside,
        region="DE",
    )
    return phones, force


def test_an_agent_is_called_at_the_number_she_typed() -> None:
    phones, _ = remote("+49*")
    phones.choose(ANNA, NUMBER, "030 / 123 456")
    assert phones.at(ANNA) == StationInUse(kind=NUMBER, endpoint=f"tel:{BERLIN}")
    assert phones.ring_seconds(ANNA, 20) == 30, "there is time for the key"
    phones.choose(ANNA, NUMBER, BERLIN, nailed_up=True)
    assert phones.at(ANNA) == StationInUse(kind=NUMBER, endpoint="line:anna", nailed_up=True)
    assert phones.line(ANNA) == (f"tel:{BERLIN}", BERLIN)
    assert phones.ring_seconds(ANNA, 20) == 20
    phones.choose(ANNA, SIP, nailed_up=True)
    assert phones.line(ANNA) == ("anna-sip", "")
    assert phones.view(ANNA).number == BERLIN, "it is remembered"


@pytest.mark.parametrize("number", ["", "12", "x", ROME, "0900 123456", "+4990012345", "+49301234567890123"])
def test_numbers_that_are_none_or_are_not_allowed_are_refused(number: str) -> None:
    phones, _ = remote("+49*")
    with pytest.raises(IllegalMove):
        phones.choose(ANNA, NUMBER, number)
    assert phones.at(ANNA).kind is BROWSER


def test_what_cannot_be_had_is_refused() -> None:
    for phones, kind, nailed_up in (
        (remote("+49*", outside=False)[0], NUMBER, False),
        (remote()[0], NUMBER, False),
        (remote("+49*", nailed_up=False)[0], NUMBER, True),
        (remote("+49*")[0], BROWSER, True),
    ):
        with pytest.raises(IllegalMove):
            phones.choose(ANNA, kind, BERLIN, nailed_up=nailed_up)


def test_a_number_that_is_not_allowed_any_more_is_not_called() -> None:
    phones, force = remote("+49*", "+39*")
    phones.choose(ANNA, NUMBER, ROME)
    force["centre"] = replace(force["centre"], stations=StationRules(numbers=("+49*",)))
    assert phones.at(ANNA).kind is BROWSER


def test_the_choice_is_known_after_a_restart() -> None:
    phones, _ = remote("+49*")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    phones.restore([StationChosen(at=at, agent=ANNA, station=NUMBER, number=BERLIN, nailed_up=True)])
    assert phones.at(ANNA).nailed_up
    assert phones.keeps_line(ANNA, BERLIN)
    assert not phones.keeps_line(ANNA, ROME)
