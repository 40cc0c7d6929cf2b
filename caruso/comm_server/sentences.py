"""The few sentences the centre itself says to callers, by language. Everything else comes from scripts."""

from __future__ import annotations

from datetime import datetime

CLOSED = {
    "en": "We are closed at the moment. Please call again during our opening hours. Goodbye.",
    "de": "Wir sind zurzeit nicht erreichbar. Bitte rufen Sie während unserer Öffnungszeiten an. Auf Wiederhören.",
    "nl": "We zijn op dit moment gesloten. Belt u terug tijdens onze openingstijden. Tot ziens.",
    "it": "In questo momento siamo chiusi. La preghiamo di richiamare durante l'orario di apertura. Arrivederci.",
}

NOBODY_FREE = {
    "en": "I am sorry, nobody is free at the moment. Please call again later. Goodbye.",
    "de": "Leider ist zurzeit niemand frei. Bitte rufen Sie später noch einmal an. Auf Wiederhören.",
    "nl": "Helaas is er op dit moment niemand vrij. Belt u later nog eens. Tot ziens.",
    "it": "Purtroppo al momento nessuno è libero. La preghiamo di richiamare più tardi. Arrivederci.",
}

CODE = {
    "en": "If our web page showed you a code, please key it in now. Otherwise please wait, or press the hash key.",
    "de": "Wenn unsere Internetseite Ihnen einen Code gezeigt hat, geben Sie ihn jetzt ein. "
    "Sonst warten Sie bitte oder drücken Sie die Raute-Taste.",
    "nl": "Als onze website u een code heeft getoond, toets die nu in. Wacht anders even, of druk op het hekje.",
    "it": "Se il nostro sito le ha mostrato un codice, lo digiti ora. Altrimenti attenda, o prema cancelletto.",
}

WRONG_CODE = {
    "en": "This code is not known. Please try again.",
    "de": "Dieser Code ist nicht bekannt. Bitte versuchen Sie es noch einmal.",
    "nl": "Deze code is niet bekend. Probeer het nog eens.",
    "it": "Questo codice non è valido. La preghiamo di riprovare.",
}

_LINK_MAIL = {
    "en": (
        "{title}: go on here",
        "Go on here where we were:\n{url}\n\nThe link works once, until {until}. Please do not pass it on.",
    ),
    "de": (
        "{title}: hier geht es weiter",
        "Hier geht es weiter:\n{url}\n\nDer Link gilt einmal, bis {until}. Bitte geben Sie ihn nicht weiter.",
    ),
    "nl": (
        "{title}: ga hier verder",
        "Ga hier verder waar we waren:\n{url}\n\nDe link werkt één keer, tot {until}. Geef hem niet door.",
    ),
    "it": (
        "{title}: continui qui",
        "Continui qui da dove eravamo:\n{url}\n\nIl link funziona una volta, fino al {until}. Non lo inoltri.",
    ),
}

_POSITION = {
    "en": "You are number {place} in the queue.",
    "de": "Sie sind Nummer {place} in der Warteschlange.",
    "nl": "U bent nummer {place} in de wachtrij.",
    "it": "Lei è il numero {place} in coda.",
}


def position(place: int, language: str) -> str:
    """Return the announcement of a place in the queue, counted from 1."""
    return _POSITION.get(language, _POSITION["en"]).format(place=place)


def link_mail(language: str, *, title: str, url: str, until: datetime) -> tuple[str, str]:
    """Return subject and text of the mail with which a customer goes on with a dialog on the web."""
    subject, text = _LINK_MAIL.get(language, _LINK_MAIL["en"])
    return subject.format(title=title), text.format(url=url, until=until.strftime("%Y-%m-%d %H:%M UTC"))
