"""A call with its telephone system in miniature: what the commands do, and what must hold after each step.

Shared by tests that walk a call through anything.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from caruso.comm_server.calls.lifecycle import (
    Call,
    CallEvent,
    CancelTimer,
    PartyState,
    Phase,
    QueuePlace,
    SetTimer,
    Step,
    Timer,
    TimerFired,
    advance,
    arrive,
)
from caruso.comm_server.calls.rebuilding import StationAt, Surroundings, rebuild
from caruso.comm_server.calls.recovery import resume
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.centre import Queue, StationKind
from caruso.model.facts import (
    AnyFact,
    ConsultEnded,
    ConsultStarted,
    ContactConnected,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    OfferEnded,
    OfferMade,
    OutsideCalled,
    OutsideEnded,
    TalkEnded,
)
from caruso.model.ids import AgentId, EntryPointId, LegId, QueueId
from caruso.model.telephony import (
    Answer,
    CloseBridge,
    Dial,
    EndCause,
    HangUp,
    Join,
    Leg,
    LegAnswered,
    LegArrived,
    LegEnded,
    LegState,
    LinkUp,
    OpenBridge,
    Part,
    StartMusic,
    StartRinging,
    StopMusic,
    StopRinging,
    TelephonyCommand,
)

_F = TypeVar("_F", bound=AnyFact)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CALLER = LegId("100.1")
ANNA, BERT, CORA, DORA, EMIL = (AgentId(name) for name in ("anna", "bert", "cora", "dora", "emil"))
GAS, WATER = QueueId("gas"), QueueId("water")
PLACE = QueuePlace(queue=GAS, since=NOW)
OTHER_PLACE = QueuePlace(queue=WATER, since=NOW, max_wait_seconds=60)


def around(kind: StationKind) -> Surroundings:
    """Return two queues and five agents, on phones of one kind."""
    return Surroundings(
        queues={queue: Queue(id=queue, name=queue) for queue in (GAS, WATER)},
        stations={agent: StationAt(kind=kind, endpoint=agent) for agent in (ANNA, BERT, CORA, DORA, EMIL)},
    )


@dataclass
class Pbx:
    """Legs, one bridge, music, and what agents hear while a phone rings."""

    legs: dict[LegId, LegState] = field(default_factory=lambda: {CALLER: LegState.RINGING})
    bridge: set[LegId] | None = None
    music: set[LegId] = field(default_factory=set)
    ringing: set[LegId] = field(default_factory=set)
    #: Legs the centre hung up, whose end has not been told.
    ending: list[LegId] = field(default_factory=list)

    def carry_out(self, command: TelephonyCommand) -> None:
        match command:
            case Answer(leg=leg):
                self.legs[leg] = LegState.UP
            case Dial(leg=leg):
                assert leg not in self.legs, f"{leg} is dialled twice"
                self.legs[leg] = LegState.RINGING
            case HangUp(leg=leg) if leg in self.legs:
                self.gone(leg)
                self.ending.append(leg)
            case StartMusic(leg=leg):
                self.music.add(leg)
            case StopMusic(leg=leg):
                self.music.discard(leg)
            case StartRinging(leg=leg):
                self.ringing.add(leg)
            case StopRinging(leg=leg):
                self.ringing.discard(leg)
            case OpenBridge(legs=legs):
                self.bridge = (self.bridge or set()) | set(legs)
            case Join(leg=leg) if leg in self.legs:
                assert self.bridge is not None, "there is no bridge"
                self.bridge.add(leg)
            case Part(leg=leg) if self.bridge is not None:
                self.bridge.discard(leg)
            case CloseBridge():
                self.bridge = None
            case _:
                pass

    def gone(self, leg: LegId) -> None:
        del self.legs[leg]
        self.music.discard(leg)
        self.ringing.discard(leg)
        if self.bridge is not None:
            self.bridge.discard(leg)

    def snapshot(self) -> LinkUp:
        bridges = {ids.bridge(ids.contact_of(CALLER)): frozenset(self.bridge)} if self.bridge is not None else {}
        return LinkUp(legs={leg: Leg(leg=leg, state=state) for leg, state in self.legs.items()}, bridges=bridges)


class Walk:
    """Feeds events to a call, and holds it against the telephone system and the books after each."""

    def __init__(self, kind: StationKind = StationKind.SIP) -> None:
        self.kind = kind
        self.pbx = Pbx()
        self.facts: list[AnyFact] = []
        self.timers: set[Timer] = set()
        self.now = NOW
        self.call = Call(contact=ids.contact_of(CALLER), arrived_at=NOW)
        event = LegArrived(leg=CALLER, caller_number="+31201", caller_name="", dialled="800")
        self._take(arrive(event, EntryPointId("main"), NOW))

    # -- What happens -----------------------------------------------------------------------------------------

    def then(self, *events: CallEvent, after: float = 1.0) -> Walk:
        """Let things happen, `after` seconds one after the other."""
        for event in events:
            self.now += timedelta(seconds=after)
            if isinstance(event, TimerFired):
                self.timers.discard(event.timer)
            self._take(advance(self.call, event, self.now))
            self.check()
        return self

    def tries(self, event: CallEvent) -> bool:
        """Let somebody ask for something; tell whether it was possible."""
        before = self.call
        try:
            self.then(event)
        except IllegalMove:
            assert self.call is before
            return False
        return True

    def leg(self, agent: AgentId | None) -> LegId:
        """Return the newest leg of an agent, or of somebody outside."""
        legs = [leg for leg in self.pbx.legs if ids.is_dialled(leg) and ids.agent_of(leg) == agent]
        return max(legs, key=ids.offer_of)

    def answers(self, agent: AgentId | None) -> Walk:
        """Let a phone be answered."""
        leg = self.leg(agent)
        self.pbx.legs[leg] = LegState.UP
        return self.then(LegAnswered(leg=leg))

    def ends(self, leg: LegId, cause: EndCause = EndCause.NORMAL) -> Walk:
        """Let whoever is at the far end hang up, or not answer."""
        self.pbx.gone(leg)
        return self.then(LegEnded(leg=leg, cause=cause))

    def hears_of_ends(self) -> None:
        """Be told of the ends of legs that were hung up."""
        while self.pbx.ending:
            leg = self.pbx.ending.pop(0)
            if leg not in self.pbx.legs:
                self.then(LegEnded(leg=leg, cause=EndCause.NORMAL), after=0.01)

    def restarts(self, lost: int = 0) -> None:
        """Kill the server, with the facts of the last `lost` moments unwritten, and start it again."""
        for moment in sorted({fact.at for fact in self.facts})[:0:-1][:lost]:
            self.facts = [fact for fact in self.facts if fact.at < moment]
        self.pbx.ending.clear()
        found = rebuild(self.facts, around(self.kind))
        self.timers.clear()
        if found is None:
            self.call = Call(contact=self.call.contact, arrived_at=NOW, phase=Phase.ENDED, caller_up=False)
            for leg in list(self.pbx.legs):
                self.pbx.gone(leg)
            self.pbx.bridge = None
            return
        self.call = found
        self.now += timedelta(seconds=1)
        step = resume(found, self.pbx.snapshot(), around(self.kind), pbx_restarted=False, now=self.now)
        self._take(step)
        if self.call.phase not in (Phase.TALKING, Phase.RECONNECTING, Phase.OUTSIDE):
            self.pbx.bridge = None  # as `strays` would

    def _take(self, step: Step) -> None:
        self.call = step.call
        for command in step.commands:
            self.pbx.carry_out(command)
        for order in step.timers:
            match order:
                case SetTimer(timer=timer):
                    self.timers.add(timer)
                case CancelTimer(timer=timer):
                    self.timers.discard(timer)
        self.facts.extend(step.facts)

    def of(self, kind: type[_F]) -> list[_F]:
        """Return the facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    # -- What must hold ---------------------------------------------------------------------------------------

    def check(self) -> None:
        """Hold the call against the telephone system and the books."""
        self._check_sounds()
        self._check_timers()
        self._check_books()

    def _check_sounds(self) -> None:
        call, pbx = self.call, self.pbx
        if call.phase is Phase.ENDED:
            assert not pbx.legs, "somebody is left"
            assert pbx.bridge is None, "a bridge is left"
            return
        assert CALLER in pbx.legs
        bridge = pbx.bridge or set()
        assert not bridge & pbx.music, "music in a conversation"
        talking = call.phase in (Phase.TALKING, Phase.OUTSIDE)
        if talking:
            assert (CALLER in bridge) is not call.held, f"held: {call.held}"
            assert (CALLER in pbx.music) is call.held
        if call.phase is Phase.RECONNECTING:
            assert (CALLER in bridge) is bool(call.joined and not call.held), "the caller is alone"
            assert (CALLER in pbx.music) is call.held
            assert call.held or call.joined
        if call.phase is Phase.TRANSFERRING or (call.phase is Phase.WAITING and call.music):
            assert CALLER in pbx.music, "the caller hears nothing"
        if call.phase in (Phase.TRANSFERRING, Phase.WAITING, Phase.DIALOG):
            assert pbx.bridge is None
        if call.phase is Phase.TALKING:
            assert call.agent_leg in bridge, "the agent is alone"
        for party in call.parties:
            leg = party.leg(call.contact)
            assert leg in pbx.legs
            in_it = party.state in (PartyState.CONSULTED, PartyState.JOINED)
            assert (leg in bridge) is in_it, f"{leg} is {party.state}"
            assert (leg in pbx.music) is (party.state is PartyState.PARKED), f"{leg} is {party.state}"
            assert party.state is not PartyState.CONSULTED or CALLER not in bridge, "the customer is overheard"
        rings = call.pending is not None and call.pending.state is PartyState.RINGING
        if call.phase is Phase.TALKING:
            assert bool(pbx.ringing) is (rings and call.held), f"the agent hears ringing: {pbx.ringing}"
        known = {CALLER, call.agent_leg, *(party.leg(call.contact) for party in call.parties)}
        assert set(pbx.legs) <= known, f"left over: {set(pbx.legs) - known}"

    def _check_timers(self) -> None:
        pending = self.call.pending
        rings = pending is not None and pending.state is PartyState.RINGING
        assert (Timer.PARTY in self.timers) is rings, f"{self.timers}"
        if self.call.phase is Phase.RECONNECTING:
            assert Timer.RECONNECT in self.timers
        if self.call.phase is Phase.TRANSFERRING:
            assert rings, "nobody's phone rings"
        assert len([party for party in self.call.parties if party.state is not PartyState.JOINED]) <= 1
        assert len(self.call.parties) <= 4

    def _check_books(self) -> None:
        open_now: Counter[object] = Counter()
        for fact in self.facts:
            match fact:
                case ContactQueued():
                    open_now["visit", fact.visit] += 1
                case ContactLeftQueue():
                    open_now["visit", fact.visit] -= 1
                case OfferMade() | OutsideCalled():
                    open_now["offer", fact.offer] += 1
                case OfferEnded() | OutsideEnded():
                    open_now["offer", fact.offer] -= 1
                case ConsultStarted():
                    open_now["consult", fact.offer] += 1
                case ConsultEnded():
                    open_now["consult", fact.offer] -= 1
                case ContactConnected():
                    open_now["talk", fact.agent] += 1
                case TalkEnded():
                    open_now["talk", fact.agent] -= 1
                case ContactEnded():
                    open_now["ended"] += 1
                case _:
                    pass
            assert all(count in (0, 1) for count in open_now.values()), f"twice or never begun: {fact}"
        assert +open_now == self._expected(), "the books do not say what the call does"

    def _expected(self) -> Counter[object]:
        call = self.call
        expected: Counter[object] = Counter()
        if call.phase is Phase.ENDED:
            return Counter({"ended": 1})
        if call.phase in (Phase.WAITING, Phase.OFFERED):
            expected["visit", call.visit] = 1
        if call.phase is Phase.OFFERED and call.desk is not None:
            expected["offer", call.desk.offer] = 1
        elif call.desk is not None:
            expected["talk", call.desk.agent] = 1
        for party in call.parties:
            if party.agent is None or party.state is PartyState.RINGING:
                expected["offer", party.offer] = 1
            if party.state in (PartyState.CONSULTED, PartyState.PARKED):
                expected["consult", party.offer] = 1
            if party.state is PartyState.JOINED and party.agent is not None:
                expected["talk", party.agent] = 1
        return expected
