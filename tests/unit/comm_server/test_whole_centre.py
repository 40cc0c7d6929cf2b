"""The whole centre, led through anything: callers, agents, admins and faults at any moment.

Runs in virtual time on fakes (`lab.whole_centre`). A run that fails prints its seed and the end of its diary.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import unittest.mock
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import timedelta

import pytest
import structlog

from caruso.comm_server.agents.presence import MESSAGE
from caruso.comm_server.calls.lifecycle import Call, Ended, PartyState, Phase, Timer, not_there
from caruso.comm_server.calls.rebuilding import rebuild
from caruso.comm_server.monitor.board import Board
from caruso.comm_server.recording.decide import rebuild as rebuild_track
from caruso.comm_server.stations.nailing import Stage as LineStage
from caruso.comm_server.supervision.watch import Stage
from caruso.comm_server.voicemail.box import Who
from caruso.comm_server.voicemail.offering import wish
from caruso.model import ids
from caruso.model.callbacks import CallbackId, CallbackState
from caruso.model.facts import (
    AnyFact,
    ConsultEnded,
    ConsultStarted,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    CustomerReached,
    OfferEnded,
    OfferMade,
    OutsideCalled,
    OutsideEnded,
    Presence,
    RecordingOver,
    TalkEnded,
    VoicemailOffered,
    VoicemailOfferEnded,
    WrapUpEnded,
)
from caruso.model.ids import LegId, UserId
from caruso.model.run_records import ActionState
from caruso.model.supervision import SupervisionMode
from caruso.model.telephony import LegState
from caruso.model.voicemails import VoicemailState
from lab.fake_telephony import FakeLeg
from lab.virtual_time import run_in_virtual_time
from lab.whole_centre import WholeCentre

pytestmark = pytest.mark.slow

#: Log events that tell of a fault in the centre itself.
FAULTS = {
    "offer_not_made",
    "call_failed",
    "call_not_resumed",
    "no_queue_left",
    "dialog_failed",
    "dialog_not_taken_over",
    "listener_failed",
    "task_failed",
}
#: So does this, unless the journal has lost that an agent went ready.
OUT_OF_STEP = {"presence_out_of_step"}


# -- What must hold at any moment -----------------------------------------------------------------------------


def check_inside(house: WholeCentre) -> None:
    """Hold the parts of the centre against each other."""
    centre = house.centre
    calls = centre.exchange.calls
    known, under_way = centre.dispatcher._contacts, centre.dispatcher._under_way
    waiting = Counter([*(w.contact for w in centre.dispatcher.floor.waiting), *under_way])
    offered = {contact for contact, held in known.items() if held.offered}
    assert set(waiting) | offered == set(known)
    for queue, contacts in centre.dispatcher._by_queue.items():
        assert contacts, f"an empty {queue} is kept"
    assert {c for c in waiting if not ids.is_voicemail(c)} == {
        c for c, call in calls.items() if call.phase is Phase.WAITING
    }
    assert all(count == 1 for count in waiting.values())
    assert {c for c in offered if not ids.is_voicemail(c)} == {
        c for c, call in calls.items() if call.phase is Phase.OFFERED
    }
    _check_messages(house)
    _check_agents(house, calls)
    for contact, call in calls.items():
        timers = set(centre.exchange._live[contact].timers)
        match call.phase:
            case Phase.OFFERED | Phase.DIALLING:
                assert Timer.RING in timers, f"{contact} would ring for ever"
            case Phase.RECONNECTING:
                assert Timer.RECONNECT in timers, f"{contact} would wait for the agent's phone for ever"
            case Phase.TRANSFERRING:
                assert Timer.PARTY in timers, f"{contact} would be rung for for ever"
            case Phase.ENDED:
                assert Timer.FORGET in timers, f"{contact} would be kept for ever"
            case _:
                pass
        if call.phase in (Phase.WAITING, Phase.OFFERED) and call.place and call.place.max_wait_seconds:
            assert Timer.MAX_WAIT in timers, f"{contact} would wait for ever"


def _check_messages(house: WholeCentre) -> None:
    """What is to be offered waits, or somebody is asked; who answers a message has it."""
    centre, offers = house.centre, house.centre.voicemail.offers
    known = {contact for contact in centre.dispatcher._contacts if ids.is_voicemail(contact)}
    wanted = {m.contact for m in centre.mailboxes.waiting() if wish(m, centre.centre()) is not None}
    assert known == wanted
    assert set(offers._by_contact) == {c for c in known if centre.dispatcher._contacts[c].offered}
    assert {c: asked.offer.agent for asked in offers._asked.values() for c in (asked.offer.contact,)} == dict(
        offers._by_contact
    )
    for agent, contact in offers._at_hand.items():
        message = centre.mailboxes.get(contact)
        assert message is not None
        assert (message.state, message.agent) == (VoicemailState.TAKEN, agent)
    for agent, state in centre.roster.states.items():
        if MESSAGE in (state.reason, state.after.reason):
            assert offers.at_hand(agent) is not None, f"{agent} would never be done with her message"


def _check_agents(house: WholeCentre, calls: dict[ids.ContactId, Call] | object) -> None:
    centre = house.centre
    by_agent = Counter(
        call.desk.agent
        for call in centre.exchange.calls.values()
        if call.desk is not None
        and call.phase in (Phase.DIALLING, Phase.OFFERED, Phase.TALKING, Phase.RECONNECTING)
    )
    by_agent += Counter(
        party.agent for call in centre.exchange.calls.values() for party in call.parties if party.agent is not None
    )
    assert all(count == 1 for count in by_agent.values()), f"two calls at one desk: {by_agent}"
    for agent, state in centre.roster.states.items():
        call = centre.exchange.call(state.contact) if state.contact else None
        match state.presence:
            case Presence.OFFERED if ids.is_voicemail(state.contact):
                asked = centre.voicemail.offers.offer_to(agent)
                assert asked is not None
                assert asked.contact == state.contact
                assert by_agent[agent] == 0
            case Presence.OFFERED:
                assert call is not None
                party = call.party_of(agent)
                if party is not None:
                    assert party.state is PartyState.RINGING
                else:
                    assert call.phase in (Phase.OFFERED, Phase.DIALLING)
                    assert call.desk is not None
                    assert call.desk.agent == agent
            case Presence.TALKING:
                assert call is not None
                assert call.phase in (Phase.TALKING, Phase.RECONNECTING)
                party = call.party_of(agent)
                if party is not None:
                    assert party.state is not PartyState.RINGING
                else:
                    assert call.desk is not None
                    assert call.desk.agent == agent
            case Presence.WRAP_UP:
                assert agent in centre.roster._ends, f"the wrap-up of {agent} would never end"
                assert by_agent[agent] == 0
            case _:
                assert by_agent[agent] == 0, f"{agent} has a call and is {state.presence}"
        if state.presence is Presence.READY and centre.stations.at(agent).nailed_up:
            assert centre.telephones.lines.is_open(agent), f"{agent} is ready, and her line is closed"
        ready = state.presence is Presence.READY and agent in house.description.agents
        free = {*centre.dispatcher.floor.ready_agents, *centre.dispatcher._wanted}
        assert (agent in free) is ready, f"{agent} {state.presence}"
        if state.contact is not None and not ids.is_voicemail(state.contact):
            held = centre.desks.contact(agent)
            assert held is not None, f"nothing on the desk of {agent}, who is {state.presence}"
            assert held.contact == state.contact
    assert set(by_agent) <= set(centre.roster.states)
    floor = centre.dispatcher.floor
    if not centre.dispatcher._paused and not floor._fresh and not floor._touched:
        for one in floor.waiting:
            stage = floor.stage_of(one.contact)
            assert stage is not None
            if stage.only is not None or stage.policy == "cost-index":
                continue  # held back on purpose
            for agent_ready in floor.ready_agents.values():
                if stage.messages and not agent_ready.sees:
                    continue
                assert agent_ready.can.rank_for(stage.need) is None, f"{one.contact} was left waiting"


def check_both_sides(house: WholeCentre) -> None:
    """Hold the centre against the PBX; both know the same when nothing is under way."""
    pbx, centre = house.telephony, house.centre
    calls = centre.exchange.calls
    legs = _legs(house)
    for name, leg in legs.items():
        if ids.supervision_of(name) is not None:
            _check_supervision(house, name)
            continue
        call = calls.get(ids.contact_of(name))
        assert call is not None, f"nobody owns {name}"
        assert call.phase is not Phase.ENDED, f"{name} of a call that has ended"
        if name == ids.caller_leg(call.contact) and call.phase is Phase.DIALLING:
            continue
        if ids.is_dialled(name):
            known = name in (call.agent_leg, ids.caller_leg(call.contact)) or call.party(name)
            assert known, f"{name} is left over"
            _check_party(call, name, leg)
        if name == ids.caller_leg(call.contact) and (
            call.phase in (Phase.WAITING, Phase.OFFERED, Phase.TRANSFERRING)
            or (call.phase is Phase.RECONNECTING and not call.joined)
        ):
            assert leg.hears_something or _is_spoken_to(house, call), f"{name} hears nothing while {call.phase}"
            assert leg.bridge is None, f"{name} is in a bridge while {call.phase}"
    for contact, call in calls.items():
        if not_there(call):
            _check_not_there(house, call)
            continue
        if call.phase is not Phase.ENDED and call.caller_up:
            assert ids.caller_leg(contact) in legs, f"{contact} has no caller"
        if call.phase is Phase.TALKING and call.agent_leg is not None and call.desk is not None:
            caller, agent = legs[ids.caller_leg(contact)], legs[call.agent_leg]
            assert agent.state is LegState.UP
            assert (caller.bridge == agent.bridge == ids.bridge(contact)) is (call.desk.held_since is None)
            assert caller.music is (call.desk.held_since is not None)
            assert agent.muted == call.desk.muted
    together = (Phase.TALKING, Phase.RECONNECTING, Phase.OUTSIDE)
    talking = {c for c, call in calls.items() if call.phase in together}
    heard = set(centre.watches.all)
    assert {ids.supervision_of(bridge) for bridge in pbx.bridges} - {None} <= heard, "a bridge nobody listens in"
    conversations = {bridge for bridge in pbx.bridges if ids.supervision_of(bridge) is None}
    assert {ids.contact_of(bridge) for bridge in conversations} <= talking


def _legs(house: WholeCentre) -> dict[LegId, FakeLeg]:
    """Return the legs as the calls know them: lines in the place of agents' legs, and no line without a call."""
    lines, legs = house.centre.telephones.lines, dict(house.telephony.legs)
    for name, at in lines._attached.items():
        legs[name] = legs.pop(at.line)
    for name in list(legs):
        agent = ids.line_of(name)
        if agent is not None:
            leg = legs.pop(name)
            assert lines._is_line(agent, name), f"nobody owns {name}"
            assert leg.bridge is None, f"{name} is in a bridge without a call"
            assert not leg.muted
            assert leg.music is (lines.stage(agent) is LineStage.OPEN), f"what is heard on {name}"
    return legs


