"""What a text of a script looks like to a translator, and whether what comes back can be put in its place.

A translator sees words and tags: ``Your meter shows <value of="answers.kwh"/> kWh.`` The values and the addresses
of links must come back as they were; ``<em>`` and ``<break/>`` may be set as the language wants.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape, unescape

_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[(?P<verbatim>.*?)\]\]>|<\?.*?\?>"
    r"|<(?P<slash>/?)(?P<name>[A-Za-z][\w-]*)(?P<attributes>(?:[^>\"'<]|\"[^\"]*\"|'[^']*')*)>"
    r"|(?P<words>[^<]+)|(?P<stray><)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=/]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
#: An ampersand that begins no entity XML knows.
_STRAY_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_BLANKS = re.compile(r"[ \t\r\n]+")
_INLINE = frozenset({"value", "em", "break", "link"})
_WITHOUT_CONTENT = frozenset({"value", "break"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: What may differ between languages in a placeholder.
_FREE_ATTRIBUTES = frozenset({"if-empty"})


def shown(inner: str) -> str:
    """Return the content of an element as a translator sees it: single blanks, tags in one form."""
    return _single_blanks("".join(_written(token) for token in _TOKEN.finditer(inner)))


def _single_blanks(text: str) -> str:
    """Collapse what XML counts as blank; a blank that does not break a line is a sign like others."""
    return _BLANKS.sub(" ", text).strip(" ")


def _written(token: re.Match[str]) -> str:
    if token["verbatim"] is not None:
        return escape(token["verbatim"], quote=False)
    if token["words"] is not None:
        return escape(unescape(token["words"]), quote=False)
    if token["name"]:
        return _tag(token)
    return ""  # comments


def _tag(token: re.Match[str]) -> str:
    if token["slash"]:
        return f"</{token['name']}>"
    attributes = "".join(f' {name}="{value}"' for name, value in _attributes(token).items())
    return f"<{token['name']}{attributes}{'/' if token['name'] in _WITHOUT_CONTENT else ''}>"


def _attributes(token: re.Match[str]) -> dict[str, str]:
    """Return attributes as XML writes them between double quotes."""
    return {
        name: escape(unescape(double or single), quote=False).replace('"', "&quot;")
        for name, double, single in _ATTRIBUTE.findall(token["attributes"])
    }


def mistakes(translation: str, original: str) -> Iterator[str]:
    """Give what is wrong with a translation, in sentences; nothing when it can be put in its place."""
    if _CONTROLS.search(translation):
        yield "it contains a sign that no script can carry"
    open_: list[str] = []
    for token in _TOKEN.finditer(translation):
        if token["stray"]:
            yield "there is a “<” that begins no tag: write &lt;"
        elif token["name"]:
            yield from _structure(token, open_)
    yield from (f"<{name}> is not closed" for name in open_)
    yield from _kept(_placeholders(translation), _placeholders(original))


def _structure(token: re.Match[str], open_: list[str]) -> Iterator[str]:
    name = token["name"]
    if name not in _INLINE:
        yield f"there is no tag <{name}> in texts"
    elif token["slash"]:
        if not open_ or open_.pop() != name:
            yield f"</{name}> closes nothing"
    elif name not in _WITHOUT_CONTENT and not token["attributes"].rstrip().endswith("/"):
        open_.append(name)


def _placeholders(text: str) -> Counter[str]:
    """Count what must be kept: values, and where links lead."""
    found: Counter[str] = Counter()
    for token in _TOKEN.finditer(text):
        if token["name"] in ("value", "link") and not token["slash"]:
            found[_placeholder(token["name"], _attributes(token))] += 1
    return found


def _placeholder(name: str, attributes: Mapping[str, str]) -> str:
    kept = sorted((key, value) for key, value in attributes.items() if key not in _FREE_ATTRIBUTES)
    return f"<{name}{''.join(f' {key}=“{value}”' for key, value in kept)}>"


def _kept(given: Counter[str], wanted: Counter[str]) -> Iterator[str]:
    yield from (f"{placeholder} is missing" for placeholder in (wanted - given))
    yield from (f"{placeholder} is not in the original" for placeholder in (given - wanted))


def fragment(translation: str) -> str:
    """Return a translation without mistakes as XML."""
    pieces = []
    for token in _TOKEN.finditer(translation):
        if token["words"] is not None:
            pieces.append(_STRAY_AMPERSAND.sub("&amp;", token["words"]).replace("]]>", "]]&gt;"))
        elif token["name"]:
            pieces.append(_tag(token))
        elif token["verbatim"] is not None:
            pieces.append(escape(token["verbatim"], quote=False))
    return _single_blanks("".join(pieces))
