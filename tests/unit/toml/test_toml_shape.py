"""What fits a typed Struct and what is told about the rest."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from caruso.toml.shape import Secret, Shape, describe
from caruso.toml.source import read_toml

Slug = Annotated[str, Meta(pattern="^[a-z]+$", title="small letters")]


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    size: Annotated[int, Meta(ge=1, le=30)]


class Car(msgspec.Struct, frozen=True, kw_only=True):
    name: Slug
    colour: Colour = Colour.RED
    fuel: Literal["petrol", "none"] = "none"
    weight: float = 1.0
    key: Secret = Secret()
    manual: Path | None = None
    owners: tuple[Slug, ...] = ()
    marks: dict[Slug, Annotated[int, Meta(ge=1)]] = {}
    wheels: dict[str, Wheel] = {}


def read(text: str) -> tuple[Car | None, list[str]]:
    shape = Shape(read_toml(text, "car.toml"))
    car = shape.struct(Car, shape.source.data, ())
    return car, [str(finding) for finding in shape.findings]


def test_a_table_that_fits_becomes_a_struct() -> None:
    car, findings = read(
        'name = "a"\ncolour = "blue"\nweight = 2\nkey = "k"\nmanual = "m.txt"\nowners = ["x"]\nmarks = {a = 1}\n'
        "[wheels.front]\nsize = 3\n"
    )
    assert findings == []
    assert car == Car(
        name="a",
        colour=Colour.BLUE,
        weight=2.0,
        key=Secret("k"),
        manual=Path("m.txt"),
        owners=("x",),
        marks={"a": 1},
        wheels={"front": Wheel(size=3)},
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 1", "1:1: error[wrong-value] @name name must be small letters, not 1."),
        ('name = "A b"', "1:1: error[wrong-value] @name name must be small letters, not “A b”."),
        ('colour = "green"', "must be one of “red”, “blue”, not “green”."),
        ('fuel = "gas"', "must be one of “none”, “petrol”, not “gas”."),
        ('weight = "heavy"', "must be a number, not “heavy”."),
        ("weight = true", "must be a number, not true."),
        ("manual = 3", "must be a path, not 3."),
        ('owners = "x"', "must be a list, each small letters, not “x”."),
        ("owners = [\n'x',\n  4]", "3:3: error[wrong-value] @owners[2] owners[2] must be small letters, not 4."),
        ("marks = {a = 0}", "@marks.a marks.a must be a whole number of at least 1, not 0."),
        ("marks = {B = 1}", "error[wrong-key] @marks.B A key of marks must be small letters, not “B”."),
        ("wheels = 3", "not 3."),
        ("wheels.x = 3", "wheels.x must be a table, not 3."),
        ("wheels.x = {}", "error[missing-key] @wheels.x wheels.x has no “size”."),
        (
            "[wheels.x]\nsize = 99",
            "2:1: error[wrong-value] @wheels.x.size wheels.x.size must be a whole number from 1 to 30, not 99.",
        ),
        ("wieght = 3", "error[unknown-key] @wieght There is no “wieght” here. (did you mean “weight”?)"),
        ("zzz = 3", "(known: name, colour, fuel, weight, key, manual, owners, marks, wheels)"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(text: str, expected: str) -> None:
    _, findings = read(text)
    assert any(expected in finding and finding.startswith("car.toml:") for finding in findings), findings


def test_everything_wrong_is_told_at_once() -> None:
    car, findings = read('naem = "a"\nweight = ""\nowners = [1, 2]\nwheels.a.size = 0\n')
    assert car is None
    assert len(findings) == 6  # unknown naem, no name, weight, two owners, wheel


def test_a_wrong_value_of_something_with_a_default_leaves_the_rest_readable() -> None:
    car, findings = read('name = "a"\nweight = ""\n')
    assert len(findings) == 1
    assert car == Car(name="a")


def test_a_secret_shows_nowhere() -> None:
    car, _ = read('name = "a"\nkey = "swordfish"')
    assert "swordfish" not in f"{car!r} {car}"
    _, findings = read("key = 12345")
    assert "12345" not in "".join(findings)
    assert any("key must be text." in finding for finding in findings)


def test_a_long_or_unprintable_value_is_shown_short_and_harmless() -> None:
    _, findings = read(f'name = "{"X" * 5000}"\nfuel = "a\\u001b[2Jb"\n"\\u001b[2J" = 1')
    assert all(len(finding) < 250 and "\x1b" not in finding for finding in findings)


def test_types_are_described_in_words() -> None:
    assert describe(bool) == "true or false"
    assert describe(Annotated[float, Meta(ge=0)]) == "a number of at least 0"
    assert describe(dict[str, int]) == "a table, each key text, each value a whole number"
    assert describe(Secret) == "text"