def _check_supervision(house: WholeCentre, name: LegId) -> None:
    """Listening leaves nothing behind, and lets nobody into the conversation who did not ask for it."""
    owner = ids.supervision_of(name)
    watch = house.centre.watches.all.get(owner) if owner is not None else None
    leg = house.telephony.legs[name]
    assert watch is not None, f"nobody owns {name}"
    assert watch.stage is not Stage.ENDED, f"{name} of a supervision that has ended"
    assert name in watch.open_legs
    if name == watch.phone:
        in_call = leg.bridge == ids.bridge(watch.contact)
        assert in_call is (watch.in_call and watch.mode is SupervisionMode.BARGE), f"{watch.mode}: {leg.bridge}"
    elif leg.snoop is not None:
        call = house.centre.exchange.call(watch.contact)
        assert call is not None
        assert call.agent_leg is not None
        at = house.centre.telephones.lines._attached.get(call.agent_leg)
        watched = at.line if at else call.agent_leg
        assert leg.snoop.of == watched, f"{name} is at somebody who is not watched any more"
        assert not leg.snoop.whisper or watch.mode is SupervisionMode.WHISPER


def check_journal(house: WholeCentre) -> None:
    """A server that were killed now would know the same of calls and recordings when it is started again."""
    told: defaultdict[ids.ContactId, list[AnyFact]] = defaultdict(list)
    for fact in house.journal.facts:
        contact = getattr(fact, "contact", None)
        if contact is not None:
            told[contact].append(fact)
    around = house.centre.surroundings()
    for contact, call in house.centre.exchange.calls.items():
        if call.phase is Phase.ENDED or not_there(call):
            continue
        again = rebuild(told[contact], around)
        assert again is not None, f"nobody would know of {contact}"
        assert _in_short(again) == _in_short(call), contact
        assert abs(_hold(again) - _hold(call)) < 0.1, contact
        assert abs(_since(again) - _since(call)) < 0.1, contact
        live = house.centre.recordings._recorder._live.get(contact)
        if live is not None and live.track.tape is not None and live.track.tape.begun:
            track = rebuild_track(contact, ids.caller_leg(contact), told[contact])
            assert track is not None
            assert (track.tape, track.paused) == (live.track.tape, live.track.paused), contact


