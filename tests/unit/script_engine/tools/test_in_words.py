"""Expressions, said in English."""

from __future__ import annotations

import pytest

from caruso.script_engine.expressions import expression
from caruso.script_engine.tools.in_words import condition, value
from tests.unit.script_engine.leading import dialog

DIALOG = dialog(
    """
    <question id="product" type="choice"><text>Which?</text>
      <option value="gas"><text>Gas</text></option>
      <option value="power"><text lang="de">Strom</text><text lang="en">Electricity</text></option></question>
    <question id="right" type="yes-no"><text>Right?</text></question>
    <end id="bye" outcome="done"/>""",
    data='<object name="customer" class="Customer"/><compute name="used" as="1"/>',
)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("answers.product = 'power'", "the answer to product is “Electricity” (power)"),
        ("answers.product in ['gas', 'power']", "the answer to product is “Gas” (gas) or “Electricity” (power)"),
        ("answers.product not in ['gas']", "the answer to product is not “Gas” (gas)"),
        ("used gt 2 * customer.usual_use", "used is more than 2 × customer’s usual use"),
        ("answers.right and used le 3.50", "the answer to right is yes and used is at most 3.5"),
        ("not answers.right", "the answer to right is not yes"),
        ("not known(call.number)", "the call’s number is not known"),
        ("not empty(vars.began)", "variable began is known"),
        ("(used = 1 or used = 2) and known(call.name)", "(used is 1 or used is 2) and the call’s name is known"),
        ("not (used = 1)", "not (used is 1)"),
        ("visited('product')", "product was met"),
        ("selected(answers.product, 'gas')", "“Gas” (gas) is selected in the answer to product"),
        ("any(customer.numbers, n, n = '1')", "for one n of customer’s numbers at least, n is “1”"),
        ("all(customer.numbers, n, known(n))", "for every n of customer’s numbers, n is known"),
        ("starts_with(call.number, '+49')", "the call’s number begins with “+49”"),
        ("true", "always"),
        ("dialog.channel = 'phone'", "the dialog’s channel is “phone”"),
    ],
)
def test_a_condition_becomes_a_sentence(source: str, words: str) -> None:
    assert condition(expression(source), DIALOG) == words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("'billing'", "“billing”"),
        ("used gt 1 ? 'a' : 'b'", "“a” if used is more than 1, otherwise “b”"),
        ("days_between(today(), date('2026-12-24'))", "the days from today to “2026-12-24”"),
        ("sum(customer.bills, b, b.amount)", "the sum of b’s amount for each b of customer’s bills"),
        ("max(1, used)", "the greatest of 1, used"),
        ("known(call.name)", "whether the call’s name is known"),
        ("-used + (1 - used)", "−used + (1 − used)"),
        ("null", "nothing"),
        ("unheard_of(1)", "unheard_of(1)"),
        ("customer.numbers[used]", "customer’s numbers[used]"),
        ("round()", ""),
    ],
)
def test_a_value_becomes_a_noun_phrase(source: str, words: str) -> None:
    assert value(expression(source), DIALOG).strip() == words
