"""Who may see and change what."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from caruso.business_objects.rights import check_condition, check_delete, check_write, row_condition, visible
from caruso.errors import NotAllowed, NotFound
from caruso.model.asker import Asker, house
from caruso.model.centre import Role
from caruso.model.conditions import EVERYTHING, Compare, Known, Related
from caruso.script_engine.turns import Value
from tests.unit.business_objects.sample import sample

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
MODEL = sample()
PERSON, CONTRACT, TAG = (MODEL.classes[name] for name in ("Person", "Contract", "Tag"))
ANNA = Asker(user="anna", role=Role.AGENT)
SUSAN = Asker(user="susan", role=Role.SUPERVISOR)
ADA = Asker(user="ada", role=Role.ADMIN)
HOUSE = house("script")
SOMEBODY: dict[str, Value] = {"id": "p1", "name": "Eve", "balance": Decimal(-5), "shoe": Decimal(38)}


@pytest.mark.parametrize(("asker", "seen"), [(ANNA, False), (SUSAN, True), (ADA, True), (HOUSE, True)])
def test_an_attribute_is_shown_only_to_those_who_may_see_it(asker: Asker, seen: bool) -> None:
    assert ("balance" in visible(PERSON, asker, SOMEBODY, NOW)) is seen
    assert visible(PERSON, asker, SOMEBODY, NOW)["shoe"] == 38


@pytest.mark.parametrize(("asker", "may"), [(ANNA, False), (SUSAN, False), (ADA, True), (HOUSE, True)])
def test_an_attribute_is_set_only_by_those_who_may(asker: Asker, may: bool) -> None:
    check_write(PERSON, asker, SOMEBODY, ["name"], NOW)
    if may:
        check_write(PERSON, asker, SOMEBODY, ["balance"], NOW)
    else:
        with pytest.raises(NotAllowed):
            check_write(PERSON, asker, SOMEBODY, ["name", "balance"], NOW)


def test_what_has_to_hold_for_the_object_counts() -> None:
    check_write(PERSON, SUSAN, SOMEBODY, ["vip"], NOW)
    with pytest.raises(NotAllowed):
        check_write(PERSON, SUSAN, {**SOMEBODY, "name": "Nobody"}, ["vip"], NOW)


def test_an_agent_sees_and_changes_only_what_is_hers() -> None:
    assert row_condition(CONTRACT, ANNA, NOW) == Compare(("agent",), "eq", "anna")
    assert row_condition(CONTRACT, SUSAN, NOW) == EVERYTHING
    check_write(CONTRACT, ANNA, {"agent": "anna"}, ["price"], NOW)
    with pytest.raises(NotAllowed):
        check_write(CONTRACT, ANNA, {"agent": "ben"}, ["price"], NOW)
    with pytest.raises(NotAllowed):
        check_delete(CONTRACT, ANNA, {"agent": "anna"}, NOW)
    check_delete(CONTRACT, SUSAN, {"agent": "anna"}, NOW)


def test_nobody_writes_what_can_only_be_read_or_is_worked_out() -> None:
    with pytest.raises(NotAllowed):
        check_write(TAG, ADA, {"id": Decimal(1)}, ["name"], NOW)
    with pytest.raises(NotAllowed):
        check_write(PERSON, ADA, SOMEBODY, ["debt"], NOW)
    with pytest.raises(NotFound):
        check_write(CONTRACT, ADA, {}, ["shoe"], NOW)


def test_nobody_searches_by_what_they_may_not_see() -> None:
    check_condition(MODEL, PERSON, Compare(("name",), "eq", "Eve"), ANNA)
    check_condition(MODEL, PERSON, Compare(("balance",), "lt", Decimal(0)), SUSAN)
    with pytest.raises(NotAllowed):
        check_condition(MODEL, PERSON, Compare(("balance",), "lt", Decimal(0)), ANNA)
    with pytest.raises(NotAllowed):  # by the contracts of others
        check_condition(MODEL, PERSON, Related("contracts", Known(("price",))), ANNA)
    with pytest.raises(NotAllowed):
        check_condition(MODEL, CONTRACT, Compare(("person", "balance"), "lt", Decimal(0)), ANNA)