def _in_short(call: Call) -> tuple[object, ...]:
    """Return what the journal tells of a call: that a browser is away, it does not."""
    asked = (PartyState.CONSULTED, PartyState.PARKED)
    return (
        Phase.TALKING if call.phase is Phase.RECONNECTING else call.phase,
        call.visit,
        call.place and (call.place.queue, call.place.priority),
        call.desk and call.desk.agent,
        call.held,
        tuple(
            (party.offer, party.agent, "asked" if party.state in asked else party.state) for party in call.parties
        ),
    )


def _since(call: Call) -> float:
    return call.place.since.timestamp() if call.place is not None else 0.0


def _hold(call: Call) -> float:
    return call.desk.hold_seconds if call.desk is not None else 0.0


def _check_not_there(house: WholeCentre, call: Call) -> None:
    """Nobody hears anybody before the customer has answered, and his phone rings when it should."""
    rings = ids.caller_leg(call.contact) in house.telephony.legs
    assert rings is (call.phase in (Phase.DIALOG, Phase.TALKING)), f"{call.contact} rings while {call.phase}"
    assert ids.bridge(call.contact) not in house.telephony.bridges


def _check_promises(house: WholeCentre) -> None:
    """Every promise is kept, given up or open; nobody was called more often than the rules allow."""
    for callback in house.callbacks.kept.values():
        assert callback.state is not CallbackState.TAKEN, f"{callback.id} is stuck"
        rules = house.full.queues[callback.queue].call_back
        assert rules is not None
        assert callback.attempts <= rules.attempts
    talked = Counter(
        ids.callback_of(fact.contact)
        for fact in house.journal.facts
        if isinstance(fact, CustomerReached) and ids.is_outgoing(fact.contact)
    )
    for name, count in talked.items():
        callback = house.callbacks.kept[CallbackId(name)]
        assert count <= callback.version, f"{name} was reached {count} times"


