"""Brings a centre back to where it was: reads the journal and hands each part what it had.

What became of calls meanwhile is not known here: the PBX tells with its first `LinkUp` (`calls.recovery`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from caruso.comm_server.acd.route import Need, Waiting
from caruso.comm_server.agents.desks import DeskContact
from caruso.comm_server.agents.presence import AgentState
from caruso.comm_server.agents.roster import Worksheet
from caruso.comm_server.calls import recovery
from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.comm_server.contact_centre import ContactCentre
from caruso.model.facts import (
    AnyFact,
    ContactConnected,
    ContactEnded,
    ContactIdentified,
    NoteWritten,
    Presence,
    PresenceChanged,
    TalkEnded,
)
from caruso.model.ids import AgentId, ContactId
from caruso.ports import CentreStore, FactStore

log = structlog.get_logger(__name__)


async def restore(centre: ContactCentre, store: FactStore, centres: CentreStore, now: datetime) -> None:
    """Hand everything that was going on back to the parts of `centre`. Call it before the PBX is connected."""
    facts = group_by_contact(await store.open_contact_facts())
    presences = [fact for fact in await store.last_presences() if isinstance(fact, PresenceChanged)]
    wrapping = [fact.contact for fact in presences if fact.presence is Presence.WRAP_UP and fact.contact]
    for contact in wrapping:
        facts.setdefault(contact, list(await store.facts_of(contact)))
    around = centre.surroundings()
    calls = [call for held in facts.values() if (call := recovery.rebuild(held, around)) is not None]

    today = await store.facts_since(_midnight(centre, now))
    centre.exchange.restore(calls, ended=[fact.contact for fact in today if isinstance(fact, ContactEnded)])
    await _restore_runs(centre, store, centres)
    _restore_agents(centre, presences, facts, calls)
    ready = [agent for agent, state in centre.roster.states.items() if state.presence is Presence.READY]
    centre.dispatcher.restore(*_lines(calls), ready)
    _restore_board(centre, today, facts, presences)
    for contact, held in facts.items():
        for fact in held:
            if isinstance(fact, ContactIdentified):
                await centre.cards.restore(contact, fact.customer)
    centre.restored()
    log.info("centre_restored", calls=len(calls), agents=len(presences))


def group_by_contact(facts: Iterable[AnyFact]) -> dict[ContactId, list[AnyFact]]:
    """Return the facts of each contact, in order."""
    grouped: dict[ContactId, list[AnyFact]] = defaultdict(list)
    for fact in facts:
        contact = getattr(fact, "contact", None)
        if contact is not None and not isinstance(fact, PresenceChanged):
            grouped[contact].append(fact)
    return dict(grouped)


def _lines(calls: Iterable[Call]) -> tuple[list[Waiting], list[Waiting]]:
    """Return who waited, and who was being offered."""
    lines: dict[Phase, list[Waiting]] = {Phase.WAITING: [], Phase.OFFERED: []}
    for call in calls:
        if call.phase in lines and call.place is not None:
            need = Need(queue=call.place.queue, skills=tuple(sorted(call.place.skills.items())))
            lines[call.phase].append(
                Waiting(contact=call.contact, need=need, priority=call.place.priority, since=call.place.since)
            )
    return lines[Phase.WAITING], lines[Phase.OFFERED]


async def _restore_runs(centre: ContactCentre, store: FactStore, centres: CentreStore) -> None:
    saved = await store.open_runs()
    for run in saved:
        if centre.library.pinned(run.script, run.version) is None:
            source = await centres.script(run.script, run.version)
            if source is not None:
                centre.library.keep(source)
    centre.conversations.restore(saved)


def _restore_agents(
    centre: ContactCentre,
    presences: Sequence[PresenceChanged],
    facts: dict[ContactId, list[AnyFact]],
    calls: Iterable[Call],
) -> None:
    busy = {call.desk.agent: call for call in calls if call.desk is not None}
    states: dict[AgentId, AgentState] = {}
    sheets: dict[AgentId, Worksheet] = {}
    for fact in presences:
        state = _state(fact, centre, facts)
        call = busy.get(fact.agent)
        if call is not None:
            # The call's facts go before the presence's, which followed from them and may have been lost.
            presence = Presence.OFFERED if call.phase is Phase.OFFERED else Presence.TALKING
            state = replace(state, presence=presence, contact=call.contact, reason="", until=None)
            centre.desks.put(fact.agent, centre.desk_contacts.of(call))
        elif state.presence is Presence.WRAP_UP and state.contact is not None:
            _restore_wrap_up(centre, state.agent, facts.get(state.contact, []))
        if state.presence in (Presence.TALKING, Presence.WRAP_UP) and state.contact is not None:
            sheet = _worksheet(state.agent, state.contact, facts.get(state.contact, []))
            if sheet is not None:
                sheets[state.agent] = sheet
        states[state.agent] = state
    centre.roster.restore(states.values(), sheets)


def _worksheet(agent: AgentId, contact: ContactId, facts: Sequence[AnyFact]) -> Worksheet | None:
    """Return what the agent had written about the contact."""
    sheet: Worksheet | None = None
    for fact in facts:
        match fact:
            case ContactConnected(queue=queue) if fact.agent == agent:
                sheet = Worksheet(contact=contact, queue=queue)
            case NoteWritten(text=text) if fact.agent == agent and sheet is not None:
                sheet = replace(sheet, note=text)
            case _:
                pass
    return sheet


def _state(fact: PresenceChanged, centre: ContactCentre, facts: dict[ContactId, list[AnyFact]]) -> AgentState:
    until = None
    if fact.presence is Presence.WRAP_UP and fact.contact is not None:
        ended = [held for held in facts.get(fact.contact, []) if isinstance(held, TalkEnded)]
        rules = centre.centre().queues.get(ended[-1].queue) if ended else None
        until = fact.at + timedelta(seconds=rules.wrap_up_seconds if rules else 0.0)
    idle = fact.at if fact.presence is Presence.READY else None
    return AgentState(
        agent=fact.agent,
        since=fact.at,
        presence=fact.presence,
        reason=fact.reason,
        contact=fact.contact,
        until=until,
        idle_since=idle,
    )


def _restore_wrap_up(centre: ContactCentre, agent: AgentId, facts: Sequence[AnyFact]) -> None:
    """Put a contact that is over back on the desk of the agent who still writes about it."""
    talking: Call | None = None
    ended_at: datetime | None = None
    for index, fact in enumerate(facts):
        if isinstance(fact, TalkEnded) and fact.agent == agent:
            talking = recovery.rebuild(facts[:index], centre.surroundings())
            ended_at = fact.at
    if talking is not None:
        on_desk: DeskContact = replace(centre.desk_contacts.of(talking), ended_at=ended_at, held=False)
        centre.desks.put(agent, on_desk)


def _restore_board(
    centre: ContactCentre,
    today: Sequence[AnyFact],
    facts: dict[ContactId, list[AnyFact]],
    presences: Sequence[PresenceChanged],
) -> None:
    centre.board.restore(today)
    for held in facts.values():
        for fact in held:
            centre.board.show(fact)
    for presence in presences:
        centre.board.show(presence)


def _midnight(centre: ContactCentre, now: datetime) -> datetime:
    zone = ZoneInfo(centre.centre().timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone).astimezone(UTC)
