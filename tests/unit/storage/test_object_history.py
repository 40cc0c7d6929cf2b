"""What an object was, worked out from lines of the audit; both engines' lines are in the contract tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.dialects.sqlite import dialect

from caruso.storage.objects.history import Picture, at, batches, changes
from caruso.storage.objects.mapping import ClassTables
from tests.unit.business_objects.sample import sample

PERSON = ClassTables(sample().classes["Person"])
SQLITE = dialect()
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def line(number: int, table: str, old: Any, new: Any, batch: int | None = None) -> Any:
    change = "insert" if old is None else "delete" if new is None else "update"
    return {
        "id": number, "at": NOON, "by": "anna", "role": "agent", "channel": "web", "address": "",
        "table_name": table, "change": change, "old": old, "new": new, "batch": batch,
    }  # fmt: skip


def person(**values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": "p",
        "full_name": "Eve",
        "email": None,
        "balance": 5,
        "vip": 0,
        "state_code": "A",
        "more": {},
    }
    return {**row, **values}


def number(place: int, text: str) -> dict[str, Any]:
    return {"person": "p", "position": place, "number": text}


#: Newest first: made with a number, renamed and given another number in one transaction, deleted.
LINES = [
    line(7, "people", person(full_name="Eva", more={"shoe": 39}), None, 3),
    line(6, "people_numbers", number(0, "+2"), None, 3),
    line(5, "people_numbers", None, number(0, "+2"), 2),
    line(4, "people_numbers", number(0, "+1"), None, 2),
    line(3, "people", person(), person(full_name="Eva", more={"shoe": 39}), 2),
    line(2, "people_numbers", None, number(0, "+1"), 1),
    line(1, "people", None, person(), 1),
]
GONE = Picture(there=False)


def test_lines_of_one_transaction_are_one_change() -> None:
    assert [[each["id"] for each in batch] for batch in batches(LINES)] == [[7, 6], [5, 4, 3], [2, 1]]
    past_us = [line(2, "people", None, None), line(1, "people", None, None)]
    assert [len(batch) for batch in batches(past_us)] == [1, 1]
    assert list(batches([])) == []


def test_each_attribute_is_told_as_people_know_it() -> None:
    found = [(each.id, each.field, each.old, each.new) for each in changes(PERSON, GONE, LINES, SQLITE)]
    assert {name: (old, new) for number, name, old, new in found if number == 3} == {
        "name": ("Eve", "Eva"),
        "numbers": (["+1"], ["+2"]),
        "shoe": (None, 39),
    }
    assert (6, "", True, False) in found
    assert (1, "", False, True) in found
    assert (1, "state", None, "active") in found
    assert (1, "vip", None, False) in found
    assert {name for _, name, _, _ in found}.isdisjoint({"full_name", "state_code", "position"})


def test_a_state_is_that_of_a_whole_transaction() -> None:
    def state(change: int, *, before: bool = False) -> dict[str, Any]:
        return at(PERSON, GONE, LINES, SQLITE, change=change, before=before).state()

    assert state(1, before=True) == {}
    for change in (1, 2):
        assert (state(change)["name"], state(change)["numbers"]) == ("Eve", ["+1"])
    for change in (3, 4, 5):
        assert (state(change)["name"], state(change)["numbers"], state(change)["shoe"]) == ("Eva", ["+2"], 39)
        assert "shoe" not in state(change, before=True)
        assert state(change, before=True)["numbers"] == ["+1"]
    for change in (6, 7):
        assert state(change) == {}
        assert state(change, before=True)["name"] == "Eva"
