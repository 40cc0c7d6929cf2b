"""Items that belong together: one by one they are like any others, at once they are taken as a whole."""

from __future__ import annotations

from decimal import Decimal

from caruso.script_engine.link import link
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.turns import (
    AnsweredTogether,
    CallService,
    Corrected,
    Noted,
    Present,
    SaveObject,
    ScriptChannel,
    ServiceAnswered,
    TakenOver,
    Turn,
    WentBack,
)
from tests.unit.script_engine.leading import Led, dialog

PHONE, AGENT, WEB = ScriptChannel.PHONE, ScriptChannel.AGENT, ScriptChannel.WEB
END = '<end id="bye" outcome="done"/>'
FORM = (
    '<group id="form" show="together"><title>Address</title>'
    '<question id="city"><text>City?</text></question>'
    '<question id="abroad" type="yes-no"><text>Abroad?</text></question>'
    '<question id="country" ask-if="answers.abroad"><text>Country?</text></question>'
    '<question id="floor" type="integer" required="no" max="99"><text>Floor?</text></question>'
    "{}</group>"
)


def form(more: str = "", before: str = "", after: str = END, **options: str) -> Dialog:
    return dialog(before + FORM.format(more) + after, channels="agent phone web", **options)


def fill(led: Led, **answers: str) -> Led:
    return led.give(AnsweredTogether(turn=led.run.turn, answers=answers, by=led.run.by))


def asked(turn: Turn) -> list[str]:
    return [inner.item for inner in turn.questions]


def errors(turn: Turn) -> dict[str, str]:
    return {inner.item: inner.error for inner in turn.questions if inner.error}


def test_one_by_one_its_items_follow_each_other_under_its_title() -> None:
    body = FORM.replace('show="together"', "").format("")
    led = Led(dialog(body + END))
    assert (led.item, led.turn.title) == ("city", "Address")
    assert led.answer("Rome", "no").item == "floor"
    assert led.answer("3").run.finished


def test_a_condition_hides_all_of_it() -> None:
    led = Led(dialog(FORM.replace("<group ", '<group ask-if="false" ').format("") + END))
    assert led.run.finished
    assert ("skipped", "form") in led.noted


def test_a_transition_of_the_group_is_taken_when_all_of_it_is_done() -> None:
    more = '<next if="answers.floor gt 5" to="high"/>'
    after = '<info id="low"><text>low</text><next to="bye"/></info><info id="high"><text>high</text></info>' + END
    led = Led(form(more, after=after))
    assert ("shown", "high") not in led.noted
    fill(led, city="Rome", abroad="no", floor="7")
    assert led.run.finished
    assert "high" in led.said


def test_at_once_it_is_one_turn_with_a_turn_for_each_question_that_applies() -> None:
    led = Led(form())
    turn = led.turn
    assert (turn.kind, turn.item, turn.title) == ("group", "form", "Address")
    assert asked(turn) == ["city", "abroad", "floor"]
    assert {inner.kind for inner in turn.questions} == {"question"}
    assert {inner.number for inner in turn.questions} == {turn.number}


def test_all_answers_are_taken_at_once_and_told_one_by_one() -> None:
    led = fill(Led(form()), city="Rome", abroad="no", floor="3")
    assert led.run.finished
    assert led.answered == [("city", "Rome"), ("abroad", "no"), ("floor", "3")]
    assert [note for note in led.noted if note[0] == "answered"] == [
        ("answered", "city"),
        ("answered", "abroad"),
        ("answered", "floor"),
    ]


def test_nothing_is_taken_unless_all_can_be_and_each_complaint_stands_at_its_question() -> None:
    led = fill(Led(form()), city="", abroad="no", floor="100")
    assert led.item == "form"
    assert errors(led.turn) == {"city": "An answer is needed.", "floor": "It must be at most 99."}
    assert dict(led.run.answers) == {}
    typed = {inner.item: inner.answer for inner in led.turn.questions}
    assert (typed["abroad"], typed["floor"]) == (False, Decimal(100))
    assert fill(led, city="Rome", abroad="no", floor="10").run.finished


def test_what_cannot_be_read_is_shown_again_as_it_was_typed() -> None:
    led = fill(Led(form()), city="Rome", abroad="no", floor="many")
    (floor,) = [inner for inner in led.turn.questions if inner.item == "floor"]
    assert (floor.answer, floor.error) == ("many", "Please enter a whole number.")


def test_a_question_that_an_answer_brings_up_is_asked_with_the_others() -> None:
    led = fill(Led(form()), city="Nice", abroad="yes", floor="")
    assert asked(led.turn) == ["city", "abroad", "country", "floor"]
    assert errors(led.turn) == {}
    assert fill(led, city="Nice", abroad="yes", country="France", floor="").run.finished
    assert led.run.answers["country"] == "France"


