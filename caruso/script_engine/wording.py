"""What the engine itself says, in the languages it speaks; another language gets English."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from caruso.script_engine.values import number_text

_PHRASES: dict[str, dict[str, str]] = {
    "yes": {"en": "yes", "de": "ja", "nl": "ja", "it": "sì"},
    "no": {"en": "no", "de": "nein", "nl": "nee", "it": "no"},
    "hash": {"en": "the hash key", "de": "die Raute-Taste", "nl": "hekje", "it": "cancelletto"},
    "star": {"en": "the star key", "de": "die Stern-Taste", "nl": "sterretje", "it": "asterisco"},
    "key": {"en": "{key}", "de": "die {key}", "nl": "{key}", "it": "{key}"},
    "option": {
        "en": "For {label}, press {key}.",
        "de": "Für {label} drücken Sie {key}.",
        "nl": "Voor {label}, toets {key}.",
        "it": "Per {label}, premere {key}.",
    },
    "enter-date": {
        "en": "Enter the date with eight digits: day, month and year.",
        "de": "Geben Sie das Datum mit acht Ziffern ein: Tag, Monat und Jahr.",
        "nl": "Toets de datum met acht cijfers: dag, maand en jaar.",
        "it": "Digitare la data con otto cifre: giorno, mese e anno.",
    },
    "end-key": {
        "en": "Finish with {key}.",
        "de": "Drücken Sie danach {key}.",
        "nl": "Sluit af met {key}.",
        "it": "Terminare con {key}.",
    },
    "no-input": {
        "en": "I have not heard anything.",
        "de": "Ich habe keine Eingabe erhalten.",
        "nl": "Ik heb niets ontvangen.",
        "it": "Non ho ricevuto alcuna risposta.",
    },
    "no-match": {
        "en": "That was not understood.",
        "de": "Das habe ich nicht verstanden.",
        "nl": "Dat heb ik niet begrepen.",
        "it": "Non ho capito.",
    },
    "agent": {
        "en": "One moment please, I am connecting you.",
        "de": "Einen Moment bitte, ich verbinde Sie.",
        "nl": "Een moment alstublieft, ik verbind u door.",
        "it": "Un momento prego, La metto in contatto.",
    },
    "required": {
        "en": "An answer is needed.",
        "de": "Eine Antwort wird gebraucht.",
        "nl": "Een antwoord is nodig.",
        "it": "È necessaria una risposta.",
    },
    "not-integer": {
        "en": "Please enter a whole number.",
        "de": "Bitte geben Sie eine ganze Zahl ein.",
        "nl": "Geef een geheel getal.",
        "it": "Inserire un numero intero.",
    },
    "not-number": {
        "en": "Please enter a number.",
        "de": "Bitte geben Sie eine Zahl ein.",
        "nl": "Geef een getal.",
        "it": "Inserire un numero.",
    },
    "not-yes-no": {
        "en": "Please answer yes or no.",
        "de": "Bitte antworten Sie mit Ja oder Nein.",
        "nl": "Antwoord met ja of nee.",
        "it": "Rispondere sì o no.",
    },
    "no-such-option": {
        "en": "That is none of the choices.",
        "de": "Das steht nicht zur Auswahl.",
        "nl": "Dat is geen van de keuzes.",
        "it": "Non è tra le scelte.",
    },
    "not-date": {
        "en": "That is not a date.",
        "de": "Das ist kein Datum.",
        "nl": "Dat is geen datum.",
        "it": "Non è una data.",
    },
    "not-phone": {
        "en": "That is not a telephone number.",
        "de": "Das ist keine Telefonnummer.",
        "nl": "Dat is geen telefoonnummer.",
        "it": "Non è un numero di telefono.",
    },
    "not-digits": {
        "en": "Please enter digits only.",
        "de": "Bitte geben Sie nur Ziffern ein.",
        "nl": "Geef alleen cijfers.",
        "it": "Inserire solo cifre.",
    },
    "too-few-digits": {
        "en": "At least {limit} digits are needed.",
        "de": "Es werden mindestens {limit} Ziffern gebraucht.",
        "nl": "Er zijn minstens {limit} cijfers nodig.",
        "it": "Servono almeno {limit} cifre.",
    },
    "too-many-digits": {
        "en": "At most {limit} digits are possible.",
        "de": "Es sind höchstens {limit} Ziffern möglich.",
        "nl": "Er zijn hoogstens {limit} cijfers mogelijk.",
        "it": "Sono possibili al massimo {limit} cifre.",
    },
    "too-long": {
        "en": "That is too long.",
        "de": "Das ist zu lang.",
        "nl": "Dat is te lang.",
        "it": "È troppo lungo.",
    },
    "too-small": {
        "en": "It must be at least {limit}.",
        "de": "Der kleinste mögliche Wert ist {limit}.",
        "nl": "De kleinste mogelijke waarde is {limit}.",
        "it": "Il valore minimo è {limit}.",
    },
    "too-large": {
        "en": "It must be at most {limit}.",
        "de": "Der größte mögliche Wert ist {limit}.",
        "nl": "De grootste mogelijke waarde is {limit}.",
        "it": "Il valore massimo è {limit}.",
    },
    "wrong-pattern": {
        "en": "That has not the form that is needed.",
        "de": "Das hat nicht die nötige Form.",
        "nl": "Dat heeft niet de juiste vorm.",
        "it": "La forma non è quella richiesta.",
    },
}

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}
#: Words for yes and no that a person may type.
YES = {"yes", "y", "true", "ja", "j", "sì", "si"}
NO = {"no", "n", "false", "nein", "nee"}


def phrase(key: str, language: str, /, **values: str) -> str:
    """Return a sentence of the engine."""
    wordings = _PHRASES[key]
    return wordings.get(primary(language), wordings["en"]).format(**values)


def primary(language: str) -> str:
    """Return the language without its region: ``de`` for ``de-AT``."""
    return language.partition("-")[0].lower()


def key_name(key: str, language: str) -> str:
    """Return how a key is called in a sentence."""
    match key:
        case "#":
            return phrase("hash", language)
        case "*":
            return phrase("star", language)
        case _:
            return phrase("key", language, key=key)


def number(value: Decimal, language: str) -> str:
    """Return a number as it is written where `language` is spoken, without grouping."""
    text = number_text(value)
    return text if primary(language) == "en" else text.replace(".", ",")


def day(value: date, language: str, *, short: bool = False) -> str:
    """Return a date (with its time, if it has one) as it is written where `language` is spoken."""
    code = primary(language) if primary(language) in _MONTHS else "en"
    if short:
        text = (
            f"{value.day:02}.{value.month:02}.{value.year}"
            if code == "de"
            else f"{value.day:02}/{value.month:02}/{value.year}"
        )
    else:
        month = _MONTHS[code].split()[value.month - 1]
        text = f"{value.day}. {month} {value.year}" if code == "de" else f"{value.day} {month} {value.year}"
    return f"{text}, {value.hour:02}:{value.minute:02}" if isinstance(value, datetime) else text
