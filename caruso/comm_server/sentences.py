"""The few sentences the centre itself says to callers, by language. Everything else comes from scripts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from caruso.script_engine.written import moment_in

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

VOICEMAIL_GREETING = {
    "en": "Please leave a message after the tone. Press the hash key when you are done.",
    "de": "Bitte hinterlassen Sie nach dem Ton eine Nachricht. Drücken Sie die Raute-Taste, wenn Sie fertig sind.",
    "nl": "Spreek na de toon een bericht in. Toets een hekje als u klaar bent.",
    "it": "Lasci un messaggio dopo il segnale acustico. Quando ha finito, prema cancelletto.",
}

SPEAK_AFTER_TONE = {
    "en": "Please speak after the tone.",
    "de": "Bitte sprechen Sie nach dem Ton.",
    "nl": "Spreek na de toon.",
    "it": "Parli dopo il segnale acustico.",
}

VOICEMAIL_UNHEARD = {
    "en": "I did not hear anything. Please speak after the tone.",
    "de": "Ich habe nichts gehört. Bitte sprechen Sie nach dem Ton.",
    "nl": "Ik heb niets gehoord. Spreek na de toon.",
    "it": "Non ho sentito nulla. Parli dopo il segnale acustico.",
}

VOICEMAIL_MENU = {
    "en": "To listen to your message, press 1. To record it again, press 2. To keep it, just hang up.",
    "de": "Um Ihre Nachricht anzuhören, drücken Sie die 1. Um sie neu aufzunehmen, die 2. "
    "Um sie so zu lassen, legen Sie einfach auf.",
    "nl": "Toets 1 om uw bericht te beluisteren. Toets 2 om het opnieuw in te spreken. Hang op om het te bewaren.",
    "it": "Per ascoltare il messaggio prema 1. Per registrarlo di nuovo prema 2. Per lasciarlo così riagganci.",
}

VOICEMAIL_KEPT = {
    "en": "Thank you. We have your message. Goodbye.",
    "de": "Vielen Dank. Wir haben Ihre Nachricht. Auf Wiederhören.",
    "nl": "Dank u. We hebben uw bericht. Tot ziens.",
    "it": "Grazie. Abbiamo ricevuto il suo messaggio. Arrivederci.",
}

VOICEMAIL_NOTHING_SAID = {
    "en": "Nothing was recorded. Goodbye.",
    "de": "Es wurde nichts aufgenommen. Auf Wiederhören.",
    "nl": "Er is niets opgenomen. Tot ziens.",
    "it": "Non è stato registrato nulla. Arrivederci.",
}

_POSITION = {
    "en": "You are number {place} in the queue.",
    "de": "Sie sind Nummer {place} in der Warteschlange.",
    "nl": "U bent nummer {place} in de wachtrij.",
    "it": "Lei è il numero {place} in coda.",
}


COMFORT = {
    "en": "Thank you for waiting. We will be with you as soon as possible.",
    "de": "Danke, dass Sie warten. Wir sind so bald wie möglich für Sie da.",
    "nl": "Bedankt voor het wachten. Wij helpen u zo snel mogelijk.",
    "it": "Grazie per l'attesa. Saremo da lei appena possibile.",
}

RECORDED = {
    "en": "This call is recorded.",
    "de": "Dieses Gespräch wird aufgezeichnet.",
    "nl": "Dit gesprek wordt opgenomen.",
    "it": "Questa chiamata viene registrata.",
}

_OFFER_CALL_BACK = {
    "en": "Press {key} and we call you back. You keep your place in the queue.",
    "de": "Drücken Sie die {key}, und wir rufen Sie zurück. Sie behalten Ihren Platz in der Warteschlange.",
    "nl": "Toets {key} en wij bellen u terug. U behoudt uw plaats in de wachtrij.",
    "it": "Prema {key} e la richiamiamo noi. Lei mantiene il suo posto in coda.",
}

PROMISED = {
    "en": "We will call you back at the number you are calling from. Goodbye.",
    "de": "Wir rufen Sie unter der Nummer zurück, von der Sie anrufen. Auf Wiederhören.",
    "nl": "Wij bellen u terug op het nummer waarmee u belt. Tot ziens.",
    "it": "La richiameremo al numero da cui chiama. Arrivederci.",
}

NOT_PROMISED = {
    "en": "I am sorry, that was not possible just now. Please stay on the line.",
    "de": "Das war leider gerade nicht möglich. Bitte bleiben Sie am Apparat.",
    "nl": "Dat lukte helaas niet. Blijf alstublieft aan de lijn.",
    "it": "Mi dispiace, in questo momento non è stato possibile. Resti in linea.",
}

_OFFER_WHEN_OPEN = {
    "en": "Press {key} and we call you back when we are open.",
    "de": "Drücken Sie die {key}, und wir rufen Sie zurück, sobald wir wieder erreichbar sind.",
    "nl": "Toets {key} en wij bellen u terug zodra we open zijn.",
    "it": "Prema {key} e la richiameremo quando saremo aperti.",
}

PROMISED_LATER = {
    "en": "We will call you back when we are open, at the number you are calling from. Goodbye.",
    "de": "Wir rufen Sie zurück, sobald wir erreichbar sind, unter der Nummer, von der Sie anrufen. "
    "Auf Wiederhören.",
    "nl": "Wij bellen u terug zodra we open zijn, op het nummer waarmee u belt. Tot ziens.",
    "it": "La richiameremo quando saremo aperti, al numero da cui chiama. Arrivederci.",
}

NOT_PROMISED_LATER = {
    "en": "I am sorry, that was not possible just now. Please call again later. Goodbye.",
    "de": "Das war leider gerade nicht möglich. Bitte rufen Sie später noch einmal an. Auf Wiederhören.",
    "nl": "Dat lukte helaas niet. Belt u later nog eens. Tot ziens.",
    "it": "Mi dispiace, in questo momento non è stato possibile. Richiami più tardi. Arrivederci.",
}

CALLING_BACK = {
    "en": "This is the call you asked for. One moment, please.",
    "de": "Dies ist der Rückruf, um den Sie gebeten haben. Einen Moment, bitte.",
    "nl": "Dit is het gesprek waar u om vroeg. Een ogenblik, alstublieft.",
    "it": "Questa è la chiamata che ha richiesto. Un momento, per favore.",
}


_TAKE_CALL = {
    "en": "A call for {queue}. Press {key} to take it.",
    "de": "Ein Anruf für {queue}. Drücken Sie die {key}, um ihn anzunehmen.",
    "nl": "Een gesprek voor {queue}. Toets {key} om het aan te nemen.",
    "it": "Una chiamata per {queue}. Prema {key} per rispondere.",
}

_OPEN_LINE = {
    "en": "This is your line to the contact centre. Press {key} to open it.",
    "de": "Dies ist Ihre Leitung zum Kontaktzentrum. Drücken Sie die {key}, um sie zu öffnen.",
    "nl": "Dit is uw lijn naar het contactcentrum. Toets {key} om hem te openen.",
    "it": "Questa è la sua linea con il centro. Prema {key} per aprirla.",
}

_CALL_FOR = {
    "en": "A call for {queue}.",
    "de": "Ein Anruf für {queue}.",
    "nl": "Een gesprek voor {queue}.",
    "it": "Una chiamata per {queue}.",
}


def take_call(queue: str, key: str, language: str) -> str:
    """Return what an agent hears at a telephone outside before a call is put through."""
    return spoken(_TAKE_CALL, language).format(queue=queue, key=key)


def open_line(key: str, language: str) -> str:
    """Return what an agent hears whose line is to be opened."""
    return spoken(_OPEN_LINE, language).format(key=key)


def call_for(queue: str, language: str) -> str:
    """Return what an agent hears on an open line before a call is joined to it."""
    return spoken(_CALL_FOR, language).format(queue=queue)


def spoken(sentence: Mapping[str, str], language: str) -> str:
    """Return a sentence in this language, or in English."""
    return sentence.get(language, sentence["en"])


def own_words(text: Mapping[str, str], language: str) -> str:
    """Return a centre's own text in this language, or the nearest there is; empty for none."""
    for wanted in (language, language.partition("-")[0], "en"):
        if wanted in text:
            return text[wanted]
    return next(iter(text.values()), "")


