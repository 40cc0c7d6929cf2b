"""Models are read as they were meant, or refused where they are wrong."""

from __future__ import annotations

import pytest

from caruso.business_objects.load import load_models
from caruso.business_objects.model import Kind, Who, label_of
from caruso.errors import RejectedInput
from caruso.script_engine.expressions.types import Type
from tests.unit.business_objects.sample import SAMPLE, sample


def test_a_class_is_read_as_it_is_written() -> None:
    person = sample().classes["Person"]
    assert [key.name for key in person.keys] == ["id"]
    assert person.attributes["name"].column == "full_name"
    assert person.attributes["born"].table == "people_details"
    assert (person.attributes["balance"].read.who, person.attributes["balance"].write.who) == (
        Who.SUPERVISOR,
        Who.ADMIN,
    )
    assert {value.name: value.stored for value in person.attributes["state"].values} == {
        "active": "A",
        "gone": "G",
    }
    assert person.searched == ("name", "email", "numbers")
    assert person.lists["numbers"].kind is Kind.PHONE
    assert (person.label("de"), person.label("fr")) == ("Mensch", "Person")
    assert label_of(person.attributes["state"].values[1].labels, "gone", "de") == "gone"


def test_keys_may_be_several_and_relations_go_through_tables() -> None:
    contract = sample().classes["Contract"]
    assert [key.name for key in contract.keys] == ["year", "number"]
    through = contract.relations["tags"].through
    assert through is not None
    assert through.table == "contract_tags"
    assert [(join.of, join.to) for join in through.ours] == [
        ("year", "contract_year"),
        ("number", "contract_number"),
    ]
    assert contract.subject == ("person",)


def test_an_object_may_be_named_by_what_is_worked_out() -> None:
    text = SAMPLE.replace('show="product"', 'show="dear"')
    assert load_models([("sample.xml", text.encode())]).classes["Contract"].show == "dear"


def test_expressions_know_the_types() -> None:
    types = sample().types
    assert types["Person"] is None  # any attribute may be there
    assert types["Contract"] is not None
    assert types["Contract"]["price"] is Type.NUMBER
    assert types["Contract"]["tags"] is Type.LIST


@pytest.mark.parametrize(
    ("written", "instead", "rule", "begins", "suggestion"),
    [
        ('show="product"', 'show="prodct"', "unknown-attribute", 'prodct"', "product"),
        ('show="name" order', 'show="debt" order', "customer", 'debt" order', ""),
        ('class="Contract" many', 'class="Contrct" many', "unknown-class", 'Contrct"', "Contract"),
        ('to="person_id"', 'to="persn_id"', "unknown-attribute", 'contracts" class', "person_id"),
        ("object.price gt 100", "object.price gt 'x'", "wrong-type", "price gt", ""),
        ('owner="agent"', 'owner="agnt"', "unknown-attribute", 'agnt"', "agent"),
        ('"id" type="number" key="yes"/>', '"id"/>', "no-key", 'Tag" table', ""),
        (
            'table="people_details" p',
            'table="people_detals" p',
            "unknown-table",
            "people_detals",
            "people_details",
        ),
        ('minimum="0"', 'minimum="none"', "number", 'none"', ""),
        ('pattern="[^@ ]+@[^@ ]+"', 'pattern="[a"', "pattern", '[a"', ""),
        ('subject="person"', 'subject="tags"', "subject", 'tags">', ""),
        ('name="begin"', 'name="price"', "twice", 'price" type="date', ""),
        ('name="price"', 'name="the-price"', "name", "the-price", ""),
        ('read="owner"', 'read-when="lower(object.product) = user.id"', "not-searchable", "lower(", ""),
        ('type="boolean"', 'type="bolean"', "dtd", 'bolean"', "boolean"),
        ('generated="yes"', 'made="yes"', "dtd", 'yes"/>\n    <attribute name="name"', ""),
        ('table="tags"', 'database="crm" table="tags"', "unknown-database", 'crm"', ""),
    ],
)
def test_a_mistake_is_told_where_it_is(
    written: str, instead: str, rule: str, begins: str, suggestion: str
) -> None:
    assert written in SAMPLE
    text = SAMPLE.replace(written, instead, 1)
    with pytest.raises(RejectedInput) as caught:
        load_models([("sample.xml", text.encode())])
    found = next(finding for finding in caught.value.findings if finding.rule == rule)
    at = text.index(begins)
    place = (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    assert (found.file, found.line, found.column) == ("sample.xml", *place)
    assert suggestion in found.suggestion


def test_every_mistake_is_told_at_once() -> None:
    text = SAMPLE.replace('owner="agent"', 'owner="x"').replace('class="Tag"', 'class="Tga"')
    with pytest.raises(RejectedInput) as caught:
        load_models([("sample.xml", text.encode())])
    assert {finding.rule for finding in caught.value.findings} == {"unknown-attribute", "unknown-class"}


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE model [<!ENTITY a "b">]><model id="m"/>',
        '<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd"><model id="m"/>',
        "<dialog/>",
        "<model",
        "",
    ],
)
def test_what_is_no_model_is_refused(hostile: str) -> None:
    with pytest.raises(RejectedInput):
        load_models([("m.xml", hostile.encode())])


def test_two_files_cannot_have_the_same_class() -> None:
    with pytest.raises(RejectedInput) as caught:
        load_models([("a.xml", SAMPLE.encode()), ("b.xml", SAMPLE.encode())])
    assert {finding.file for finding in caught.value.findings} == {"b.xml"}
