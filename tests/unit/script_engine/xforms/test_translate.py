"""Whole forms become dialogs: every kind of question, groups, repeats, languages, choices, values that are set."""

from __future__ import annotations

import pytest

from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Group, Info, Question, Repeat
from caruso.script_engine.turns import QuestionType
from caruso.script_engine.xforms import Effect, Imported, translate
from tests.unit.script_engine.xforms.form_source import form


def imported(model: str, body: str, itext: str = "") -> Imported:
    made = translate(form(model, body, itext=itext))
    assert not made.refused, [str(remark) for remark in made.remarks]
    return made


def script(model: str, body: str, itext: str = "") -> str:
    made = imported(model, body, itext)
    load(made.script)
    return made.script.decode()


def question(model: str, body: str) -> Question:
    found = [item for item in load(imported(model, body).script).items.values() if isinstance(item, Question)]
    assert len(found) == 1
    return found[0]


ITEMS = "<item><label>A</label><value>a</value></item><item><label>B</label><value>b</value></item>"


@pytest.mark.parametrize(
    ("kind", "control", "wanted"),
    [
        ("string", "<input ref='/data/x'/>", QuestionType.TEXT),
        ("string", "<input ref='/data/x' appearance='multiline'/>", QuestionType.MEMO),
        ("xsd:string", "<input ref='/data/x'/>", QuestionType.TEXT),
        ("int", "<input ref='/data/x'/>", QuestionType.INTEGER),
        ("decimal", "<input ref='/data/x'/>", QuestionType.NUMBER),
        ("date", "<input ref='/data/x'/>", QuestionType.DATE),
        ("time", "<input ref='/data/x'/>", QuestionType.TIME),
        ("dateTime", "<input ref='/data/x'/>", QuestionType.DATE_TIME),
        ("barcode", "<input ref='/data/x'/>", QuestionType.TEXT),
        ("geopoint", "<input ref='/data/x'/>", QuestionType.LOCATION),
        ("geotrace", "<input ref='/data/x'/>", QuestionType.TEXT),
        ("string", f"<select1 ref='/data/x'>{ITEMS}</select1>", QuestionType.CHOICE),
        ("string", f"<select ref='/data/x'>{ITEMS}</select>", QuestionType.CHOICES),
        ("odk:rank", f"<odk:rank ref='/data/x'>{ITEMS}</odk:rank>", QuestionType.RANKING),
        ("binary", "<upload ref='/data/x' mediatype='image/*'/>", QuestionType.FILE),
        ("binary", "<upload ref='/data/x' mediatype='image/*' appearance='signature'/>", QuestionType.SIGNATURE),
        ("binary", "<upload ref='/data/x' mediatype='audio/*'/>", QuestionType.VOICE_RECORD),
        ("int", "<range ref='/data/x' start='1' end='9' step='2'/>", QuestionType.INTEGER),
        ("string", "<trigger ref='/data/x'/>", QuestionType.CHOICE),
    ],
)
def test_each_kind_of_control_is_a_question(kind: str, control: str, wanted: QuestionType) -> None:
    assert question(f"<x/>---<bind nodeset='/data/x' type='{kind}'/>", control).type is wanted


def test_a_bind_says_when_a_question_is_asked_and_what_its_answer_must_be() -> None:
    made = script(
        "<age/><job/>---<bind nodeset='/data/age' type='int' required='true()' constraint='. &gt; 17'"
        " jr:constraintMsg='Adults only'/><bind nodeset='/data/job' relevant='/data/age &lt; 67'"
        " required='/data/age &gt; 30'/>",
        "<input ref='/data/age'><label>Age?</label><hint>In years</hint></input><input ref='/data/job'/>",
    )
    assert '<question id="age" type="integer" required="yes">' in made
    assert '<check if="empty(answers.age) or answers.age gt 17">' in made
    assert "<text>Adults only</text>" in made
    assert '<hint for="agent web phone">In years</hint>' in made
    assert '<question id="job" type="text" ask-if="answers.age lt 67" required="answers.age gt 30">' in made


