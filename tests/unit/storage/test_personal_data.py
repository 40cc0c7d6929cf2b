"""Nothing personal is kept that is not in the registry; pseudonyms cannot be traced back and count the same."""

from __future__ import annotations

import typing
from datetime import UTC, datetime
from functools import partial

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, LargeBinary, String, Table
from sqlalchemy.types import TypeDecorator

from caruso.model.facts import ContactArrived, NoteWritten, WrapUpEnded
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.numbers import normalised
from caruso.storage.privacy.pseudonyms import Pseudonyms
from caruso.storage.privacy.registry import (
    FACT_FIELDS,
    FACT_TYPES,
    OF_OTHERS,
    PLAIN,
    PLAIN_FACT_FIELDS,
    STORES,
    End,
    Kind,
)
from caruso.storage.tables.columns import UtcDateTime, metadata

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
normalise = partial(normalised, region="DE")


def can_hold_words(table: Table) -> set[str]:
    found = set()
    for column in table.columns:
        kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
        if isinstance(kind, String | JSON | LargeBinary) and not isinstance(column.type, UtcDateTime):
            found.add(column.name)
    return found


def test_every_table_is_in_the_registry_or_said_to_be_of_others() -> None:
    """A new table: add it to `STORES` (and it is exported and erased), or to `OF_OTHERS`."""
    listed = {store.table.name for store in STORES}
    others = {table.name for table in OF_OTHERS}
    assert listed | others == set(metadata.tables)
    assert not listed & others


@pytest.mark.parametrize(
    "store", [store for store in STORES if store.end is not End.DELETE], ids=lambda s: s.table.name
)
def test_every_column_with_words_of_rows_that_stay_is_personal_or_said_to_be_plain(store: typing.Any) -> None:
    known = set(store.personal) | PLAIN.get(store.table, frozenset())
    assert can_hold_words(store.table) == known
    assert not set(store.personal) & PLAIN.get(store.table, frozenset())


def test_every_field_with_words_of_facts_is_personal_or_said_to_be_plain() -> None:
    for fact in FACT_TYPES:
        hints = typing.get_type_hints(fact)
        words = {name for name in fact.__struct_fields__ if hints[name] in (str, str | None)}
        plain = {field for kind, field in PLAIN_FACT_FIELDS if kind == fact.__name__}
        personal = set(FACT_FIELDS.get(fact, {}))
        assert words - plain - personal == set(), f"{fact.__name__}: whose is this?"
        assert plain <= words
        assert personal <= set(fact.__struct_fields__)
    assert {kind for kind, _ in PLAIN_FACT_FIELDS} <= {fact.__name__ for fact in FACT_TYPES}


def test_the_same_number_has_the_same_pseudonym_however_it_is_written() -> None:
    pseudonyms = Pseudonyms("t", ["+493012345678"], normalise)
    assert pseudonyms.number("030 12345678") == pseudonyms.number("+493012345678") == "erased-t-1"
    assert pseudonyms.number("+4930999999") == "+4930999999", "a number of somebody else stays"
    assert pseudonyms.number("") == ""
    everybody = Pseudonyms("t", [], normalise, others_too=True)
    assert everybody.number("030 12345678") != everybody.number("+4930999999")
    assert everybody.number("anonymous").startswith("erased-")


@given(st.lists(st.from_regex(r"\+49[1-9][0-9]{6,9}", fullmatch=True), max_size=20))
def test_as_many_numbers_are_different_as_before_and_twice_is_the_same_as_once(numbers: list[str]) -> None:
    pseudonyms = Pseudonyms("t", [], normalise, others_too=True)
    after = [pseudonyms.number(number) for number in numbers]
    assert len(set(after)) == len({normalise(number) for number in numbers})
    assert [pseudonyms.number(number) for number in after] == after
    assert all(number.strip("+") not in "".join(after) for number in numbers)


def test_facts_lose_numbers_names_and_words_and_nothing_else() -> None:
    pseudonyms = Pseudonyms("t", ["+493012345678"], normalise)
    contact, agent, queue = ContactId("c"), AgentId("eva"), QueueId("sales")
    arrived = ContactArrived(
        at=NOON, contact=contact, entry_point=None, caller_number="03012345678", caller_name="Jo", dialled="100"
    )
    assert pseudonyms.fact(arrived) == msgspec.structs.replace(arrived, caller_number="erased-t-1", caller_name="")
    note = NoteWritten(at=NOON, contact=contact, agent=agent, text="Jo is ill")
    assert pseudonyms.fact(note) == msgspec.structs.replace(note, text="")
    wrapped = WrapUpEnded(
        at=NOON, contact=contact, agent=agent, queue=queue, disposition="sold", note="", wrap_up_seconds=1.0
    )
    assert pseudonyms.fact(wrapped) is wrapped


def test_what_a_run_came_to_stays_and_what_was_said_in_it_goes() -> None:
    pseudonyms = Pseudonyms("t", [], normalise)
    assert pseudonyms.value(Kind.STATE, {"outcome": "sold", "answers": {"name": "Jo"}}, {}) == {"outcome": "sold"}
    assert pseudonyms.value(Kind.SPOKEN, "b", {"event": "split"}) == "b"
    assert pseudonyms.value(Kind.SPOKEN, "Hello Jo", {"event": "shown"}) == ""
