"""What an expression of a form is in our language: the conversions XPath makes silently are written out."""

from __future__ import annotations

import re

import pytest

from caruso.script_engine.xforms import Effect, translate
from tests.unit.script_engine.xforms.form_source import with_expression


def meaning(source: str, attribute: str = "calculate", more: str = "") -> str:
    imported = translate(with_expression(attribute, source, more=more))
    assert not imported.refused, imported.remarks
    unknown = [str(remark) for remark in imported.remarks]
    assert not unknown, unknown
    named = imported.values["/data/result"]
    found = re.search(rf'<compute name="{named}" type="[a-z-]+" as="([^"]*)"', imported.script.decode())
    return found[1].replace("&gt;", ">").replace("&lt;", "<").replace("&quot;", '"') if found else named


@pytest.mark.parametrize(
    ("source", "ours"),
    [
        # Constants are worked out at once.
        ("1 + 2", "3"),
        ("'a' = 'a'", "true"),
        ("concat('a', 1, true())", "'a1true'"),
        # Blank is null, and null is not a number.
        ("/data/age + 1", "answers.age + 1"),
        ("/data/name + 1", "number(answers.name) + 1"),
        ("/data/name = ''", "empty(answers.name)"),
        ("/data/name != ''", "known(answers.name)"),
        ("/data/name = 'x'", "answers.name = 'x'"),
        ("/data/name != 'x'", "not answers.name = 'x'"),
        ("/data/age = 3", "answers.age = 3"),
        ("/data/age != 3", "not answers.age = 3"),
        ("/data/age = '3'", "text(answers.age) = '3'"),
        ("/data/kind = /data/name", "join([answers.kind], '') = join([answers.name], '')"),
        ("/data/kind < 5", "number(answers.kind) lt 5"),
        # What XPath takes for true.
        ("not(string(/data/name))", "empty(join([answers.name], ''))"),
        ("boolean(/data/age + 1)", "answers.age + 1 != 0"),
        ("if(/data/age > 17, 'adult', 'child')", "if(answers.age gt 17, 'adult', 'child')"),
        ("true() and /data/age > 1", "answers.age gt 1"),
        ("false() and /data/age > 1", "false"),
        ("/data/age > 1 or /data/age < 0 and string(/data/name)",
         "answers.age gt 1 or answers.age lt 0 and known(join([answers.name], ''))"),
        ("(/data/age > 1) = (/data/age < 5)",
         "answers.age gt 1 and answers.age lt 5 or not answers.age gt 1 and not answers.age lt 5"),
        # Calculating.
        ("/data/age - (/data/weight - 1)", "answers.age - (answers.weight - 1)"),
        ("/data/age - /data/weight - 1", "answers.age - answers.weight - 1"),
        ("(/data/age + 1) * 2 div 3 mod 4", "(answers.age + 1) * 2 / 3 % 4"),
        ("-(/data/age + 1)", "-(answers.age + 1)"),
        ("round(/data/weight, 2)", "round(answers.weight, 2)"),
        ("int(/data/weight)", "if(answers.weight lt 0, ceil(answers.weight), floor(answers.weight))"),
        # Dates.
        ("today() - /data/born", "days_between(answers.born, today())"),
        ("/data/born < today()", "answers.born lt today()"),
        ("/data/born + 30 > today()",
         "days_between(date('1970-01-01'), answers.born) + 30 gt days_between(date('1970-01-01'), today())"),
        ("date(/data/born + 7)",
         "add_days(date('1970-01-01'), days_between(date('1970-01-01'), answers.born) + 7)"),
        ("format-date(/data/born, '%d.%m.%Y')", "join([format_date(answers.born, '%d.%m.%Y')], '')"),
        # Choices.
        ("selected(/data/kinds, 'gas')", "if(selected(answers.kinds, 'gas'), true, false)"),
        ("selected(/data/kinds, 'gas') and 1 = 1", "if(selected(answers.kinds, 'gas'), true, false)"),
        ("selected(/data/kind, 'gas')", "answers.kind = 'gas'"),
        ("selected(/data/name, 'gas')", "if(selected(split(join([answers.name], ''), ' '), 'gas'), true, false)"),
        ("count-selected(/data/kinds)", "if(known(answers.kinds), count(answers.kinds), 0)"),
        ("selected-at(/data/kinds, 1)", "answers.kinds[1]"),
        ("jr:choice-name(/data/kind, '/data/kind')", "label(answers.kind)"),
        ("jr:choice-name('gas', '/data/kind')", "['Gas', 'Power'][index(['gas', 'power'], 'gas')]"),
        # Texts.
        ("concat(/data/name, ' is ', /data/age)", "join([answers.name, ' is ', answers.age], '')"),
        ("string-length(/data/name)", "length(join([answers.name], ''))"),
        ("coalesce(/data/name, 'nobody')", "if(known(answers.name), answers.name, 'nobody')"),
        ("substr(/data/name, 1, 3)", "part(join([answers.name], ''), 1, 3)"),
        ("substring(/data/name, 2, 3)", "part(join([answers.name], ''), 1, 4)"),
        ("contains(/data/name, 'x')", "contains(join([answers.name], ''), 'x')"),
        ("regex(/data/name, '^[a-z]+$')", "matches(join([answers.name], ''), '[a-z]+')"),
        ("regex(/data/name, 'x')", "matches(join([answers.name], ''), '.*(x).*')"),
    ],
)  # fmt: skip
def test_an_expression_means_the_same_in_ours(source: str, ours: str) -> None:
    assert meaning(source) == ours


