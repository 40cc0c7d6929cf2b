"""What is recorded when: over every kind of scene, and over whatever order things happen in."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from caruso.comm_server.recording import decide
from caruso.comm_server.recording.tape import Announce, Beep, Eject, Load, LookAgain, Scene, Silence, Step, Track
from caruso.errors import IllegalMove
from caruso.model.facts import (
    AnyFact,
    RecordingBegun,
    RecordingImpossible,
    RecordingJoined,
    RecordingOver,
    RecordingPaused,
    RecordingResumed,
)
from caruso.model.ids import AgentId, ContactId, LegId, QueueId, RecordingId
from caruso.model.recordings import PauseReason, RecordedCalls, RecordingRules

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
CONTACT, LEG = ContactId("c"), LegId("c")
ANNA, BOB = AgentId("anna"), AgentId("bob")
ALWAYS = RecordingRules(calls=RecordedCalls.ALWAYS, announced=False)
ASKED = RecordingRules(calls=RecordedCalls.ON_DEMAND, announced=False)
TOLD = RecordingRules(calls=RecordedCalls.ALWAYS)


def scene(rules: RecordingRules = ALWAYS, **changes: object) -> Scene:
    return replace(Scene(contact=CONTACT, leg=LEG, queue=QueueId("gas"), rules=rules), **changes)


RINGING = scene(ringing=True)
TALKING = scene(talking=True, agent=ANNA, agent_leg=LegId("c~1~anna"))


class Told:
    """A recording to whom things happen; the telephone system does at once what it is told."""

    def __init__(self) -> None:
        self.track = Track(contact=CONTACT)
        self.now = NOW
        self.facts: list[AnyFact] = []
        self.running: dict[RecordingId, bool] = {}
        self.orders: list[object] = []
        self._ids = itertools.count(1)

    def sees(self, seen: Scene | None, *, room: bool = True, loads: bool = True) -> None:
        self.take(decide.settle(self.track, seen, self.now, fresh=RecordingId(f"r{next(self._ids)}"), room=room))
        tape = self.track.tape
        if loads and tape is not None and not tape.loaded:
            self.track = decide.loaded(self.track, tape.id)
            self.sees(seen, room=room)

    def take(self, step: Step) -> None:
        self.track = step.track
        self.facts += step.facts
        self.orders += step.orders
        for order in step.orders:
            match order:
                case Load(recording=recording):
                    assert recording not in self.running
                    self.running[recording] = True
                case Silence(recording=recording, on=on):
                    assert recording in self.running
                    self.running[recording] = on
                case Eject(recording=recording):
                    del self.running[recording]
                case _:
                    pass

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def kinds(self) -> list[str]:
        return [type(fact).__name__.removeprefix("Recording") for fact in self.facts]

    @property
    def records(self) -> bool:
        """Tell whether anything that is said is recorded now."""
        return not all(self.running.values())


def test_it_is_loaded_while_it_rings_and_begins_with_the_talk() -> None:
    told = Told()
    told.sees(RINGING)
    assert told.running
    assert not told.records
    assert not told.facts
    told.sees(TALKING)
    assert told.records
    (begun,) = told.facts
    assert isinstance(begun, RecordingBegun)
    assert (begun.part, begun.agent, begun.queue, begun.asked_by) == (1, ANNA, "gas", "")


def test_of_a_call_that_nobody_takes_nothing_is_kept() -> None:
    told = Told()
    told.sees(RINGING)
    told.sees(scene())
    assert not told.facts
    assert told.orders[-1] == Eject(recording=RecordingId("r1"), leg=LEG, drop=True)


def test_a_queue_that_never_records_records_nothing_whatever_is_asked() -> None:
    told = Told()
    never = replace(TALKING, rules=RecordingRules())
    told.sees(never)
    assert not told.orders
    with pytest.raises(IllegalMove):
        decide.ask(told.track, never, on=True, by="olga", supervises=True)


def test_on_demand_it_begins_when_somebody_asks_and_ends_likewise() -> None:
    told = Told()
    talking = replace(TALKING, rules=ASKED)
    told.sees(talking)
    assert not told.running
    told.track = decide.ask(told.track, talking, on=True, by="anna", supervises=False)
    told.sees(talking)
    assert told.records
    told.track = decide.ask(told.track, talking, on=False, by="anna", supervises=False)
    told.sees(talking)
    assert not told.running
    begun, over = told.facts
    assert isinstance(begun, RecordingBegun)
    assert begun.asked_by == "anna"
    assert over == RecordingOver(at=NOW, contact=CONTACT, recording=begun.recording, by="anna")


def test_what_is_always_recorded_only_a_supervisor_ends() -> None:
    told = Told()
    told.sees(TALKING)
    with pytest.raises(IllegalMove):
        decide.ask(told.track, TALKING, on=False, by="anna", supervises=False)
    told.track = decide.ask(told.track, TALKING, on=False, by="olga", supervises=True)
    told.sees(TALKING)
    assert not told.running
    told.sees(RINGING)
    assert not told.running, "it is not begun again behind her back"


def test_it_does_not_begin_before_a_steady_call() -> None:
    told = Told()
    talking = replace(TALKING, steady_at=NOW + timedelta(seconds=1.5))
    told.sees(talking)
    assert told.orders == [LookAgain(seconds=1.5)]
    told.later(1.5)
    told.sees(talking)
    assert told.records


def test_nothing_is_recorded_before_the_parties_know() -> None:
    told = Told()
    ringing, talking = replace(RINGING, rules=TOLD), replace(TALKING, rules=TOLD)
    told.sees(ringing)
    told.sees(talking)
    assert isinstance(told.orders[-1], Announce)
    told.sees(talking)
    assert not told.records
    assert sum(isinstance(order, Announce) for order in told.orders) == 1
    told.take(decide.told(told.track, talking.queue, told.now, heard=True))
    told.sees(talking)
    assert told.records
    told.sees(replace(talking, agent=BOB))
    assert told.records, "who knows need not be told again"
    assert sum(isinstance(order, Announce) for order in told.orders) == 1


def test_what_cannot_be_announced_is_not_recorded() -> None:
    told = Told()
    talking = replace(TALKING, rules=TOLD)
    told.sees(talking)
    told.take(decide.told(told.track, talking.queue, told.now, heard=False))
    told.sees(talking)
    assert not told.running
    assert told.facts == [
        RecordingImpossible(at=NOW, contact=CONTACT, queue=QueueId("gas"), reason="announcement")
    ]
    assert decide.view(told.track, talking).state == "impossible"


def test_what_began_unannounced_is_over_when_the_rules_then_ask_for_it() -> None:
    told = Told()
    told.sees(TALKING)
    asking = replace(TALKING, rules=TOLD)
    told.track = decide.pause(told.track, on=True)
    told.sees(asking)
    assert told.kinds() == ["Begun", "Over"]
    assert isinstance(told.orders[-1], Announce)
    told.take(decide.told(told.track, asking.queue, told.now, heard=True))
    told.sees(asking)
    assert told.kinds() == ["Begun", "Over", "Begun", "Paused"], "it is paused by hand all along"
    told.track = decide.pause(told.track, on=False)
    told.sees(asking)
    assert told.records
    assert [fact.announced for fact in told.facts if isinstance(fact, RecordingBegun)] == [False, True]


@pytest.mark.parametrize("rules", [ALWAYS, TOLD])
def test_after_a_crash_it_is_known_whether_the_parties_were_told(rules: RecordingRules) -> None:
    told = Told()
    talking = replace(TALKING, rules=rules)
    told.sees(talking)
    told.take(decide.told(told.track, talking.queue, told.now, heard=True))
    told.sees(talking)
    rebuilt = decide.rebuild(CONTACT, LEG, told.facts)
    assert rebuilt is not None
    assert rebuilt.announced is rules.announced


def test_an_announcement_whose_end_nobody_heard_is_given_again() -> None:
    told = Told()
    talking = replace(TALKING, rules=TOLD)
    told.sees(talking)
    told.take(decide.told(told.track, talking.queue, told.now, heard=None))
    told.sees(talking)
    assert sum(isinstance(order, Announce) for order in told.orders) == 2


def test_the_agent_hears_a_tone_where_that_is_wanted() -> None:
    told = Told()
    told.sees(replace(TALKING, rules=replace_rules(ALWAYS, agent_beep=True)))
    assert Beep(leg=LegId("c~1~anna"), recording=RecordingId("r1")) in told.orders


def replace_rules(rules: RecordingRules, **changes: object) -> RecordingRules:
    return dataclasses.replace(rules, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"held": True}, PauseReason.HOLD),
        ({"sensitive": True}, PauseReason.SENSITIVE),
        ({"sensitive": True, "held": True}, PauseReason.SENSITIVE),
    ],
)
def test_it_is_silent_on_hold_and_while_something_sensitive_is_open(
    changes: dict[str, bool], reason: PauseReason
) -> None:
    told = Told()
    told.sees(TALKING)
    told.sees(replace(TALKING, **changes))
    assert told.running
    assert not told.records
    assert decide.view(told.track, TALKING).reason == reason.value
    told.sees(TALKING)
    assert told.records
    assert told.kinds() == ["Begun", "Paused", "Resumed"]


def test_what_was_paused_by_hand_stays_so_when_something_else_ends() -> None:
    told = Told()
    told.sees(TALKING)
    told.track = decide.pause(told.track, on=True)
    told.sees(TALKING)
    told.sees(replace(TALKING, sensitive=True))
    told.sees(TALKING)
    assert not told.records
    told.track = decide.pause(told.track, on=False)
    told.sees(TALKING)
    assert told.records
    assert told.kinds() == ["Begun", "Paused", "Resumed"]


def test_there_is_nothing_to_pause_where_nothing_is_recorded() -> None:
    with pytest.raises(IllegalMove):
        decide.pause(Track(contact=CONTACT), on=True)


def test_what_is_sensitive_when_it_begins_is_not_recorded() -> None:
    told = Told()
    told.sees(replace(TALKING, sensitive=True))
    assert not told.records
    assert told.kinds() == ["Begun", "Paused"]


def test_each_turn_has_a_recording_of_its_own() -> None:
    told = Told()
    told.sees(TALKING)
    told.sees(replace(RINGING, queue=QueueId("gas")))
    assert told.kinds() == ["Begun", "Over"]
    told.sees(replace(TALKING, agent=BOB))
    begun = told.facts[-1]
    assert isinstance(begun, RecordingBegun)
    assert (begun.part, begun.agent) == (2, BOB)
    told.sees(None)
    assert told.kinds() == ["Begun", "Over", "Begun", "Over"]
    assert not told.running


def test_who_joins_is_written_down_and_who_leaves_stays_so() -> None:
    told = Told()
    told.sees(TALKING)
    told.sees(replace(TALKING, others=("bob",)))
    told.sees(replace(TALKING, others=("+4930",)))
    told.sees(TALKING)
    joined = [fact.others for fact in told.facts if isinstance(fact, RecordingJoined)]
    assert joined == [("bob",), ("bob", "+4930")]


def test_a_full_disk_is_told_once_and_tried_again() -> None:
    told = Told()
    told.sees(TALKING, room=False)
    told.later(1.0)
    told.sees(TALKING, room=False)
    assert told.kinds() == ["Impossible"]
    assert not told.running
    told.later(1.0)
    told.sees(TALKING)
    assert told.records


def test_a_refusal_is_tried_again_and_told_when_it_goes_on() -> None:
    told = Told()
    for _ in range(4):
        told.sees(TALKING, loads=False)
        assert told.track.tape is not None
        del told.running[told.track.tape.id]
        told.track = decide.refused(told.track, told.track.tape.id, told.now)
        told.later(1.0)
    assert told.kinds() == ["Impossible"]
    told.sees(TALKING)
    assert told.records
    assert decide.view(told.track, TALKING).state == "on"


def test_after_a_crash_it_is_known_as_far_as_it_was_written() -> None:
    told = Told()
    talking = replace(TALKING, rules=ASKED)
    told.track = decide.ask(told.track, talking, on=True, by="anna", supervises=False)
    told.sees(talking)
    told.track = decide.pause(told.track, on=True)
    told.sees(talking)
    rebuilt = decide.rebuild(CONTACT, LEG, told.facts)
    assert rebuilt is not None
    assert (rebuilt.tape, rebuilt.parts, rebuilt.asked, rebuilt.paused) == (told.track.tape, 1, True, True)
    told.sees(None)
    rebuilt = decide.rebuild(CONTACT, LEG, told.facts)
    assert rebuilt is not None
    assert rebuilt.tape is None


def test_what_went_on_by_hand_while_the_customer_was_on_hold_is_recorded_after_a_crash() -> None:
    told = Told()
    told.sees(TALKING)
    told.track = decide.pause(told.track, on=True)
    told.sees(TALKING)
    held = replace(TALKING, held=True)
    told.sees(held)
    told.track = decide.pause(told.track, on=False)
    told.sees(held)
    rebuilt = decide.rebuild(CONTACT, LEG, told.facts)
    assert rebuilt is not None
    told.track = rebuilt
    told.sees(TALKING)
    assert told.records


def test_what_the_telephone_system_lost_is_over_and_begins_anew() -> None:
    told = Told()
    told.sees(TALKING)
    told.running.clear()
    told.take(decide.lost(told.track, told.now))
    told.sees(TALKING)
    assert told.kinds() == ["Begun", "Over", "Begun"]
    assert told.records


def test_strays_are_what_nobody_knows() -> None:
    known, found = (RecordingId("a"), RecordingId("b")), (RecordingId("b"), RecordingId("c"))
    assert decide.strays(known, found) == ("c",)


SCENES = st.builds(
    lambda kind, held, sensitive, agent, rules, others: (
        None
        if kind == "over"
        else scene(
            rules,
            ringing=kind == "ringing",
            talking=kind == "talking",
            held=held and kind == "talking",
            sensitive=sensitive,
            agent=agent if kind == "talking" else None,
            others=others if kind == "talking" else (),
        )
    ),
    st.sampled_from(("over", "ringing", "talking", "talking", "waiting")),
    st.booleans(),
    st.booleans(),
    st.sampled_from((ANNA, BOB, None)),
    st.sampled_from((ALWAYS, ASKED, TOLD, RecordingRules())),
    st.sampled_from(((), ("bob",), ("+49",))),
)
ACTS = st.sampled_from(("ask", "stop", "pause", "resume", "heard", "unheard", "lost", "full", "refused", ""))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(SCENES, ACTS), max_size=25))
@example([(TALKING, ""), (replace(TALKING, rules=TOLD), "")])
@example([(TALKING, ""), (TALKING, "pause"), (replace(TALKING, held=True), "resume")])
@example(
    [(TALKING, ""), (replace(TALKING, rules=TOLD, held=True), "pause"), (replace(TALKING, rules=TOLD), "heard")]
)
def test_whatever_happens_it_records_only_who_knows_and_wants_it(course: list[tuple[Scene | None, str]]) -> None:
    """Never on hold, sensitive, paused, unannounced, unwanted or after the end; every beginning has an end."""
    told = Told()
    for seen, act in course:
        told.later(2.0)
        _act(told, seen, act)
        told.sees(seen, room=act != "full")
        track = told.track
        assert len(told.running) <= 1
        assert (track.tape is not None) == bool(told.running)
        if told.records:
            assert seen is not None
            assert seen.talking
            assert not (seen.held)
            assert not (seen.sensitive)
            assert not (track.paused)
            assert decide.is_wanted(track, seen)
            assert track.announced or not seen.rules.announced
        if track.tape is not None and track.tape.begun:
            rebuilt = decide.rebuild(CONTACT, LEG, told.facts)
            assert rebuilt is not None
            assert (rebuilt.tape, rebuilt.paused) == (track.tape, track.paused)
    told.sees(None)
    assert not told.running
    begun = [fact.recording for fact in told.facts if isinstance(fact, RecordingBegun)]
    assert begun == [fact.recording for fact in told.facts if isinstance(fact, RecordingOver)]
    assert [fact.part for fact in told.facts if isinstance(fact, RecordingBegun)] == [
        number + 1 for number in range(len(begun))
    ]
    _gaps_alternate(told.facts)


def _act(told: Told, seen: Scene | None, act: str) -> None:
    track = told.track
    try:
        match act:
            case "ask" | "stop" if seen is not None:
                told.track = decide.ask(track, seen, on=act == "ask", by="olga", supervises=True)
            case "pause" | "resume":
                told.track = decide.pause(track, on=act == "pause")
            case "heard" | "unheard":
                told.take(decide.told(track, QueueId("gas"), told.now, heard=act == "heard"))
            case "lost":
                told.running.clear()
                told.take(decide.lost(track, told.now))
            case _:
                pass
    except IllegalMove:
        pass


def _gaps_alternate(facts: list[AnyFact]) -> None:
    paused: set[RecordingId] = set()
    for fact in facts:
        match fact:
            case RecordingPaused(recording=recording):
                paused.add(recording)
            case RecordingResumed(recording=recording):
                assert recording in paused
                paused.remove(recording)
            case _:
                pass
