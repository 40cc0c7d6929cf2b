"""The live calls: what is told to whom, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from caruso.comm_server.calls.exchange import Exchange, Hooks
from caruso.comm_server.calls.lifecycle import (
    BeginDialog,
    CallEvent,
    Ended,
    Enqueue,
    KeptWaiting,
    Offer,
    QueuePlace,
)
from caruso.comm_server.calls.rebuilding import Surroundings
from caruso.comm_server.fact_stream import FactStream
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import ContactCause
from caruso.model.ids import AgentId, ContactId, EntryPointId, LegId, QueueId
from caruso.model.telephony import EndCause, LegAnswered, LegArrived, LegEnded, TelephonyCommand

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CALLER = LegId("100.1")
CONTACT = ContactId("100.1")
ANNA = ids.agent_leg(CONTACT, 1, AgentId("anna"))
WAIT = Enqueue(place=QueuePlace(queue=QueueId("gas"), since=NOW))
OFFER = Offer(agent=AgentId("anna"), kind=StationKind.SIP, endpoint="anna-sip", ring_seconds=20)


class Handle:
    """A timer that never runs out."""

    def cancel(self) -> None:
        """Do nothing."""


class Recorder:
    """Everything outside the exchange: writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def send(self, command: TelephonyCommand) -> None:
        self.told.append(type(command).__name__)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Handle:
        return Handle()

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    def exchange(self) -> Exchange:
        hooks = Hooks(
            entry_point=lambda dialled, caller: EntryPointId("main"),
            arrived=lambda _: None,
            dialog_resumed=lambda _: None,
            heard=lambda *_: None,
            prompts_over=lambda _: self.told.append("prompts over"),
            offered=lambda contact: None,
            phone_changed=lambda contact: None,
            transfer_requested=lambda *_: None,
            link=lambda _: None,
            surroundings=lambda: Surroundings(queues={}, stations={}),
        )
        made = Exchange(telephony=self, stream=FactStream(), clock=self, timers=self, hooks=hooks)
        made.on_telephony(LegArrived(leg=CALLER, caller_number="", caller_name="", dialled="1"))
        return made


@pytest.mark.parametrize(
    ("before", "event", "told"),
    [
        ([BeginDialog()], WAIT, ["prompts over"]),
        ([BeginDialog()], Ended(cause=ContactCause.COMPLETED), ["prompts over", "HangUp"]),
        ([BeginDialog()], LegEnded(leg=CALLER, cause=EndCause.NORMAL), ["prompts over"]),
        ([WAIT, KeptWaiting()], OFFER, ["Dial"]),
        ([WAIT, KeptWaiting(), OFFER], LegEnded(leg=ANNA, cause=EndCause.BUSY), []),
        ([WAIT, KeptWaiting(), OFFER], LegAnswered(leg=ANNA), ["prompts over", "StopMusic", "OpenBridge"]),
        ([WAIT, KeptWaiting()], LegEnded(leg=CALLER, cause=EndCause.NORMAL), ["prompts over"]),
    ],
)
def test_a_prompt_is_stopped_before_the_command_that_would_wait_for_its_end(
    before: list[CallEvent], event: CallEvent, told: list[str]
) -> None:
    recorder = Recorder()
    exchange = recorder.exchange()
    for earlier in before:
        exchange.post(CONTACT, earlier)
    recorder.told.clear()
    exchange.post(CONTACT, event)
    assert recorder.told == told