def test_a_question_of_the_turn_without_an_answer_counts_as_blank() -> None:
    led = fill(Led(form()), city="Rome", abroad="no")
    assert led.run.finished
    assert led.run.answers["floor"] is None


def test_a_check_may_look_at_all_the_answers() -> None:
    check = "<check if=\"answers.floor lt 5 or answers.city = 'Rome'\"><text>Only in Rome.</text></check>"
    body = FORM.format("").replace("<text>City?</text>", f"<text>City?</text>{check}")
    led = fill(Led(dialog(body + END)), city="Nice", abroad="no", floor="7")
    assert errors(led.turn) == {"city": "Only in Rome."}
    assert fill(led, city="Nice", abroad="no", floor="4").run.finished


def test_a_warning_is_given_once() -> None:
    check = '<check if="answers.floor lt 50" level="warning"><text>That high?</text></check>'
    body = FORM.format("").replace("<text>Floor?</text>", f"<text>Floor?</text>{check}")
    led = fill(Led(dialog(body + END)), city="Nice", abroad="no", floor="60")
    (floor,) = [inner for inner in led.turn.questions if inner.item == "floor"]
    assert (floor.error, floor.warning) == ("That high?", True)
    assert fill(led, city="Nice", abroad="no", floor="60").run.finished


def test_a_stale_form_changes_nothing() -> None:
    led = Led(form())
    before = led.run
    assert led.give(AnsweredTogether(turn=99, answers={"city": "x"})).one(Present).turn.item == "form"
    assert led.run == before


def test_answers_to_what_was_not_asked_are_left_aside() -> None:
    led = fill(Led(form()), city="Rome", abroad="no", floor="1", country="France", bye="x", nothing="y")
    assert led.run.finished
    assert "country" not in led.run.answers


def test_on_the_phone_it_is_asked_one_by_one() -> None:
    led = Led(
        dialog(
            FORM.format("")
            .replace("<question id=", "<question id=")
            .replace('id="city"', 'id="city" type="digits"')
            + END
        ),
        PHONE,
    )
    assert (led.turn.kind, led.item) == ("question", "city")
    assert led.answer("1", "2", "3").run.finished


def test_a_form_that_goes_to_the_phone_is_asked_one_by_one_there_and_comes_back_whole() -> None:
    led = Led(form(), WEB)
    led.give(TakenOver(channel=PHONE))
    assert (led.turn.kind, led.item) == ("question", "city")
    led.answer("12")
    assert led.item == "abroad"
    led.give(TakenOver(channel=AGENT, by="anna"))
    assert (led.turn.kind, led.item) == ("group", "form")
    assert {inner.item: inner.answer for inner in led.turn.questions}["city"] == "12"


def test_going_back_shows_the_whole_form_with_its_answers() -> None:
    led = fill(
        Led(form(after='<question id="q"><text>q?</text></question>' + END)), city="Rome", abroad="no", floor="3"
    )
    assert led.item == "q"
    led.give(WentBack(turn=led.run.turn))
    assert (led.item, led.turn.kind) == ("form", "group")
    assert {inner.item: inner.answer for inner in led.turn.questions} == {
        "city": "Rome",
        "abroad": False,
        "floor": Decimal(3),
    }
    assert fill(led, city="Rome", abroad="no", floor="4").item == "q"
    assert ("changed", "floor") in led.noted


def test_a_correction_within_a_form_keeps_the_rest() -> None:
    led = fill(
        Led(form(after='<question id="q"><text>q?</text></question>' + END)), city="Rome", abroad="no", floor="3"
    )
    led.give(Corrected(item="city", text="Oslo"))
    assert led.item == "q"
    assert dict(led.run.answers) == {"city": "Oslo", "abroad": False, "floor": Decimal(3)}


def test_a_correction_that_brings_up_a_question_of_the_form_shows_the_form() -> None:
    led = fill(
        Led(form(after='<question id="q"><text>q?</text></question>' + END)), city="Rome", abroad="no", floor="3"
    )
    led.give(Corrected(item="abroad", text="yes"))
    assert (led.item, led.turn.kind) == ("form", "group")
    assert asked(led.turn) == ["city", "abroad", "country", "floor"]
    assert fill(led, city="Rome", abroad="yes", country="I", floor="3").item == "q"


def test_actions_in_a_form_happen_when_it_is_sent_even_if_one_has_to_be_waited_for() -> None:
    action = '<do service="crm.find" result="r"><on-failure/></do>'
    body = FORM.format("").replace("<text>City?</text>", f"<text>City?</text>{action}")
    led = fill(Led(dialog(body + END)), city="Rome", abroad="no", floor="3")
    assert led.turn.kind == "working"
    assert led.give(ServiceAnswered(key=led.one(CallService).key)).run.finished
    assert led.run.answers["floor"] == Decimal(3)


