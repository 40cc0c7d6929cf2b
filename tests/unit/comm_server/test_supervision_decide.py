"""Whatever happens in whatever order: who is not to be heard is not, and nothing is left over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caruso.comm_server.supervision import decide
from caruso.comm_server.supervision.watch import (
    CallChanged,
    ModeAsked,
    SetTimer,
    Stage,
    StopAsked,
    Timer,
    TimerFired,
    Watch,
    WatchEvent,
    WatchStep,
)
from caruso.model import ids
from caruso.model.centre import Role
from caruso.model.facts import AnyFact, SupervisionBegun, SupervisionEnded, SupervisionModeChanged
from caruso.model.ids import AgentId, BridgeId, ContactId, LegId, QueueId, SupervisionId, UserId
from caruso.model.supervision import Announcement, SupervisionMode, SupervisionOutcome
from caruso.model.supervisor import Supervisor
from caruso.model.telephony import (
    CloseBridge,
    CommandFailed,
    Dial,
    DigitPressed,
    EndCause,
    HangUp,
    Join,
    Leg,
    LegAnswered,
    LegEnded,
    LegState,
    LinkUp,
    OpenBridge,
    Part,
    Play,
    Snoop,
    TelephonyCommand,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CONTACT, ANNA = ContactId("c1"), AgentId("anna")
CALLER = ids.caller_leg(CONTACT)
TALK = ids.bridge(CONTACT)
SUPERVISION = SupervisionId("s1")
PHONE = ids.supervisor_leg(SUPERVISION)
ASIDE = ids.supervision_bridge(SUPERVISION)


def agents_leg(number: int) -> LegId:
    return ids.agent_leg(CONTACT, number, ANNA)


def watch(mode: SupervisionMode = SupervisionMode.LISTEN, **changes: object) -> Watch:
    fields: dict[str, object] = {
        "id": SUPERVISION,
        "supervisor": Supervisor(user=UserId("olga"), name="Olga", role=Role.SUPERVISOR),
        "contact": CONTACT,
        "agent": ANNA,
        "queue": QueueId("gas"),
        "phone": PHONE,
        "mode": mode,
        "asked_at": NOW,
        "target": agents_leg(1),
        "steady_at": NOW,
    }
    return Watch(**(fields | changes))  # type: ignore[arg-type]


@dataclass
class Pbx:
    """Legs, bridges and snoops, and one supervision with its mailbox."""

    watch: Watch
    legs: set[LegId] = field(default_factory=lambda: {CALLER, agents_leg(1)})
    bridges: dict[BridgeId, set[LegId]] = field(default_factory=lambda: {TALK: {CALLER, agents_leg(1)}})
    closed: set[BridgeId] = field(default_factory=set)
    #: Whether it looks again in a moment.
    mends: bool = False
    snoops: dict[LegId, Snoop] = field(default_factory=dict)
    told: list[WatchEvent] = field(default_factory=list)
    facts: list[AnyFact] = field(default_factory=list)
    agent: int | None = 1
    talking: bool = True
    now: datetime = NOW

    def take(self, step: WatchStep) -> None:
        self.watch = step.watch
        self.facts += step.facts
        self.mends = any(isinstance(order, SetTimer) and order.timer is Timer.MEND for order in step.timers)
        for command in step.commands:
            self.carry_out(command)

    def give(self, event: WatchEvent) -> None:
        self.now += timedelta(seconds=1)
        self.take(decide.advance(self.watch, event, self.now))

    def hear(self) -> None:
        """Deliver the oldest of what the PBX has to tell."""
        if self.told:
            self.give(self.told.pop(0))

    def carry_out(self, command: TelephonyCommand) -> None:
        match command:
            case Dial(leg=leg):
                self.legs.add(leg)
            case HangUp(leg=leg):
                self.end(leg)
            case Snoop(leg=leg, of=of):
                if of in self.legs:
                    self.legs.add(leg)
                    self.snoops[leg] = command
                    self.told.append(LegAnswered(leg=leg))
                else:
                    self.told.append(LegEnded(leg=leg, cause=EndCause.UNREACHABLE))
            case OpenBridge(bridge=bridge, legs=legs):
                assert bridge not in self.closed, "Asterisk may refuse a bridge made again by the same name"
                self.bridges.setdefault(bridge, set())
                for leg in legs:
                    self.join(bridge, leg)
            case Join(bridge=bridge, leg=leg):
                self.join(bridge, leg)
            case Part(bridge=bridge, leg=leg):
                self.bridges.get(bridge, set()).discard(leg)
            case CloseBridge(bridge=bridge):
                self.closed.add(bridge)
                self.bridges.pop(bridge, None)
            case Play():
                pass
            case _:
                raise AssertionError(command)

    def join(self, bridge: BridgeId, leg: LegId) -> None:
        if leg not in self.legs or bridge not in self.bridges:
            self.told.append(CommandFailed(leg=leg, bridge=bridge, command="Join", reason="gone", gone=True))
            return
        for members in self.bridges.values():
            members.discard(leg)
        self.bridges[bridge].add(leg)

    def end(self, leg: LegId) -> None:
        if leg not in self.legs:
            return
        self.legs.discard(leg)
        self.snoops.pop(leg, None)
        for members in self.bridges.values():
            members.discard(leg)
        if leg.startswith("supervision"):
            self.told.append(LegEnded(leg=leg, cause=EndCause.NORMAL))
        for ear in [name for name, snoop in self.snoops.items() if snoop.of == leg]:
            self.end(ear)

    # -- What the others do -----------------------------------------------------------------------------------

    def picks_up(self) -> None:
        if PHONE in self.legs and self.watch.stage is Stage.CALLING:
            self.told.append(LegAnswered(leg=PHONE))

    def supervisor_hangs_up(self) -> None:
        self.end(PHONE)

    def agent_goes_away(self) -> None:
        if self.talking and self.agent is not None:
            self.end(agents_leg(self.agent))
            self.agent = None
            self.tell_call()

    def agent_comes_back(self) -> None:
        if self.talking and self.agent is None:
            self.agent = len([leg for leg in self.legs if leg.endswith("anna")]) + self.now.second + 2
            self.legs.add(agents_leg(self.agent))
            self.join(TALK, agents_leg(self.agent))
            self.tell_call()

    def conversation_ends(self) -> None:
        if not self.talking:
            return
        self.talking = False
        self.end(CALLER)
        if self.agent is not None:
            self.end(agents_leg(self.agent))
        self.bridges.pop(TALK, None)
        self.told.append(CallChanged(agent=None, leg=None))

    def ear_vanishes(self) -> None:
        for ear in list(self.snoops):
            self.end(ear)

    def link_breaks_and_comes_back(self) -> None:
        self.told.clear()
        self.give(self.link_up())
        self.tell_call()

    def tell_call(self) -> None:
        leg = agents_leg(self.agent) if self.agent is not None and self.talking else None
        self.told.append(CallChanged(agent=ANNA if self.talking else None, leg=leg))

    def link_up(self) -> LinkUp:
        legs = {leg: Leg(leg=leg, state=LegState.UP) for leg in self.legs}
        return LinkUp(legs=legs, bridges={name: frozenset(of) for name, of in self.bridges.items()})

    def settle(self) -> None:
        for _ in range(100):
            while self.told:
                self.hear()
            self.give(TimerFired(timer=Timer.MEND))
            if not self.told and not self.mends:
                return
        raise AssertionError("it never comes to rest")

    # -- Who hears whom ---------------------------------------------------------------------------------------

    def heard_by_supervisor(self) -> bool:
        """Whether the conversation reaches the supervisor's phone."""
        here = next((members for members in self.bridges.values() if PHONE in members), set())
        ears = [self.snoops[leg] for leg in here if leg in self.snoops]
        return CALLER in here or any(ear.of in self.bridges.get(TALK, ()) for ear in ears)

    def hears_supervisor(self, leg: LegId) -> bool:
        """Whether what the supervisor says reaches a leg of the conversation."""
        here = next((members for members in self.bridges.values() if PHONE in members), set())
        ears = [self.snoops[name] for name in here if name in self.snoops]
        assert len(ears) < 2, "one would whisper what the other hears"
        return leg in here or any(ear.whisper and ear.of == leg for ear in ears)


