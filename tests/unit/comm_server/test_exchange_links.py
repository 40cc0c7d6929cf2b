"""What the exchange does while the PBX cannot be reached, and with what it finds afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from caruso.comm_server.calls.exchange import Exchange, Hooks
from caruso.comm_server.calls.lifecycle import BeginDialog, Call, Enqueue, HungUpByAgent, Offer, Phase, QueuePlace
from caruso.comm_server.calls.rebuilding import Surroundings
from caruso.comm_server.fact_stream import FactStream
from caruso.model import ids
from caruso.model.centre import Queue, StationKind
from caruso.model.facts import AnyFact, ContactArrived, ContactEnded
from caruso.model.ids import AgentId, ContactId, EntryPointId, LegId, QueueId
from caruso.model.telephony import (
    Answer,
    HangUp,
    Leg,
    LegAnswered,
    LegArrived,
    LegState,
    LinkLost,
    LinkUp,
    TelephonyCommand,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CALLER = LegId("100.1")
CONTACT = ContactId("100.1")
GAS, ANNA = QueueId("gas"), AgentId("anna")
ARRIVED = LegArrived(leg=CALLER, caller_number="1", caller_name="", dialled="800")
OFFER = Offer(agent=ANNA, kind=StationKind.SIP, endpoint="anna-sip", ring_seconds=20)


class StoppedClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class Handle:
    def __init__(self, seconds: float, callback: Callable[[], None]) -> None:
        self.seconds, self.callback, self.cancelled = seconds, callback, False

    def cancel(self) -> None:
        self.cancelled = True


class HandTimers:
    """Timers that fire when told."""

    def __init__(self) -> None:
        self.handles: list[Handle] = []

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Handle:
        self.handles.append(Handle(seconds, callback))
        return self.handles[-1]

    def fire(self) -> None:
        due, self.handles = self.handles, []
        for handle in due:
            if not handle.cancelled:
                handle.callback()


class Wire:
    """A telephony that drops commands while the link is down, as the real one does."""

    def __init__(self) -> None:
        self.up = True
        self.sent: list[TelephonyCommand] = []

    def send(self, command: TelephonyCommand) -> None:
        if self.up:
            self.sent.append(command)


class House:
    def __init__(self) -> None:
        self.wire, self.timers, self.facts, self.resumed = Wire(), HandTimers(), list[AnyFact](), list[Call]()
        stream = FactStream()
        stream.follow(self.facts.append)
        around = Surroundings(queues={GAS: Queue(id=GAS, name="Gas")}, stations={})
        self.exchange = Exchange(
            telephony=self.wire,
            stream=stream,
            clock=StoppedClock(),
            timers=self.timers,
            hooks=Hooks(
                entry_point=lambda dialled, caller: EntryPointId("main"),
                arrived=lambda _: None,
                dialog_resumed=self.resumed.append,
                heard=lambda *_: None,
                prompts_over=lambda _: None,
                offered=lambda contact: None,
                phone_changed=lambda contact: None,
                transfer_requested=lambda *_: None,
                link=lambda _: None,
                surroundings=lambda: around,
            ),
        )
        self.exchange.on_telephony(LinkUp(legs={}, bridges={}))

    def talking(self) -> None:
        self.exchange.on_telephony(ARRIVED)
        self.exchange.post(CONTACT, Enqueue(place=QueuePlace(queue=GAS, since=NOW)))
        self.exchange.post(CONTACT, OFFER)
        self.exchange.on_telephony(LegAnswered(leg=ids.agent_leg(CONTACT, 1, ANNA)))

    def cut(self) -> None:
        self.wire.up = False
        self.exchange.on_telephony(LinkLost(reason="cut"))

    def mend(self, *legs: LegId) -> None:
        self.wire.up = True
        self.wire.sent.clear()
        found = {leg: Leg(leg=leg, state=LegState.UP) for leg in legs}
        self.exchange.on_telephony(LinkUp(legs=found, bridges={}))

    def kinds(self) -> list[type]:
        return [type(fact) for fact in self.facts]


def test_a_call_hung_up_during_an_outage_is_hung_up_afterwards_and_not_taken_for_a_new_one() -> None:
    house = House()
    house.talking()
    house.cut()
    house.exchange.post(CONTACT, HungUpByAgent(agent=ANNA))
    house.timers.fire()
    house.mend(CALLER)
    assert HangUp(leg=CALLER) in house.wire.sent
    assert house.kinds().count(ContactArrived) == house.kinds().count(ContactEnded) == 1
    house.mend()
    assert not house.exchange.calls


def test_an_agent_who_answers_during_an_outage_has_not_let_the_phone_ring_too_long() -> None:
    house = House()
    house.exchange.on_telephony(ARRIVED)
    house.exchange.post(CONTACT, Enqueue(place=QueuePlace(queue=GAS, since=NOW)))
    house.exchange.post(CONTACT, OFFER)
    house.cut()
    house.timers.fire()
    house.mend(CALLER, ids.agent_leg(CONTACT, 1, ANNA))
    assert house.exchange.calls[CONTACT].phase is Phase.TALKING


def test_a_caller_of_whom_the_journal_knows_that_it_is_over_is_hung_up_after_a_start() -> None:
    house = House()
    house.exchange.restore([], over=[CONTACT])
    house.mend(CALLER)
    assert house.wire.sent == [HangUp(leg=CALLER)]
    assert not house.facts


def test_a_caller_whose_call_was_not_even_answered_is_answered_when_the_dialog_begins_again() -> None:
    house = House()
    house.exchange.on_telephony(ARRIVED)
    house.cut()
    house.wire.up = True
    ringing = Leg(leg=CALLER, state=LegState.RINGING)
    house.exchange.on_telephony(LinkUp(legs={CALLER: ringing}, bridges={}))
    assert [call.contact for call in house.resumed] == [CONTACT]
    house.exchange.post(CONTACT, BeginDialog())
    assert house.wire.sent[-1] == Answer(leg=CALLER)
