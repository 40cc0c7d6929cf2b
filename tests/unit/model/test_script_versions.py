"""Which version a contact gets, and how roll-outs change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.errors import IllegalMove
from caruso.model.ids import EntryPointId, QueueId, ScriptId
from caruso.model.script_versions import (
    EVERYBODY,
    Asker,
    Rollout,
    ScriptVersion,
    Stage,
    forgotten,
    in_words,
    key_of,
    retired,
    rolled_back,
    rolled_out,
    version_for,
    why_not_deletable,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SCRIPT = ScriptId("meter-reading")
ONE = Rollout(script=SCRIPT, version="1")
PEOPLE = [Asker(key=f"+4930{number:06}") for number in range(4_000)]


def staged(share: float = 100.0, *queues: str) -> Rollout:
    return rolled_out(ONE, "2", Stage(share=share, queues=frozenset(map(QueueId, queues))))


def test_without_a_stage_everybody_gets_the_version_in_force() -> None:
    assert {version_for(ONE, one) for one in PEOPLE[:100]} == {"1"}
    assert version_for(Rollout(script=SCRIPT), PEOPLE[0]) is None


@pytest.mark.parametrize("share", [1.0, 10.0, 50.0, 99.0])
def test_a_share_of_the_callers_gets_the_staged_version(share: float) -> None:
    chosen = sum(version_for(staged(share), one) == "2" for one in PEOPLE)
    assert abs(chosen / len(PEOPLE) * 100 - share) < 3


@given(st.text(max_size=30), st.floats(0.01, 99.9), st.floats(0.01, 99.9))
def test_who_was_chosen_stays_so_while_the_share_grows(key: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    asker = Asker(key=key)
    if version_for(staged(small), asker) == "2":
        assert version_for(staged(large), asker) == "2"
    assert version_for(staged(small), asker) == version_for(staged(small), asker)


def test_each_version_is_tried_on_other_people() -> None:
    first = {one.key for one in PEOPLE if version_for(staged(10), one) == "2"}
    third = rolled_out(ONE, "3", Stage(share=10))
    second = {one.key for one in PEOPLE if version_for(third, one) == "3"}
    assert len(first & second) < len(first) / 2


def test_who_calls_again_is_known_by_customer_or_number_and_who_hides_it_is_not() -> None:
    assert key_of("c7", "+4930123", "call1") == "c7"
    assert key_of(None, "+4930123", "call1") == "+4930123"
    assert key_of(None, "anonymous", "call1") == "call1"
    assert key_of(None, "", "call1") == key_of(None, None, "call1") == "call1"


def test_a_queue_or_an_entry_point_gets_the_staged_version_and_others_do_not() -> None:
    rollout = rolled_out(
        ONE, "2", Stage(queues=frozenset({QueueId("gas")}), entry_points=frozenset({EntryPointId("north")}))
    )
    assert version_for(rollout, Asker(key="x", queue=QueueId("gas"))) == "2"
    assert version_for(rollout, Asker(key="x", entry_point=EntryPointId("north"))) == "2"
    assert version_for(rollout, Asker(key="x", queue=QueueId("power"))) == "1"
    assert version_for(rollout, Asker(key="x")) == "1"


def test_a_share_of_a_queue_chooses_within_it() -> None:
    rollout = staged(50.0, "gas")
    inside = [version_for(rollout, Asker(key=one.key, queue=QueueId("gas"))) for one in PEOPLE]
    outside = [version_for(rollout, Asker(key=one.key, queue=QueueId("power"))) for one in PEOPLE]
    assert abs(inside.count("2") / len(PEOPLE) - 0.5) < 0.03
    assert set(outside) == {"1"}


def test_the_first_version_is_for_everybody() -> None:
    new = Rollout(script=SCRIPT)
    assert rolled_out(new, "1", EVERYBODY).version == "1"
    with pytest.raises(IllegalMove, match="none for the others"):
        rolled_out(new, "1", Stage(share=10))


@pytest.mark.parametrize("share", [0.0, -1.0, 100.1, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(IllegalMove):
        rolled_out(ONE, "2", Stage(share=share))


def test_what_is_in_force_already_is_not_rolled_out_again() -> None:
    with pytest.raises(IllegalMove, match="already"):
        rolled_out(ONE, "1", EVERYBODY)
    with pytest.raises(IllegalMove, match="already"):
        rolled_out(ONE, "1", Stage(share=10))


def test_going_back_first_takes_what_is_staged_away_then_brings_the_version_before() -> None:
    two = rolled_out(staged(10), "2", EVERYBODY)
    three = rolled_out(rolled_out(two, "3", Stage(share=5)), "3", EVERYBODY)
    trying = rolled_out(three, "4", Stage(share=5))
    assert in_words(trying) == "4 for 5 % of all, else 3"
    back = trying
    for said in ("3 for everybody", "2 for everybody", "1 for everybody"):
        back = rolled_back(back)
        assert in_words(back) == said
    with pytest.raises(IllegalMove, match="no earlier"):
        rolled_back(back)


def test_a_script_that_is_not_used_can_be_brought_back() -> None:
    gone = retired(staged(10))
    assert (in_words(gone), version_for(gone, PEOPLE[0])) == ("not used", None)
    assert in_words(rolled_back(gone)) == "1 for everybody"


MOVES = st.lists(
    st.tuples(st.sampled_from(["out", "stage", "back", "retire"]), st.sampled_from("1234")), max_size=20
)


@given(MOVES)
def test_whatever_is_tried_a_contact_gets_a_version_that_was_rolled_out(moves: list[tuple[str, str]]) -> None:
    rollout, seen = ONE, {"1"}
    for move, version in moves:
        try:
            match move:
                case "out":
                    rollout = rolled_out(rollout, version, EVERYBODY)
                    seen.add(version)
                case "stage":
                    rollout = rolled_out(rollout, version, Stage(share=30))
                    seen.add(version)
                case "back":
                    rollout = rolled_back(rollout)
                case _:
                    rollout = retired(rollout)
        except IllegalMove:
            continue
        assert {version_for(rollout, one) for one in PEOPLE[:30]} <= {*seen, None}
        assert rollout.version not in rollout.earlier
        assert len(rollout.earlier) == len(set(rollout.earlier))


def undeletable(
    rollout: Rollout, version: str, *, open_runs: int = 0, seconds: float = 3600, called: bool = False
) -> str:
    caller = ScriptVersion(
        script=ScriptId("main"), version="7", number=1, checksum="", published_at=NOW, published_by="", why=""
    )
    return why_not_deletable(
        rollout,
        version,
        open_runs=open_runs,
        callers=[caller] if called else [],
        changed_at=NOW - timedelta(seconds=seconds),
        now=NOW,
    )


def test_a_version_that_somebody_needs_cannot_be_deleted() -> None:
    two = rolled_out(ONE, "2", EVERYBODY)
    assert undeletable(two, "1") == ""
    assert "in force" in undeletable(two, "2")
    assert "in force" in undeletable(rolled_out(two, "3", Stage(share=1)), "3")
    assert undeletable(two, "1", open_runs=2) == "2 conversations are still led by version 1."
    assert "called by “main” 7" in undeletable(two, "1", called=True)
    assert "in a minute" in undeletable(two, "1", seconds=5)
    assert forgotten(two, "1").earlier == ()
