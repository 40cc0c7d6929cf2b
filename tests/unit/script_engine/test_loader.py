"""Hostile and mistaken XML is refused with its place, quickly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caruso.errors import Located, RejectedInput
from caruso.script_engine import source as xml
from caruso.script_engine.expressions.types import Type
from caruso.script_engine.lint import check_source
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Do, Question, Shown, When
from caruso.script_engine.turns import ScriptChannel

PUBLIC = '<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">'
DIALOG = '<dialog id="d" version="1" languages="en"><title>t</title>{}<end id="e" outcome="done"/></dialog>'


def refused(source: bytes | str) -> list[Located]:
    with pytest.raises(RejectedInput) as caught:
        load(source if isinstance(source, bytes) else source.encode(), "x.xml")
    return list(caught.value.findings)


def rule_of(source: bytes | str) -> str:
    (finding,) = refused(source)
    assert finding.file == "x.xml"
    assert finding.line >= 1
    return finding.rule


BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        pytest.param(
            f'<!DOCTYPE dialog [<!ENTITY a0 "ha">{BOMB}]><dialog>&a9;</dialog>', "internal-subset", id="laughs"
        ),
        pytest.param(
            '<!DOCTYPE dialog [<!ENTITY x SYSTEM "file:///etc/passwd">]><dialog>&x;</dialog>',
            "internal-subset",
            id="xxe",
        ),
        pytest.param(
            PUBLIC.replace(">", ' [<!ENTITY % x SYSTEM "http://127.0.0.1/x">]>') + "<dialog/>",
            "internal-subset",
            id="subset beside our id",
        ),
        pytest.param(
            '<!DOCTYPE dialog SYSTEM "http://127.0.0.1:9/evil.dtd"><dialog/>', "foreign-doctype", id="external"
        ),
        pytest.param(
            '<!DOCTYPE dialog PUBLIC "-//EVIL//EN" "x.dtd"><dialog/>', "foreign-doctype", id="another public id"
        ),
        pytest.param("<!DOCTYPE html><dialog/>", "foreign-doctype", id="another root"),
        pytest.param(f"<!-- a\n -->{DIALOG.format('<note>&nbsp;</note>')}", "xml", id="undeclared entity"),
        pytest.param(f"{PUBLIC}{DIALOG.format('<note>&nbsp;</note>')}", "entity", id="entity with our DTD"),
        pytest.param("<dialog>" * 100 + "</dialog>" * 100, "too-deep", id="deep"),
        pytest.param("<dialog>" * 10_000, "too-deep", id="very deep"),
        pytest.param("<dialog>" + "<a/>" * 20_000 + "</dialog>", "too-many-elements", id="many elements"),
        pytest.param("<dialog>" + " " * 1_000_000 + "</dialog>", "too-large", id="large"),
        pytest.param(b"\xff\xfe<\x00d\x00", "encoding", id="another encoding"),
        pytest.param('<?xml version="1.0" encoding="utf-7"?><dialog/>', "encoding", id="utf-7"),
        pytest.param(b"<dialog>\xe4</dialog>", "encoding", id="not the declared encoding"),
        pytest.param("", "xml", id="nothing"),
        pytest.param("<dialog>", "xml", id="not closed"),
        pytest.param("<dialog a='1' a='2'/>", "xml", id="attribute twice"),
        pytest.param("<dialog>\x00</dialog>", "xml", id="zero byte"),
        pytest.param("<other/>", "dtd", id="another root element"),
        pytest.param('<dialog xmlns="urn:x"/>', "dtd", id="namespace"),
    ],
)
def test_hostile_xml_is_refused(source: bytes | str, rule: str) -> None:
    assert rule_of(source) == rule


@pytest.mark.parametrize(
    "source",
    [
        b"<" * 900_000,
        b"<dialog " + b'a="' * 300_000,
        b"<dialog>" + b"<a>" * 50 + b"<b/>" * 200_000,
        b" " * 900_000 + b"<!DOCTYPE",
        b'<dialog a="' + b"&lt;" * 200_000,
    ],
)
def test_large_nonsense_is_refused(source: bytes) -> None:
    assert len(refused(source)) == 1


def test_a_large_broken_script_is_refused_with_a_readable_number_of_findings() -> None:
    findings = refused(f"{PUBLIC}{DIALOG.format('<nonsense/>' * 5_000)}")
    assert 0 < len(findings) <= 50


def test_our_own_doctype_other_encodings_and_a_mark_at_the_start_are_accepted() -> None:
    body = DIALOG.format('<info id="i"><text>ä</text></info>')
    for source in (
        f"{PUBLIC}\r\n{body}".encode(),
        b"\xef\xbb\xbf" + f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode(),
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{body}'.encode("latin-1"),
        f"<!DOCTYPE dialog><!-- fine -->{body}".encode(),
    ):
        assert load(source).items["i"].texts[0].parts == ("ä",)


def test_what_the_dtd_does_not_know_is_told_with_a_suggestion() -> None:
    body = '\n  <question id="q" typ="date"><text>x</text></question>'
    (finding,) = refused(f"{PUBLIC}\n{DIALOG.format(body)}")
    assert (finding.rule, finding.line, finding.column, finding.attribute) == ("dtd", 3, 25, "typ")
    assert finding.suggestion == "did you mean “type”?"


def test_a_transition_to_nowhere_is_told_where_it_is_written() -> None:
    body = '<info id="i"><text>x</text>\n<next to="x"/></info>'
    (finding,) = refused(f"{PUBLIC}\n{DIALOG.format(body)}")
    assert (finding.rule, finding.line, finding.attribute) == ("unknown-item", 3, "to")


def test_the_dialog_itself_is_no_item() -> None:
    body = '<info id="d"><text>x</text></info><info id="i"><text>x</text><next to="d"/></info>'
    assert list(load(DIALOG.format(body).encode()).items) == ["d", "i", "e"]


def test_all_mistakes_are_told_at_once() -> None:
    body = (
        '<question id="q" type="digits" ask-if="1 +" pattern="(a" bind="name"><text>x<value of=""/></text>'
        '<input digits="6-1" end-key="A" next-digit-timeout="soon"/><check><text>x</text></check>'
        '<set name="total" to="1"/></question>'
    )
    assert sorted(finding.rule for finding in refused(DIALOG.format(body))) == [
        "bad-value", "bad-value", "bad-value", "bad-value", "bad-value", "bad-value",
        "expression", "expression", "pattern",
    ]  # fmt: skip


def test_a_mistake_behind_references_and_line_ends_is_found_at_its_column() -> None:
    (finding,) = refused(DIALOG.format('\n<info id="i" ask-if="1 &lt; 2 and\n  3 &lt; ?"><text>x</text></info>'))
    assert (finding.line, finding.column, finding.attribute) == (3, 10, "ask-if")


def test_a_long_condition_stands_in_a_child() -> None:
    body = '<info id="i"><text>x</text><next to="e"><when>\n 1 lt 2 and\n oops( </when></next></info>'
    (finding,) = refused(DIALOG.format(body))
    assert (finding.rule, finding.line) == ("expression", 3)
    made = load(DIALOG.format(body.replace("oops( ", "2 lt 3")).encode())
    condition = made.items["i"].block.nexts[0].condition
    assert condition is not None
    assert condition.source.split() == ["1", "lt", "2", "and", "2", "lt", "3"]


def test_a_condition_is_written_once() -> None:
    body = '<info id="i"><text>x</text><next to="e" if="true"><when>false</when></next></info>'
    assert rule_of(DIALOG.format(body)) == "bad-value"


@pytest.mark.parametrize(
    ("wrong", "column", "message", "suggestion"),
    [
        ('id="q" type="yesno"', 26, "“type” of <question> cannot be “yesno”", "did you mean “yes-no”?"),
        ('id="q" type="?"', 26, "“type” of <question> cannot be “?”", "one of text, memo, integer"),
        ('id="1 q" type="text"', 17, "“id” of <question> is no name", "a letter, then"),
        ('type="text"', 3, "<question> needs an attribute “id”", ""),
        ('id="first" type="text"', 17, "“first” is the id of another item, too", ""),
    ],
)
def test_a_value_that_the_dtd_refuses_is_told_in_words_at_its_place(
    wrong: str, column: int, message: str, suggestion: str
) -> None:
    body = f'<info id="first"><text>x</text></info>\n  <question {wrong}><text>x</text></question>'
    (finding,) = refused(f"{PUBLIC}\n{DIALOG.format(body)}")
    assert (finding.rule, finding.line, finding.column) == ("dtd", 3, column)
    assert finding.message == message
    assert finding.suggestion.startswith(suggestion)
    assert bool(finding.suggestion) is bool(suggestion)


def test_the_dtd_gives_the_defaults() -> None:
    made = load(DIALOG.format('<question id="q"><text>x</text><do service="a.b"/></question>').encode())
    question = made.items["q"]
    assert isinstance(question, Question)
    (action,) = question.block.actions
    assert isinstance(action, Do)
    assert (action.when, action.timeout_seconds, action.retries) == (When.NOW, 5.0, 0)
    assert made.channels == {ScriptChannel.AGENT, ScriptChannel.PHONE}
    assert question.required is True


def test_texts_keep_their_words_and_lose_their_layout() -> None:
    body = '<info id="i"><text>\n  Hello  <em>dear <value of="call.name"/></em>,\n <break/> you. </text></info>'
    parts = load(DIALOG.format(body).encode()).items["i"].texts[0].parts
    assert [part if isinstance(part, str) else "…" for part in parts] == ["Hello dear ", "…", ", \n you."]
    assert isinstance(parts[1], Shown)


def test_places_are_those_of_the_file() -> None:
    made = load(DIALOG.format('\n\n  <info\n   id="i"\n   ask-if="true"><text>x</text></info>').encode())
    place = made.items["i"].place
    assert (place.line, place.column) == (3, 3)
    assert (place.attributes["ask-if"].line, place.attributes["ask-if"].column) == (5, 12)


def test_declared_types_are_read() -> None:
    data = '<var name="n" type="number" initial="1"/><compute name="c" type="text" as="\'x\'"/>'
    made = load(DIALOG.format(data).encode())
    assert (made.variables["n"].type, made.computes["c"].type) == (Type.NUMBER, Type.TEXT)
    assert made.title("de") == "t"


def test_names_are_declared_once() -> None:
    assert rule_of(DIALOG.format('<var name="n"/><var name="n"/>')) == "name-twice"
    assert rule_of(DIALOG.format('<var name="a-b"/>')) == "bad-value"


def test_the_dtd_is_found_and_has_our_elements() -> None:
    assert {"dialog", "question", "do", "compute"} <= set(xml.DIALOG.declared)


MARKUP = "<dialog> </dialog> <info> <text> </text> <!DOCTYPE dialog [ ]> > < & ; <![CDATA[ ]]> <?xml ?> <!-- -->"
SIGNS = "' \" = id é \x00"
PIECES = st.sampled_from([*MARKUP.split(" "), *SIGNS.split(" "), " ", "\n", PUBLIC, DIALOG.format("")])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=20).map("".join))
def test_whatever_comes_is_loaded_or_refused(text: str) -> None:
    source = text.encode("utf-8", "surrogatepass")
    if findings := check_source(source, "x.xml"):
        assert all(finding.line > 0 for finding in findings)
    else:
        assert load(source).items
