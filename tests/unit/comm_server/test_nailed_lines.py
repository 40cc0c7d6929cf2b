"""Lines to agents' telephones that are kept open: which command goes where, and who is found where afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from caruso.comm_server.calls.lifecycle import Call, Desk, Party, PartyState, Phase
from caruso.comm_server.stations import attaching, nailing, places
from caruso.comm_server.stations.attaching import Attached
from caruso.comm_server.stations.finding import find
from caruso.comm_server.stations.nailing import Line, Stage
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import LineClosed, LineOutcome
from caruso.model.ids import AgentId, BridgeId, ContactId, LegId, SupervisionId
from caruso.model.telephony import (
    CloseBridge,
    Dial,
    HangUp,
    Join,
    Leg,
    LegState,
    LinkUp,
    Mute,
    OpenBridge,
    Part,
    Snoop,
    StartMusic,
    StartSilence,
    StopMusic,
    StopRinging,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
BOB, CONTACT = AgentId("bob"), ContactId("100.1")
CALLER = LegId(CONTACT)
NAME, LINE = ids.agent_leg(CONTACT, 1, BOB), ids.line_leg(BOB, 1)
BRIDGE = ids.bridge(CONTACT)
ENDPOINT = places.on_line(BOB)


def desk_of(offer: int = 1) -> Desk:
    return Desk(
        agent=BOB, kind=StationKind.NUMBER, endpoint=ENDPOINT, offered_at=NOW, leg=offer, offer=offer, leg_up=True
    )


def link(bridges: Mapping[BridgeId, frozenset[LegId]], *legs: LegId) -> LinkUp:
    return LinkUp(legs={leg: Leg(leg=leg, state=LegState.UP) for leg in legs}, bridges=bridges)


def test_a_line_is_no_leg_of_a_contact() -> None:
    assert ids.line_of(LINE) == BOB
    assert (ids.agent_of(LINE), ids.offer_of(LINE)) == (None, 0)
    assert ids.line_of(NAME) is None
    assert ids.offer_of(ids.line_leg(AgentId("101"), 7)) == 0


def test_commands_for_the_agents_leg_are_given_to_the_line() -> None:
    at = Attached(name=NAME, line=LINE)
    at, command = attaching.carried_out(at, OpenBridge(bridge=BRIDGE, legs=(CALLER, NAME)))
    assert command == OpenBridge(bridge=BRIDGE, legs=(CALLER, LINE))
    assert at.bridge == BRIDGE
    for given, wanted in (
        (Mute(leg=NAME), Mute(leg=LINE)),
        (Snoop(leg=LegId("ear"), of=NAME), Snoop(leg=LegId("ear"), of=LINE)),
        (
            Dial(leg=CALLER, endpoint="", caller_number="", caller_name="", timeout_seconds=1, for_leg=NAME),
            Dial(leg=CALLER, endpoint="", caller_number="", caller_name="", timeout_seconds=1, for_leg=LINE),
        ),
    ):
        at, command = attaching.carried_out(at, given)
        assert command == wanted
        assert NAME in attaching.names(given)
    assert attaching.names(CloseBridge(bridge=BRIDGE)) == ()


def test_a_hang_up_takes_the_line_out_and_leaves_nothing_of_the_call_on_it() -> None:
    at = Attached(name=NAME, line=LINE)
    for command in (Join(bridge=BRIDGE, leg=NAME), StartMusic(leg=NAME), Mute(leg=NAME)):
        at, _ = attaching.carried_out(at, command)
    assert attaching.detached(at) == (
        StopMusic(leg=LINE),
        Mute(leg=LINE, on=False),
        Part(bridge=BRIDGE, leg=LINE),
    )
    at, _ = attaching.carried_out(at, Part(bridge=BRIDGE, leg=NAME))
    assert Part(bridge=BRIDGE, leg=LINE) not in attaching.detached(at)
    again, _ = attaching.carried_out(at, Join(bridge=BRIDGE, leg=NAME))
    assert attaching.bridge_closed(again, BRIDGE).bridge is None


def test_a_phone_that_was_there_before_the_call_ends_with_it() -> None:
    assert attaching.detached(Attached(name=NAME, line=LINE, stays=False)) == (HangUp(leg=LINE),)


def test_a_line_is_closed_after_the_call_that_is_on_it() -> None:
    line = Line(agent=BOB, leg=LINE, endpoint="tel:+4930", stage=Stage.OPEN, opened_at=NOW)
    busy = nailing.taken(line, "").line
    assert busy is not None
    waits = nailing.close(busy, LineOutcome.CHANGED, NOW)
    assert (waits.commands, waits.facts) == ((), ())
    assert waits.line is not None
    closed = nailing.freed(waits.line, "", NOW + timedelta(seconds=90))
    assert (closed.line, closed.commands) == (None, (HangUp(leg=LINE),))
    (fact,) = closed.facts
    assert isinstance(fact, LineClosed)
    assert (fact.outcome, fact.seconds) == (LineOutcome.CHANGED, 90.0)
    assert nailing.freed(busy, "", NOW).commands == (StartSilence(leg=LINE),)
    assert nailing.freed(busy, "jazz", NOW).commands == (StartMusic(leg=LINE, music="jazz"),)


def test_a_line_that_was_never_answered_was_not_dropped() -> None:
    called = Line(agent=BOB, leg=LINE, endpoint="tel:+4930")
    (fact,) = nailing.ended(called, LineOutcome.DROPPED, NOW).facts
    assert isinstance(fact, LineClosed)
    assert fact.outcome is LineOutcome.NOT_ANSWERED


def test_after_a_crash_a_line_is_found_in_the_place_of_its_agents_leg() -> None:
    call = Call(contact=CONTACT, arrived_at=NOW, phase=Phase.TALKING, offer=1, desk=desk_of())
    told = link({BRIDGE: frozenset({CALLER, LINE})}, CALLER, LINE)
    found = find(told, {BOB: LINE}, {}, {CONTACT: call})
    assert found.link.legs.keys() == {CALLER, NAME}
    assert found.link.bridges == {BRIDGE: frozenset({CALLER, NAME})}
    (at,) = found.attached
    assert (at.name, at.line, at.bridge, at.stays) == (NAME, LINE, BRIDGE, True)
    assert StopRinging(leg=LINE) in attaching.detached(at), "what was begun is not known any more"


def test_two_who_talk_without_the_journal_knowing_are_found_too() -> None:
    """The moment in which they were joined was lost: the call waits, and the line stands in its bridge."""
    call = Call(contact=CONTACT, arrived_at=NOW, phase=Phase.WAITING, offer=2)
    told = link({BRIDGE: frozenset({CALLER, LINE})}, CALLER, LINE)
    (at,) = find(told, {BOB: LINE}, {}, {CONTACT: call}).attached
    assert at.name == ids.agent_leg(CONTACT, 3, BOB)


def test_a_free_line_is_hidden_from_the_calls_and_a_strange_one_hung_up() -> None:
    other = ids.line_leg(BOB, 2)
    found = find(link({}, LINE, other), {BOB: LINE}, {}, {})
    assert (found.attached, found.strays, dict(found.link.legs)) == ((), (other,), {})


def test_a_colleague_on_a_line_who_is_consulted_is_found() -> None:
    party = Party(offer=2, agent=BOB, by=AgentId("anna"), called_at=NOW, state=PartyState.PARKED)
    call = Call(contact=CONTACT, arrived_at=NOW, phase=Phase.TALKING, offer=2, parties=(party,))
    (at,) = find(link({}, CALLER, LINE), {BOB: LINE}, {}, {CONTACT: call}).attached
    assert at.name == party.leg(CONTACT)


def test_a_supervisor_who_took_over_is_found_at_her_phone() -> None:
    phone = ids.supervisor_leg(SupervisionId("s1"))
    call = Call(contact=CONTACT, arrived_at=NOW, phase=Phase.TALKING, offer=1, desk=desk_of())
    told = link({BRIDGE: frozenset({CALLER, phone})}, CALLER, phone)
    found = find(told, {}, {NAME: phone}, {CONTACT: call})
    assert found.link.legs.keys() == {CALLER, NAME}
    assert not found.attached[0].stays
    # Somebody else has the call now: her phone is a supervision's again, and cleared away.
    moved = find(told, {}, {ids.agent_leg(CONTACT, 9, BOB): phone}, {CONTACT: call})
    assert moved.link.legs.keys() == {CALLER, phone}