def test_a_control_that_is_read_only_is_an_info_and_shows_its_value() -> None:
    made = script(
        "<age/><n/>---<bind nodeset='/data/age' type='int'/>"
        "<bind nodeset='/data/n' readonly='true()' calculate='/data/age * 2'/>",
        "<input ref='/data/age'/><input ref='/data/n'><label>Twice <output value='/data/age'/>:</label></input>",
    )
    assert '<compute name="n_value" type="number" as="answers.age * 2"/>' in made
    assert '<text>Twice <value of="answers.age"/>:<break/><value of="n_value"/></text>' in made


def test_what_is_worked_out_in_a_group_that_does_not_apply_is_nothing() -> None:
    made = script(
        "<a/><g><b/></g>---<bind nodeset='/data/g' relevant=\"/data/a = 'x'\"/>"
        "<bind nodeset='/data/g/b' calculate='1 + 1'/>",
        "<input ref='/data/a'/>",
    )
    assert "as=\"if(answers.a = 'x', 2, null)\"" in made


def test_a_default_counts_as_the_value_until_the_question_is_answered() -> None:
    made = script(
        "<a>5</a><b/>---<bind nodeset='/data/a' type='int'/><bind nodeset='/data/b' relevant='/data/a &gt; 4'/>",
        "<input ref='/data/a'/><input ref='/data/b'/>",
    )
    assert "as=\"if(answered('a'), answers.a, 5)\"" in made
    assert 'default="5"' in made
    assert 'ask-if="a_value gt 4"' in made


def test_groups_keep_their_heading_condition_and_whether_they_are_shown_together() -> None:
    dialog = load(
        imported(
            "<g><a/><b/></g>---<bind nodeset='/data/g' relevant='1 = 1'/>",
            "<group ref='/data/g' appearance='field-list'><label>Both</label>"
            "<input ref='/data/g/a'/><input ref='/data/g/b'/></group>",
        ).script
    )
    group = next(item for item in dialog.items.values() if isinstance(item, Group))
    assert (group.titles[""], group.together, group.ask_if) == ("Both", True, None)


def test_a_group_in_which_nothing_is_asked_is_not_there() -> None:
    assert "<group" not in script("<g><a/></g>", "<group ref='/data/g'><label>Empty</label></group>")


REPEAT = (
    "<group ref='/data/r'><label>Child</label><repeat nodeset='/data/r'{}>"
    "<input ref='/data/r/a'/></repeat></group>"
)


def test_people_decide_how_often_a_repeat_goes_round() -> None:
    made = script("<r><a/></r>", REPEAT.format(""))
    assert '<repeat id="r" name="r" max="200" while="answers.r_more">' in made
    assert '<text lang="en">Child – Another one?</text>' in made


def test_a_repeat_that_only_has_a_template_is_offered_first() -> None:
    made = script("<r jr:template=''><a/></r>", REPEAT.format(""))
    assert '<repeat id="r" name="r" max="200" ask-if="answers.r_first" while="answers.r_more">' in made
    assert '<text lang="en">Child – Is there one?</text>' in made


def test_a_count_says_how_often_a_repeat_goes_round() -> None:
    model = "<n/><r><a/></r>---<bind nodeset='/data/n' type='int'/>"
    made = script(model, "<input ref='/data/n'/>" + REPEAT.format(" jr:count='/data/n'"))
    repeat = next(item for item in load(made.encode()).items.values() if isinstance(item, Repeat))
    assert repeat.times is not None
    assert 'times="answers.n"' in made
    assert "r_more" not in made


