"""Brings a centre back to where it was: reads the journal and hands each part what it had.

Everything is read before anything is handed out, so that a database that fails half-way changes nothing.
What became of calls meanwhile is not known here: the PBX tells with its first `LinkUp` (`calls.recovery`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from msgspec.structs import replace

from caruso.comm_server.acd.dispatcher import Asked
from caruso.comm_server.acd.occupancy import LOOK_BACK
from caruso.comm_server.acd.plan import Wish
from caruso.comm_server.agents import recovery as agent_recovery
from caruso.comm_server.agents.presence import AgentState
from caruso.comm_server.agents.recovery import Was
from caruso.comm_server.calls import rebuilding
from caruso.comm_server.calls.lifecycle import Call, PartyState, Phase
from caruso.comm_server.contact_centre import ContactCentre
from caruso.comm_server.desk_contacts import decision_for
from caruso.comm_server.script_library import sources_of
from caruso.comm_server.supervision.phones_taken import phones_taken
from caruso.comm_server.voicemail.offering import open_offers
from caruso.model import ids
from caruso.model.facts import (
    AnyFact,
    ContactEnded,
    ContactIdentified,
    Presence,
    PresenceChanged,
    SupervisionBegun,
    SupervisionEnded,
    TalkEnded,
)
from caruso.model.ids import AgentId, ContactId, SupervisionId
from caruso.model.records import Became, ScriptSource
from caruso.model.run_records import SavedRun
from caruso.model.supervision import SupervisionOutcome
from caruso.model.voicemails import Voicemail
from caruso.ports.centres import CentreStore
from caruso.ports.journal import FactStore
from caruso.ports.voicemails import VoicemailStore

log = structlog.get_logger(__name__)

#: A caller whose contact ended this long ago may still be in the PBX: hanging up was our last command.
RECENTLY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the journal tells of what was going on."""

    #: Facts of contacts that have not ended, and of those that were on a desk.
    contacts: Mapping[ContactId, Sequence[AnyFact]]
    presences: Sequence[PresenceChanged]
    runs: Sequence[SavedRun]
    #: Scripts the runs are pinned to and the library does not know, with those that they call before them.
    sources: Sequence[ScriptSource]
    #: How queues were switched by hand.
    switches: Sequence[AnyFact]
    #: Where agents are called, and which lines were open.
    stations: Sequence[AnyFact]
    #: All facts since midnight, and of the last minutes.
    recent: Sequence[AnyFact]
    #: What agents did before those, as far as it counts.
    lately: Sequence[Became]
    #: Messages that are not done.
    voicemails: Sequence[Voicemail]


async def restore(
    centre: ContactCentre, store: FactStore, centres: CentreStore, messages: VoicemailStore, now: datetime
) -> None:
    """Hand everything that was going on back to the parts of `centre`. Call it before the PBX is connected."""
    past = await _read(centre, store, centres, messages, now)
    # Before the calls: where agents are is part of what a call is rebuilt with.
    centre.stations.restore(past.stations)
    around = centre.surroundings()
    rebuilt = (rebuilding.rebuild(facts, around) for facts in past.contacts.values())
    calls = [call for call in rebuilt if call is not None]

    centre.exchange.restore(calls, over=[fact.contact for fact in past.recent if isinstance(fact, ContactEnded)])
    centre.switches.restore(past.switches)
    centre.telephones.lines.restore(
        past.stations, phones_taken(fact for facts in past.contacts.values() for fact in facts)
    )
    centre.messages.restore(past.recent)
    centre.library.keep(*past.sources)
    centre.dialogs.conversations.restore(past.runs)
    agents = _agents(centre, past, calls)
    _hand_out_desks(centre, past, calls, agents)
    centre.roster.restore(
        [was.state for was in agents],
        {was.state.agent: was.worksheet for was in agents if was.worksheet is not None},
    )
    centre.dispatcher.remember([*past.lately, *_presences(past.recent)], now)
    centre.dispatcher.restore(*_waiting(calls), [_presence_of(was.state) for was in agents])
    _restore_board(centre, past)
    centre.mailboxes.restore(past.voicemails)
    for facts in past.contacts.values():
        centre.desk_room.notes.restore(facts)
    centre.recordings.restore(past.contacts)
    _go_on(centre, past, agents, now)
    log.info("centre_restored", calls=len(calls), agents=len(agents))


