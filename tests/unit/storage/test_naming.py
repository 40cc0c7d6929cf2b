"""By what people recognize an object: tables as companies and well-known samples have them."""

from __future__ import annotations

import pytest

from caruso.storage.objects.naming import telling


@pytest.mark.parametrize(
    ("table", "texts", "shown"),
    [
        # People are called by their names, whatever they are or do.
        ("employee", "last_name first_name title address email", "first_name last_name"),
        ("employees", "lastname firstname titleofcourtesy title", "firstname lastname"),
        ("customer", "first_name last_name company phone email", "first_name last_name"),
        ("staff", "username first_name last_name email", "first_name last_name"),
        ("contact", "salutation title surname", "surname"),
        ("mitarbeiter", "titel vorname nachname abteilung", "vorname nachname"),
        # Whoever has a first name and a name has the latter from the family.
        ("kunden", "anrede name vorname ort", "vorname name"),
        ("person", "full_name first_name last_name", "full_name"),
        ("person", "name first_name last_name", "name"),
        # Things have a name, with or without their table's in front.
        ("track", "composer name", "name"),
        ("products", "quantity_per_unit product_name", "product_name"),
        ("categories", "description category_name", "category_name"),
        ("crm_customers", "remark customer_name", "customer_name"),
        ("artikel", "artikelbezeichnung einheit", "artikelbezeichnung"),
        # Companies.
        ("customers", "company_name contact_name contact_title", "company_name"),
        ("lieferanten", "ort firma", "firma"),
        # Works and cases have a title.
        ("album", "title", "title"),
        ("film", "description title rating", "title"),
        ("ticket", "state subject body", "subject"),
        # Called as their table.
        ("city", "city", "city"),
        ("countries", "iso country", "country"),
        ("address", "district address address2", "address"),
        # What is left.
        ("territory", "territory_description", "territory_description"),
        ("account", "password_hash email", "email"),
        ("tariff", "note tariff_code", "tariff_code"),
        ("orders", "ship_name ship_city", ""),
        ("payment", "", ""),
    ],
)
def test_people_recognize_an_object_by_its_name(table: str, texts: str, shown: str) -> None:
    assert telling(table, texts.split()) == tuple(shown.split())


def test_a_number_names_what_has_no_name() -> None:
    assert telling("invoice", ["billing_city"], ["invoice_number", "total"]) == ("invoice_number",)
    assert telling("invoice", ["number"], ["invoice_no"]) == ("number",)
    assert telling("invoice", ["email"], ["number"]) == ("number",)
    assert telling("invoice", [], ["total"]) == ()
