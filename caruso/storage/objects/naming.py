"""Tell by which attributes people recognize an object, from the names of its table and columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

#: What columns are called, without what is between their words; English, and German as companies here have it.
_WHOLE_NAMES = ("fullname", "displayname", "vollername")
_NAMES = ("name", "bezeichnung")
_GIVEN_NAMES = ("firstname", "givenname", "forename", "fname", "vorname")
_FAMILY_NAMES = ("lastname", "surname", "familyname", "lname", "nachname", "familienname")
_COMPANIES = ("companyname", "company", "organisation", "organization", "firma", "firmenname")
#: Of a work or a case. Of a person it is "Dr." or what she does; but people have names.
_TITLES = ("title", "titel", "subject", "betreff", "label", "headline", "caption")
_DESCRIPTIONS = ("description", "beschreibung")
_NUMBERS = ("number", "nummer", "nr", "no", "code", "reference", "sku")
_SIGN_INS = ("username", "login", "email", "mail")


def telling(table: str, texts: Sequence[str], others: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the attributes that together name an object to people in the order to read them, if any.

    Args:
        table: What the table is called, small letters with ``_`` between words, as all names here.
        texts: Attributes that hold texts and lead nowhere.
        others: Attributes of other kinds; a number may be all that an invoice is known by.
    """
    known = _by_meaning(table, texts)

    def first(names: Sequence[str]) -> tuple[str, ...]:
        return next(((known[name],) for name in names if name in known), ())

    given, family = first(_GIVEN_NAMES), first(_FAMILY_NAMES)
    if whole := first(_WHOLE_NAMES) or (first(_NAMES) if family or not given else ()):
        return whole
    # Who has a first name and a name is called by both.
    if person := given + (family or first(_NAMES)):
        return person
    named = first(_COMPANIES) or first(_TITLES) or first(tuple(_stems(table))) or first(_DESCRIPTIONS)
    numbers = _by_meaning(table, others)
    counted = next(((numbers[name],) for name in _NUMBERS if name in numbers), ())
    return named or first(_NUMBERS) or counted or first(_SIGN_INS)


def _by_meaning(table: str, attributes: Sequence[str]) -> dict[str, str]:
    """Return attributes by what they are called, also without the name of their table in front."""
    found: dict[str, str] = {}
    plain = {attribute.replace("_", ""): attribute for attribute in reversed(attributes)}
    for stem in _stems(table):
        found |= {name.removeprefix(stem): plain[name] for name in plain if name.startswith(stem) and name != stem}
    return found | plain


def _stems(table: str) -> Iterator[str]:
    """Give what one thing of a table is called: ``crm_categories`` has categories, and each is a category."""
    for name in (table.replace("_", ""), table.rsplit("_", 1)[-1]):
        yield name
        if name.endswith("ies"):
            yield f"{name[:-3]}y"
        if name.endswith("es"):
            yield name[:-2]
        if name.endswith("s"):
            yield name[:-1]