def offer_call_back(key: str, language: str) -> str:
    """Return the offer to be called back, for pressing `key`."""
    return spoken(_OFFER_CALL_BACK, language).format(key=key)


_WAIT = {
    "en": (
        "It will probably take less than a minute.",
        "It will probably take less than {most} minutes.",
        "It will probably take between {least} and {most} minutes.",
    ),
    "de": (
        "Es dauert voraussichtlich weniger als eine Minute.",
        "Es dauert voraussichtlich weniger als {most} Minuten.",
        "Es dauert voraussichtlich zwischen {least} und {most} Minuten.",
    ),
    "nl": (
        "Het duurt waarschijnlijk minder dan een minuut.",
        "Het duurt waarschijnlijk minder dan {most} minuten.",
        "Het duurt waarschijnlijk tussen {least} en {most} minuten.",
    ),
    "it": (
        "L'attesa sarà probabilmente inferiore a un minuto.",
        "L'attesa sarà probabilmente inferiore a {most} minuti.",
        "L'attesa sarà probabilmente tra {least} e {most} minuti.",
    ),
}


def whole_minutes(least_seconds: float, most_seconds: float) -> tuple[int, int]:
    """Return the whole minutes that hold a range."""
    return math.floor(least_seconds / 60), max(1, math.ceil(most_seconds / 60))


def wait(least_seconds: float, most_seconds: float, language: str) -> str:
    """Return the announcement of how long it may still take, in whole minutes that hold the range."""
    at_once, less, between = _WAIT.get(language, _WAIT["en"])
    least, most = whole_minutes(least_seconds, most_seconds)
    if most == 1:
        return at_once
    return (between if least else less).format(least=least, most=most)


def offer_when_open(key: str, language: str) -> str:
    """Return the offer to be called back when we are open, for pressing `key`."""
    return spoken(_OFFER_WHEN_OPEN, language).format(key=key)


def position(place: int, language: str) -> str:
    """Return the announcement of a place in the queue, counted from 1."""
    return _POSITION.get(language, _POSITION["en"]).format(place=place)


def link_mail(language: str, *, title: str, url: str, until: datetime, zone: str) -> tuple[str, str]:
    """Return subject and text of the mail with which a customer goes on with a dialog on the web.

    `until` is told as the clocks of the time zone `zone` show it.
    """
    spoken = language if language in _LINK_MAIL else "en"
    subject, text = _LINK_MAIL[spoken]
    return subject.format(title=title), text.format(url=url, until=moment_in(until, zone, spoken))