def _check_party(call: Call, name: LegId, leg: FakeLeg) -> None:
    party = call.party(name)
    if party is None:
        return
    in_it = party.state in (PartyState.CONSULTED, PartyState.JOINED)
    assert (leg.bridge is not None) is in_it, f"{name} is {party.state}"
    assert leg.music is (party.state is PartyState.PARKED), f"{name} is {party.state}"


def _is_spoken_to(house: WholeCentre, call: Call) -> bool:
    """A sentence of the centre is being made."""
    return call.contact in house.centre.phone._phones


def check_runs(house: WholeCentre) -> None:
    """No dialog is stuck, nothing was done twice, and nobody leads a run that nobody remembers."""
    store = house.journal.runs
    assert not house.mishaps, house.mishaps
    twice = [key for key, count in Counter(house.stores.actions).items() if count > 1]
    assert not twice, f"done twice: {twice}"
    assert not [run for run, saved in store.runs.items() if saved.live], "led by nobody"
    for key, action in store.actions.items():
        assert action.state is not ActionState.RUNNING, f"{key} is carried out for ever"
        overdue = house.clock.now() - action.next_at
        assert action.state is not ActionState.PENDING or overdue < timedelta(seconds=10), f"{key} was forgotten"
    for run, saved in store.runs.items():
        assert saved.state["phase"] != "working", f"{run} waits for ever"


