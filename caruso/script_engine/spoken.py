"""Numbers, amounts, days and times so that speech synthesis says them as people do.

Babel writes; what is said in another order, or with words that nobody writes, is composed here for the languages
the engine speaks. Another language gets what is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal

from caruso.script_engine import written
from caruso.script_engine.wording import phrase, primary, spoken_languages

#: The hundredth of a currency, for one and for more, by language.
_CENTS = {
    "EUR": {"en": "cent cents", "de": "Cent Cent", "nl": "cent cent", "it": "centesimo centesimi"},
    "USD": {"en": "cent cents", "de": "Cent Cent", "nl": "cent cent", "it": "centesimo centesimi"},
    "GBP": {"en": "penny pence", "de": "Penny Pence", "nl": "penny pence", "it": "penny penny"},
    "CHF": {"en": "centime centimes", "de": "Rappen Rappen", "nl": "rappen rappen", "it": "centesimo centesimi"},
}
_NOON = 12
_TWO_FIGURES = 10


def one_by_one(signs: Iterable[str]) -> str:
    """Return signs so that each is said by itself."""
    return " ".join(sign for sign in signs if not sign.isspace())


def number(value: Decimal, language: str) -> str:
    """Return a number; the sign in front is said as a word."""
    plain = written.number(abs(value), language)
    return phrase("minus", language, number=plain) if value < 0 else plain


def money(value: Decimal, currency: str, language: str) -> str:
    """Return an amount: “12 euros and 50 cents”."""
    if not currency or abs(value) >= written.LARGEST_AMOUNT:
        return f"{number(value, language)} {currency}".strip()
    amount = abs(value).quantize(Decimal(1).scaleb(-written.places(currency)))
    units = Decimal(int(amount))
    cents = int((amount - units) * 100)
    names = _CENTS.get(currency, {}).get(primary(language))
    if cents and names is None:
        said = f"{written.number(amount, language)} {written.currency_name(amount, currency, language)}"
    else:
        said = f"{units} {written.currency_name(units, currency, language)}"
    if cents and names is not None:
        cent = f"{cents} {names.split()[cents != 1]}"
        said = phrase("and", language, one=said, other=cent) if units else cent
    return phrase("minus", language, number=said) if value < 0 else said


def day(value: date, language: str, form: str = "plain") -> str:
    """Return a day with the name of its month."""
    said = written.day(value, language, "long" if form == "long" else "plain")
    if primary(language) == "it" and value.day == 1:
        return said.replace("1 ", "primo ", 1)
    return said


def clock(value: time | datetime, language: str) -> str:
    """Return a time of the day in hours and minutes."""
    if primary(language) not in spoken_languages():
        return written.clock(value, language)
    hour, minute = value.hour, value.minute
    if primary(language) != "en":
        return (
            phrase("clock", language, hour=str(hour), minute=str(minute))
            if minute
            else phrase("full-hour", language, hour=str(hour))
        )
    half = "a.m." if hour < _NOON else "p.m."
    short = str(hour % _NOON or _NOON)
    if not minute:
        return f"{short} {half}"
    return f"{short} {minute if minute >= _TWO_FIGURES else f'oh {minute}'} {half}"


def moment(value: datetime, language: str, form: str = "plain") -> str:
    """Return a day and a time of it."""
    return phrase("at", language, day=day(value, language, form), clock=clock(value, language))


def address(text: str, language: str) -> str:
    """Return an e-mail address with its signs as words."""
    local, _, domain = text.rpartition("@")
    dot = f" {phrase('dot', language)} "
    return f"{local.replace('.', dot)} {phrase('at-sign', language)} {domain.replace('.', dot)}".strip()
