"""What the check finds in questions, and what it lets pass."""

from __future__ import annotations

import pytest

from caruso.script_engine.expressions.types import Type
from caruso.script_engine.lint import Known, check_source
from tests.unit.script_engine.leading import HEAD

KNOWN = Known(
    services=frozenset({"email.send", "note.add"}),
    classes={"Customer": {"id": Type.TEXT, "name": Type.TEXT, "city": Type.TEXT, "debt": Type.NUMBER}},
    recordings=frozenset({"en/hello.wav"}),
)
GAS = '<option value="gas" key="1"><text>Gas</text></option><option value="oil" key="2"><text>Oil</text></option>'


def found(body: str, *, channels: str = "agent", languages: str = "en", data: str = "") -> list[str]:
    opening = f'<dialog id="d" version="1" languages="{languages}" channels="{channels}"><title>t</title>'
    source = f'{HEAD}{opening}{data}{body}<end id="e" outcome="done"/></dialog>'
    return [finding.rule for finding in check_source(source.encode(), "x.xml", KNOWN)]


def question(kind: str, more: str = "", inner: str = "", name: str = "q", text: str = "<text>?</text>") -> str:
    return f'<question id="{name}" type="{kind}" {more}>{text}{inner}</question>'


def options(count: int) -> str:
    return "".join(f'<option value="o{n}" key="{n}"><text>{n}</text></option>' for n in range(1, count + 1))


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (question("choices"), "no-options"),
        (question("rating", inner=GAS), "options-not-allowed"),
        (question("text", inner='<from-objects class="Customer" value="id" show="name"/>'), "options-not-allowed"),
        (question("choice", inner=GAS + '<option value="gas"><text>Gas</text></option>'), "option-twice"),
        (question("choice", inner=GAS.replace('key="1"', 'exclusive="yes"')), "not-for-type"),
        (question("email", 'min="1"'), "limit-not-allowed"),
        (question("money", 'currency="EUR" pattern="x"'), "limit-not-allowed"),
        (question("number", 'currency="EUR"'), "not-for-type"),
        (question("money"), "no-currency"),
        (question("text", 'order="sorted"'), "not-for-type"),
        (question("date", inner='<input mask="hidden"/>'), "not-for-type"),
        (question("digits", inner='<input max-seconds="5s"/>'), "not-for-type"),
        (question("text", 'skip-if-known="yes"'), "skip-without-bind"),
        (question("text", 'read-only="yes"'), "read-only-without-value"),
        (question("text", 'time-limit="5s"'), "time-limit-too-short"),
        (
            question("text", 'time-limit="60s"', '<on event="time-up" then="continue"/>'),
            "time-limit-without-extension",
        ),
        (question("choices", 'min="today()"', GAS), "wrong-type"),
        (question("time", 'max="today()"'), "wrong-type"),
        (question("choice", inner='<from-list name="l" if="option.size"/>'), "unknown-name"),
        (question("choice", inner='<from-list name="k"/>'), "unknown-list"),
        (question("choice", inner='<from-objects class="Customer" value="id" show="title"/>'), "unknown-name"),
        (question("choice", inner='<from-objects class="Meter" value="id" show="name"/>'), "unknown-class"),
        (
            question(
                "choice", inner='<from-objects class="Customer" value="id" show="name" where="object.town = 1"/>'
            ),
            "unknown-name",
        ),
        (question("choice", inner=GAS + "<next if=\"answers.q = 'gaz'\" to='e'/>"), "no-such-option"),
        (
            question("choices", inner=GAS + "<next if=\"selected(answers.q, 'gaz')\" to='e'/>"),
            "no-such-option",
        ),
        (question("choices", inner=GAS + "<next if=\"'gaz' in answers.q\" to='e'/>"), "no-such-option"),
        (
            question("choice", inner="<from-list name='l'/><next if=\"answers.q = 'gaz'\" to='e'/>"),
            "no-such-option",
        ),
        (question("text", text='<text audio="missing.wav">?</text>'), "missing-recording"),
        (question("digits", 'private="yes"', '<log>It is <value of="answers.q"/>.</log>'), "private-told"),
        (
            question(
                "digits", 'private="yes"',
                '<do service="email.send" when="background"><param name="x" as="text(answers.q)"/></do>',
            ),
            "private-told",
        ),
        (question("text", text='<text if="true">?</text>'), "text-missing"),
        (question("text", text='<text attempt="2">?</text>'), "text-missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_question_is_found(body: str, rule: str) -> None:
    assert found(body, data=f'<choices name="l">{GAS}</choices>') == [rule]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        *((question(kind), "not-on-phone") for kind in ("text", "memo", "email", "file", "signature", "location")),
        (question("choices", inner=GAS.replace('key="2"', "")), "option-without-key"),
        (question("choice", inner=GAS.replace('key="2"', 'key="1"')), "key-twice"),
        (question("ranking", inner=GAS.replace('key="2"', 'key="21"')), "unfit-key"),
        (question("choices", inner=GAS.replace('key="2"', 'key="#"')), "unfit-key"),
        (question("choice", inner=GAS.replace('key="2"', 'key="0"')), "key-hides-code"),
        (question("choice", inner=options(6)), "many-options"),
        (
            question("choice", inner='<from-objects class="Customer" value="id" show="name" limit="9"/>'),
            "many-options",
        ),
        (question("digits", text=f"<text>{'word ' * 61}</text>"), "speaks-too-long"),
        (question("digits", text='<text channel="web">?</text>'), "text-missing"),
    ],
)
def test_a_mistake_on_the_phone_is_found(body: str, rule: str) -> None:
    assert found(body, channels="phone") == [rule]


