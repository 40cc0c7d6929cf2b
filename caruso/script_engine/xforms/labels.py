"""Translated texts of a form: which languages there are, and what a label says in one."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from babel import Locale

from caruso.script_engine.xforms.document import Tag
from caruso.script_engine.xforms.form import WORDS, Form
from caruso.script_engine.xforms.paths import Untranslatable

_ITEXT = re.compile(r"\s*jr:itext\(\s*(?:'([^']*)'|\"([^\"]*)\"|([^'\"()]+))\s*\)\s*")
_CODE = re.compile(r"\(([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)\)\s*$")
_IS_CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_BLANKS = re.compile(r"[ \t\r\n\u00a0]+")
#: A language for forms that do not say theirs.
USUAL_LANGUAGE = "en"


def words(form: Form, tag: Tag) -> tuple[str, ...]:
    """Return what a label says in each language; raise `Untranslatable` when a value is in it."""
    key = itext_key(tag)
    if key is None:
        return (_plain(tag),) * max(1, len(form.texts))
    return translated(form, key)


def translated(form: Form, key: str) -> tuple[str, ...]:
    """Return what a text says in each language; the first one's where it says nothing."""
    said: list[str] = []
    for texts in form.texts.values():
        forms = texts.get(key, {})
        tag = next((forms[each] for each in WORDS if each in forms), None)
        said.append(_plain(tag) if tag is not None else (said[0] if said else ""))
    return tuple(said) or ("",)


def _plain(tag: Tag) -> str:
    if any(each.local == "output" for each in tag.everything()):
        raise Untranslatable("a label with a value in it")
    return _BLANKS.sub(" ", "".join(part for each in tag.everything() for part in each.texts)).strip()


def itext_key(tag: Tag) -> str | None:
    """Return the id of the translated text a label names, if it does."""
    reference = tag.get("ref")
    found = _ITEXT.fullmatch(reference)
    return (found[1] or found[2] or found[3] or "").strip() if found else None


def languages_of(form: Form) -> dict[str, str]:
    """Return the codes of the languages of a form by its own names for them, the usual one first."""
    if not form.texts:
        return {"": USUAL_LANGUAGE}
    codes: dict[str, str] = {}
    for name in form.texts:
        code = language_code(name)
        number = 1
        while code in codes.values():
            number += 1
            code = f"{language_code(name)}-x{number}"
        codes[name] = code
    return codes


@functools.cache
def language_code(name: str) -> str:
    """Return the code of a language as a form calls it: “English (en)”, “French”, “fr”, “default”."""
    if found := _CODE.search(name):
        return found[1].replace("_", "-")
    plain = name.strip().lower()
    if plain in {"", "default"}:
        return USUAL_LANGUAGE
    by_name = _codes_by_name()
    if plain in by_name:
        return by_name[plain]
    if _IS_CODE.fullmatch(plain) and len(plain.partition("-")[0]) == 2:
        return name.strip().replace("_", "-")
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:20] or USUAL_LANGUAGE


@functools.cache
def _codes_by_name() -> Mapping[str, str]:
    english = Locale("en").languages
    names = {str(name).lower(): code.replace("_", "-") for code, name in english.items() if len(code) == 2}
    own = {"deutsch": "de", "nederlands": "nl", "italiano": "it", "français": "fr", "español": "es"}
    return {**own, **names}