def _go_on(centre: ContactCentre, past: Past, agents: Sequence[Was], now: datetime) -> None:
    """Write what the journal had not been told, expect consoles back, and look again at all that waits."""
    centre.stream.publish(*_lost_supervisions(past, now))
    for was in agents:
        if was.unwritten:
            centre.roster.announce(was.state.agent)
    centre.voicemail.offers.restore(open_offers(past.recent).values(), list(centre.roster.states.values()))
    centre.dialogs.moves.restored()
    identified = {
        contact: fact.customer
        for contact, facts in past.contacts.items()
        for fact in facts
        if isinstance(fact, ContactIdentified)
    }
    for contact, customer in identified.items():
        centre.tasks.start(centre.cards.restore(contact, customer), name="restore_card")
    centre.waiting.attendant.look_after_again()
    centre.waiting.overflowing.look_at_all()
    centre.reception.queueing.queues_changed()
    centre.voicemail.collecting.go_on()
    centre.desk_room.attendance.expect_consoles()


async def _read(
    centre: ContactCentre, store: FactStore, centres: CentreStore, messages: VoicemailStore, now: datetime
) -> Past:
    since = min(_midnight(centre, now), now - RECENTLY)
    contacts = group_by_contact(await store.open_contact_facts())
    presences = [fact for fact in await store.last_presences() if isinstance(fact, PresenceChanged)]
    for presence in presences:
        # What agents were asked about messages is among the facts of the last minutes.
        known = presence.contact in contacts or ids.is_voicemail(presence.contact)
        if presence.contact is not None and not known:
            contacts[presence.contact] = list(await store.facts_of(presence.contact))
    saved = await store.open_runs()
    wanted = {(run.script, run.version) for run in saved if not centre.library.pinned(run.script, run.version)}
    sources = [await sources_of(centres, script, version) for script, version in sorted(wanted)]
    return Past(
        contacts=contacts,
        presences=presences,
        runs=saved,
        sources=[source for found in sources for source in found],
        switches=await store.queue_switches(),
        stations=await store.stations(),
        recent=await store.facts_since(since),
        lately=await store.presences(now - LOOK_BACK, since),
        voicemails=await messages.unfinished(),
    )


def group_by_contact(facts: Iterable[AnyFact]) -> dict[ContactId, list[AnyFact]]:
    """Return the facts of each contact, in order."""
    grouped: dict[ContactId, list[AnyFact]] = defaultdict(list)
    for fact in facts:
        contact = getattr(fact, "contact", None)
        if contact is not None and not isinstance(fact, PresenceChanged):
            grouped[contact].append(fact)
    return dict(grouped)


def _waiting(calls: Iterable[Call]) -> tuple[list[Asked], list[ContactId]]:
    """Return who waited, and which of them were being offered."""
    asked = [
        Asked(
            contact=call.contact,
            wish=Wish(
                queue=call.place.queue,
                priority=call.place.own_priority,
                skills=tuple(sorted(call.place.own_skills.items())),
            ),
            since=call.place.in_line_since or call.place.since,
            visit=call.visit,
        )
        for call in calls
        if call.phase in (Phase.WAITING, Phase.OFFERED) and call.place is not None
    ]
    return asked, [call.contact for call in calls if call.phase is Phase.OFFERED]


def _presences(facts: Iterable[AnyFact]) -> Iterator[Became]:
    """Yield what agents did: policies look at how busy they were."""
    for fact in facts:
        if isinstance(fact, PresenceChanged):
            yield Became(fact.agent, fact.presence, fact.at)


def _presence_of(state: AgentState) -> PresenceChanged:
    return PresenceChanged(
        at=state.since, agent=state.agent, presence=state.presence, reason=state.reason, contact=state.contact
    )


