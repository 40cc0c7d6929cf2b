"""What the pages themselves say, in the languages they speak: ``texts/<language>.toml``, read once.

Scripts bring their own texts. A language that is not here gets English, marked as such in the page.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

#: A key of the files in ``texts/``; a test holds all files to the same keys.
Sentence = str

LANGUAGES = ("en", "de", "nl", "it")
_FALLBACK = "en"
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


@cache
def wordings(language: str) -> Mapping[str, str]:
    """Return all sentences of a language."""
    text = files(__package__).joinpath("texts", f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def spoken(language: str) -> str:
    """Return the language of our own sentences on a page in `language`."""
    primary = language.partition("-")[0].lower()
    return primary if primary in LANGUAGES else _FALLBACK


def sentence(key: Sentence, language: str, /, **values: str | int) -> str:
    """Return a sentence."""
    return wordings(spoken(language))[key].format(**values)


def own_name(language: str) -> str:
    """Return what a language calls itself, or its code."""
    return wordings(_FALLBACK).get(f"language-{language.partition('-')[0].lower()}", language)


def direction(language: str) -> str:
    """Return ``ltr`` or ``rtl``."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def choose(accept_language: str, offered: Iterable[str]) -> str:
    """Return the language a browser likes best of those offered, else the first (RFC 9110, 12.5.4)."""
    languages = tuple(offered)
    for wanted in _by_liking(accept_language):
        for language in languages:
            if language.lower() == wanted or language.partition("-")[0].lower() == wanted.partition("-")[0]:
                return language
    return languages[0]


def _by_liking(accept_language: str) -> list[str]:
    weighted = []
    for position, part in enumerate(accept_language[:200].split(",")[:20]):
        tag, _, parameter = part.strip().lower().partition(";")
        weight = _weight(parameter.strip())
        if tag and tag != "*" and weight > 0:
            weighted.append((-weight, position, tag.strip()))
    return [tag for _, _, tag in sorted(weighted)]


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def localized(texts: Mapping[str, str], language: str, fallback: str = "") -> str:
    """Return the best of some texts by language."""
    for wanted in (language, language.partition("-")[0], fallback, ""):
        if wanted in texts:
            return texts[wanted]
    return next(iter(texts.values()), "")
