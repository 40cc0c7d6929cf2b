"""Whether an agent's phone can be reached, as her console shows it."""

from __future__ import annotations

from caruso.comm_server.agents.stations import Stations
from caruso.model.centre import AgentProfile, Centre, Station, StationKind
from caruso.model.ids import AgentId

ANNA, BRAM = AgentId("anna"), AgentId("bram")
SIP, BROWSER = StationKind.SIP, StationKind.BROWSER


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
