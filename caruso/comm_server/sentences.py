"""The few sentences the centre itself says to callers, by language. Everything else comes from scripts."""

from __future__ import annotations

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

_POSITION = {
    "en": "You are number {place} in the queue.",
    "de": "Sie sind Nummer {place} in der Warteschlange.",
    "nl": "U bent nummer {place} in de wachtrij.",
    "it": "Lei è il numero {place} in coda.",
}


def position(place: int, language: str) -> str:
    """Return the announcement of a place in the queue, counted from 1."""
    return _POSITION.get(language, _POSITION["en"]).format(place=place)