def test_values_of_all_passes_are_counted_and_added() -> None:
    made = script(
        "<r><a/></r><total/><many/>---<bind nodeset='/data/r/a' type='int'/>"
        "<bind nodeset='/data/total' calculate='sum(/data/r/a)'/>"
        "<bind nodeset='/data/many' calculate='count(/data/r[a &gt; 1])'/>",
        REPEAT.format(""),
    )
    passes = "if(known(answers.r), answers.r, [null])"
    assert f'as="if(count({passes}) gt 0, sum({passes}, one, one.a), null)"' in made
    assert f'as="count(where({passes}, one, one.a gt 1))"' in made


ITEXT = (
    "<itext><translation lang='Deutsch (de)'><text id='q'><value>Wie alt?</value></text></translation>"
    "<translation lang='English (en)' default='true()'><text id='q'><value>How old?</value>"
    "<value form='guidance'>Ask kindly</value><value form='image'>jr://images/x.png</value></text></translation></itext>"
)


def test_each_language_of_the_form_is_one_of_the_dialog() -> None:
    made = script(
        "<a/>", "<input ref='/data/a'><label ref=\"jr:itext('q')\"/><hint ref=\"jr:itext('q')\"/></input>", ITEXT
    )
    assert 'languages="en de"' in made
    assert '<text lang="en">How old?</text>' in made
    assert '<text lang="de">Wie alt?</text>' in made
    assert '<hint lang="en">Ask kindly</hint>' in made


def test_pictures_beside_a_text_are_reported() -> None:
    made = imported("<a/>", "<input ref='/data/a'><label ref=\"jr:itext('q')\"/></input>", ITEXT)
    assert [(each.what, each.reason) for each in made.remarks] == [("label", "the image beside the text")]


TABLE = (
    "<instance id='cities'><root><item><name>ams</name><label>Amsterdam</label><land>nl</land></item>"
    "<item><name>bern</name><label>Bern</label><land>ch</land></item></root></instance>"
)


def test_a_choice_filter_says_when_each_option_is_offered() -> None:
    made = script(
        f"<land/><city/>---{TABLE}",
        "<input ref='/data/land'/><select1 ref='/data/city'><label>City</label>"
        "<itemset nodeset=\"instance('cities')/root/item[land = /data/land]\"><value ref='name'/>"
        "<label ref='label'/></itemset></select1>",
    )
    assert '<option value="ams" if="answers.land = \'nl\'">' in made
    assert "<text>Bern</text>" in made


def test_an_option_that_is_never_offered_is_not_there() -> None:
    made = script(
        f"<city/>---{TABLE}",
        "<select1 ref='/data/city'><itemset nodeset=\"instance('cities')/root/item[land = 'ch']\">"
        "<value ref='name'/><label ref='label'/></itemset></select1>",
    )
    assert 'value="bern"' in made
    assert "ams" not in made


def test_a_value_set_when_an_answer_changes_is_a_variable() -> None:
    made = script(
        "<a/><b/><stamp/>---<bind nodeset='/data/stamp' type='string'/>",
        "<input ref='/data/a'><setvalue event='xforms-value-changed' ref='/data/stamp' value='/data/b'/></input>"
        "<input ref='/data/b'/>",
    )
    assert '<var name="stamp" type="text"/>' in made
    assert '<set name="vars.stamp" to="if(known(answers.a), answers.b, vars.stamp)"/>' in made


@pytest.mark.parametrize(
    ("model", "body", "what"),
    [
        ("<a/>---<bind nodeset='/data/a' relevant='frob()'/>", "<input ref='/data/a'/>", "relevant"),
        ("<a/>---<bind nodeset='/data/a' constraint='frob()'/>", "<input ref='/data/a'/>", "constraint"),
        ("<a/>---<bind nodeset='/data/a' required='frob()'/>", "<input ref='/data/a'/>", "required"),
        ("<a/>---<bind nodeset='/data/a' required='true()'/>", "<select1 ref='/data/a'/>", "select1"),
        ("<r><a/></r>", REPEAT.format(" jr:count='frob()'"), "jr:count"),
        ("<a/>---<instance id='t' src='jr://file/t.xml'/>",
         "<select1 ref='/data/a'><itemset nodeset=\"instance('t')/root\"><value ref='name'/></itemset></select1>",
         "select1"),
    ],
)  # fmt: skip
def test_a_form_is_refused_where_it_would_mean_something_else(model: str, body: str, what: str) -> None:
    made = translate(form(model, body))
    assert made.refused
    assert made.script == b""
    assert what in {remark.what for remark in made.remarks if remark.effect is Effect.REFUSED}


