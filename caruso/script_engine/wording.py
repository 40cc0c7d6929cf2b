"""What the engine itself says, in the languages it speaks; another language gets English."""

from __future__ import annotations

import functools

from caruso.script_engine.phrases import PHRASES

#: Words for yes and no that a person may type.
YES = {"yes", "y", "true", "ja", "j", "sì", "si"}
NO = {"no", "n", "false", "nein", "nee"}


def phrase(key: str, language: str, /, **values: str) -> str:
    """Return a sentence of the engine."""
    wordings = PHRASES[key]
    return wordings.get(primary(language), wordings["en"]).format(**values)


@functools.cache
def spoken_languages() -> frozenset[str]:
    """Return the languages that every sentence of the engine is there in."""
    return frozenset(set.intersection(*(set(wordings) for wordings in PHRASES.values())))


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
