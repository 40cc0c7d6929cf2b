"""Read whole numbers, numbers, money and ratings, as people of different languages write them.

Never guesses: where a sign may stand for thousands or for the decimal point, the person is asked to write it
plainly.
"""

from __future__ import annotations

import re
from decimal import Decimal

from caruso.script_engine import written
from caruso.script_engine.answers.asked import Asked, Misread, Read
from caruso.script_engine.values import number_text

#: Digits before and after the decimal point.
MOST_DIGITS = 18
MOST_PLACES = 9

_BLANKS = re.compile(r"[\s\u00a0\u202f'’]+")
_PLAIN = re.compile(rf"[+-]?\d{{1,{MOST_DIGITS}}}(?:\.\d{{1,{MOST_PLACES}}})?", re.ASCII)
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_GROUPED = re.compile(r"([+-]?\d{1,3})((?:([.,])\d{3})(?:\3\d{3})*)(?:(?!\3)[.,](\d+))?", re.ASCII)
#: Digits between signs for thousands.
_THOUSANDS = 3


def whole(asked: Asked, text: str) -> Read:
    """Return a whole number."""
    plain = _ungrouped(_BLANKS.sub("", text), asked.language, whole=True)
    if plain is not None and _PLAIN.fullmatch(plain) and "." not in plain:
        return Decimal(int(plain))
    return Misread("not-integer")


def number(asked: Asked, text: str) -> Read:
    """Return a number; on the phone ``*`` is the decimal point."""
    plain = _BLANKS.sub("", text)
    if asked.by_keys:
        plain = plain.replace("*", ".")
    elif _may_be_thousands(plain, asked.language):
        return _ambiguous(plain, asked.language)
    read = _decimal(_ungrouped(plain, asked.language))
    return Misread("not-number") if read is None else read


def money(asked: Asked, text: str) -> Read:
    """Return an amount; its currency is the question's, and may be written with it."""
    currency = asked.question.currency
    plain = _BLANKS.sub("", text)
    for symbol in written.symbols(currency) if currency else ():
        plain = plain.removeprefix(symbol).removesuffix(symbol)
    places = written.places(currency) if currency else MOST_PLACES
    if asked.by_keys:
        plain = plain.replace("*", ".")
    elif _may_be_thousands(plain, asked.language):
        if places >= _THOUSANDS:
            return _ambiguous(plain, asked.language)
        plain = re.sub("[.,]", "", plain)  # so many decimals there are not
    amount = _decimal(_ungrouped(plain, asked.language))
    if amount is None:
        return Misread("not-money")
    if -int(amount.normalize().as_tuple().exponent) > places:
        return Misread("too-many-places", {"limit": str(places)})
    return amount


def rating(asked: Asked, text: str) -> Read:
    """Return a whole number; its ends are the business of the bounds."""
    return whole(asked, text)


def as_typed(value: Decimal) -> str:
    """Return a number so that every language reads it again: no point and three digits that may be thousands."""
    text = number_text(value)
    return f"{text}0" if _ONE_GROUP.fullmatch(text) else text


def _ambiguous(text: str, language: str) -> Misread:
    digits, decimals = re.sub("[.,]", "", text), re.sub("[.,]", written.decimal_sign(language), text)
    return Misread("ambiguous-number", {"plain": digits, "decimals": decimals})


def _decimal(plain: str | None) -> Decimal | None:
    return Decimal(plain) if plain is not None and _PLAIN.fullmatch(plain) else None


def _may_be_thousands(text: str, language: str) -> bool:
    return _ONE_GROUP.fullmatch(text) is not None and written.decimal_sign(language) not in text


def _ungrouped(text: str, language: str, *, whole: bool = False) -> str | None:
    """Return `text` with a point as its decimal sign and without signs between thousands."""
    found = _GROUPED.fullmatch(text)
    if found is not None:
        head, groups, sign, rest = found.groups()
        several = len(groups) > _THOUSANDS + 1
        if rest is not None or several or (whole and sign != written.decimal_sign(language)):
            body = head + groups.replace(sign, "")
            return f"{body}.{rest}" if rest is not None else body
    return text.replace(",", ".") if text.count(",") + text.count(".") <= 1 else None
