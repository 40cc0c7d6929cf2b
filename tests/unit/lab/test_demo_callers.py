"""What callers of the demo do follows from the number they call from."""

from __future__ import annotations

import random

import pytest

from caruso.model.numbers import normalised
from caruso.model.records import Customer
from lab.demo.callers import BILLING, METER, METER_GERMAN, plan_for
from lab.demo.customers import make_customers

CUSTOMERS = make_customers()
CHOOSE = random.Random(1)  # noqa: S311 - no secret


def somebody(end: str, *, german: bool = False) -> Customer:
    country = "+49" if german else "+44"
    return next(c for c in CUSTOMERS if c.numbers[0].startswith(country) and c.numbers[0].endswith(end))


def keys(customer: Customer) -> str:
    return "".join(digit for _, digit in plan_for(customer, CHOOSE).digits)


def test_customers_are_always_the_same_and_each_has_a_number_of_its_own() -> None:
    assert make_customers() == CUSTOMERS
    numbers = [number for customer in CUSTOMERS for number in customer.numbers]
    assert len(set(numbers)) == len(CUSTOMERS) == len({customer.id for customer in CUSTOMERS})
    assert [normalised(number, "NL") for number in numbers] == numbers


@pytest.mark.parametrize("end", "0123")
def test_questions_about_a_bill_go_to_the_billing_line(end: str) -> None:
    plan = plan_for(somebody(end), CHOOSE)
    assert (plan.dialled, plan.digits) == (BILLING, ())


@pytest.mark.parametrize("end", "456789")
def test_readings_go_to_the_meter_line_of_the_callers_language(end: str) -> None:
    assert plan_for(somebody(end), CHOOSE).dialled == METER
    assert plan_for(somebody(end, german=True), CHOOSE).dialled == METER_GERMAN


def test_a_reading_is_higher_than_the_last_one_and_ends_with_a_hash() -> None:
    customer = somebody("4")
    typed = keys(customer)
    assert typed[0] == "1"
    assert typed.endswith("#11")
    assert int(typed[1:].partition("#")[0]) > int(customer.attributes["last_reading"])


def test_a_reading_that_is_too_low_is_corrected() -> None:
    customer = somebody("5")
    lower, higher = (int(entry) for entry in keys(customer)[1:].split("#")[:2])
    assert lower < int(customer.attributes["last_reading"]) < higher


def test_who_gives_up_while_it_rings_does_so_before_the_quickest_phone_answers() -> None:
    plan = plan_for(somebody("2"), CHOOSE)
    assert plan.impatient
    assert plan.stay_seconds < 1.0


def test_a_bill_takes_no_dialog_and_a_reading_takes_time() -> None:
    assert plan_for(somebody("0"), CHOOSE).dialog_seconds == 0
    assert plan_for(somebody("4"), CHOOSE).dialog_seconds > 15
