"""The life of a call: every step, and hang-up at every step."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle import (
    BeginDialog,
    Call,
    CallEvent,
    CancelTimer,
    Declined,
    DigitsAsked,
    Ended,
    Enqueue,
    HoldAsked,
    HungUpByAgent,
    KeptWaiting,
    MuteAsked,
    Offer,
    Phase,
    QueuePlace,
    Step,
    Timer,
    TimerFired,
    Withdrawn,
    advance,
    arrive,
)
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import (
    AnyFact,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    QueueOutcome,
    TalkEnded,
)
from caruso.model.ids import AgentId, ContactId, EntryPointId, LegId, QueueId
from caruso.model.telephony import (
    Answer,
    CloseBridge,
    CommandFailed,
    Dial,
    EndCause,
    HangUp,
    LegAnswered,
    LegArrived,
    LegEnded,
    LegRinging,
    OpenBridge,
    SendDigits,
    StartMusic,
    TelephonyCommand,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CALLER = LegId("100.1")
ANNA = AgentId("anna")
GAS = QueueId("gas")
ARRIVED = LegArrived(leg=CALLER, caller_number="+31201", caller_name="", dialled="800")
PLACE = QueuePlace(queue=GAS, since=NOW, max_wait_seconds=60)
OFFER = Offer(agent=ANNA, kind=StationKind.SIP, endpoint="anna-sip", ring_seconds=20)
BROWSER_OFFER = replace(OFFER, kind=StationKind.BROWSER)


def leg(call: Call, number: int = 1) -> LegId:
    return ids.agent_leg(call.contact, number, ANNA)


class Story:
    """Feeds events to a call and keeps what came of them."""

    def __init__(self) -> None:
        self.commands: list[TelephonyCommand] = []
        self.facts: list[AnyFact] = []
        self.now = NOW
        self.call = self._took(arrive(ARRIVED, EntryPointId("main"), NOW))

    def then(self, *events: CallEvent, after: float = 1.0) -> Story:
        for event in events:
            self.now += timedelta(seconds=after)
            self.commands.clear()
            self.call = self._took(advance(self.call, event, self.now))
        return self

    def _took(self, step: Step) -> Call:
        self.commands.extend(step.commands)
        self.facts.extend(step.facts)
        return step.call

    def of(self, kind: type) -> list[AnyFact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


def waiting() -> Story:
    return Story().then(Enqueue(place=PLACE))


def talking(offer: Offer = OFFER) -> Story:
    story = waiting().then(offer)
    return story.then(LegAnswered(leg=leg(story.call)))


def test_a_caller_of_a_closed_queue_waits_in_another_without_a_break_in_the_books() -> None:
    waiting = advance(arrive(ARRIVED, EntryPointId("main"), NOW).call, Enqueue(place=PLACE), NOW).call
    other = replace(PLACE, queue=QueueId("water"), max_wait_seconds=0)
    step = advance(waiting, Enqueue(place=other), NOW + timedelta(seconds=10))
    left, queued = step.facts
    assert isinstance(left, ContactLeftQueue)
    assert isinstance(queued, ContactQueued)
    assert (left.queue, left.visit, left.outcome, left.waited_seconds) == (GAS, 1, QueueOutcome.TRANSFERRED, 10)
    assert (queued.queue, queued.visit) == ("water", 2)
    assert [type(order) for order in step.timers] == [CancelTimer]


def test_while_a_free_agents_phone_rings_nobody_pays_yet() -> None:
    story = waiting().then(OFFER)
    assert [type(command) for command in story.commands] == [Dial]
    assert not story.call.answered


def test_a_caller_who_must_wait_is_answered_and_hears_music() -> None:
    story = waiting().then(KeptWaiting())
    assert [type(command) for command in story.commands] == [Answer, StartMusic]


def test_an_answered_offer_joins_both_and_ends_the_visit_to_the_queue() -> None:
    story = talking()
    assert [type(command) for command in story.commands] == [Answer, OpenBridge]
    assert story.call.phase is Phase.TALKING
    (left,) = story.of(ContactLeftQueue)
    assert isinstance(left, ContactLeftQueue)
    assert (left.outcome, left.agent) == (QueueOutcome.ANSWERED, ANNA)


def test_rona_takes_the_call_back_to_its_old_place() -> None:
    story = waiting().then(OFFER, TimerFired(timer=Timer.RING))
    assert story.call.phase is Phase.WAITING
    assert story.call.place == PLACE
    assert story.commands == [HangUp(leg=leg(story.call))]
    (ended,) = story.of(OfferEnded)
    assert isinstance(ended, OfferEnded)
    assert ended.outcome is OfferOutcome.RONA


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (EndCause.BUSY, OfferOutcome.DECLINED),
        (EndCause.REJECTED, OfferOutcome.DECLINED),
        (EndCause.NO_ANSWER, OfferOutcome.RONA),
        (EndCause.UNREACHABLE, OfferOutcome.UNREACHABLE),
        (EndCause.LOST, OfferOutcome.WITHDRAWN),
    ],
)
def test_what_the_phone_answers_decides_how_the_offer_ended(cause: EndCause, outcome: OfferOutcome) -> None:
    story = waiting().then(OFFER)
    story.then(LegEnded(leg=leg(story.call), cause=cause))
    (ended,) = story.of(OfferEnded)
    assert isinstance(ended, OfferEnded)
    assert ended.outcome is outcome
    assert story.call.phase is Phase.WAITING


def test_an_offer_that_is_answered_after_it_was_taken_back_is_hung_up() -> None:
    story = waiting().then(OFFER, Declined(agent=ANNA))
    story.then(LegAnswered(leg=leg(story.call)))
    assert story.commands == [HangUp(leg=leg(story.call))]
    assert story.call.phase is Phase.WAITING


def test_a_caller_who_gives_up_early_is_a_short_abandon_and_later_an_abandon() -> None:
    for wait, outcome in ((2.0, QueueOutcome.SHORT_ABANDONED), (9.0, QueueOutcome.ABANDONED)):
        story = waiting().then(LegEnded(leg=CALLER, cause=EndCause.NORMAL), after=wait)
        (left,) = story.of(ContactLeftQueue)
        assert isinstance(left, ContactLeftQueue)
        assert left.outcome is outcome


def test_hold_is_counted_apart_from_talk() -> None:
    story = talking().then(HoldAsked(agent=ANNA, on=True), HoldAsked(agent=ANNA, on=False), after=10)
    story.then(LegEnded(leg=CALLER, cause=EndCause.NORMAL), after=5)
    (talk,) = story.of(TalkEnded)
    assert isinstance(talk, TalkEnded)
    assert (talk.talk_seconds, talk.hold_seconds) == (15.0, 10.0)


def test_an_agent_cannot_touch_a_call_that_is_not_at_her_desk() -> None:
    with pytest.raises(IllegalMove):
        waiting().then(HungUpByAgent(agent=ANNA))
    with pytest.raises(IllegalMove):
        talking().then(HoldAsked(agent=AgentId("bram"), on=True))


def test_a_page_that_is_reloaded_while_it_rings_rings_again_and_the_offer_goes_on() -> None:
    story = waiting().then(BROWSER_OFFER)
    story.then(LegRinging(leg=leg(story.call)), LegEnded(leg=leg(story.call), cause=EndCause.NO_ANSWER))
    assert story.call.phase is Phase.OFFERED
    story.then(TimerFired(timer=Timer.REDIAL))
    (dial,) = story.commands
    assert isinstance(dial, Dial)
    assert "X-Caruso-Resume" not in dial.headers, "it is still the agent who answers"
    story.then(LegAnswered(leg=leg(story.call, 2)))
    (made,), (ended,) = story.of(OfferMade), story.of(OfferEnded)
    assert isinstance(made, OfferMade)
    assert isinstance(ended, OfferEnded)
    assert (ended.offer, ended.outcome) == (made.offer, OfferOutcome.ACCEPTED)


def test_a_browser_phone_that_never_rang_is_unreachable_at_once() -> None:
    story = waiting().then(BROWSER_OFFER)
    story.then(LegEnded(leg=leg(story.call), cause=EndCause.UNREACHABLE))
    (ended,) = story.of(OfferEnded)
    assert isinstance(ended, OfferEnded)
    assert ended.outcome is OfferOutcome.UNREACHABLE


def test_a_browser_that_goes_away_keeps_the_customer_and_is_dialled_again() -> None:
    story = talking(BROWSER_OFFER)
    story.then(LegEnded(leg=leg(story.call), cause=EndCause.NORMAL))
    assert story.call.phase is Phase.RECONNECTING
    story.then(TimerFired(timer=Timer.REDIAL))
    (dial,) = story.commands
    assert isinstance(dial, Dial)
    assert dial.headers["X-Caruso-Resume"] == "yes"
    talking_again = story.then(LegAnswered(leg=leg(story.call, 2))).call
    assert talking_again.phase is Phase.TALKING
    assert len(story.of(ContactConnected)) == 1, "the same conversation goes on"


def test_a_browser_that_stays_away_gives_the_customer_to_somebody_else() -> None:
    story = talking(BROWSER_OFFER)
    story.then(LegEnded(leg=leg(story.call), cause=EndCause.NORMAL), TimerFired(timer=Timer.RECONNECT))
    assert story.call.phase is Phase.WAITING
    assert len(story.of(ContactQueued)) == 2
    assert story.call.place is not None
    assert story.call.place.priority == PLACE.priority + 1


def test_a_sip_phone_that_hangs_up_ends_the_call_and_the_bridge() -> None:
    story = talking()
    story.then(LegEnded(leg=leg(story.call), cause=EndCause.NORMAL))
    assert story.commands == [HangUp(leg=CALLER), CloseBridge(bridge=ids.bridge(ContactId(CALLER)))]


def test_waiting_too_long_flows_out_and_the_caller_can_be_told() -> None:
    story = waiting().then(KeptWaiting(), TimerFired(timer=Timer.MAX_WAIT))
    assert (story.call.phase, story.call.place, story.call.music) == (Phase.DIALOG, None, False)
    assert not story.of(ContactEnded)
    (left,) = story.of(ContactLeftQueue)
    assert isinstance(left, ContactLeftQueue)
    assert left.outcome is QueueOutcome.FLOWED_OUT


def test_a_number_nobody_answers_is_hung_up_and_told() -> None:
    step = arrive(ARRIVED, None, NOW)
    assert step.commands == (HangUp(leg=CALLER, cause=EndCause.NO_SUCH_NUMBER),)
    assert isinstance(step.facts[-1], ContactEnded)
    assert step.facts[-1].cause is ContactCause.NO_ENTRY_POINT


def test_digits_are_pressed_one_by_one() -> None:
    story = talking().then(DigitsAsked(agent=ANNA, digits="12"))
    assert story.commands == [SendDigits(leg=CALLER, digits="1")]
    story.then(DigitsAsked(agent=ANNA, digits="3"))
    assert story.commands == []
    for digit in "23":
        story.then(TimerFired(timer=Timer.DIGIT))
        assert story.commands == [SendDigits(leg=CALLER, digits=digit)]
    story.then(TimerFired(timer=Timer.DIGIT))
    assert story.commands == []
    story.then(DigitsAsked(agent=ANNA, digits="4"))
    assert story.commands == [SendDigits(leg=CALLER, digits="4")]


def test_digits_that_were_not_pressed_yet_are_dropped_by_hold() -> None:
    story = talking().then(DigitsAsked(agent=ANNA, digits="12"), HoldAsked(agent=ANNA, on=True))
    story.then(TimerFired(timer=Timer.DIGIT))
    assert story.commands == []


# -- Whatever happens -----------------------------------------------------------------------------------------

_LEGS = [CALLER, *(ids.agent_leg(ContactId(CALLER), number, ANNA) for number in (1, 2, 3))]
EVENTS: st.SearchStrategy[CallEvent] = st.one_of(
    st.sampled_from(
        [
            ARRIVED,
            BeginDialog(),
            Enqueue(place=PLACE),
            KeptWaiting(),
            OFFER,
            BROWSER_OFFER,
            Declined(agent=ANNA),
            Withdrawn(),
            HungUpByAgent(agent=ANNA),
            HoldAsked(agent=ANNA, on=True),
            HoldAsked(agent=ANNA, on=False),
            MuteAsked(agent=ANNA, on=True),
            DigitsAsked(agent=ANNA, digits="1"),
            Ended(cause=ContactCause.FAILED),
        ]
    ),
    st.builds(TimerFired, timer=st.sampled_from(Timer)),
    st.builds(LegRinging, leg=st.sampled_from(_LEGS[1:])),
    st.builds(LegAnswered, leg=st.sampled_from(_LEGS[1:])),
    st.builds(LegEnded, leg=st.sampled_from(_LEGS), cause=st.sampled_from(EndCause)),
    st.builds(
        CommandFailed,
        leg=st.sampled_from([None, *_LEGS]),
        bridge=st.none(),
        command=st.sampled_from(["OpenBridge", "Join", "Play"]),
        reason=st.just("refused"),
        gone=st.booleans(),
    ),
)


def _legs_made(commands: Iterable[TelephonyCommand]) -> set[LegId]:
    return {command.leg for command in commands if isinstance(command, Dial)}


@settings(max_examples=400)
@given(events=st.lists(EVENTS, max_size=30))
def test_whatever_happens_the_books_balance_and_nothing_is_left(events: list[CallEvent]) -> None:
    story = Story()
    dialled: set[LegId] = set()
    hung_up: set[LegId] = set()
    for event in [*events, Ended(cause=ContactCause.FAILED)]:
        with contextlib.suppress(IllegalMove):
            story.then(event)
        dialled |= _legs_made(story.commands)
        hung_up |= {command.leg for command in story.commands if isinstance(command, HangUp)}
        ended_by_themselves = {event.leg} if isinstance(event, LegEnded) else set()
        if isinstance(event, CommandFailed) and event.gone and event.leg is not None:
            ended_by_themselves = {event.leg}
        hung_up |= ended_by_themselves
    kinds = Counter(type(fact) for fact in story.facts)
    assert story.call.phase is Phase.ENDED
    assert kinds[ContactEnded] == 1
    assert kinds[ContactQueued] == kinds[ContactLeftQueue], "everybody who entered has left, once"
    assert kinds[OfferMade] == kinds[OfferEnded]
    assert kinds[ContactConnected] == kinds[TalkEnded]
    assert dialled <= hung_up, "no agent's leg is left behind"
    assert CALLER in hung_up
    with contextlib.suppress(IllegalMove):
        story.then(TimerFired(timer=Timer.FORGET))
    assert story.call.gone
