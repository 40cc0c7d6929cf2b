"""What a question can do besides being asked: bounds, order, lists, objects, limits, secrets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from caruso.errors import RejectedInput
from caruso.model.conditions import Among, Compare, Every
from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.engine import present, resume, start
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.turns import (
    Answered,
    CallService,
    Corrected,
    FindObjects,
    HandOver,
    Happened,
    Noted,
    ObjectsFound,
    Refused,
    RunStart,
    ScriptChannel,
    WentBack,
)
from tests.unit.script_engine.leading import NOW, Led, dialog

PHONE, AGENT, WEB = ScriptChannel.PHONE, ScriptChannel.AGENT, ScriptChannel.WEB
END = '<end id="e" outcome="done"><text>Bye.</text></end>'


def question(kind: str, more: str = "", inner: str = "", name: str = "q") -> str:
    return f'<question id="{name}" type="{kind}" {more}><text>{name}?</text>{inner}</question>'


def option(value: str, more: str = "", label: str = "") -> str:
    return f'<option value="{value}" {more}><text>{label or value.title()}</text></option>'


def script(*items: str, data: str = "") -> Dialog:
    return dialog("".join(items) + END, data=data)


def values(led: Led) -> list[str]:
    return [offered.value for offered in led.turn.options]


# -- Bounds and forms -----------------------------------------------------------------------------------------


def test_bounds_may_depend_on_what_is_known() -> None:
    led = Led(script(question("date", 'min="today()" max="add_days(today(), 30)"')))
    assert led.answer("2026-11-22").turn.error == "It must not be before 23 November 2026."
    assert led.answer("2027-01-01").turn.error == "It must not be after 23 December 2026."
    assert led.answer("2026-12-01").item == "e"


def test_several_options_are_counted() -> None:
    led = Led(script(question("choices", 'min="1" max="2"', option("a") + option("b") + option("c"))))
    assert led.answer("a\nb\nc").turn.error == "Please choose at most 2."
    assert led.answer("c\na").answered == [("q", "A, C")]


def test_a_rating_has_two_ends() -> None:
    led = Led(script(question("rating", 'max="10"')))
    assert (led.turn.minimum, led.turn.maximum) == (Decimal(1), Decimal(10))
    assert led.answer("0").turn.error == "It must be at least 1."
    assert led.answer("10").item == "e"


def test_an_amount_is_told_in_its_currency() -> None:
    led = Led(script(question("money", 'currency="EUR"'), question("yes-no", name="sure")), language="de")
    assert led.turn.currency == "EUR"
    assert led.answer("1.250,50").answered == [("q", "1.250,50\xa0€")]


def test_a_value_is_said_on_the_phone_as_people_say_it() -> None:
    body = (
        question("money", 'currency="EUR"')
        + '<info id="i"><text>You pay <value of="answers.q"/> on <value of="today()"/>.</text></info>'
    )
    assert "You pay 12 euros and 50 cents on 23 November 2026." in Led(script(body), PHONE).answer("12*50").said
    assert "You pay €12.50 on 23 November 2026." in Led(script(body), WEB).answer("12.50").said


def test_a_mask_and_a_time_limit_reach_whoever_asks() -> None:
    turn = Led(script(question("digits", 'time-limit="2m"', '<input digits="4" mask="hidden"/>'))).turn
    assert (turn.mask, turn.time_limit) == ("hidden", 120.0)


def test_when_the_time_is_up_there_is_more_of_it() -> None:
    led = Led(script(question("text", 'time-limit="2m"')), WEB).happen("time-up")
    assert led.item == "q"
    assert led.said.startswith("Take your time.")
    more = '<on event="time-up" then="continue"/>'
    assert Led(script(question("text", 'time-limit="2m"', more)), WEB).happen("time-up").item == "e"


@pytest.mark.parametrize(
    "bad",
    [
        question("money", 'currency="euro"'),
        question("text", 'time-limit="soon"'),
        question("choice", inner=option("a", 'score="high"')),
        question("choice", inner='<from-list name="towns"/>'),
        question("choice", inner='<from-objects class="C" value="id" show="name" limit="0"/>'),
        question("digits", inner='<input mask="stars"/>'),
        '<info id="i"><text><value of="1" format="money" currency="Euro"/></text></info>',
    ],
)
def test_a_value_that_means_nothing_is_refused(bad: str) -> None:
    with pytest.raises(RejectedInput):
        script(bad)


# -- Default, known, read-only --------------------------------------------------------------------------------

CUSTOMER = '<object name="customer" class="Customer" key="call.customer" access="write"/>'


def test_a_read_only_question_is_shown_but_not_asked() -> None:
    body = question("number", 'read-only="yes" default="2 * 21"') + question("text", name="next")
    led = Led(script(body))
    assert led.item == "next"
    assert led.answered == [("q", "42")]
    refused = led.give(Corrected(item="q", text="1")).one(Refused)
    assert refused.message == "This answer cannot be changed."


def test_the_day_of_a_moment_is_offered_where_a_day_is_asked_for() -> None:
    assert Led(script(question("date", 'default="now()"'))).turn.answer == date(2026, 11, 23)
    assert Led(script(question("date", 'min="now()"'))).turn.minimum == date(2026, 11, 23)
    fixed = question("date", 'read-only="yes" default="now()"')
    assert Led(script(fixed)).answered == [("q", "23 November 2026")]


def test_a_question_may_be_read_only_for_some() -> None:
    body = question("text", """read-only="call.kind = 'known'" bind="customer.name" """)
    known = Led(script(body, data=CUSTOMER), call={"kind": "known"}, objects={"customer": {"name": "Jo"}})
    assert known.answered == [("q", "Jo")]
    assert Led(script(body, data=CUSTOMER), objects={"customer": {"name": "Jo"}}).item == "q"


def test_what_is_known_is_not_asked_whatever_its_kind() -> None:
    kinds = {
        "date": "2026-01-31",
        "time": "09:30",
        "money": Decimal("12.5"),
        "email": "ann@example.org",
        "yes-no": True,
        "rating": Decimal(3),
    }
    for kind, value in kinds.items():
        body = question(kind, 'bind="customer.x" skip-if-known="yes"')
        led = Led(script(body, data=CUSTOMER), objects={"customer": {"x": value}}, language="de")
        assert led.item == "e", kind


# -- Options --------------------------------------------------------------------------------------------------

TOWNS = f'<choices name="towns">{option("ulm")}{option("bonn")}{option("Äsch")}</choices>'


def test_questions_share_a_list() -> None:
    body = question("choice", inner='<from-list name="towns"/>') + question(
        "choice", inner='<from-list name="towns" if="option.value ne answers.q"/>', name="other"
    )
    led = Led(script(body, data=TOWNS))
    assert values(led) == ["ulm", "bonn", "Äsch"]
    assert values(led.answer("bonn")) == ["ulm", "Äsch"]
    assert led.answer("bonn").turn.error == "That is none of the choices."
    assert led.answer("ulm").answered[1] == ("other", "Ulm")


def test_options_are_sorted_as_people_sort() -> None:
    body = question("choice", 'order="sorted"', option("z", label="Other", more='other="yes"') + option("u")
                    + option("a", label="Äsch") + option("b"))  # fmt: skip
    assert values(Led(script(body))) == ["a", "b", "u", "z"]


def test_options_are_shuffled_anew_in_each_run_and_stay_so_in_it() -> None:
    body = question("choice", 'order="random"', "".join(option(f"o{n}") for n in range(6))
                    + option("none", 'exclusive="yes"'))  # fmt: skip
    made = script(body)

    def order(run: str) -> list[str]:
        begin = RunStart(run=RunId(run), script=ScriptId("s"), channel=WEB, language="en")
        return [offered.value for offered in present(made, start(made, begin, NOW)[0]).options]

    orders = {tuple(order(f"run-{n}")) for n in range(20)}
    assert len(orders) > 10
    assert all(one[-1] == "none" for one in orders)
    assert order("run-1") == order("run-1")


def test_answers_count_what_their_options_score() -> None:
    options = option("a", 'score="2.5"') + option("b", 'score="1"') + option("c")
    body = (
        question("choices", inner=options)
        + question("rating", name="r")
        + '<info id="i" confirm="yes"><text><value of="score(answers.q) + score(answers.r)"/></text></info>'
    )
    assert Led(script(body)).answer("a\nb\nc", "4").said == "7.5"


def test_own_words_are_an_answer_and_shown_as_they_are() -> None:
    body = question("choice", inner=option("gas") + option("else", 'other="yes"'))
    led = Led(script(body, question("text", name="n"))).answer("A wood stove")
    assert led.answered == [("q", "A wood stove")]
    assert [one.other for one in Led(script(body)).turn.options] == [False, True]


def test_without_options_a_question_passes_or_finds_help() -> None:
    nothing = option("a", 'if="false"')
    optional = script(question("choice", 'required="no"', nothing), question("text", name="n"))
    assert Led(optional, WEB).item == "n"
    needed = script(question("choice", inner=nothing), question("text", name="n"))
    assert Led(needed, WEB).one(HandOver).channel is AGENT
    assert Led(needed, AGENT).item == "n"
    handled = script(question("choice", inner=nothing + '<on event="no-options"><next to="e"/></on>'))
    assert Led(handled, WEB).item == "e"


# -- Business objects -----------------------------------------------------------------------------------------

METERS = (
    '<from-objects class="Meter" value="id" show="place" limit="3" '
    """where="object.customer = call.customer and object.kind in ['gas', 'power'] and object.reading gt 10"/>"""
)
FOUND = (
    {"id": "m-1", "place": "Cellar", "customer": "c-1", "kind": "gas", "reading": 12},
    {"id": "m-2", "place": "Garage", "customer": "c-1", "kind": "gas", "reading": 7},
    {"id": "m-3", "place": "Attic", "customer": "c-1", "kind": "power", "reading": 99.5},
    {"id": "", "place": "Nowhere", "customer": "c-1", "kind": "power", "reading": 99},
    {"id": "m-4", "place": "Elsewhere", "customer": "c-2", "kind": "power", "reading": 99},
)


def meters(channel: ScriptChannel = AGENT, *before: str) -> Led:
    body = script(*before, question("choice", inner=METERS), question("text", name="n"))
    return Led(body, channel, call={"customer": "c-1"})


def test_business_objects_are_looked_for_before_they_are_offered() -> None:
    led = meters()
    assert led.turn.kind == "working"
    order = led.one(FindObjects)
    assert led.effects[-1] is order
    assert order.where == Every(
        (
            Compare(("customer",), "eq", "c-1"),
            Among(("kind",), ("gas", "power")),
            Compare(("reading",), "gt", Decimal(10)),
        )
    )
    assert order.limit == 3, "the search can do all of the condition"
    led.give(ObjectsFound(key=order.key, objects=FOUND))
    assert [(one.value, one.label, one.key) for one in led.turn.options] == [
        ("m-1", "Cellar", "1"),
        ("m-3", "Attic", "2"),
    ]
    assert led.answer("m-3").answered == [("q", "Attic")]


def test_a_search_is_asked_for_again_after_a_restart_and_answered_once() -> None:
    led = meters()
    (order,) = [effect for effect in resume(led.dialog, led.run, NOW) if isinstance(effect, FindObjects)]
    assert order == led.one(FindObjects)
    led.give(Answered(turn=led.run.turn, text="m-1"))
    assert led.turn.kind == "working"
    led.give(ObjectsFound(key="another", objects=FOUND))
    assert led.turn.kind == "working"
    led.give(ObjectsFound(key=order.key, objects=FOUND)).give(ObjectsFound(key=order.key, objects=()))
    assert values(led) == ["m-1", "m-3"]


def test_a_search_that_fails_has_found_nothing() -> None:
    led = meters(PHONE)
    led.give(ObjectsFound(key=led.one(FindObjects).key))
    assert led.one(HandOver).channel is AGENT


def test_objects_are_looked_for_again_when_the_condition_means_others() -> None:
    first = question("text", name="k")
    where = "object.kind = answers.k"
    second = question("choice", inner=f'<from-objects class="Meter" value="id" show="place" where="{where}"/>')
    led = Led(script(first, second, question("text", name="n"))).answer("gas")
    order = led.one(FindObjects)
    assert (order.where, order.limit) == (Compare(("kind",), "eq", "gas"), 50)
    led.give(ObjectsFound(key=order.key, objects=FOUND)).answer("m-1")
    led.give(WentBack(turn=led.run.turn))
    assert values(led) == ["m-1", "m-2"], "what was found is kept"
    led.answer("m-1").give(Corrected(item="k", text="power"))
    assert led.turn.kind == "working"
    led.give(ObjectsFound(key=led.one(FindObjects).key, objects=FOUND))
    assert led.item == "n"


def test_each_pass_of_a_repeat_has_its_own_objects() -> None:
    where = "object.kind = answers.k"
    inner = f'<from-objects class="Meter" value="id" show="place" where="{where}"/>'
    asked = question("text", name="k") + question("choice", inner=inner)
    led = Led(script(f'<repeat id="r" name="pass" times="2">{asked}</repeat>'))
    for kind, meter in (("gas", "m-1"), ("power", "m-3")):
        led.answer(kind).give(ObjectsFound(key=led.one(FindObjects).key, objects=FOUND)).answer(meter)
    assert [shown for _, shown in led.answered] == ["gas", "Cellar", "power", "Attic"]


def test_the_phone_says_everything_once_the_objects_are_there() -> None:
    led = meters(PHONE, '<info id="i"><text>Good day.</text></info>')
    assert led.said == ""
    led.give(ObjectsFound(key=led.one(FindObjects).key, objects=FOUND))
    assert led.said == "Good day. q? For Cellar, press 1. For Attic, press 2."
    assert led.answer("2").run.answers == {"q": "m-3"}


# -- On the phone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("integer", "", "Finish with the hash key."),
        ("number", "", "For the decimal point, press the star key. Finish with the hash key."),
        ("time", "", "Enter the time with four digits: hours and minutes."),
        ("rating", "", "Press a number from 1 to 5."),
        ("rating", 'max="10"', "Press a number from 1 to 10. Finish with the hash key."),
        ("voice-record", "", "Speak after the tone, and finish with the hash key."),
    ],
)
def test_the_phone_tells_how_to_answer(kind: str, more: str, said: str) -> None:
    assert Led(script(question(kind, more)), PHONE).said == f"q? {said}"


def test_several_options_are_pressed_one_after_the_other() -> None:
    options = option("a", 'key="1"') + option("b", 'key="2"')
    led = Led(script(question("choices", inner=options)), PHONE)
    assert led.said.endswith("Press all that apply, one after the other. Finish with the hash key.")
    assert led.answer("21").run.answers == {"q": ("a", "b")}
    ranked = Led(script(question("ranking", inner=options)), PHONE)
    assert ranked.answer("21").run.answers == {"q": ("b", "a")}


def test_codes_repeat_help_go_back_and_find_an_agent() -> None:
    hint = '<hint for="phone">It is on the bill.</hint>'
    led = Led(script(question("digits", name="a"), question("digits", inner=hint)), PHONE).answer("1")
    assert led.answer("*").said.startswith("q?")
    assert led.answer("**").said.startswith("It is on the bill.")
    assert led.answer("*#").item == "a"
    choice = Led(script(question("choice", inner=option("a", 'key="1"'))), PHONE)
    assert choice.answer("0").one(HandOver).channel is AGENT


def test_a_recording_is_the_answer() -> None:
    sound: Mapping[str, Any] = {"id": "r-1", "name": "r-1.wav", "type": "audio/wav", "size": Decimal(900)}
    led = Led(
        script(question("voice-record", inner='<input max-seconds="20"/>'), question("yes-no", name="n")), PHONE
    )
    assert led.turn.record is not None
    assert led.turn.record.max_seconds == 20
    assert led.turn.digits is None
    led.give(Answered(turn=led.run.turn, text="r-1", files={"r-1": sound}))
    assert led.run.answers == {"q": sound}
    assert led.item == "n"


# -- Private --------------------------------------------------------------------------------------------------


def test_a_private_answer_is_not_in_the_audit() -> None:
    led = Led(script(question("digits", 'private="yes"'), question("text", name="n")))
    assert led.turn.private
    led.answer("4711")
    assert [(note.event, note.new) for note in led.all(Noted) if note.item == "q"] == [("answered", None)]
    led.give(Corrected(item="q", text="4712"))
    assert all(note.new is None and note.old is None for note in led.all(Noted) if note.item == "q")
    led.give(Happened(event="hang-up"))
    assert led.all(CallService) == []


# -- Links ----------------------------------------------------------------------------------------------------


def test_words_lead_to_a_page_on_a_screen_and_are_just_said_on_the_phone() -> None:
    text = (
        '<text>See <link to="https://example.org/a?b=1">our terms of '
        '<value of="call.year"/></link>, please.</text>'
    )
    made = script(f'<question id="q" type="yes-no">{text}</question>')
    (said,) = Led(made, WEB, call={"year": "2026"}).turn.segments
    (link,) = said.links
    assert said.text == "See our terms of 2026, please."
    assert (said.text[link.start : link.end], link.to) == ("our terms of 2026", "https://example.org/a?b=1")
    assert Led(made, PHONE, call={"year": "2026"}).said.startswith("See our terms of 2026, please.")


@pytest.mark.parametrize("to", ["javascript:alert(1)", "//evil.example", "data:text/html,x", "/\\evil", "a b", ""])
def test_a_link_leads_to_pages_only(to: str) -> None:
    with pytest.raises(RejectedInput):
        script(f'<info id="i"><text><link to="{to}">x</link></text></info>')


def test_links_are_kept_with_what_was_said() -> None:
    handler = '<on event="help"><text>See <link to="/help">here</link>.</text></on>'
    led = Led(script(question("text", inner=handler)), WEB).happen("help")
    assert led.turn.segments[0].links[0].to == "/help"
    assert led.happen("repeat").item == "q"
