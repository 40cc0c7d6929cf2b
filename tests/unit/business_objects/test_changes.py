"""What may be written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from caruso.business_objects.changes import accepted, computed_values
from caruso.errors import RejectedInput
from tests.unit.business_objects.sample import sample

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PERSON, CONTRACT = (sample().classes[name] for name in ("Person", "Contract"))
EVE = {"id": "p1", "name": "Eve", "numbers": ("+4930123", "+4930124")}


def normalise(number: str) -> str:
    return number.replace(" ", "").replace("030", "+4930")


def written(changes: dict[str, Any], before: dict[str, Any] | None = None, of: Any = PERSON) -> dict[str, Any]:
    return accepted(of, before, changes, now=NOW, normalise=normalise)


def test_values_come_into_the_form_of_their_attributes() -> None:
    changes = {
        "name": "Eve", "born": "1980-02-03", "vip": True, "balance": 12.5, "state": "gone",
        "numbers": ["030 123", "+4930123", ""], "shoe": [38, {"width": 1}],
    }  # fmt: skip
    assert written(changes) == {
        "name": "Eve", "born": date(1980, 2, 3), "vip": True, "balance": Decimal("12.5"), "state": "gone",
        "numbers": ("+4930123",), "shoe": (Decimal(38), {"width": Decimal(1)}),
    }  # fmt: skip


def test_the_first_number_can_be_set_alone() -> None:
    assert written({"number": "030 9"}, EVE) == {"numbers": ("+49309", "+4930124")}


@pytest.mark.parametrize(
    ("changes", "attribute", "rule"),
    [
        ({"name": ""}, "name", "required"),
        ({"name": "x" * 81}, "name", "length"),
        ({"name": "a\x00b"}, "name", "characters"),
        ({"name": "\ud800"}, "name", "characters"),
        ({"email": "nowhere"}, "email", "pattern"),
        ({"balance": "12"}, "balance", "wrong-type"),
        ({"balance": True}, "balance", "wrong-type"),
        ({"balance": float("nan")}, "balance", "wrong-type"),
        ({"vip": "yes"}, "vip", "wrong-type"),
        ({"born": "31.12.1980"}, "born", "wrong-type"),
        ({"born": "2027-01-01"}, "", "check"),
        ({"state": "asleep"}, "state", "choice"),
        ({"numbers": "030"}, "numbers", "wrong-type"),
        ({"id": "p2"}, "id", "key"),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, Any], attribute: str, rule: str) -> None:
    with pytest.raises(RejectedInput) as caught:
        written(changes, EVE)
    assert [(finding.attribute, finding.rule) for finding in caught.value.findings] == [(attribute, rule)]


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(RejectedInput) as caught:
        written({"price": 1001, "begin": "x", "shoe": 1}, of=CONTRACT)
    rules = {(finding.attribute, finding.rule) for finding in caught.value.findings}
    assert rules == {
        ("price", "maximum"),
        ("begin", "wrong-type"),
        ("shoe", "unknown-attribute"),
        ("year", "required"),
        ("number", "required"),
    }


def test_moments_are_kept_in_utc() -> None:
    made = written({"year": 1, "number": 2, "signed": "2026-01-31T14:30+02:00"}, of=CONTRACT)
    assert made["signed"] == datetime(2026, 1, 31, 12, 30, tzinfo=UTC)


def test_computed_values_are_worked_out() -> None:
    assert computed_values(PERSON, {"balance": Decimal(-5)}, NOW) == {"debt": Decimal(5)}
    assert computed_values(PERSON, {}, NOW) == {"debt": Decimal(0)}
