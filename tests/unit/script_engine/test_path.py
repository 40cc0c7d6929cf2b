"""The path of a run: what is put on it, what is taken back, and that nothing of it is ever changed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.script_engine.path import Answer, Path, Visit, path_along, visit_key
from caruso.script_engine.persistent import Map
from caruso.script_engine.turns import ScriptChannel, Value
from tests.unit.script_engine.leading import NOW

KEYS = st.sampled_from([f"k{number}" for number in range(200)])
CHANGES = st.lists(st.tuples(KEYS, st.none() | st.integers()), max_size=400)


def visit(item: str, value: Value = None, *, answered: bool = True, passes: tuple[int, ...] = ()) -> Visit:
    answer = Answer(value=value, channel=ScriptChannel.AGENT, by="anna", at=NOW) if answered else None
    return Visit(item=item, turn=1, data={}, answer=answer, passes=passes)


@given(CHANGES)
def test_a_mapping_holds_what_a_dict_would_and_old_ones_stay_as_they_were(
    changes: list[tuple[str, int | None]],
) -> None:
    made: Map[int] = Map()
    plain: dict[str, int] = {}
    before: list[tuple[Map[int], dict[str, int]]] = []
    for key, value in changes:
        before.append((made, dict(plain)))
        if value is None:
            made = made.drop(key)
            plain.pop(key, None)
        else:
            made = made.put(key, value)
            plain[key] = value
        assert made.get(key) == plain.get(key)
    for then, was in [*before[:: max(1, len(before) // 10)], (made, plain)]:
        assert dict(then) == was
        assert len(then) == len(was)
        assert list(then) == sorted(was)


def test_what_is_not_in_a_mapping_is_missed() -> None:
    made: Map[int] = Map([("a", 1)])
    assert ("a" in made, "b" in made) == (True, False)
    assert made.get("b", 7) == 7
    with pytest.raises(KeyError):
        made["b"]


def test_the_latest_answer_counts_and_the_one_before_comes_back() -> None:
    path = path_along([visit("q", "a"), visit("r", "x"), visit("q", "b")])
    assert dict(path.answers) == {"q": "b", "r": "x"}
    assert path.visits("q") == 2
    back, off = path.cut(2)
    assert dict(back.answers) == {"q": "a", "r": "x"}
    assert [gone.item for gone in off] == ["q"]
    assert dict(path.answers) == {"q": "b", "r": "x"}, "the longer path is as it was"


def test_an_answer_may_be_changed_and_taken_away() -> None:
    path = Path().put(visit("q", "a")).put(visit("q", answered=False))
    assert path.answers["q"] == "a"
    changed = path.change(visit("q", "b"))
    assert changed.answers["q"] == "b"
    assert changed.change(visit("q", "c")).answers["q"] == "c"
    assert changed.change(visit("q", answered=False)).answers["q"] == "a"
    assert changed.cut(0)[0].answers.get("q") is None


def test_each_pass_has_answers_of_its_own() -> None:
    path = path_along([visit("q", Decimal(1), passes=(1,)), visit("q", Decimal(2), passes=(2, 1))])
    assert dict(path.answers) == {"q#1": Decimal(1), "q#2.1": Decimal(2)}
    assert visit_key("q", ()) == "q"


def test_a_path_is_a_sequence() -> None:
    path = path_along(visit(f"q{number}", number) for number in range(5))  # type: ignore[arg-type]
    assert (len(path), path[0].item, path[-1].item, path.last.item) == (5, "q0", "q4", "q4")
    assert [one.item for one in path[1:3]] == ["q1", "q2"]
    assert [one.item for one in reversed(path)] == ["q4", "q3", "q2", "q1", "q0"]
    assert path == path_along(path)
    assert path != path_along(path[:-1])
    for wrong in (5, -6):
        with pytest.raises(IndexError):
            path[wrong]


def test_nothing_is_at_the_end_of_an_empty_path() -> None:
    with pytest.raises(IndexError):
        _ = Path().last
    with pytest.raises(IndexError):
        Path().change(visit("q"))


def test_a_very_long_path_is_forgotten_without_harm() -> None:
    path = path_along(visit("q", answered=False) for _ in range(100_000))
    short, off = path.cut(3)
    del path
    assert (len(short), len(off)) == (3, 99_997)


@given(st.lists(st.tuples(KEYS, st.booleans(), st.integers(0, 3)), max_size=60), st.integers(0, 60))
def test_a_path_that_is_cut_is_the_one_that_was_there(steps: list[tuple[str, bool, int]], length: int) -> None:
    visits = [visit(key, str(number), answered=answered) for key, answered, number in steps]
    cut, off = path_along(visits).cut(length)
    assert cut == path_along(visits[:length])
    assert cut.answers == path_along(visits[:length]).answers
    assert list(off) == visits[length:]
