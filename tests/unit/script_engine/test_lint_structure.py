"""Each mistake an admin can make in what steers a dialog is found, at its place, with what helps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caruso.errors import Located
from caruso.script_engine.lint import ANYTHING, check_source
from caruso.script_engine.nodes import Dialog
from tests.unit.script_engine.leading import dialog

HEAD = '<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">\n'
END = '<end id="bye" outcome="done"/>'
TEXT = '<question id="name"><text>Name?</text>{}</question>'
NUMBER = '<question id="kwh" type="integer"><text>How much?</text>{}</question>'

CALLED = dialog(
    '<question id="street"><text>?</text></question>' + END,
    data='<var name="country" direction="in"/><var name="line" direction="out"/>',
    name="address",
)
LOOPING = dialog('<call id="c" dialog="d"/>' + END, name="looping")
THROWING = dialog('<question id="q"><text>?</text><throw event="gone-wrong"/></question>' + END, name="throwing")
ON_THE_WEB = dialog('<question id="q"><text>?</text></question>' + END, name="on-the-web", channels="web")
IN_GERMAN = dialog('<question id="q"><text>?</text></question>' + END, name="in-german", languages="de")
DIALOGS: dict[str, Dialog] = {each.id: each for each in (CALLED, LOOPING, THROWING, ON_THE_WEB, IN_GERMAN)}
KNOWN = replace(ANYTHING, dialogs=lambda name, version: DIALOGS.get(name))


def script(body: str, *, data: str = "", end: str = END, more: str = "") -> bytes:
    start = f'<dialog id="d" version="2" languages="en" channels="agent" {more}><title>t</title>'
    return f"{HEAD}{start}\n{data}\n{body}\n{end}</dialog>".encode()


def found(source: bytes) -> list[Located]:
    return list(check_source(source, "x.xml", KNOWN))


def one(source: bytes) -> Located:
    findings = found(source)
    assert len(findings) == 1, [str(finding) for finding in findings]
    return findings[0]


def repeat(inside: str, how: str = 'times="2"', more: str = "") -> str:
    return f'<repeat id="r" name="pass" {how}>{inside}{more}</repeat>'


RIGHT = {
    "a group": f'<group id="g" show="together">{TEXT.format("")}{NUMBER.format("")}</group>',
    "a repeat": repeat(NUMBER.format(""), 'while="answers.kwh gt 3"'),
    "what a pass sees": repeat('<info id="i" ask-if="pass.index gt 1 and pass.count lt 5"><text>x</text></info>'),
    "what it goes over": repeat('<info id="i" ask-if="pass.number = 1"><text>x</text></info>', 'over="[1, 2]"'),
    "all passes": repeat(NUMBER.format(""))
    + '<info id="i" ask-if="sum(answers.pass, p, p.kwh) gt 3"><text>x</text></info>',
    "a call": '<call id="c" dialog="address"><pass name="country" as="\'DE\'"/>'
    '<return name="outcome" to="vars.x"/></call>',
    "an event of a called dialog": '<call id="c" dialog="throwing">'
    '<on event="gone-wrong" then="continue"/></call>',
    "an event of its own": TEXT.format('<throw event="odd"/><on event="odd"><next to="bye"/></on>'),
    "a wait": '<wait id="w" for="\'1d\'" event="paid"><on event="timer"><next to="bye"/></on></wait>',
    "an event one waits for": '<wait id="w" event="paid"><on event="paid" then="continue"/></wait>',
    "a choice": TEXT.format("")
    + '<choose id="c"><next if="answers.name = \'x\'" to="bye"/></choose>'
    + NUMBER.format(""),
    "a loop of passes that ask nobody": repeat('<info id="i"><text>x</text></info>'),
    "a macro": TEXT.format('<use macro="m"><param name="x" as="answers.name"/></use>'),
}
DATA = '<var name="x"/><macro name="m"><param name="x"/><set name="vars.x" to="param.x"/></macro>'


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_in_order_is_not_complained_about(name: str) -> None:
    assert found(script(RIGHT[name], data=DATA)) == []


def test_a_dialog_may_be_called_only_where_it_is_made_for() -> None:
    body = TEXT.format("") + '<call id="c" dialog="on-the-web" ask-if="dialog.channel = \'web\'"/>'
    assert found(script(body).replace(b'channels="agent"', b'channels="agent web"')) == []


WRONG = [
    # Groups and repeats
    (
        f'<group id="g" show="together">{TEXT.format("")}<choose id="c"><next/></choose></group>',
        "not-together",
        "show",
        "",
    ),
    (repeat(NUMBER.format(""), ""), "no-limit", "id", "write over, times or while"),
    (repeat(NUMBER.format(""), 'times="2" max="0"'), "no-limit", "max", ""),
    (repeat(NUMBER.format(""), "times=\"'2'\""), "wrong-type", "times", ""),
    (repeat(NUMBER.format(""), "over=\"'2'\""), "wrong-type", "over", ""),
    (repeat(NUMBER.format(""), 'while="2"'), "wrong-type", "while", ""),
    (
        repeat(NUMBER.format("")) + '<info id="i" ask-if="answers.kwh gt 3"><text>x</text></info>',
        "of-which-pass",
        "ask-if",
        "answers.pass is the list of its passes: sum(answers.pass, p, p.kwh)",
    ),
    (
        repeat('<info id="i" ask-if="answers.kwh gt 3"><text>x</text></info>' + NUMBER.format("")),
        "not-yet-known",
        "ask-if",
        "",
    ),
    (
        repeat(NUMBER.format("")) + '<info id="i" ask-if="pass.index = 1"><text>x</text></info>',
        "unknown-name",
        "ask-if",
        "",
    ),
    (
        TEXT.format('<next to="kwh"/>') + repeat(TEXT.format("").replace("name", "other") + NUMBER.format("")),
        "into-repeat",
        "to",
        'write to="r"',
    ),
    (repeat(NUMBER.format("")).replace('name="pass"', 'name="kwh"'), "name-twice", "name", ""),
    (repeat(NUMBER.format("")).replace('name="pass"', 'name="vars"'), "name-twice", "name", ""),
    # Calls
    ('<call id="c" dialog="adress"/>', "unknown-dialog", "dialog", ""),
    ('<call id="c" dialog="d"/>', "dialog-circle", "dialog", ""),
    ('<call id="c" dialog="looping"/>', "dialog-circle", "dialog", ""),
    (
        '<call id="c" dialog="on-the-web"/>',
        "call-channel",
        "dialog",
        "let its channels have agent, or write ask-if=\"dialog.channel ne 'agent'\"",
    ),
    ('<call id="c" dialog="in-german"/>', "call-language", "dialog", "let its languages have en"),
    (
        '<call id="c" dialog="address"><pass name="contry" as="1"/></call>',
        "not-passed",
        "name",
        "did you mean “country”?",
    ),
    ('<call id="c" dialog="address"><pass name="line" as="1"/></call>', "not-passed", "name", ""),
    (
        '<call id="c" dialog="address"><return name="lin" to="vars.x"/></call>',
        "not-returned",
        "name",
        "did you mean “line”?",
    ),
    ('<call id="c" dialog="address"><return name="line" to="vars.y"/></call>', "unknown-name", "to", ""),
    ('<call id="c" dialog="address"><pass name="country" as="answers.no"/></call>', "unknown-name", "as", ""),
    # Lots, waits, events
    (
        TEXT.format("") + '<split id="s" name="n"><branch name="a" weight="1" to="bye"/>'
        '<branch name="a" weight="1" to="kwh"/></split>' + NUMBER.format(""),
        "name-twice",
        "name",
        "",
    ),
    (
        '<wait id="w" event="paid"><on event="timer"><next to="bye"/></on></wait>',
        "never-happens",
        "event",
        'write for="…"',
    ),
    (
        TEXT.format('<throw event="od"/><on event="odd"><next to="bye"/></on>')
        + NUMBER.format('<throw event="odd"/>'),
        "unknown-event",
        "event",
        "did you mean “odd”?",
    ),
    (TEXT.format('<on event="no-imput"/>'), "unknown-event", "event", "did you mean “no-input”?"),
    (TEXT.format('<record-consent purpose="p" given="answers.name"/>'), "wrong-type", "given", ""),
    # What is known when
    (
        '<info id="i" ask-if="known(result.r)"><text>x</text></info>'
        + TEXT.format('<do service="note.add" result="r" when="background"/>'),
        "not-yet-known",
        "ask-if",
        "",
    ),
    (
        TEXT.format('<set name="vars.x" to="\'a\'"/><log><value of="vars.secret"/></log>'),
        "private-told",
        "of",
        "",
    ),
    # Conditions
    ('<info id="i" ask-if="1 = 1"><text>x</text></info>', "constant", "ask-if", ""),
    (
        TEXT.format("")
        + "<info id=\"i\" ask-if=\"answers.name = 'a' and answers.name = 'b'\"><text>x</text></info>",
        "contradiction",
        "ask-if",
        "",
    ),
    (
        NUMBER.format("") + '<info id="i" ask-if="answers.kwh gt 5 and answers.kwh lt 3"><text>x</text></info>',
        "contradiction",
        "ask-if",
        "",
    ),
    (
        TEXT.format("")
        + "<info id=\"i\" ask-if=\"answers.name ne 'a' or answers.name ne 'b'\"><text>x</text></info>",
        "always-true",
        "ask-if",
        "",
    ),
    (
        TEXT.format('<next if="answers.name = \'a\'" to="bye"/><next if="answers.name  =  \'a\'" to="kwh"/>')
        + NUMBER.format(""),
        "shadowed-next",
        "if",
        "",
    ),
]


@pytest.mark.parametrize(("body", "rule", "attribute", "suggestion"), WRONG)
def test_a_mistake_is_found_where_it_is(body: str, rule: str, attribute: str, suggestion: str) -> None:
    finding = one(script(body, data='<var name="x"/><var name="secret" private="yes"/>'))
    assert (finding.rule, finding.attribute) == (rule, attribute)
    assert finding.line > 2
    assert finding.column > 0
    if suggestion:
        assert finding.suggestion == suggestion


def test_what_is_passed_over_and_may_be_left_behind_needs_an_undo() -> None:
    act = '<do service="email.send" when="background">{}</do>'
    ways = (
        TEXT.format('<next if="answers.name = \'x\'" to="bye"/>')
        + NUMBER.format(act)
        + TEXT.format("").replace("name", "z")
    )
    finding = one(script(ways.format("")))
    assert (finding.rule, finding.level) == ("no-undo", "warning")
    assert found(script(ways.format('<undo><do service="email.recall"/></undo>'))) == []
    assert found(script(ways.format(""), more='back="none"')) == []
    assert found(script(ways.format("").replace("background", "at-end"))) == []
    assert found(script(ways.format("").replace("email.send", "note.add"))) == []
    asking = ways.format("").replace("email.send", "http.request")
    assert found(script(asking)) == []
    posting = asking.replace("</do>", '<param name="method" as="\'POST\'"/></do>')
    assert one(script(posting)).rule == "no-undo"


def test_what_is_on_every_path_needs_no_undo() -> None:
    act = '<do service="email.send" when="background"/>'
    assert found(script(TEXT.format(act) + NUMBER.format(""))) == []


def test_nobody_goes_back_within_groups_that_are_not_there() -> None:
    assert one(script(TEXT.format(""), more='back="within-group"')).rule == "no-group"


def test_what_is_put_out_should_be_set() -> None:
    finding = one(script(TEXT.format(""), data='<var name="line" direction="out"/>'))
    assert (finding.rule, finding.level) == ("never-set", "warning")


@pytest.mark.parametrize(
    ("migrate", "rule", "attribute"),
    [
        ('<migrate from="1 2"/>', "migrate-to-itself", "from"),
        ('<migrate from="1"><rename answer="old" to="nam"/></migrate>', "unknown-item", "to"),
        ('<migrate from="1"><move from="old" to="nam"/></migrate>', "unknown-item", "to"),
        ('<migrate from="1"><rename answer="old" to="name" as="answers.("/></migrate>', "expression", "as"),
    ],
)
def test_a_migration_is_looked_at(migrate: str, rule: str, attribute: str) -> None:
    finding = one(script(TEXT.format(""), end=END + migrate))
    assert (finding.rule, finding.attribute) == (rule, attribute)


def test_a_path_without_end_tells_how_one_comes_there() -> None:
    body = NUMBER.format('<next if="answers.kwh gt 9" to="stuck"/><next to="bye"/>') + END
    finding = one(script(body, end=TEXT.format("").replace('"name"', '"stuck"')))
    assert finding.rule == "no-end"
    assert finding.message == "after “stuck” the script just stops (when answers.kwh gt 9)"


def test_a_loop_of_silent_items_is_found_through_groups_and_choices() -> None:
    body = (
        TEXT.format("")
        + '<group id="g"><info id="a"><text>x</text></info></group>'
        + '<choose id="c"><next if="answers.name = \'x\'" to="g"/></choose>'
    )
    finding = one(script(body))
    assert finding.rule == "endless-loop"
    assert finding.message == "goes round without asking anybody: g → a → c → g"


def test_an_item_behind_a_group_that_never_ends_is_unreachable() -> None:
    leaves = TEXT.format('<next to="bye"/>')
    body = f'<group id="g">{leaves}</group>' + NUMBER.format("")
    assert [(finding.rule, finding.message) for finding in found(script(body))] == [
        ("unreachable", "no path leads to “kwh”")
    ]


def test_without_the_called_dialogs_their_events_are_not_asked_for() -> None:
    body = '<call id="c" dialog="somewhere"><on event="gone-wrong" then="continue"/></call>'
    assert check_source(script(body), "x.xml", ANYTHING) == ()


@pytest.mark.parametrize("key", ["answers.name", "vars.x", "result.r", "other.id"])
def test_the_key_of_an_object_is_known_before_the_first_item(key: str) -> None:
    other = '<object name="other" class="O" key="call.customer"/>'
    data = f'{other}<object name="o" class="O" key="{key}"/><var name="x"/>'
    body = TEXT.format('<do service="note.add" result="r" when="background"/>')
    finding = one(script(body, data=data))
    assert (finding.rule, finding.attribute, finding.suggestion) == (
        "not-yet-known",
        "key",
        "use what call and agent hold",
    )