def begun(mode: SupervisionMode = SupervisionMode.LISTEN, **changes: object) -> Pbx:
    pbx = Pbx(watch(mode, **changes))
    pbx.take(decide.begin(pbx.watch, endpoint="olga-sip", number="", caller_number="1", caller_name="x", to="sip"))
    return pbx


def listening(mode: SupervisionMode = SupervisionMode.LISTEN, **changes: object) -> Pbx:
    pbx = begun(mode, **changes)
    pbx.picks_up()
    pbx.settle()
    return pbx


LISTEN, WHISPER, BARGE = SupervisionMode.LISTEN, SupervisionMode.WHISPER, SupervisionMode.BARGE

#: Who hears the supervisor, by mode: the customer, the agent.
REACHED = {LISTEN: (False, False), WHISPER: (False, True), BARGE: (True, True)}


@pytest.mark.parametrize("before", SupervisionMode)
@pytest.mark.parametrize("after", SupervisionMode)
def test_each_mode_is_heard_by_whom_it_is_meant_for(before: SupervisionMode, after: SupervisionMode) -> None:
    pbx = listening(before)
    pbx.give(ModeAsked(mode=after))
    pbx.settle()
    assert pbx.heard_by_supervisor()
    assert (pbx.hears_supervisor(CALLER), pbx.hears_supervisor(agents_leg(1))) == REACHED[after]


@pytest.mark.parametrize(("key", "mode"), [("4", LISTEN), ("5", WHISPER), ("6", BARGE)])
def test_keys_on_the_supervisors_phone_choose_the_mode(key: str, mode: SupervisionMode) -> None:
    pbx = listening(BARGE if mode is LISTEN else LISTEN)
    pbx.give(DigitPressed(leg=PHONE, digit=key))
    assert pbx.watch.mode is mode