def check_board(house: WholeCentre) -> None:
    """The monitor shows what the journal tells."""
    fresh = Board(centre=house.centre.centre, clock=house.clock, timers=house.timers)
    for fact in house.journal.facts:
        fresh.hear(fact)
    now, then = house.centre.board.whole(), fresh.whole()
    for row, other in zip(now.queues, then.queues, strict=True):
        assert row == other, f"{row}\n{other}"
    assert {row.id: row for row in now.waiting} == {row.id: row for row in then.waiting}
    assert {row.id: row for row in now.calls} == {row.id: row for row in then.calls}
    agents = {row.id: (row.presence, row.handled) for row in now.agents}
    assert agents == {row.id: (row.presence, row.handled) for row in then.agents}, agents


def check_books(house: WholeCentre) -> None:
    """What began has ended, once."""
    facts = house.journal.facts
    queued: Counter[object] = Counter()
    for fact in facts:
        match fact:
            case ContactQueued():
                queued[fact.contact, fact.visit] += 1
            case ContactLeftQueue():
                queued[fact.contact, fact.visit] -= 1
            case OfferMade() | OutsideCalled():
                queued[fact.contact, "offer", fact.offer] += 1
            case VoicemailOffered():
                queued[fact.contact, "asked", fact.agent] += 1
            case VoicemailOfferEnded():
                queued[fact.contact, "asked", fact.agent] -= 1
            case ConsultStarted():
                queued[fact.contact, "consult", fact.offer] += 1
            case ConsultEnded():
                queued[fact.contact, "consult", fact.offer] -= 1
            case OfferEnded() | OutsideEnded():
                queued[fact.contact, "offer", fact.offer] -= 1
            case ContactArrived() if not ids.is_web(fact.contact):
                queued[fact.contact] += 1
            case ContactEnded() if not ids.is_web(fact.contact):
                queued[fact.contact] -= 1
            case ContactConnected():
                queued[fact.contact, fact.agent] += 1
            case TalkEnded():
                queued[fact.contact, fact.agent] -= 1
                queued[fact.contact, fact.agent, "wrap-up"] += 1
            case WrapUpEnded():
                queued[fact.contact, fact.agent, "wrap-up"] -= 1
            case _:
                pass
        assert all(count in (0, 1) for count in queued.values()), f"twice: {fact}"
    assert not +queued, f"has not ended: {+queued}"
    _check_nothing_after_the_end(facts)
    _check_recordings_know_how_they_ended(facts)


def _check_recordings_know_how_they_ended(facts: list[AnyFact]) -> None:
    """A recording that ended with a call whose end nobody saw is not measured from its end."""
    unseen: dict[ids.ContactId, bool] = {}
    for fact in facts:
        match fact:
            case ContactEnded(contact=contact, cause=cause):
                unseen[contact] = cause in (ContactCause.PBX_LOST, ContactCause.ENDED_UNSEEN)
            case RecordingOver(contact=contact) if contact in unseen:
                assert fact.unseen or not unseen[contact], fact
            case _:
                pass


