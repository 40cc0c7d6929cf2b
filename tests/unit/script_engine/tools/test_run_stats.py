"""Drop-off and time per question, from what was noted of runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from caruso.model.ids import RunId, ScriptId
from caruso.model.run_records import PastRun, RunEvent
from caruso.script_engine.tools.run_stats import ItemStats, Statistics, VersionStats

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
_names = count()


def run(
    *events: tuple[float, str, str],
    version: str = "1",
    finished: bool = False,
    over: bool = False,
    outcome: str = "",
) -> PastRun:
    name = RunId(f"run{next(_names)}")
    return PastRun(
        run=name,
        version=version,
        began_at=NOON,
        finished=finished,
        outcome=outcome,
        over=over or finished,
        events=tuple(
            RunEvent(
                run=name,
                revision=number,
                position=0,
                contact=None,
                event=event,
                item="" if event == "split" else item,
                text=item if event == "split" else "",
                at=NOON + timedelta(seconds=seconds),
                turn=number,
                channel="phone",
                by="",
                script=ScriptId("s"),
                version=version,
            )
            for number, (seconds, event, item) in enumerate(events)
        ),
    )


def stats(*runs: PastRun) -> tuple[VersionStats, ...]:
    counted = Statistics()
    counted.add(runs)
    return counted.result()


def only(*runs: PastRun) -> tuple[VersionStats, dict[str, ItemStats]]:
    (version,) = stats(*runs)
    return version, {item.item: item for item in version.items}


WHOLE = ((0, "shown", "a"), (4, "answered", "a"), (4, "shown", "b"), (14, "answered", "b"), (15, "shown", "end"))


def test_a_run_that_comes_to_its_end_drops_off_nowhere() -> None:
    version, items = only(run(*WHOLE, finished=True, outcome="done"))
    assert (version.runs, version.finished, version.dropped, version.open) == (1, 1, 0, 0)
    assert (version.outcomes, version.median_seconds) == ({"done": 1}, 15.0)
    assert [item.item for item in version.items] == ["a", "b", "end"]
    assert (items["a"].median_seconds, items["b"].median_seconds, items["end"].median_seconds) == (4.0, 10.0, None)
    assert (items["a"].reached, items["a"].answered, items["a"].drop_off) == (1, 1, 0.0)


def test_who_hangs_up_drops_off_at_what_was_shown_last() -> None:
    gone = run((0, "shown", "a"), (4, "answered", "a"), (4, "shown", "b"), (9, "left", "b"))
    version, items = only(run(*WHOLE, finished=True), gone)
    assert (version.dropped, items["b"].dropped, items["b"].drop_off, items["a"].drop_off) == (1, 1, 50.0, 0.0)


def test_who_hangs_up_when_an_agent_ends_it_afterwards_has_not_dropped_off() -> None:
    version, _ = only(run(*WHOLE[:3], (9, "left", "b"), (20, "answered", "b"), finished=True, outcome="done"))
    assert (version.finished, version.dropped) == (1, 0)


def test_a_run_that_can_go_on_is_open_until_it_is_over() -> None:
    version, items = only(run(*WHOLE[:3]))
    assert (version.open, items["b"].dropped) == (1, 0)
    version, items = only(run(*WHOLE[:3], over=True))
    assert (version.open, items["b"].dropped) == (0, 1)


def test_the_time_of_a_question_goes_from_its_first_showing_to_its_answer() -> None:
    _, items = only(run((0, "shown", "a"), (5, "shown", "a"), (9, "shown", "a"), (12, "answered", "a")))
    assert (items["a"].shown, items["a"].reached, items["a"].median_seconds) == (3, 1, 12.0)


def test_passes_of_a_repeat_are_one_question_asked_several_times() -> None:
    first = (0, "shown", "a#1"), (2, "answered", "a#1")
    _, items = only(run(*first, (2, "shown", "a#2"), (8, "answered", "a#2"), (9, "back", "a#2")))
    assert (items["a"].reached, items["a"].shown, items["a"].answered, items["a"].back) == (1, 2, 1, 1)
    assert items["a"].median_seconds == 4.0


def test_questions_shown_together_are_timed_from_their_groups_showing() -> None:
    _, items = only(run((0, "shown", "form"), (30, "answered", "name"), (30, "answered", "street")))
    assert (items["name"].reached, items["street"].median_seconds) == (1, 30.0)


def test_versions_and_variants_are_told_apart() -> None:
    found = stats(
        run((0, "split", "tone=short"), *WHOLE, finished=True),
        run((0, "split", "tone=long"), *WHOLE, finished=True),
        run(*WHOLE, version="2", finished=True),
    )
    assert [(one.version, one.variant, one.runs) for one in found] == [
        ("1", "tone=long", 1),
        ("1", "tone=short", 1),
        ("2", "", 1),
    ]


def test_nine_of_ten_are_quicker_than_the_slow_time() -> None:
    _, items = only(*(run((0, "shown", "a"), (n, "answered", "a")) for n in range(1, 11)))
    assert (items["a"].median_seconds, items["a"].slow_seconds) == (5.5, 10.0)


EVENTS = st.lists(
    st.tuples(
        st.floats(0, 1e6),
        st.sampled_from(["shown", "answered", "changed", "back", "left", "skipped", "split", "thrown"]),
        st.sampled_from(["a", "b#1", "b#2", "c/d", ""]),
    ),
    max_size=15,
)


def balanced(version: VersionStats) -> Iterator[bool]:
    yield version.runs == version.finished + version.dropped + version.open
    yield version.dropped == sum(item.dropped for item in version.items)
    yield all(item.dropped <= item.reached <= version.runs for item in version.items)
    yield all(item.answered <= item.reached for item in version.items)


RUNS = st.builds(
    lambda events, finished, over: run(*events, finished=finished, over=over), EVENTS, st.booleans(), st.booleans()
)


@given(st.lists(RUNS))
def test_whatever_happened_the_figures_balance(runs: list[PastRun]) -> None:
    for version in stats(*runs):
        assert all(balanced(version))
