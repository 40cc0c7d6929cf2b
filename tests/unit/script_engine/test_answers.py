"""Answers are read as people of different languages give them, and never misread."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from caruso.script_engine import answers
from caruso.script_engine.answers import Asked, Misread
from caruso.script_engine.nodes import Question
from caruso.script_engine.turns import DigitRule, Option, QuestionType, ScriptChannel, Value
from tests.unit.script_engine.leading import dialog

BERLIN = ZoneInfo("Europe/Berlin")
OPTIONS = (
    Option(value="gas", label="Gas", key="1"),
    Option(value="power", label="Electricity", key="2"),
    Option(value="heat", label="District heating", key="3"),
    Option(value="none", label="None of these", key="4", exclusive=True),
)
OWN_WORDS = (*OPTIONS, Option(value="other", label="Something else", key="5", other=True))
FILE: Mapping[str, Value] = {"id": "f-1", "name": "bill.pdf", "type": "application/pdf", "size": Decimal(812)}
SOUND: Mapping[str, Value] = {"id": "r-1", "name": "r-1.wav", "type": "audio/wav", "size": Decimal(9)}
PICTURE: Mapping[str, Value] = {"id": "s-1", "name": "s.png", "type": "image/png", "size": Decimal(9)}
FILES: Mapping[str, Value] = {"f-1": FILE, "r-1": SOUND, "s-1": PICTURE}
LANGUAGES = ("en", "de", "nl", "it", "en-US", "fr", "xx")


def question(kind: str, more: str = "", inner: str = "") -> Question:
    made = dialog(
        f'<question id="q" type="{kind}" {more}><text>q?</text>{inner}</question><end id="e" outcome="o"/>'
    ).items["q"]
    assert isinstance(made, Question)
    return made


QUESTIONS = {kind: question(kind, 'currency="EUR"' if kind == "money" else "") for kind in QuestionType}


def asked(
    kind: str,
    language: str = "en",
    *,
    channel: ScriptChannel = ScriptChannel.WEB,
    options: tuple[Option, ...] = OPTIONS,
    of: Question | None = None,
) -> Asked:
    return Asked(
        question=of or QUESTIONS[QuestionType(kind)],
        channel=channel,
        language=language,
        options=options,
        zone=BERLIN,
        files=FILES,
    )


def read(kind: str, text: str, language: str = "en") -> Value | Misread:
    return answers.read(asked(kind, language), text)


def pressed(kind: str, keys: str) -> Value | Misread:
    return answers.read(asked(kind, channel=ScriptChannel.PHONE), keys)


def refused(kind: str, text: str, language: str = "en") -> str:
    found = read(kind, text, language)
    assert isinstance(found, Misread), found
    assert found.message(language)
    return found.phrase


# -- Numbers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "language", "value"),
    [
        ("integer", "4 300", "en", "4300"),
        ("integer", "4,300", "en", "4300"),
        ("integer", "4.300", "de", "4300"),
        ("integer", "1.234.567", "nl", "1234567"),
        ("integer", "-12", "en", "-12"),
        ("number", "12,5", "de", "12.5"),
        ("number", "12.5", "de", "12.5"),
        ("number", "1.234,5", "it", "1234.5"),
        ("number", "1,234.5", "en", "1234.5"),
        ("number", "1'234'567.5", "de", "1234567.5"),
        ("number", "1.234", "en", "1.234"),
        ("number", "1,234", "de", "1.234"),
        ("number", "0.125", "de", "0.125"),
        ("number", "1,234,567", "en", "1234567"),
        ("money", "€ 12,50", "nl", "12.50"),
        ("money", "1.250,00 EUR", "de", "1250"),
        ("money", "1.250", "de", "1250"),
        ("money", "1,250", "en", "1250"),
        ("money", "-5", "en", "-5"),
        ("rating", "3", "en", "3"),
    ],
)
def test_numbers_are_read_as_they_are_written_in_a_language(
    kind: str, text: str, language: str, value: str
) -> None:
    assert read(kind, text, language) == Decimal(value)


def test_a_number_that_may_mean_thousands_is_asked_again() -> None:
    assert refused("number", "1.250", "de") == "ambiguous-number"
    assert refused("number", "1,250", "en") == "ambiguous-number"
    assert Misread("ambiguous-number", {"plain": "1250", "decimals": "1,250"}).message("de") == (
        "Bitte schreiben Sie 1250, oder 1,250, wenn Nachkommastellen gemeint sind."
    )


@pytest.mark.parametrize("text", ["twelve", "1.2.3", "1,2,3", "12e3", "½", "٣", "--1", "nan", "inf", "1 EUR"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert refused("number", text) == "not-number"


def test_an_amount_keeps_to_its_currency() -> None:
    assert refused("money", "12 USD") == "not-money"
    assert refused("money", "$12") == "not-money"
    assert refused("money", "12.505") == "too-many-places"


def test_the_star_is_the_decimal_point_on_the_phone() -> None:
    assert pressed("number", "12*5") == Decimal("12.5")
    assert pressed("money", "12*50") == Decimal("12.50")


# -- Times ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["2026-01-31", "31.1.2026", "31/01/2026", "31 - 1 - 2026"])
def test_days_are_read_day_first_or_as_iso(text: str) -> None:
    assert read("date", text) == date(2026, 1, 31)


def test_americans_write_the_month_first() -> None:
    assert read("date", "1/2/2026", "en-US") == date(2026, 1, 2)
    assert read("date", "1/2/2026", "en") == date(2026, 2, 1)
    assert read("date", "1.2.2026", "en-US") == date(2026, 2, 1)


@pytest.mark.parametrize("text", ["31.2.2026", "2026-13-01", "0000-01-01", "tomorrow", "31.1.26", "1.2026"])
def test_what_is_no_day_is_refused(text: str) -> None:
    assert refused("date", text) == "not-date"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9:30", time(9, 30)),
        ("09:30", time(9, 30)),
        ("0930", time(9, 30)),
        ("9.30", time(9, 30)),
        ("9h30", time(9, 30)),
        ("9:30 Uhr", time(9, 30)),
        ("9 Uhr", time(9)),
        ("9 pm", time(21)),
        ("12 am", time(0)),
        ("12:05 p.m.", time(12, 5)),
        ("23:59:58", time(23, 59, 58)),
    ],
)
def test_times_of_the_day_are_read_as_people_write_them(text: str, value: time) -> None:
    assert read("time", text) == value


@pytest.mark.parametrize("text", ["25:00", "9:60", "13 pm", "0 am", "9", "24:00", "9:30+02:00", "9:30:"])
def test_what_is_no_time_is_refused(text: str) -> None:
    assert refused("time", text) == "not-time"


def test_a_moment_without_a_zone_is_meant_where_the_centre_is() -> None:
    half_past_nine = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)
    for text in ("2026-01-31T09:30", "31.1.2026 9:30", "31/1/2026, 9.30", "2026-01-31 08:30+00:00"):
        assert read("date-time", text) == half_past_nine, text
    assert pressed("date-time", "310120260930") == half_past_nine
    assert pressed("date", "31012026") == date(2026, 1, 31)
    assert pressed("time", "0930") == time(9, 30)


def test_a_moment_is_typed_as_the_clocks_show_it_unless_they_show_it_twice() -> None:
    assert answers.typed(datetime(2026, 1, 31, 8, 30, tzinfo=UTC), BERLIN) == "2026-01-31T09:30"
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert answers.typed(first, BERLIN) == "2026-10-25T02:30"
    assert answers.typed(first + timedelta(hours=1), BERLIN) == "2026-10-25T01:30:00+00:00"


# -- Options --------------------------------------------------------------------------------------------------


def test_an_option_is_chosen_by_its_value_its_label_or_its_key() -> None:
    assert read("choice", "gas") == "gas"
    assert read("choice", "electricity") == "power"
    assert pressed("choice", "2") == "power"
    assert refused("choice", "2") == "no-such-option"
    assert pressed("choice", "gas") == Misread("no-such-option")


def test_own_words_are_taken_where_an_option_takes_them() -> None:
    own = asked("choice", options=OWN_WORDS)
    assert answers.read(own, "A wood stove") == "A wood stove"
    assert answers.read(own, "other") == "other"
    assert answers.read(own, "x" * 501) == Misread("too-long")
    several = asked("choices", options=OWN_WORDS)
    assert answers.read(several, "A wood stove\ngas") == ("gas", "A wood stove")
    assert answers.read(several, "A wood stove\nA candle") == Misread("no-such-option")


def test_several_options_stand_on_a_line_each_and_are_kept_in_their_order() -> None:
    assert read("choices", "heat\r\ngas\ngas") == ("gas", "heat")
    assert pressed("choices", "311") == ("gas", "heat")
    assert refused("choices", "gas\nnone") == "exclusive-option"
    assert read("choices", "none") == ("none",)
    assert read("choices", "\n \n") is None


def test_a_ranking_keeps_the_order_it_was_given_in() -> None:
    assert read("ranking", "heat\ngas\npower\nnone") == ("heat", "gas", "power", "none")
    assert pressed("ranking", "31") == ("heat", "gas")
    assert refused("ranking", "gas\ngas") == "ranked-twice"


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("J", True), ("nee", False), ("FALSE", False)])
def test_yes_and_no_are_read_in_every_language(text: str, value: bool) -> None:
    assert read("yes-no", text) is value


# -- Words and things -----------------------------------------------------------------------------------------


def test_a_text_is_one_line_and_a_memo_many() -> None:
    assert read("text", " a\r\nb ") == "a b"
    assert read("memo", " a\r\nb ") == "a\nb"
    assert refused("text", "x" * 4_001) == "too-long"
    assert refused("memo", "x" * 10_001) == "too-long"
    assert read("text", "a\ud800\x00b") == "ab"


@pytest.mark.parametrize("text", ["ann@example.org", "a.b+c@mail.example.co.uk", "ann@MÜNCHEN.example"])
def test_an_address_is_read(text: str) -> None:
    assert read("email", text) == f"{text.partition('@')[0]}@{text.partition('@')[2].lower()}"


@pytest.mark.parametrize(
    "text",
    ["ann", "@example.org", "ann@", "ann@example", "a b@example.org", "ann@example.org, bob@example.org",
     "ann@example.org\nBcc: x@example.org", "<ann@example.org>", ".a@example.org", "a..b@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    assert refused("email", text) == "not-email"


def test_things_are_named_by_their_id() -> None:
    assert read("file", "f-1") == FILE
    assert read("voice-record", "r-1") == SOUND
    assert read("signature", "s-1") == PICTURE
    assert refused("file", "f-2") == "no-such-file"
    assert refused("voice-record", "f-1") == "wrong-file"
    assert refused("signature", "f-1") == "wrong-file"


def test_a_place_is_two_numbers_of_degrees() -> None:
    berlin = {"lat": Decimal("52.5"), "lon": Decimal("13.4")}
    assert read("location", "52.5 13.4") == read("location", "52.5, 13.4") == berlin
    assert read("location", "-90 180.0") == {"lat": Decimal(-90), "lon": Decimal(180)}
    for text in ("91 0", "0 181", "52.5", "x y", "1 2 3 4 5"):
        assert refused("location", text) == "not-location"


# -- For every kind -------------------------------------------------------------------------------------------

KINDS = st.sampled_from(list(QuestionType))
WRITTEN = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789.,'-+*#: \nTZ/€EURapm@gas", max_size=25),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12).map(str),
    st.dates().map(date.isoformat),
    st.times().map(time.isoformat),
    st.datetimes(timezones=st.sampled_from([UTC, BERLIN, timezone(timedelta(hours=-11))])).map(datetime.isoformat),
    st.times(max_value=time(5)).map(lambda at: f"2026-10-25T{at.isoformat()}"),  # clocks are put back
    st.lists(st.sampled_from(["gas", "power", "heat", "none", "own words"])).map("\n".join),
    st.sampled_from(["f-1", "r-1", "s-1", "52.5 13.4", "ann@example.org", "+49 30 123", "yes", "nein"]),
)


@settings(deadline=None, max_examples=400)
@given(
    KINDS, WRITTEN, st.sampled_from(LANGUAGES), st.sampled_from(list(ScriptChannel)), st.sampled_from(LANGUAGES)
)
@example(QuestionType.NUMBER, "1.234", "en", ScriptChannel.WEB, "de")
@example(QuestionType.DATE_TIME, "0001-01-01T00:00", "en", ScriptChannel.WEB, "de")
@example(QuestionType.DATE_TIME, "9999-12-31T23:59", "en", ScriptChannel.WEB, "de")
@example(QuestionType.DATE_TIME, "2026-10-25T02:30+01:00", "en", ScriptChannel.WEB, "de")
def test_whatever_is_given_is_read_or_refused_and_what_was_read_is_read_again(
    kind: QuestionType, text: str, language: str, channel: ScriptChannel, later: str
) -> None:
    value = answers.read(asked(kind.value, language, channel=channel, options=OWN_WORDS), text)
    if isinstance(value, Misread):
        assert value.message(language)
        return
    screen = asked(kind.value, later, channel=ScriptChannel.AGENT, options=OWN_WORDS)
    for zone in (None, BERLIN):
        again = answers.read(screen, answers.typed(value, zone))
        assert again == value
        assert type(again) is type(value)
    for aloud in (False, True):
        assert isinstance(answers.shown(screen, value, aloud=aloud), str)
    assert answers.within(screen, value, value, value) is None or kind in {
        QuestionType.CHOICES, QuestionType.RANKING, QuestionType.RATING,
    }  # fmt: skip


# -- Bounds ---------------------------------------------------------------------------------------------------


def broken(kind: str, value: Value, minimum: Value = None, maximum: Value = None) -> str:
    found = answers.within(asked(kind), value, minimum, maximum)
    return found.phrase if found else ""


def test_bounds_hold_for_numbers_times_and_counts() -> None:
    assert broken("money", Decimal(4), Decimal(5)) == "too-small"
    assert broken("date", date(2026, 1, 1), date(2026, 1, 2)) == "too-early"
    assert broken("date", date(2026, 1, 1), datetime(2026, 1, 1, 5, tzinfo=UTC)) == ""
    assert broken("time", time(18, 1), time(8), time(18)) == "too-late"
    assert broken("date-time", datetime(2026, 1, 1, tzinfo=UTC), None, date(2025, 12, 31)) == "too-late"
    assert broken("choices", ("gas", "heat", "power"), None, Decimal(2)) == "too-many-options"
    assert broken("choices", ("gas",), Decimal(2)) == "too-few-options"
    assert broken("rating", Decimal(6)) == "too-large"
    assert broken("rating", Decimal(6), None, Decimal(10)) == ""
    assert broken("text", "x", Decimal(5)) == ""


def test_a_ranking_ranks_everything_unless_it_says_how_many() -> None:
    assert broken("ranking", ("gas", "heat")) == "too-few-options"
    assert broken("ranking", ("gas", "heat"), None, Decimal(2)) == ""
    assert broken("ranking", ("gas",), Decimal(1)) == ""


def test_a_bound_is_told_as_the_answer_would_be_written() -> None:
    found = answers.within(asked("money", "de"), Decimal(4), Decimal("1250.5"), None)
    assert found is not None
    assert found.message("de") == "Der kleinste mögliche Wert ist 1.250,50\xa0€."


# -- On the phone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("yes-no", (1, 1, "")),
        ("date", (8, 8, "")),
        ("time", (4, 4, "")),
        ("date-time", (12, 12, "")),
        ("choice", (1, 1, "")),
        ("choices", (1, 5, "#")),
        ("ranking", (1, 5, "#")),
        ("phone", (3, 15, "#")),
        ("money", (1, 18, "#")),
        ("text", None),
        ("memo", None),
        ("email", None),
        ("file", None),
        ("voice-record", None),
        ("signature", None),
        ("location", None),
    ],
)
def test_each_kind_is_pressed_in_its_way(kind: str, rule: tuple[int, int, str] | None) -> None:
    found = answers.digit_rule(asked(kind, channel=ScriptChannel.PHONE), None)
    assert (found and (found.minimum, found.maximum, found.end_key)) == rule
    assert answers.on_phone(QuestionType(kind)) == (rule is not None or kind == "voice-record")


def test_codes_are_those_no_answer_begins_with() -> None:
    def codes(kind: str, options: tuple[Option, ...] = OPTIONS) -> tuple[str, ...]:
        found = answers.digit_rule(asked(kind, channel=ScriptChannel.PHONE, options=options), None)
        assert isinstance(found, DigitRule)
        return found.codes

    assert codes("choice") == ("*", "**", "*#", "0")
    assert codes("integer", ()) == ("*", "**", "*#")
    assert codes("choice", (Option(value="a", label="a", key="*"), Option(value="b", label="b", key="0"))) == ()


def test_a_recording_has_its_own_rule() -> None:
    entry = question("voice-record", inner='<input max-seconds="20s" end-key="*"/>')
    rule = answers.record_rule(asked("voice-record", channel=ScriptChannel.PHONE, of=entry))
    assert rule is not None
    assert (rule.max_seconds, rule.end_key, rule.beep) == (20, "*", True)
    assert answers.record_rule(asked("text")) is None