@pytest.mark.parametrize(
    "body",
    [
        question("choice", inner=GAS + "<next if=\"answers.q = 'gas'\" to='e'/>"),
        question("choice", inner=GAS.replace('key="1"', 'other="yes"') + "<next if=\"answers.q = 'x'\" to='e'/>"),
        question("choices", 'min="1" max="2"', GAS),
        question("choice", inner='<from-list name="l" if="option.score gt 1 and option.value ne \'x\'"/>'),
        question(
            "choice", 'order="sorted"',
            '<from-objects class="Customer" value="id" show="name" where="object.city = \'Ulm\'" limit="5"/>',
        ),
        question("money", 'currency="EUR" min="0.01" default="5"'),
        question("time", "min=\"time('08:00')\""),
        question("text", 'time-limit="60s"', '<on event="time-up" attempt="2" then="continue"/>'),
        question("text", 'read-only="yes" default="\'x\'"'),
        question("text", text='<text audio="hello.wav">?</text><text if="true" audio="hello.wav">!</text>'),
        question("digits", 'private="yes"', "<log>Known: <value of=\"label(answers.q) = ''\"/></log>") + "",
        question(
            "digits", 'private="yes"',
            '<do service="note.add" when="background"><param name="text" as="answers.q"/></do>',
        ),
        question("voice-record", "", '<input max-seconds="20s" end-key="*"/>'),
    ],
)  # fmt: skip
def test_a_question_in_order_passes(body: str) -> None:
    passed = found(body, data=f'<choices name="l">{GAS}</choices>')
    assert [rule for rule in passed if rule != "private-told"] == []


def test_a_value_computed_from_a_private_answer_is_private_too() -> None:
    data = '<compute name="twice" type="text" as="once"/><compute name="once" type="text" as="answers.q"/>'
    secret = question("digits", 'private="yes"', '<log><value of="twice"/></log>')
    assert found(secret, data=data) == ["private-told"]


def test_texts_of_the_phone_are_not_wanted_where_there_is_no_phone() -> None:
    spoken = "<text channel='phone'>" + "word " * 61 + "</text>"
    assert found(question("digits", text=spoken + "<text>?</text>"), channels="agent web") == []
    assert found(question("digits", text="<text lang='en'>?</text>"), languages="en de") == ["text-missing"]


def test_a_language_the_engine_does_not_speak_is_told() -> None:
    assert found(question("digits"), languages="en fr") == ["unspoken-language"]
    assert found(question("digits"), languages="de-AT nl it") == []


def test_types_of_answers_are_known_to_expressions() -> None:
    questions = (
        question("time", name="a") + question("date-time", name="b") + question("ranking", inner=GAS, name="c")
        + question("location", name="f") + question("money", 'currency="EUR"', name="m")
    )  # fmt: skip
    good = question("yes-no", "ask-if=\"answers.a lt time('12:00') and answers.m gt 5 and answers.c[0] = 'gas'\"")
    assert found(questions + good) == []
    for bad in ("answers.a gt 5", "answers.m = 'x'", "answers.c = 'gas'", "answers.b lt time('12:00')"):
        assert found(questions + question("yes-no", f'ask-if="{bad}"')) == ["wrong-type"], bad
