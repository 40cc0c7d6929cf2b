"""What the engine says by itself is there in every language, and is said as people say it."""

from __future__ import annotations

import re
import string
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caruso.script_engine import spoken, wording, written
from caruso.script_engine.phrases import PHRASES
from caruso.script_engine.shown import show

CODE = Path(__file__).parents[3] / "caruso" / "script_engine"
LANGUAGES = ("en", "de", "nl", "it")


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", sorted(PHRASES))
def test_every_sentence_is_there_in_every_language_with_the_same_gaps(key: str) -> None:
    assert set(PHRASES[key]) == set(LANGUAGES)
    assert len({frozenset(fields(sentence)) for sentence in PHRASES[key].values()}) == 1


def test_every_sentence_the_code_asks_for_is_there() -> None:
    asked = set()
    for path in CODE.rglob("*.py"):
        asked |= set(
            re.findall(r'(?:phrase|Misread|say_phrase)\(\s*"([a-z-]+)"', path.read_text(encoding="utf-8"))
        )
    assert asked <= set(PHRASES)
    assert len(asked) > 30


def test_another_language_gets_english() -> None:
    assert wording.phrase("yes", "fr") == "yes"
    assert wording.phrase("yes", "de-AT") == "ja"


DAY, MORNING, NOON = date(2026, 3, 1), time(9, 5), time(12)


@pytest.mark.parametrize(
    ("language", "day", "short", "clock", "money", "number"),
    [
        ("en", "1 March 2026", "01/03/2026", "09:05", "€1,250.50", "1250.5"),
        ("en-US", "March 1, 2026", "3/1/2026", "9:05\u202fAM", "€1,250.50", "1250.5"),
        ("de", "1. März 2026", "01.03.2026", "09:05", "1.250,50\xa0€", "1250,5"),
        ("nl", "1 maart 2026", "1-3-2026", "09:05", "€\xa01.250,50", "1250,5"),
        ("it", "1 marzo 2026", "01/03/2026", "09:05", "1.250,50\xa0€", "1250,5"),
        ("xx", "1 March 2026", "01/03/2026", "09:05", "€1,250.50", "1250.5"),
    ],
)
def test_values_are_written_as_in_the_language(
    language: str, day: str, short: str, clock: str, money: str, number: str
) -> None:
    amount = Decimal("1250.5")
    assert show(DAY, language) == day
    assert show(DAY, language, "short") == short
    assert show(MORNING, language) == clock
    assert show(amount, language, "money", currency="EUR") == money
    assert show(amount, language) == number


def test_nobody_is_told_a_zero_with_a_minus() -> None:
    zero = Decimal(-7) % 7
    assert show(zero, "en") == "0"
    assert show(zero, "en", "money", currency="EUR") == "€0.00"


@pytest.mark.parametrize(
    ("language", "day", "clock", "noon", "money", "cents", "minus"),
    [
        ("en", "1 March 2026", "9 oh 5 a.m.", "12 p.m.", "12 euros and 50 cents", "1 cent", "minus 5.5"),
        ("de", "1. März 2026", "9 Uhr 5", "12 Uhr", "12 Euro und 50 Cent", "1 Cent", "minus 5,5"),
        ("nl", "1 maart 2026", "9 uur 5", "12 uur", "12 euro en 50 cent", "1 cent", "min 5,5"),
        ("it", "primo marzo 2026", "ore 9 e 5", "ore 12", "12 euro e 50 centesimi", "1 centesimo", "meno 5,5"),
    ],
)
def test_values_are_said_as_people_say_them(
    language: str, day: str, clock: str, noon: str, money: str, cents: str, minus: str
) -> None:
    assert show(DAY, language, aloud=True) == day
    assert show(MORNING, language, aloud=True) == clock
    assert show(NOON, language, aloud=True) == noon
    assert show(Decimal("12.5"), language, "money", currency="EUR", aloud=True) == money
    assert show(Decimal("0.01"), language, "money", currency="EUR", aloud=True) == cents
    assert show(Decimal("-5.5"), language, aloud=True) == minus


def test_amounts_without_cents_and_currencies_without_names_are_said_too() -> None:
    assert spoken.money(Decimal(1), "EUR", "en") == "1 euro"
    assert spoken.money(Decimal(-3), "GBP", "en") == "minus 3 British pounds"
    assert spoken.money(Decimal("0.5"), "SEK", "de") == "0,5 Schwedische Kronen"
    assert spoken.money(Decimal(100), "JPY", "it") == "100 yen giapponesi"
    assert spoken.money(Decimal("12.5"), "", "de") == "12,5"


def test_a_time_is_told_where_the_centre_is() -> None:
    at = datetime(2026, 1, 31, 8, 30, tzinfo=ZoneInfo("UTC"))
    assert show(at, "de", zone=ZoneInfo("Europe/Berlin")) == "31. Januar 2026, 09:30"
    assert show(at, "de", zone=ZoneInfo("Europe/Berlin"), aloud=True) == "31. Januar 2026 um 9 Uhr 30"
    assert show(at, "en", "long", aloud=True) == "Saturday, 31 January 2026 at 8 30 a.m."


def test_signs_are_said_as_words_or_one_by_one() -> None:
    assert spoken.address("ann.b@example.org", "it") == "ann punto b chiocciola example punto org"
    assert show("+49 30", "en", "digits", aloud=True) == "+ 4 9 3 0"


LANGUAGE = st.one_of(st.sampled_from([*LANGUAGES, "pt-BR", "zh-Hant-TW"]), st.text(max_size=12))


@settings(deadline=None, max_examples=60)
@given(LANGUAGE, st.dates(), st.times(), st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_any_language_shows_any_value(language: str, day: date, at: time, number: Decimal) -> None:
    for aloud in (False, True):
        for value in (day, at, number, datetime.combine(day, at)):
            for form in ("plain", "short", "long", "money", "digits"):
                assert show(value, language, form, aloud=aloud, currency="EUR")


def test_a_currency_is_known_by_its_code() -> None:
    assert written.is_currency("EUR")
    assert not written.is_currency("euro")
    assert written.places("JPY") == 0


@pytest.mark.parametrize(
    ("seconds", "exactly", "at_least"),
    [
        (0, "0 seconds", "1 second"),
        (59, "59 seconds", "59 seconds"),
        (60, "1 minute", "1 minute"),
        (90, "90 seconds", "90 seconds"),
        (150, "150 seconds", "3 minutes"),
        (3600, "1 hour", "1 hour"),
        (84_211, "84211 seconds", "24 hours"),
    ],
)
def test_how_long_something_takes_is_told_in_the_unit_people_use(
    seconds: int, exactly: str, at_least: str
) -> None:
    assert written.span(seconds, "en").replace(",", "") == exactly
    assert written.about(seconds, "en") == at_least
    assert written.span(180, "de") == "3 Minuten"


def test_until_when_something_is_valid_is_told_in_words_with_the_zone_for_who_is_elsewhere() -> None:
    at = datetime(2026, 12, 28, 9, 44, 31, tzinfo=ZoneInfo("UTC"))
    assert written.moment_in(at, "Europe/Berlin", "de") == "28. Dezember 2026, 10:44 (Europe/Berlin)"
    assert written.moment_in(at, "Europe/London", "en") == "28 December 2026, 09:44 (Europe/London)"