def test_a_choice_of_nothing_that_need_not_be_made_is_left_out() -> None:
    made = imported(
        "<a/><b/>---<bind nodeset='/data/b' calculate=\"concat(/data/a, 'x')\"/>", "<select1 ref='/data/a'/>"
    )
    assert "<question" not in made.script.decode()
    assert [(each.effect, each.place) for each in made.remarks] == [(Effect.LEFT_OUT, "/data/a")]


def test_a_table_beside_the_form_is_taken_from_its_file() -> None:
    source = form(
        "<a/>---<instance id='t' src='jr://file-csv/t.csv'/>",
        "<select1 ref='/data/a'><itemset nodeset=\"instance('t')/root/item\"><value ref='name'/>"
        "<label ref='label'/></itemset></select1>",
    )
    made = translate(source, beside={"t.csv": b"name,label\nams,Amsterdam\n"})
    assert not made.refused
    assert b'<option value="ams">' in made.script


def test_names_in_the_dialog_are_never_the_same_twice() -> None:
    made = imported(
        "<g><a-b/></g><h><a_b/></h><a.b/><age/><answers/>",
        "".join(f"<input ref='/data/{path}'/>" for path in ("g/a-b", "h/a_b", "a.b", "age", "answers")),
    )
    assert list(made.items.values()) == ["a_b", "h_a_b", "a_b_2", "age", "answers_2"]


def test_a_form_without_anything_to_ask_is_a_dialog_that_ends() -> None:
    dialog = load(imported("<a>1</a>", "").script)
    assert not [item for item in dialog.items.values() if isinstance(item, (Question, Info))]


def test_what_is_set_at_first_from_another_question_is_made_of_what_that_begins_with() -> None:
    imported = translate(
        form(
            "<a>3</a><b/><c/>---"
            '<bind nodeset="/data/a" type="int"/><bind nodeset="/data/b" type="int"/>'
            '<setvalue event="odk-instance-first-load" ref="/data/b" value="/data/a + 1"/>'
            '<setvalue event="odk-instance-first-load" ref="/data/c" value="concat(/data/b, \'!\')"/>',
            "".join(f'<input ref="/data/{name}"><label>{name}</label></input>' for name in "abc"),
        )
    )
    script = imported.script.decode()
    assert '<question id="b" type="integer" required="no" default="4">' in script
    assert "default=\"'4!'\"" in script


def test_what_is_set_at_first_from_one_another_is_left_out_with_the_reason() -> None:
    imported = translate(
        form(
            "<a/><b/>---"
            '<setvalue event="odk-instance-first-load" ref="/data/a" value="concat(/data/b, 1)"/>'
            '<setvalue event="odk-instance-first-load" ref="/data/b" value="concat(/data/a, 2)"/>',
            '<input ref="/data/a"><label>a</label></input><input ref="/data/b"><label>b</label></input>',
        )
    )
    assert any("worked out from itself" in str(remark) for remark in imported.remarks)


def test_a_note_without_a_value_shows_none() -> None:
    imported = translate(
        form(
            '<a/><n/>---<bind nodeset="/data/n" readonly="true()" relevant="/data/a = \'x\'"/>',
            '<input ref="/data/a"><label>a</label></input><input ref="/data/n"><label>Note</label></input>',
        )
    )
    assert "<text>Note</text>" in imported.script.decode()
