"""Where things stand in a TOML text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.errors import RejectedInput
from caruso.toml.source import KeyPath, did_you_mean, dotted, read_toml

EVERYTHING = '''# a comment with = and [brackets]
title = "a \\"quoted\\" # no comment"
"key with . dot" = 1
a.b . c = 0x1F

[server]  # comment
host = '127.0.0.1'
text = """
[not.a.header]
key = "no key\\""""
after = 1979-05-27 07:32:00

[deep.er."than this"]
list = [
  1,  # one
  "two, [three]",
  [ [], {x = 1, y.z = 2} ],
]
literal = \'\'\'
it''s # fine
\'\'\'\'\'
empty = {}

[[people]]
name = "first"
[people.address]
street = "x"
[[people]]
name = "second"
[[people.cars]]
[[people.cars]]
plate = 'y'
'''


def paths(value: object, where: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield every path that the value has."""
    if where:
        yield where
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*where, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*where, index))


def test_every_key_table_and_element_has_a_place() -> None:
    source = read_toml(EVERYTHING, "f.toml")
    assert source.data == tomllib.loads(EVERYTHING)
    assert set(source.places) == set(paths(source.data))


@pytest.mark.parametrize(
    ("where", "place"),
    [
        (("title",), (2, 1)),
        (("key with . dot",), (3, 1)),
        (("a", "b", "c"), (4, 1)),
        (("server",), (6, 1)),
        (("server", "after"), (11, 1)),
        (("deep", "er", "than this", "list", 1), (16, 3)),
        (("deep", "er", "than this", "list", 2, 1, "y", "z"), (17, 17)),
        (("deep", "er", "than this", "empty"), (22, 1)),
        (("people", 0, "address", "street"), (27, 1)),
        (("people", 1, "name"), (29, 1)),
        (("people", 1, "cars", 1, "plate"), (32, 1)),
    ],
)
def test_the_place_is_where_it_begins(where: KeyPath, place: tuple[int, int]) -> None:
    assert read_toml(EVERYTHING, "f.toml").places[where] == place


_keys = st.text("abz-_9", min_size=1, max_size=4) | st.text('a."#=[é \\', min_size=1, max_size=4)
_texts = st.text("ab\"\\#=[]{},' \n", max_size=8)
_values = st.recursive(
    st.integers(-9, 9) | st.booleans() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=8,
)


def quoted(text: str) -> str:
    """Write a basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def written(value: object) -> str:
    """Write a value in one line, with text in the form that is hardest for its content."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'''{value}'''" if "'" not in value and not value.startswith("\n") else quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[ # [\n" + ",\n".join(written(v) for v in value) + "\n]"
    return str(value)


@given(st.dictionaries(_keys, st.dictionaries(_keys, _values, max_size=3), max_size=3))
def test_no_text_confuses_the_scanner(tables: dict[str, dict[str, object]]) -> None:
    text = "".join(
        f"[{quoted(name)}]\n" + "".join(f"{quoted(k)} = {written(v)} # x\n" for k, v in table.items())
        for name, table in tables.items()
    )
    source = read_toml(text, "f.toml")
    assert source.data == tables
    assert set(source.places) == set(paths(tables))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("a = 1\nb = = 2\n", 2, 5), ("a = 1\na = 2", 2, 0), ('a = "open', 1, 0), ("\ufeffa = 1\r\n[x\r\n", 2, 3)],
)
def test_a_text_that_is_no_toml_is_rejected_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(RejectedInput) as rejected:
        read_toml(text, "centre.toml")
    (finding,) = rejected.value.findings
    assert (finding.file, finding.rule, finding.line, finding.column) == ("centre.toml", "not-toml", line, column)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("port = 1\nport = 2\n", "a name stands once in a table"),
        ("[queues.gas]\na = 1\n[queues.gas]\nb = 1\n", "The table queues.gas stands above already"),
        ("a = 1\n[a]\n", "a name stands once in a table"),
        ("a = ?", "Invalid value."),
    ],
)
def test_what_stands_there_twice_is_said_in_words(text: str, said: str) -> None:
    with pytest.raises(RejectedInput) as rejected:
        read_toml(text, "centre.toml")
    assert said in rejected.value.findings[0].message


def test_endless_nesting_is_rejected() -> None:
    with pytest.raises(RejectedInput) as rejected:
        read_toml("a = " + "[" * 100_000, "f.toml")
    assert rejected.value.findings[0].rule == "not-toml"


def test_a_finding_below_what_is_written_points_at_the_nearest_thing_written() -> None:
    source = read_toml("x = 1\n[server]\nport = 1\n", "f.toml")
    assert source.located(("server", "host"), "r", "m").line == 2
    assert source.located(("server", "port", 3), "r", "m").line == 3
    assert source.located(("elsewhere",), "r", "m").line == 0


def test_a_path_is_written_as_a_person_would() -> None:
    assert dotted(("entry_points", "main", "numbers", 1)) == "entry_points.main.numbers[2]"


def test_the_nearest_word_is_suggested_and_nothing_far_away() -> None:
    assert did_you_mean("biling", ["billing", "sales"]) == "did you mean “billing”?"
    assert did_you_mean("BILLING", ["Billing"]) == "did you mean “Billing”?"
    assert did_you_mean("zzz", ["billing", "sales"]) == ""