def test_a_bound_answer_of_a_form_is_saved() -> None:
    data = '<object name="customer" class="Customer" key="call.customer" access="write"/>'
    body = FORM.format("").replace('id="city"', 'id="city" bind="customer.city" save="answer"')
    led = fill(Led(dialog(body + END, data=data), call={"customer": "c-1"}), city="Rome", abroad="no")
    assert [dict(saved.changes) for saved in led.all(SaveObject)] == [{"city": "Rome"}, {"city": "Rome"}]


def test_what_a_form_tells_is_in_it_and_not_said_again() -> None:
    told = '<info id="i"><text>Mind the step.</text></info>'
    body = FORM.format(told) + '<question id="q"><text>q?</text></question>' + END
    led = Led(dialog(body))
    assert [inner.kind for inner in led.turn.questions][-1] == "info"
    assert fill(led, city="Rome", abroad="no", floor="3").said == "q?"


def test_a_group_with_more_than_questions_is_asked_one_by_one() -> None:
    led = Led(form('<choose id="c"><next/></choose>'))
    assert led.turn.kind == "question"


def test_groups_in_a_form_are_part_of_it() -> None:
    inner = (
        '<group id="in" ask-if="answers.floor gt 2">'
        '<question id="lift" type="yes-no"><text>Lift?</text></question></group>'
    )
    led = fill(Led(form(inner)), city="Rome", abroad="no", floor="3")
    assert asked(led.turn) == ["city", "abroad", "floor", "lift"]
    assert fill(led, city="Rome", abroad="no", floor="3", lift="yes").run.finished


def test_a_private_answer_is_not_told() -> None:
    body = FORM.format("").replace('id="city"', 'id="city" private="yes"')
    led = fill(Led(dialog(body + END)), city="Rome", abroad="no")
    assert [note.new for note in led.all(Noted) if note.item == "city"] == [None]


def test_back_may_be_kept_within_a_group() -> None:
    outside = '<question id="zero"><text>0?</text></question>'
    body = outside + FORM.replace('show="together"', "").format("")
    led = Led(dialog(body + END, more='back="within-group"')).answer("x", "Rome")
    assert led.give(WentBack(turn=led.run.turn)).item == "city"
    assert led.give(WentBack(turn=led.run.turn)).item == "city"


def test_what_is_only_shown_cannot_be_changed_by_sending_it() -> None:
    body = FORM.format("").replace('id="city"', 'id="city" read-only="true" default="\'Rome\'"')
    led = Led(dialog(body + END))
    (city,) = [inner for inner in led.turn.questions if inner.item == "city"]
    assert (city.read_only, city.answer) == (True, "Rome")
    assert fill(led, city="Oslo", abroad="no", floor="1").run.finished
    assert led.run.answers["city"] == "Rome"


def test_what_was_typed_is_there_again_when_one_comes_back_to_the_form() -> None:
    before = '<question id="q"><text>q?</text></question>'
    led = fill(Led(form(before=before)).answer("x"), city="Rome", abroad="no", floor="many")
    led.give(Corrected(item="q", text="y"))
    typed = {inner.item: (inner.answer, inner.error) for inner in led.turn.questions}
    assert typed == {"city": ("Rome", ""), "abroad": (False, ""), "floor": ("many", "")}


def test_what_is_answered_on_the_phone_counts_more_than_what_was_typed_before() -> None:
    led = Led(form(), WEB)
    led.give(AnsweredTogether(turn=led.run.turn, answers={"city": "Rome", "abroad": "no", "floor": "many"}))
    led.give(TakenOver(channel=PHONE)).answer("12")
    led.give(TakenOver(channel=AGENT, by="anna"))
    assert {inner.item: inner.answer for inner in led.turn.questions} == {
        "city": "12",
        "abroad": False,
        "floor": "many",
    }


def test_each_pass_has_its_own_form() -> None:
    body = '<repeat id="r" name="p" times="2">' + FORM.format("") + "</repeat>" + END
    led = fill(Led(dialog(body)), city="Rome", abroad="no", floor="many")
    fill(led, city="Rome", abroad="no", floor="1")
    assert led.turn.passes == (2,)
    assert {inner.answer for inner in led.turn.questions} == {None}
    assert fill(led, city="Oslo", abroad="no", floor="2").run.finished
    assert led.run.answers["city#2"] == "Oslo"


def test_a_form_of_a_called_dialog_is_one_too() -> None:
    called = dialog(FORM.format("") + END, name="called")
    main = link(dialog('<call id="c" dialog="called"/>' + END), lambda *_: called)
    led = Led(main)
    assert asked(led.turn) == ["c/city", "c/abroad", "c/floor"]
    led.give(AnsweredTogether(turn=1, answers={"c/city": "Rome", "c/abroad": "yes", "c/floor": ""}))
    assert asked(led.turn) == ["c/city", "c/abroad", "c/country", "c/floor"]