def _check_nothing_after_the_end(facts: list[AnyFact]) -> None:
    ended: set[object] = set()
    for fact in facts:
        match fact:
            case ContactEnded():
                assert fact.contact not in ended
                ended.add(fact.contact)
            case (
                ContactArrived() | ContactQueued() | ContactLeftQueue() | OfferMade() | OfferEnded() | TalkEnded()
            ):
                assert fact.contact not in ended, f"after the end: {fact}"
            case _:
                pass


def check_nothing_kept(house: WholeCentre) -> None:
    """Once everybody has gone, nothing is kept for a contact."""
    centre = house.centre
    kept: dict[str, Collection[object]] = {
        "calls": centre.exchange._live,
        "runs": centre.dialogs.conversations._conversations,
        "customers": centre.cards._known,
        "histories": centre.cards._history,
        "phones": centre.phone._phones,
        "presented": centre.phone._presented,
        "hand-overs": centre.reception.dialogs._hand_overs,
        "contacts": centre.dispatcher._contacts,
        "waiting": list(centre.dispatcher.floor.waiting),
        "by queue": centre.dispatcher._by_queue,
        "fresh": centre.dispatcher._fresh,
        "calls back": centre.waiting.call_backs._under_way,
        "wishes": centre.waiting.attendant._wished,
        "leaving": centre.waiting.attendant._leaving,
        "closed": centre.waiting.attendant._closed,
        "waits": centre.waiting.waits._began,
        "leaving messages": centre.voicemail.answering._leading,
        "messages under way": centre.voicemail.collecting._under_way,
        "messages in the PBX": centre.mailboxes.recording(),
        "asked about messages": centre.voicemail.offers._asked,
        "offered messages": centre.voicemail.offers._by_contact,
        "messages at hand": centre.voicemail.offers._at_hand,
        "why messages": centre.voicemail.offers._why,
        "to be talked to": centre.waiting.attendant._next,
        "been in": centre.waiting.overflowing._been_in,
        "recordings": centre.recordings._recorder._live,
        "estimates": centre.waiting.estimates._came,
        "under way": centre.dispatcher._under_way,
        "wanted": centre.dispatcher._wanted,
        "notes": centre.desk_room.notes._notes,
        "desks": centre.desks._contacts,
        "worksheets": centre.roster._worksheets,
        "monitor's calls": centre.board._calls,
        "monitor's waiting": centre.board._waiting,
        "monitor's holders": centre.board._holders._talks,
        "legs": house.telephony.legs,
        "bridges": house.telephony.bridges,
    }
    left = {name: list(held) for name, held in kept.items() if held}
    assert not left, f"kept: {left}"
    assert len(house.timers) == 0, f"timers run on: {house.timers}"


# -- Runs -----------------------------------------------------------------------------------------------------


async def lead(house: WholeCentre, acts: int, *, faults: bool) -> None:
    """Let people act, look whether all is well after each act, then let everything come to its end."""
    await house.start()
    for _ in range(acts):
        house.act()
        await asyncio.sleep(house.rng.choice((0.0, 0.005, 0.02, 0.1, 0.5, 2.0)) * house.rng.random())
        if faults and house.rng.random() < 0.01:
            await house.fault()
        look(house)
    house.apply(house.full)
    house.calls_back = False
    for contact in [call.contact for call in house.centre.exchange.calls.values() if call.outgoing is not None]:
        house.centre.exchange.post(contact, Ended(cause=ContactCause.WITHDRAWN))
    for agent in house.full.agents:
        house.centre.force_presence(agent, Presence.SIGNED_OUT, "", "closing time")
    # A customer whom an agent has begun to call answers later.
    for seconds in (30, 150):
        for leg in [*house.telephony.callers(), *filter(ids.is_outbound, house.telephony.legs)]:
            house.telephony.hang_up(leg)
        await asyncio.sleep(seconds)
    _finish_messages(house)
    await asyncio.sleep(1)
    look(house)