def _agents(centre: ContactCentre, past: Past, calls: Iterable[Call]) -> list[Was]:
    busy = {agent: (call.contact, presence) for call in calls for agent, presence in _busy_in(call)}
    for agent, offered in open_offers(past.recent).items():
        busy.setdefault(agent, (offered.contact, Presence.OFFERED))
    agents = []
    for last in past.presences:
        at_desk = busy.get(last.agent)
        contact = at_desk[0] if at_desk is not None else last.contact
        facts = _facts_of(past, contact) if contact is not None else ()
        agents.append(agent_recovery.rebuild(last, at_desk, facts, centre.in_force.wrap_up))
    return agents


def _facts_of(past: Past, contact: ContactId) -> Sequence[AnyFact]:
    if ids.is_voicemail(contact):
        return [fact for fact in past.recent if getattr(fact, "contact", None) == contact]
    return past.contacts.get(contact, ())


def _busy_in(call: Call) -> Iterator[tuple[AgentId, Presence]]:
    """Yield who is in a call, or is offered it."""
    if call.desk is not None:
        rings = call.phase in (Phase.OFFERED, Phase.DIALLING)
        yield call.desk.agent, Presence.OFFERED if rings else Presence.TALKING
    for party in call.parties:
        if party.agent is not None:
            yield party.agent, Presence.OFFERED if party.state is PartyState.RINGING else Presence.TALKING


def _hand_out_desks(centre: ContactCentre, past: Past, calls: Iterable[Call], agents: Iterable[Was]) -> None:
    for call in calls:
        for agent, _ in _busy_in(call):
            routed = decision_for(past.contacts.get(call.contact, ()), agent)
            centre.desks.put(agent, replace(centre.desk_room.contacts.of(call, agent), routed=routed))
    for was in agents:
        if was.state.presence is Presence.WRAP_UP and was.state.contact is not None:
            _put_wrap_up(centre, was.state.agent, past.contacts.get(was.state.contact, ()))


def _put_wrap_up(centre: ContactCentre, agent: AgentId, facts: Sequence[AnyFact]) -> None:
    """Put a contact that is over back on the desk of the agent who still writes about it."""
    talking: Call | None = None
    ended_at: datetime | None = None
    for index, fact in enumerate(facts):
        if isinstance(fact, TalkEnded) and fact.agent == agent:
            talking = rebuilding.rebuild(facts[:index], centre.surroundings())
            ended_at = fact.at
    if talking is not None:
        held, routed = centre.desk_room.contacts.of(talking, agent), decision_for(facts, agent)
        centre.desks.put(agent, replace(held, ended_at=ended_at, held=False, routed=routed))


def _restore_board(centre: ContactCentre, past: Past) -> None:
    centre.board.restore(past.recent)
    for switch in past.switches:
        centre.board.show(switch)
    for facts in past.contacts.values():
        for fact in facts:
            centre.board.show(fact)
    for presence in past.presences:
        centre.board.show(presence)


def _lost_supervisions(past: Past, now: datetime) -> list[SupervisionEnded]:
    """Return that supervisions are over which were going on: what they were made of is cleared away."""
    open_ones: dict[SupervisionId, SupervisionBegun] = {}
    for fact in (*(fact for facts in past.contacts.values() for fact in facts), *past.recent):
        if isinstance(fact, SupervisionBegun):
            open_ones[fact.supervision] = fact
    for fact in (*(fact for facts in past.contacts.values() for fact in facts), *past.recent):
        if isinstance(fact, SupervisionEnded):
            open_ones.pop(fact.supervision, None)
    return [
        SupervisionEnded(
            at=now,
            supervision=begun.supervision,
            contact=begun.contact,
            agent=begun.agent,
            queue=begun.queue,
            by=begun.by,
            outcome=SupervisionOutcome.LOST,
            seconds=0.0,
        )
        for begun in open_ones.values()
    ]


def _midnight(centre: ContactCentre, now: datetime) -> datetime:
    zone = ZoneInfo(centre.centre().timezone)
    return datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone).astimezone(UTC)
