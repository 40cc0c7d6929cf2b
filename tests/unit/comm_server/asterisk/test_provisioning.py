"""Which PJSIP objects the agents need, and how Asterisk comes to hold exactly those."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.asterisk.provisioning import (
    DerivedPhones,
    Fields,
    PjsipObject,
    changes,
    endpoint_name,
    marked,
    phone_secret,
    station_of,
    wanted,
)
from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.model.centre import AgentProfile, Station, StationKind
from caruso.model.ids import AgentId

SETTINGS = AsteriskSettings(ari_password="a", ami_secret="b", server_secret="c")
ANNA = AgentProfile(id=AgentId("anna"), name="Anna", queues=())


def test_every_agent_has_a_browser_phone_and_a_sip_phone() -> None:
    names = {item.name for item in wanted([ANNA], SETTINGS) if item.kind == "endpoint"}
    assert names == {"anna-web", "anna-sip"}
    assert station_of("anna-web") == (AgentId("anna"), StationKind.BROWSER)
    assert station_of(endpoint_name(AgentId("x-web"), StationKind.SIP)) == (AgentId("x-web"), StationKind.SIP)
    assert station_of("trunk") is None


def test_an_endpoint_comes_after_what_it_refers_to() -> None:
    kinds = [item.kind for item in wanted([ANNA], SETTINGS)]
    assert kinds == ["auth", "aor", "auth", "aor", "endpoint", "endpoint"]


def test_a_phone_at_a_fixed_address_is_found_there_and_not_asked_whether_it_lives() -> None:
    fixed = Station(kind=StationKind.SIP, address="sip:5001@192.0.2.7:5060")
    objects = wanted([AgentProfile(id=ANNA.id, name="Anna", queues=(), station=fixed)], SETTINGS)
    assert dict(objects[PjsipObject("aor", "anna-sip")]) == {"contact": fixed.address, "qualify_frequency": "0"}
    assert "contact" not in dict(objects[PjsipObject("aor", "anna-web")])


def test_phones_can_dial_nothing() -> None:
    objects = wanted([ANNA], SETTINGS)
    assert dict(objects[PjsipObject("endpoint", "anna-web")])["context"] == "caruso-in-phones"


def test_secrets_are_derived_and_differ_by_phone_and_server() -> None:
    account = DerivedPhones(SETTINGS).account(ANNA.id, StationKind.BROWSER)
    assert account.secret == phone_secret("anna-web", "c")
    assert len({phone_secret(name, server) for name in ("anna-web", "anna-sip") for server in "cd"}) == 4
    assert dict(wanted([ANNA], SETTINGS)[PjsipObject("auth", "anna-web")])["password"] == account.secret


def test_an_address_that_changed_replaces_the_old_one() -> None:
    aor = PjsipObject("aor", "anna-sip")
    made = changes({aor: (("contact", "sip:new"),)}, {aor: (("contact", "sip:old"),)})
    assert [request.method for _, request in made] == ["DELETE", "PUT"]


def test_nothing_changed_means_nothing_sent() -> None:
    objects = wanted([ANNA], SETTINGS)
    assert changes(objects, objects) == ()


def test_an_agent_who_left_takes_her_phones_along_endpoints_first() -> None:
    requests = [request for _, request in changes({}, wanted([ANNA], SETTINGS))]
    assert {request.method for request in requests} == {"DELETE"}
    kinds = [request.uri.split("/")[4] for request in requests if request.uri.endswith("anna-web")]
    assert kinds == ["endpoint", "aor", "auth"]


def test_a_mark_differs_as_soon_as_anything_differs() -> None:
    bob = AgentProfile(id=AgentId("bob"), name="Bob", queues=())
    moved = AgentProfile(
        id=ANNA.id, name="Anna", queues=(), station=Station(kind=StationKind.SIP, address="sip:a@192.0.2.1")
    )
    marks = {marked(wanted(agents, SETTINGS), SETTINGS) for agents in ([], [ANNA], [bob], [moved])}
    assert len(marks) == 4
    assert marked(wanted([ANNA], SETTINGS), SETTINGS) == marked(wanted([ANNA], SETTINGS), SETTINGS)


_objects = st.dictionaries(
    st.builds(PjsipObject, st.sampled_from(["auth", "aor", "endpoint"]), st.sampled_from(["a-web", "b-sip"])),
    st.sampled_from([(("k", "1"),), (("k", "2"),)]),
)


@given(_objects, _objects)
def test_after_the_changes_asterisk_holds_what_is_wanted(
    want: dict[PjsipObject, Fields], have: dict[PjsipObject, Fields]
) -> None:
    held = dict(have)
    for item, request in changes(want, have):
        if request.method == "DELETE":
            held.pop(item, None)
        else:
            held[item] = want[item]
    assert held == want
