"""Each mistake an admin can make is found, at its place, with what helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from caruso.errors import Located
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.lint import Known, check_files, check_source

HEAD = '<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">\n'
PACK = Path(__file__).parents[3] / "packs" / "utility" / "scripts"
KNOWN = Known(
    queues=frozenset({"meter", "billing"}),
    skills=frozenset({"gas"}),
    dispositions=frozenset({"resolved"}),
    services=frozenset({"note.add"}),
    classes={"Customer": {"name": Type.TEXT, "balance": Type.NUMBER}, "Meter": None},
)
PRODUCT = (
    '<question id="product" type="choice"><text>Which?</text>'
    '<option value="gas" key="1"><text>gas</text></option>'
    '<option value="power" key="2"><text>power</text></option>{}</question>'
)
NUMBER = '<question id="kwh" type="integer"><text>How much?</text>{}</question>'
TEXT = '<question id="name"><text>Name?</text>{}</question>'
END = '<end id="bye" outcome="done"/>'
CUSTOMER = '<object name="customer" class="Customer"/>'


def script(body: str, *, data: str = "", channels: str = "agent", languages: str = "en", end: str = END) -> bytes:
    start = f'<dialog id="d" version="1" languages="{languages}" channels="{channels}"><title>t</title>'
    return f"{HEAD}{start}\n{data}\n{body}\n{end}</dialog>".encode()


def found(source: bytes) -> list[Located]:
    return list(check_source(source, "x.xml", KNOWN))


def rules(source: bytes) -> list[str]:
    return [finding.rule for finding in found(source)]


def one(source: bytes) -> Located:
    findings = found(source)
    assert len(findings) == 1, [str(finding) for finding in findings]
    return findings[0]


def ask_if(condition: str, *, before: str = PRODUCT.format("") + NUMBER.format("") + TEXT.format("")) -> bytes:
    data = f'{CUSTOMER}<var name="total" type="number"/><compute name="twice" as="2 * answers.kwh"/>'
    return script(f'{before}\n<info id="i" ask-if="{condition}"><text>x</text></info>', data=data)


@pytest.mark.parametrize(
    "condition",
    [
        "answers.product = 'gas'",
        "answers.kwh gt 3 and not answers.product in ['gas', 'power']",
        "twice gt vars.total",
        "known(customer.name) or empty(answers.name)",
        "visited('product') and attempt() = 1",
        "label(answers.product) = 'Gas' or selected(answers.product, 'gas')",
        "any(['a'], x, x = answers.name)",
        "number(answers.name) ge 1",
        "call.number ne '' and agent.id = 'anna' and dialog.channel = 'agent'",
        "today() gt date('2026-01-31')",
        "matches(answers.name, '[A-Z].*')",
    ],
)
def test_right_conditions_are_not_complained_about(condition: str) -> None:
    assert found(ask_if(condition)) == []


@pytest.mark.parametrize(
    ("condition", "rule", "offset", "suggestion"),
    [
        ("answers.prodct = 'gas'", "unknown-name", 8, "did you mean “answers.product”?"),
        ("custmer.name = 'x'", "unknown-name", 0, "did you mean “customer”?"),
        ("customer.nme = 'x'", "unknown-name", 9, "did you mean “customer.name”?"),
        ("product = 'gas'", "unknown-name", 0, "write answers.product"),
        ("answers.product = gas", "unknown-name", 18, "a text stands in quotes: 'gas'"),
        ("knwon(answers.product)", "unknown-function", 0, "did you mean “known”?"),
        ("answers.product = 'gass'", "no-such-option", 18, "did you mean “gas”?"),
        ("answers.product in ['gas', 'oil']", "no-such-option", 27, "its options are gas, power"),
        ("selected(answers.product, 'powr')", "no-such-option", 26, "did you mean “power”?"),
        ("answers.kwh = '3'", "wrong-type", 8, "a number has no quotes"),
        ("answers.name gt 3", "wrong-type", 8, "write number(answers.name)"),
        ("answers.name * 2 gt 3", "wrong-type", 8, "write number(answers.name)"),
        ("answers.kwh", "wrong-type", 8, ""),
        ("answers.kwh and true", "wrong-type", 8, "compare it, or write known(…)"),
        ("answers.name = null", "null-comparison", 8, "write empty(answers.name)"),
        ("answers.name ne null", "null-comparison", 8, "write known(answers.name)"),
        ("round(answers.name) = 1", "wrong-type", 14, ""),
        ("length() = 1", "wrong-arguments", 0, ""),
        ("visited('prodct')", "unknown-item", 8, "did you mean “product”?"),
        ("today() gt date('31.1.2026')", "wrong-type", 16, "write '2026-01-31'"),
        ("matches(answers.name, '(a')", "pattern", 22, ""),
        ("any(['a'], x, any(['b'], y, x = y))", "wrong-arguments", 0, ""),
    ],
)
def test_a_mistake_in_an_expression_is_found_at_its_column(
    condition: str, rule: str, offset: int, suggestion: str
) -> None:
    finding = one(ask_if(condition))
    assert (finding.rule, finding.attribute, finding.suggestion) == (rule, "ask-if", suggestion)
    assert (finding.line, finding.column) == (5, len('<info id="i" ask-if="') + 1 + offset)


def test_yes_and_no_are_no_texts() -> None:
    body = (
        '<question id="more" type="yes-no"><text>?</text><next if="answers.more = \'yes\'" to="bye"/></question>'
    )
    assert one(script(body)).suggestion == "write answers.more or not answers.more"


def test_an_id_with_a_hyphen_is_not_taken_for_a_subtraction() -> None:
    body = (
        '<question id="call-back" type="phone"><text>?</text></question>'
        '<info id="i" ask-if="known(answers.call-back)"><text>x</text></info>'
    )
    assert one(script(body)).suggestion == "write answers['call-back']"


def test_an_answer_cannot_be_used_before_its_question() -> None:
    body = f'<info id="i" ask-if="answers.kwh gt 3"><text>x</text></info>{NUMBER.format("")}'
    finding = one(script(body))
    assert (finding.rule, finding.message) == ("not-yet-known", "“kwh” cannot have been asked before “i”")


def test_an_answer_that_a_loop_brings_may_be_used() -> None:
    again = '<next if="answers.kwh lt 3" to="i"/>'
    body = f'<info id="i" ask-if="answers.kwh gt 3"><text>x</text></info>{NUMBER.format(again)}'
    assert found(script(body)) == []


def test_compute_cycles_are_found() -> None:
    data = '<compute name="a" as="b + 1"/><compute name="b" as="a + 1"/>'
    finding = one(script(TEXT.format(""), data=data))
    assert (finding.rule, finding.message) == ("compute-cycle", "works itself out: a → b → a")


def test_an_unreachable_item_is_found() -> None:
    leap = '<next to="bye"/>'
    body = f'{TEXT.format(leap)}<info id="lost"><text>x</text></info>'
    finding = one(script(body))
    assert (finding.rule, finding.attribute) == ("unreachable", "id")


def test_a_path_without_end_is_found() -> None:
    assert one(script("", end=TEXT.format(""))).rule == "no-end"


def test_a_hand_over_may_be_the_last_item() -> None:
    assert found(script(TEXT.format(""), end='<handover id="h" channel="agent" queue="\'meter\'"/>')) == []


def test_a_loop_that_asks_nobody_is_found() -> None:
    body = (
        '<info id="a"><text>x</text></info>'
        '<info id="b"><text>x</text><next if="today() gt date(now())" to="a"/></info>'
    )
    finding = one(script(body))
    assert (finding.rule, finding.message) == ("endless-loop", "goes round without asking anybody: a → b → a")


def test_a_loop_with_a_question_in_it_is_fine() -> None:
    again = '<next if="answers.kwh lt 3" to="a"/>'
    assert found(script(f'<info id="a"><text>x</text></info>{NUMBER.format(again)}')) == []


@pytest.mark.parametrize(
    ("body", "rule", "suggestion"),
    [
        ('<handover id="h" channel="agent" queue="\'metre\'"/>', "unknown-queue", "did you mean “meter”?"),
        (
            "<handover id=\"h\" channel=\"agent\" queue=\"if(call.dialled = 'x', 'bilding', 'meter')\"/>",
            "unknown-queue",
            "did you mean “billing”?",
        ),
        ('<handover id="h" channel="agent" skill="\'gaz:3\'"/>', "unknown-skill", "did you mean “gas”?"),
        (
            TEXT.format('<do service="note.ad" when="background"/>'),
            "unknown-service",
            "did you mean “note.add”?",
        ),
        (TEXT.format('<on event="no-imput"/>'), "unknown-event", "did you mean “no-input”?"),
    ],
)
def test_what_is_not_there_is_found(body: str, rule: str, suggestion: str) -> None:
    finding = one(script(body))
    assert (finding.rule, finding.suggestion) == (rule, suggestion)


def test_only_an_agent_can_get_a_message() -> None:
    finding = one(script('<handover id="h" channel="web" to="voicemail"/>'))
    assert (finding.rule, finding.attribute) == ("voicemail-elsewhere", "to")
    assert found(script('<handover id="h" channel="agent" to="voicemail"/>')) == []


def test_an_unknown_class_and_disposition_are_found() -> None:
    data = '<object name="c" class="Custmer"/>'
    end = '<end id="bye" outcome="done" disposition="resolvd"/>'
    assert rules(script(TEXT.format(""), data=data, end=end)) == ["unknown-class", "unknown-disposition"]


@pytest.mark.parametrize(
    ("body", "attribute"),
    [
        (TEXT.format('<set name="customer.name" to="answers.name"/>'), "name"),
        (TEXT.format('<clear names="customer.name"/>'), "names"),
        ('<question id="n" bind="customer.name"><text>?</text></question>', "bind"),
    ],
)
def test_a_write_to_a_read_only_object_is_found(body: str, attribute: str) -> None:
    finding = one(script(body, data=CUSTOMER))
    assert (finding.rule, finding.attribute) == ("read-only", attribute)


def test_an_unknown_variable_cannot_be_set() -> None:
    body = TEXT.format('<set name="vars.totl" to="1"/>')
    finding = one(script(body, data='<var name="total" type="number"/>'))
    assert (finding.rule, finding.suggestion) == ("unknown-name", "did you mean “vars.total”?")


def test_a_variable_keeps_its_type() -> None:
    body = TEXT.format('<set name="vars.total" to="answers.name"/>')
    assert one(script(body, data='<var name="total" type="number"/>')).rule == "wrong-type"


def test_an_action_that_is_waited_for_needs_a_failure_branch() -> None:
    finding = one(script(TEXT.format('<do service="note.add"/>')))
    assert (finding.rule, finding.suggestion) == (
        "no-failure-branch",
        'add <on-failure>, or when="background"',
    )


def test_nobody_waits_in_the_background() -> None:
    action = '<do service="note.add" when="background"><on-failure><next to="bye"/></on-failure></do>'
    assert one(script(TEXT.format(action))).rule == "next-in-background"


def test_a_transition_behind_one_without_condition_is_warned_about() -> None:
    finding = one(script(TEXT.format('<next to="bye"/><next to="bye"/>')))
    assert (finding.rule, finding.level) == ("shadowed-next", "warning")


def test_the_phone_needs_a_key_for_each_option_and_each_key_once() -> None:
    options = (
        '<option value="a" key="1"><text>a</text></option>\n'
        '<option value="b" key="1"><text>b</text></option>\n'
        '<option value="c"><text>c</text></option>'
    )
    body = f'<question id="q" type="choice"><text>?</text>{options}</question>'
    assert rules(script(body, channels="phone")) == ["key-twice", "option-without-key"]
    assert rules(script(body, channels="agent")) == []


def test_the_phone_cannot_ask_for_a_text() -> None:
    assert one(script(TEXT.format(""), channels="phone agent")).rule == "not-on-phone"


def test_after_a_hand_over_only_the_agent_s_screen_counts() -> None:
    body = f'<handover id="h" channel="agent"/>{TEXT.format("")}'
    assert rules(script(body, channels="phone")) == []


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        ('<question id="q" type="choice"><text>?</text></question>', "no-options"),
        (
            '<question id="q"><text>?</text><option value="a"><text>a</text></option></question>',
            "options-not-allowed",
        ),
        (
            '<question id="q" type="choice"><text>?</text>'
            + 2 * '<option value="a"><text>a</text></option>'
            + "</question>",
            "option-twice",
        ),
        ('<question id="q" min="3"><text>?</text></question>', "limit-not-allowed"),
        ('<question id="q" type="date" pattern="a"><text>?</text></question>', "limit-not-allowed"),
        ('<question id="q" skip-if-known="yes"><text>?</text></question>', "skip-without-bind"),
        ('<question id="q" type="date" max="3"><text>?</text></question>', "wrong-type"),
    ],
)
def test_a_question_is_checked_in_itself(question: str, rule: str) -> None:
    assert one(script(question)).rule == rule


def test_a_text_missing_in_a_language_is_found_for_the_channels_that_can_appear() -> None:
    body = '<question id="q" type="date"><text lang="en">When?</text></question>'
    finding = one(script(body, languages="en de"))
    assert finding.rule == "text-missing"
    assert finding.message == "“q” has no text in de for the channel agent"


def test_a_question_without_a_text_for_a_channel_is_found() -> None:
    body = '<question id="q" type="date"><text channel="agent">When?</text></question>'
    assert one(script(body, channels="phone agent")).message == "“q” has no text in en for the channel phone"


def test_an_info_may_be_silent_on_a_channel() -> None:
    body = '<info id="i"><text channel="phone">Hello</text></info>'
    assert found(script(body, channels="phone agent")) == []


def test_a_text_in_a_language_the_script_does_not_have_is_found() -> None:
    body = '<info id="i"><text>x</text><text lang="fr">x</text></info>'
    assert one(script(body)).rule == "unknown-language"


def test_a_name_is_used_once() -> None:
    data = '<object name="vars" class="Meter"/><compute name="call" as="1"/>'
    assert rules(script(TEXT.format(""), data=data)) == ["name-twice", "name-twice"]


def test_the_scripts_we_ship_are_clean() -> None:
    assert check_files(sorted(PACK.glob("*.xml"))) == ()


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    findings = check_files([tmp_path / "none.xml"])
    assert [finding.rule for finding in findings] == ["unreadable"]


def test_a_condition_on_the_channel_keeps_an_item_off_the_others() -> None:
    body = (
        '<question id="a" type="text" ask-if="dialog.channel ne \'phone\'"><text>x</text></question>'
        '<handover id="h" channel="agent" ask-if="dialog.channel = \'phone\'"/>'
        '<question id="b" type="text"><text>x</text></question>'
    )
    assert found(script(body, channels="phone agent web")) == []


def test_an_item_whose_condition_holds_on_no_channel_is_unreachable() -> None:
    body = '<info id="a" ask-if="dialog.channel = \'web\'"><text>x</text></info>'
    assert one(script(body)).rule == "unreachable"
