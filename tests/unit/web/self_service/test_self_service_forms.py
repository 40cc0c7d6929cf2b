"""Questions become controls and forms become inputs: pure, without a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.model.ids import RunId
from caruso.script_engine.turns import (
    Answered,
    AnsweredTogether,
    Confirmed,
    Corrected,
    Option,
    QuestionType,
    Segment,
    TextLink,
    Turn,
    WentBack,
)
from caruso.web.self_service.controls import control, field_name, place_name
from caruso.web.self_service.drafts import Draft, Drafts
from caruso.web.self_service.inputs import Unreadable, read_change, read_step, typed_fields
from caruso.web.self_service.links import pieces

OPTIONS = (Option(value="a", label="Ant"), Option(value="b", label="Bee"), Option(value="c", label="Cat"))


def asked(kind: QuestionType, **more: Any) -> Turn:
    """Return a question."""
    options = OPTIONS if kind in {QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.RANKING} else ()
    told: dict[str, Any] = {"options": options, "segments": (Segment(text="Before."), Segment(text="Which?"))}
    return Turn(number=7, kind="question", type=kind, **({"item": "q"} | told | more))


def form(**fields: Sequence[str] | str) -> dict[str, tuple[str, ...]]:
    """Return a form; names without the dot that Python does not allow."""
    return {
        name.replace("__", "."): (value,) if isinstance(value, str) else tuple(value)
        for name, value in fields.items()
    }


def test_a_question_is_labelled_by_its_own_text_and_what_was_said_before_stands_before_it() -> None:
    shown = control(asked(QuestionType.TEXT), 3)
    assert (shown.label, shown.id, shown.name) == ("Which?", "q3", "a.q")
    assert [piece.text for said in shown.intro for piece in said] == ["Before."]


@pytest.mark.parametrize(
    ("to", "leads"),
    [
        ("https://example.org/a?b=c", True),
        ("mailto:help@example.org", True),
        ("tel:+49301234567", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https:///x", False),
    ],
)
def test_only_links_that_lead_to_pages_and_people_are_links(to: str, leads: bool) -> None:
    said = Segment(text="Read this now.", links=(TextLink(start=5, end=9, to=to),))
    cut = pieces(said)
    assert "".join(piece.text for piece in cut) == said.text
    assert [piece.text for piece in cut if piece.to] == (["this"] if leads else [])


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=5))
def test_no_word_is_lost_or_doubled_by_links(text: str, places: list[tuple[int, int]]) -> None:
    links = tuple(TextLink(start=start, end=end, to="https://example.org") for start, end in places)
    assert "".join(piece.text for piece in pieces(Segment(text=text, links=links))) == text


def test_controls_help_keyboards_and_memories_of_browsers() -> None:
    told = {
        kind: (shown.input_type, shown.inputmode, shown.autocomplete)
        for kind in (QuestionType.INTEGER, QuestionType.MONEY, QuestionType.PHONE, QuestionType.EMAIL)
        for shown in [control(asked(kind), 1)]
    }
    assert told == {
        QuestionType.INTEGER: ("text", "numeric", "off"),
        QuestionType.MONEY: ("text", "decimal", "off"),
        QuestionType.PHONE: ("tel", "tel", "tel"),
        QuestionType.EMAIL: ("email", "email", "email"),
    }


def test_a_number_below_zero_gets_a_keyboard_with_a_minus() -> None:
    assert control(asked(QuestionType.INTEGER, minimum=Decimal(-40)), 1).inputmode == ""
    assert control(asked(QuestionType.INTEGER, minimum=Decimal(0)), 1).inputmode == "numeric"


def test_browsers_fill_in_what_the_id_of_a_question_names() -> None:
    told = {
        item: control(asked(kind, item=item), 1).autocomplete
        for item, kind in (
            ("name", QuestionType.TEXT),
            ("new/postcode#2", QuestionType.TEXT),
            ("birthday", QuestionType.DATE),
            ("reading", QuestionType.TEXT),
            ("town", QuestionType.INTEGER),
        )
    }
    assert list(told.values()) == ["name", "postal-code", "bday", "", "off"]
    assert control(asked(QuestionType.TEXT, item="name", mask="hidden"), 1).input_type == "password"


def test_bounds_are_told_in_words_and_limit_the_calendar() -> None:
    shown = control(asked(QuestionType.NUMBER, minimum=Decimal("0.5"), maximum=Decimal(12), language="de"), 1)
    assert "Zwischen 0,5 und 12." in shown.hints
    dated = control(asked(QuestionType.DATE, maximum=date(2026, 11, 27)), 1)
    assert dated.hints[-1] == "At most 27 November 2026."
    assert (dated.minimum, dated.maximum) == ("", "2026-11-27")


def test_many_options_are_a_list_that_opens() -> None:
    many = tuple(Option(value=str(n), label=str(n)) for n in range(16))
    assert control(asked(QuestionType.CHOICE, options=many), 1).kind == "select"
    assert control(asked(QuestionType.CHOICE), 1).kind == "radios"


def test_a_rating_with_few_steps_is_a_row_of_buttons() -> None:
    few = control(asked(QuestionType.RATING, minimum=Decimal(1), maximum=Decimal(5)), 1)
    assert [choice.value for choice in few.choices] == ["1", "2", "3", "4", "5"]
    many = control(asked(QuestionType.RATING, minimum=Decimal(0), maximum=Decimal(100)), 1)
    assert many.kind == "line"


def test_the_present_answer_stands_in_the_control() -> None:
    assert control(asked(QuestionType.NUMBER, answer=Decimal("1.5"), language="nl"), 1).value == "1,5"
    assert control(asked(QuestionType.DATE, answer=date(2026, 1, 2)), 1).value == "2026-01-02"
    assert control(asked(QuestionType.TIME, answer=time(7, 5)), 1).value == "07:05"
    ticks = control(asked(QuestionType.CHOICES, answer=("c", "a")), 1)
    assert [choice.chosen for choice in ticks.choices] == ["yes", "", "yes"]
    ranked = control(asked(QuestionType.RANKING, answer=("c", "a", "b")), 1)
    assert [choice.chosen for choice in ranked.choices] == ["2", "3", "1"]
    place = {"lat": Decimal("52.5"), "lon": Decimal("13.4")}
    assert control(asked(QuestionType.LOCATION, answer=place), 1).value == "52.5 13.4"


def test_what_was_typed_and_refused_goes_before_the_answer() -> None:
    draft = Draft(item="q", fields={field_name("q"): ("twelve",)}, problems={"q": "No."})
    shown = control(asked(QuestionType.INTEGER, answer=Decimal(4), error="Old."), 1, draft)
    assert (shown.value, shown.error) == ("twelve", "No.")


def test_an_answer_in_own_words_is_told_from_the_options() -> None:
    options = (*OPTIONS, Option(value="other", label="Another", other=True))
    question = asked(QuestionType.CHOICE, options=options, answer="a newt")
    shown = control(question, 1)
    assert [choice.chosen for choice in shown.choices] == ["", "", "", "yes"]
    assert shown.own_words == "a newt"
    fields = form(a__q="other") | {"a.q.other": ("a  toad",)}
    assert read_step(question, fields) == Answered(turn=7, text="a toad")
    assert read_step(question, form(a__q="b") | {"a.q.other": ("a toad",)}) == Answered(turn=7, text="b")


def test_what_can_only_be_read_is_given_back_as_it_is() -> None:
    question = asked(QuestionType.CHOICE, answer="b", read_only=True)
    shown = control(question, 1)
    assert (shown.kind, shown.shown) == ("fixed", "Bee")
    assert read_step(question, form(a__q="a")) == Answered(turn=7, text="b")


def test_several_ticks_are_lines() -> None:
    assert read_step(asked(QuestionType.CHOICES), form(a__q=["a", "c"])) == Answered(turn=7, text="a\nc")
    assert read_step(asked(QuestionType.CHOICES), {}) == Answered(turn=7, text="")


@given(st.permutations(["a", "b", "c"]))
def test_places_become_an_order_and_stand_there_again(order: list[str]) -> None:
    question = asked(QuestionType.RANKING)
    fields = {place_name("q", value): (str(order.index(value) + 1),) for value in "abc"}
    assert read_step(question, fields) == Answered(turn=7, text="\n".join(order))
    shown = control(replace(question, answer=tuple(order)), 1)
    assert {place_name("q", choice.value): (choice.chosen,) for choice in shown.choices} == fields


@given(st.lists(st.sampled_from(["", "1", "2", "3", "4", "x", "²", "-1"]), min_size=3, max_size=3))
def test_places_that_are_no_order_are_told_and_never_raise(places: list[str]) -> None:
    fields = {place_name("q", value): (place,) for value, place in zip("abc", places, strict=True)}
    read = read_step(asked(QuestionType.RANKING), fields)
    fine = sorted(places) == ["1", "2", "3"] or not any(places)
    assert isinstance(read, Answered if fine else Unreadable)


def test_a_group_is_answered_together_and_one_problem_stops_it() -> None:
    name = replace(asked(QuestionType.TEXT), item="name")
    order = replace(asked(QuestionType.RANKING), item="order")
    said = Turn(number=7, item="between", kind="info", segments=(Segment(text="…"),))
    group = Turn(number=7, item="g", kind="group", segments=(), questions=(name, said, order))
    fields = form(a__name="Ada")
    assert read_step(group, fields) == AnsweredTogether(turn=7, answers={"name": "Ada", "order": ""})
    twice = {place_name("order", value): ("1",) for value in "abc"}
    assert read_step(group, fields | twice) == Unreadable(
        problems={"order": "Give each entry a place of its own, from 1 on."}
    )


def test_an_info_is_taken_note_of_and_back_is_back() -> None:
    info = Turn(number=7, item="i", kind="info", segments=(Segment(text="…"),))
    assert read_step(info, {}) == Confirmed(turn=7)
    assert read_step(info, form(action="back")) == WentBack(turn=7)


def test_a_change_names_its_item() -> None:
    assert read_change(asked(QuestionType.TEXT), form(a__q="x")) == Corrected(item="q", text="x")


def test_only_fields_of_the_question_are_kept() -> None:
    fields = form(a__q="x", csrf="t", a__other="y")
    assert typed_fields(asked(QuestionType.TEXT), fields) == {"a.q": ("x",)}
    assert typed_fields(asked(QuestionType.FILE), fields) == {"a.q": ("x",)}
    assert typed_fields(asked(QuestionType.CHOICES), {}) == {"a.q": ()}


def test_drafts_belong_to_their_item_and_are_bounded() -> None:
    drafts, run = Drafts(most=2), RunId("r1")
    assert drafts.keep(run, Draft(item="q", fields={"a.q": ("x",)}))
    assert drafts.of(run, "q").fields == {"a.q": ("x",)}
    assert drafts.of(run, "other").fields == {}
    assert not drafts.keep(run, Draft(item="q", fields={"a.q": ("x" * 30_000,)}))
    for other in ("r2", "r3"):
        drafts.keep(RunId(other), Draft(item="q", fields={"a.q": ("y",)}))
    assert drafts.of(run, "q").fields == {}


@given(st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=20), max_size=3).map(tuple), max_size=6))
def test_no_form_makes_reading_raise(fields: dict[str, tuple[str, ...]]) -> None:
    for kind in QuestionType:
        question = asked(kind)
        read_step(question, fields)
        read_change(question, fields)
        control(question, 1, Draft(item="q", fields=typed_fields(question, fields)))
