"""Decide which line stands in the place of which leg after we were away. Pure.

A line says by its name whose it is; the calls say who is in them, and the PBX who stands in which bridge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle import Call, PartyState, Phase
from caruso.comm_server.stations.attaching import Attached
from caruso.model import ids
from caruso.model.ids import AgentId, BridgeId, ContactId, LegId
from caruso.model.telephony import Leg, LegState, LinkUp


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the PBX has, as the calls know it."""

    #: With legs in the place of lines.
    link: LinkUp
    attached: tuple[Attached, ...]
    #: Lines that nobody knows.
    strays: tuple[LegId, ...]


def find(
    link: LinkUp, lines: Mapping[AgentId, LegId], taken: Mapping[LegId, LegId], calls: Mapping[ContactId, Call]
) -> Found:
    """Return who is where; `taken`: supervisors' phones by the leg in whose place they are."""
    attached = [
        Attached(name=name, line=line, stays=False, answered=True, bridge=_bridge_of(line, link))
        for name, line in taken.items()
        if line in link.legs and _is_in(calls.get(ids.contact_of(name)), name)
    ]
    strays: list[LegId] = []
    for leg in link.legs:
        agent = ids.line_of(leg)
        if agent is None:
            continue
        if lines.get(agent) != leg:
            strays.append(leg)
        elif (found := _call_on(leg, agent, link, calls)) is not None:
            attached.append(found)
    return Found(link=_renamed(link, attached), attached=tuple(attached), strays=tuple(strays))


def _call_on(line: LegId, agent: AgentId, link: LinkUp, calls: Mapping[ContactId, Call]) -> Attached | None:
    """Return the line in the place of the agent's leg in a call, where she is in one."""
    bridge = _bridge_of(line, link)
    name = next((leg for call in calls.values() for leg in _legs_of(agent, call) if leg not in link.legs), None)
    if name is None and bridge is not None:
        # They talk already, or still, and the call does not know: what that means is decided where calls are.
        contact = ids.contact_of(bridge)
        call = calls.get(contact)
        numbers = [call.offer if call is not None else 0, *_offers(link, contact)]
        name = ids.agent_leg(contact, max(numbers) + 1, agent)
    if name is None:
        return None
    # What was begun on it is not known any more; to end what does not play harms nobody.
    return Attached(name=name, line=line, answered=True, bridge=bridge, music=True, ringing=True, muted=True)


def _legs_of(agent: AgentId, call: Call) -> Iterable[LegId]:
    if call.phase is Phase.ENDED:
        return
    if call.desk is not None and call.desk.agent == agent and call.agent_leg is not None:
        yield call.agent_leg
    party = call.party_of(agent)
    if party is not None:
        yield party.leg(call.contact)


def _is_in(call: Call | None, leg: LegId) -> bool:
    agent = ids.agent_of(leg)
    return call is not None and agent is not None and leg in _legs_of(agent, call)


def _offers(link: LinkUp, contact: ContactId) -> list[int]:
    return [ids.offer_of(leg) for leg in link.legs if ids.contact_of(leg) == contact]


def _bridge_of(line: LegId, link: LinkUp) -> BridgeId | None:
    """Return the bridge of a call in which a line stands."""
    return next(
        (name for name, legs in link.bridges.items() if line in legs and ids.supervision_of(name) is None), None
    )


def _renamed(link: LinkUp, attached: Iterable[Attached]) -> LinkUp:
    names = {at.line: at.name for at in attached}
    legs = {leg: state for leg, state in link.legs.items() if leg not in names and ids.line_of(leg) is None}
    for at in attached:
        legs[at.name] = Leg(leg=at.name, state=LegState.UP)
    bridges = {
        bridge: frozenset(names.get(leg, leg) for leg in members if leg in names or ids.line_of(leg) is None)
        for bridge, members in link.bridges.items()
    }
    return replace(link, legs=legs, bridges=bridges)


def was_answered(call: Call | None, leg: LegId) -> bool:
    """Tell whether a call knows that one of its agents' legs was answered."""
    if call is None:
        return False
    if call.desk is not None and call.agent_leg == leg:
        return call.desk.connected_at is not None or call.desk.leg_up
    party = call.party(leg)
    return party is not None and party.state is not PartyState.RINGING
