"""Which version of which service is wanted, and who has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.service_manager.refusals import ServiceRefused
from caruso.service_manager.versions import granted, read_offer, read_wish, start_order

CRM = read_offer("crm", "2.3", ("customer-data==1.2",))
OLD_CRM = read_offer("old-crm", "1.0", ("customer-data==1.0", "crm==1.9"))


@pytest.mark.parametrize(
    ("wish", "service"),
    [
        ("crm", "crm"),
        ("crm>=2,<3", "crm"),
        ("crm<2", "old-crm"),
        ("crm>=3", None),
        ("customer-data", "crm"),
        ("customer-data<1.1", "old-crm"),
        ("customer-data~=1.1", "crm"),
        ("old-crm", "old-crm"),
        ("erp", None),
    ],
)
def test_a_name_comes_before_an_interface_and_the_newest_first(wish: str, service: str | None) -> None:
    found = granted(read_wish(wish), (OLD_CRM, CRM))
    assert (found.service if found else None) == service


@pytest.mark.parametrize("text", ["", "crm>>2", "CRM", "crm >= two", "9crm", "a b", "crm[x]extra;"])
def test_what_is_no_wish_is_refused(text: str) -> None:
    with pytest.raises(ServiceRefused):
        read_wish(text)


@pytest.mark.parametrize(
    ("version", "provides"), [("one", ()), ("1.0", ("customer-data",)), ("1.0", ("customer-data==x",))]
)
def test_what_is_no_version_is_refused(version: str, provides: tuple[str, ...]) -> None:
    with pytest.raises(ServiceRefused):
        read_offer("crm", version, provides)


@given(st.data())
def test_each_starts_after_what_it_needs(data: st.DataObject) -> None:
    names = [f"s{number}" for number in range(data.draw(st.integers(1, 8)))]
    offers = [
        read_offer(name, "1.0", (), data.draw(st.lists(st.sampled_from(names[:at]), max_size=3)) if at else ())
        for at, name in enumerate(names)
    ]
    order = start_order(data.draw(st.permutations(offers)))
    assert sorted(order) == sorted(names)
    for offer in offers:
        assert all(order.index(wish.name) < order.index(offer.service) for wish in offer.wishes)
