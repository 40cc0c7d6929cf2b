"""Bring telephone numbers into the one form in which they are compared, and tell whether one may be called. Pure.

Knows the numbering plans (phonenumbers) and the region our own lines are in; does not know who has a number.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers.phonenumberutil import ndd_prefix_for_region

from caruso.model.contact_search import NumberPart

#: Characters of a number that are kept; the longest E.164 number has 15 digits, internal ones and SIP names more.
MAX_LENGTH = 64

#: Digits of the shortest number, without country code, that is not taken for an internal one (plans such as
#: Germany's allow nearly any length).
SHORTEST_PUBLIC = 7
#: Characters of the longest E.164 number, with its ``+``.
LONGEST_PUBLIC = 16

#: Digits without which part of a number says nothing: very many numbers have any two.
SHORTEST_PART = 3

#: Kinds of numbers whose owner is paid by who calls.
_DEAR = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


def normalised(number: str, region: str) -> str:
    """Return `number` as E.164 with ``+``, or without blanks and signs where it is not a public number.

    A number without country code is read as one of `region` (ISO 3166, e.g. ``DE``).
    """
    return _read(number, region)[0]


def _read(number: str, region: str) -> tuple[str, phonenumbers.PhoneNumber | None]:
    """Return the form that is kept, and what the numbering plan makes of it where it is a public number."""
    kept = number.strip()[:MAX_LENGTH]
    bare = _bare(kept)
    if not bare.removeprefix("+").isdecimal() or (bare.isdecimal() and len(bare) < SHORTEST_PUBLIC):
        return bare, None
    try:
        parsed = phonenumbers.parse(bare, region)
    except phonenumbers.NumberParseException:
        return bare, None
    if not phonenumbers.is_possible_number(parsed):
        return bare, None
    public = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    # A row of noughts loses one each time it is read; such a number is nobody's.
    return (public, parsed) if _stays(parsed, public) else (bare, None)


def called_number(text: str, region: str) -> str:
    """Return the number that somebody typed as E.164, or nothing where it is none that an agent can be called at.

    Numbers that nobody has, and those that cost more than a call (premium rate, shared cost), are none. A number
    without country code is read as one of `region`, where that is given.
    """
    try:
        parsed = phonenumbers.parse(_bare(text), region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(parsed) or phonenumbers.number_type(parsed) in _DEAR:
        return ""
    public = str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return public if len(public) <= LONGEST_PUBLIC else ""


def _stays(parsed: phonenumbers.PhoneNumber, public: str) -> bool:
    """Tell whether the E.164 form of a number reads as itself."""
    country = parsed.country_code or 0
    region = phonenumbers.region_code_for_country_code(country)
    plan = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(country, region)
    trunk = plan.national_prefix_for_parsing if plan is not None else ""
    # Nothing is taken off where there is no trunk prefix, or a nought and the number begins with another digit;
    # so it is nearly everywhere, and to read a number once more takes as long as the first time.
    if trunk is None or (trunk == "0" and not public.startswith("0", 1 + len(str(country)))):
        return True
    again = phonenumbers.format_number(phonenumbers.parse(public), phonenumbers.PhoneNumberFormat.E164)
    return bool(again == public)


def prefixes(text: str, region: str) -> tuple[str, ...]:
    """Return how kept numbers may begin that `text`, the beginning of a number, stands for."""
    bare = _bare(text)
    if not bare.removeprefix("+").isdigit():
        return ()
    if bare.startswith("+"):
        return (bare,)
    if bare.startswith("00"):
        return (bare, "+" + bare[2:])
    country = phonenumbers.country_code_for_region(region)
    trunk = ndd_prefix_for_region(region, True) or ""
    national = bare.removeprefix(trunk) if trunk else bare
    return (bare, f"+{country}{national}")


def part_of(text: str, region: str) -> NumberPart | None:
    """Return what is in kept numbers that `text` is part of, or None where it is none of `SHORTEST_PART` digits.

    The part may be anywhere in the number, in any notation; dots and stars for what is left out are passed over.
    With a country code (``+49``), or with a trunk prefix (``030``), it is a beginning, too.
    """
    bare = _bare(text.strip(" …*"))
    if bare.startswith(("+", "00")):
        bare = _bare(text.replace("(0)", "").strip(" …*"))
    digits = bare.removeprefix("+")
    if len(digits) < SHORTEST_PART or not (digits.isascii() and digits.isdecimal()):
        return None
    whole = (*prefixes(bare, region), normalised(bare, region))
    begins = tuple(dict.fromkeys(each for each in whole if each.startswith("+")))
    return NumberPart(begins=begins, has="" if bare.startswith("+") else bare)


def _bare(number: str) -> str:
    """Leave out what people write between digits."""
    return "".join(sign for sign in number if not sign.isspace() and sign not in "-–/().")[:MAX_LENGTH]


def spellings(number: str, region: str) -> tuple[str, ...]:
    """Return how `number` may be written in a column that somebody else fills: its kept form first.

    Only what has no blanks and signs, or stands as the numbering plan writes it: there is no end to what people
    make of numbers, and a search in an index has to know what it looks for.
    """
    kept, parsed = _read(number, region)
    if not kept.startswith("+"):
        return tuple(dict.fromkeys((kept, number)))
    abroad = (kept, number, kept[1:], "00" + kept[1:])
    if parsed is None:
        return tuple(dict.fromkeys(abroad))
    national = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    at_home = (national, _bare(national)) if phonenumbers.region_code_for_number(parsed) == region else ()
    return tuple(dict.fromkeys((*abroad, international, *at_home)))