def _finish_messages(house: WholeCentre) -> None:
    """Let a supervisor do with every message what there is to do."""
    everything = Who(user=UserId("sue"), supervises=True, scope=None)
    for message in house.centre.mailboxes.waiting():
        house.centre.mailboxes.done(everything, message.contact, message.version, disposition="", note="")


def look(house: WholeCentre) -> None:
    """Check what must hold now."""
    if house.centre.exchange.link_up:
        check_inside(house)
    if house.telephony.quiet:
        check_both_sides(house)
        check_journal(house)


@contextlib.contextmanager
def _named_from(seed: int) -> Iterator[None]:
    """Give contacts and runs the same names each time, and links and codes the same tokens."""
    dice = random.Random(f"{seed}/names")  # noqa: S311 -- nobody is to be kept from guessing
    names = (uuid.UUID(int=dice.getrandbits(128), version=4) for _ in itertools.count())
    with (
        unittest.mock.patch("uuid.uuid4", side_effect=names),
        unittest.mock.patch("secrets.randbelow", dice.randrange),
        unittest.mock.patch("secrets.token_urlsafe", lambda size: dice.randbytes(size).hex()),
    ):
        yield


def run(
    seed: int, acts: int, *, faults: bool, transfers: float = 0.1, callers: int = 0, messages: float = 0.0
) -> None:
    """Lead one centre from one seed through many acts."""
    houses: list[WholeCentre] = []

    async def main() -> None:
        house = WholeCentre(seed)
        house.transfers = transfers
        house.messages = messages
        house.more_numbers = tuple(f"+3120{number}" for number in range(10, 10 + callers))
        houses.append(house)
        await lead(house, acts, faults=faults)
        check_nothing_kept(house)
        check_books(house)
        _check_promises(house)
        check_runs(house)
        check_board(house)
        await house.centre.tasks.close()

    with structlog.testing.capture_logs() as logs, _named_from(seed):
        try:
            run_in_virtual_time(main)
            told = [entry for entry in logs if entry["event"] in (FAULTS if faults else FAULTS | OUT_OF_STEP)]
            assert not told, told
        except BaseException as failed:
            diary = "\n".join(houses[0].diary[-40:]) if houses else ""
            failed.add_note(f"seed {seed}\n{diary}")
            raise


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_lost_stuck_or_kept_while_everybody_does_anything(seed: int) -> None:
    run(seed, 400, faults=False)


@pytest.mark.parametrize("seed", range(100, 124))
def test_nothing_is_lost_stuck_or_kept_when_things_break_as_well(seed: int) -> None:
    run(seed, 400, faults=True)


@pytest.mark.parametrize("seed", [*range(200, 212), 2016])
def test_nothing_is_lost_stuck_or_kept_where_agents_mostly_transfer(seed: int) -> None:
    run(seed, 400, faults=seed % 2 == 0, transfers=0.7)


@pytest.mark.parametrize("seed", range(300, 316))
def test_nothing_is_lost_stuck_or_kept_where_many_are_called_back(seed: int) -> None:
    run(seed, 500, faults=seed % 2 == 0, transfers=0.02, callers=60)


@pytest.mark.parametrize("seed", range(400, 416))
def test_nothing_is_lost_stuck_or_kept_where_many_messages_are_offered(seed: int) -> None:
    run(seed, 400, faults=seed % 2 == 0, messages=0.1)


def test_a_caller_reaches_an_agent_in_the_fake_house() -> None:
    connected: list[LegId] = []

    async def main() -> None:
        house = WholeCentre(3)
        await house.start()
        for agent in house.full.agents:
            house.open_console(agent)
        for agent in house.full.agents:
            house.centre.force_presence(agent, Presence.READY, "", "test")
        house.telephony.call("200", "+31201")
        await asyncio.sleep(20)
        connected.extend(house.telephony.agents_legs())
        await house.centre.tasks.close()

    run_in_virtual_time(main)
    assert len(connected) == 1