TABLE = '<instance id="t"><root><item><k>1</k><v>one</v></item><item><k>2</k><v>two</v></item></root></instance>'


@pytest.mark.parametrize(
    ("source", "ours"),
    [
        ("instance('t')/root/item[k = '2']/v", "'two'"),
        ("instance('t')/root/item[2]/v", "'two'"),
        ("instance('t')/root/item[k = /data/name]/v", "['one', 'two'][index(['1', '2'], answers.name)]"),
        ("instance('t')/root/item[k = current()/../name]/v", "['one', 'two'][index(['1', '2'], answers.name)]"),
        ("count(instance('t')/root/item)", "2"),
        (
            "count(instance('t')/root/item[k > /data/age])",
            "if(1 gt answers.age, 1, 0) + if(2 gt answers.age, 1, 0)",
        ),
        ("instance('t')/root/item/v = 'two'", "true"),
        ("instance('t')/root/nothing", "null"),
        ("pulldata('t', 'v', 'k', /data/name)", "['one', 'two'][index(['1', '2'], answers.name)]"),
    ],
)
def test_a_table_of_the_form_is_looked_up(source: str, ours: str) -> None:
    assert meaning(source, more=TABLE) == ours


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("frob(1)", "the function frob()"),
        ("/data/age ? 1", "it cannot be read"),
        ("/other/age", "there is no node /other"),
        ("regex(/data/name, concat('a', /data/age))", "a pattern that is worked out"),
        ("regex(/data/name, '(?=x)')", "the pattern"),
        ("/data", "the value of the group /data"),
        ("../*", "all children"),
        ("position()", "position() outside a list"),
        ("random()", "the function random()"),
        ("/data/result + 1", "not known"),
    ],
)
def test_what_cannot_be_said_is_told_with_its_reason(source: str, reason: str) -> None:
    imported = translate(with_expression("calculate", source))
    told = [remark for remark in imported.remarks if remark.place == "/data/result"]
    assert told
    assert told[0].effect is Effect.LEFT_OUT
    assert reason in told[0].reason or "worked out from itself" in told[0].reason


def test_a_value_that_is_not_known_makes_conditions_on_it_untranslatable() -> None:
    source = with_expression(
        "calculate", "random()", more='<bind nodeset="/data/name" relevant="/data/result > 1"/>'
    )
    imported = translate(source)
    assert imported.refused
    assert any(remark.effect is Effect.REFUSED and remark.what == "relevant" for remark in imported.remarks)
