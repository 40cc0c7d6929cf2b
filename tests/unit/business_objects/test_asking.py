"""Queries are made of what somebody writes, or refused with the place."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.business_objects.asking import query_of
from caruso.business_objects.keys import key_text, parse_key
from caruso.errors import RejectedInput
from caruso.model.conditions import Compare
from tests.unit.business_objects.sample import places, sample

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PERSON, CONTRACT = (sample().classes[name] for name in ("Person", "Contract"))


def test_a_query_is_a_condition_an_order_and_a_page() -> None:
    made = query_of(CONTRACT, where="object.dear", order="-begin, number", limit=5, offset=10, now=NOW)
    assert made.condition == Compare(("price",), "gt", Decimal(100))
    assert made.order == (("begin", True), ("number", False))
    assert (made.limit, made.offset) == (5, 10)


@pytest.mark.parametrize(
    ("where", "order", "place", "suggestion"),
    [
        ("object.pric gt 1", "", ("where", 8), "price"),
        ("object.price gt", "", ("where", 16), ""),
        ("object.price", "", ("where", 8), ""),
        ("user.id = 'x'", "", ("where", 1), ""),
        ("object.price * 2 gt 1", "", ("where", 8), ""),
        ("", "begin,pric", ("order", 7), "price"),
        ("", "dear", ("order", 1), ""),
    ],
)
def test_a_mistake_is_told_with_its_place(where: str, order: str, place: tuple[str, int], suggestion: str) -> None:
    with pytest.raises(RejectedInput) as caught:
        query_of(CONTRACT, where=where, order=order, now=NOW)
    found = caught.value.findings[0]
    assert (found.attribute, found.column) == place
    assert suggestion in found.suggestion
    assert found.message


def test_keys_are_texts_and_back() -> None:
    assert key_text(CONTRACT, {"year": Decimal(2026), "number": Decimal("17.0")}) == "2026,17"
    assert parse_key(CONTRACT, "2026,17") == (Decimal(2026), Decimal(17))
    assert parse_key(CONTRACT, [2026, 17]) == (Decimal(2026), Decimal(17))
    assert parse_key(PERSON, "a,b%2C") == ("a,b%2C",)
    for wrong in ("2026", "x,17", "2026,17,1", "", None, "NaN,1", "1e99,1"):
        assert parse_key(CONTRACT, wrong) is None


@given(st.text(max_size=12), st.text(max_size=12))
def test_parts_of_a_key_come_back_whatever_is_in_them(one: str, other: str) -> None:
    of = places().classes["Place"]
    key = key_text(of, {"one": one, "other": other})
    readable = bool(one and other) and "\x00" not in one + other
    assert parse_key(of, key) == ((one, other) if readable else None)