def test_what_happened_is_written_down() -> None:
    pbx = listening()
    pbx.give(ModeAsked(mode=BARGE))
    pbx.settle()
    pbx.give(StopAsked())
    assert [type(fact) for fact in pbx.facts] == [
        SupervisionBegun,
        SupervisionModeChanged,
        SupervisionModeChanged,
        SupervisionEnded,
    ]


def test_a_conversation_that_has_just_begun_is_left_alone_for_a_moment() -> None:
    pbx = begun(steady_at=NOW + timedelta(seconds=decide.STEADY_SECONDS))
    step = decide.advance(pbx.watch, LegAnswered(leg=PHONE), NOW)
    assert not [command for command in step.commands if isinstance(command, Snoop | Join)]
    (timer,) = [order for order in step.timers if order.timer is Timer.MEND]
    later = NOW + timedelta(seconds=decide.STEADY_SECONDS)
    after = decide.advance(step.watch, TimerFired(timer=timer.timer), later)
    assert [command.of for command in after.commands if isinstance(command, Snoop)] == [agents_leg(1)]


def test_a_phone_that_is_not_answered_ends_it() -> None:
    pbx = begun()
    pbx.give(TimerFired(timer=Timer.RING))
    pbx.settle()
    assert _ended(pbx).outcome is SupervisionOutcome.NOT_ANSWERED
    assert pbx.watch.gone


def test_a_server_that_does_not_know_them_clears_all_away() -> None:
    pbx = listening(WHISPER)
    for command in decide.strays(pbx.link_up(), frozenset()):
        pbx.carry_out(command)
    assert _left(pbx) == []
    assert {CALLER, agents_leg(1)} == pbx.legs


@pytest.mark.parametrize("announcement", Announcement)
def test_the_tone_is_heard_by_those_who_are_to_know(announcement: Announcement) -> None:
    pbx = begun(announcement=announcement)
    step = decide.advance(pbx.watch, LegAnswered(leg=PHONE), NOW)
    told = [command.leg for command in step.commands if isinstance(command, Play)]
    wanted = {
        Announcement.NOBODY: [],
        Announcement.AGENT: [agents_leg(1)],
        Announcement.EVERYBODY: [agents_leg(1), CALLER],
    }
    assert told == wanted[announcement]


MOVES: tuple[Callable[[Pbx], None], ...] = (
    Pbx.hear,
    Pbx.hear,
    Pbx.hear,
    Pbx.picks_up,
    Pbx.supervisor_hangs_up,
    Pbx.agent_goes_away,
    Pbx.agent_comes_back,
    Pbx.conversation_ends,
    Pbx.ear_vanishes,
    Pbx.link_breaks_and_comes_back,
    lambda pbx: pbx.give(ModeAsked(mode=LISTEN)),
    lambda pbx: pbx.give(ModeAsked(mode=WHISPER)),
    lambda pbx: pbx.give(ModeAsked(mode=BARGE)),
    lambda pbx: pbx.give(StopAsked()),
    lambda pbx: pbx.give(TimerFired(timer=Timer.RING)),
    lambda pbx: pbx.give(TimerFired(timer=Timer.MEND)),
)
#: None of these moves lets anybody but a barging supervisor into the conversation.
_QUIET = tuple(move for index, move in enumerate(MOVES) if index != 12)


@settings(max_examples=300)
@given(st.sampled_from(SupervisionMode), st.lists(st.sampled_from(MOVES), max_size=25))
def test_whatever_happens_all_comes_to_rest_as_it_should_be(
    mode: SupervisionMode, moves: Iterable[Callable[[Pbx], None]]
) -> None:
    pbx = begun(mode)
    for move in moves:
        move(pbx)
    pbx.settle()
    if pbx.watch.stage is Stage.ENDED:
        assert _left(pbx) == []
        assert len([fact for fact in pbx.facts if isinstance(fact, SupervisionEnded)]) == 1
    elif pbx.watch.stage is Stage.ACTIVE and pbx.agent is not None:
        reached = (pbx.hears_supervisor(CALLER), pbx.hears_supervisor(agents_leg(pbx.agent)))
        assert reached == REACHED[pbx.watch.mode]
        assert pbx.heard_by_supervisor()
    if not pbx.talking:
        assert pbx.watch.stage is Stage.ENDED


@settings(max_examples=300)
@given(st.sampled_from((LISTEN, WHISPER)), st.lists(st.sampled_from(_QUIET), max_size=25))
def test_who_does_not_barge_in_is_at_no_moment_heard_by_the_customer(
    mode: SupervisionMode, moves: Iterable[Callable[[Pbx], None]]
) -> None:
    pbx = begun(mode)
    for move in moves:
        move(pbx)
        assert not pbx.hears_supervisor(CALLER)
        assert pbx.bridges.get(TALK, set()) <= {CALLER, *(leg for leg in pbx.legs if leg.endswith("anna"))}


def _ended(pbx: Pbx) -> SupervisionEnded:
    (ended,) = [fact for fact in pbx.facts if isinstance(fact, SupervisionEnded)]
    return ended


def _left(pbx: Pbx) -> list[str]:
    return [name for name in (*pbx.legs, *pbx.bridges) if ids.supervision_of(name) is not None]  # type: ignore[arg-type]
