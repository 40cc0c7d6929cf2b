"""The texts of a script, each with an id that stays when the script is edited elsewhere, and with its wordings."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from caruso.script_engine.source import decoded, read
from caruso.script_engine.translation.markup import shown
from caruso.script_engine.translation.positions import Node, line_of, read_positions

#: Elements whose content is said or shown.
_SPOKEN = frozenset({"text", "hint", "title"})
#: What is in these is not for customers.
_INTERNAL = frozenset({"test", "note", "log"})
#: By what an element is known among others of its kind.
_KNOWN_BY = {"option": "value", "choices": "name", "macro": "name", "on": "event", "use": "macro"}
#: The language of a text that names none: it serves for all.
ANY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A text in one language."""

    node: Node
    #: As a translator sees it.
    shown: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One thing that is said, in all its languages."""

    #: ``reading/text``, ``reading/option.gas/text@phone``.
    id: str
    #: By language; `ANY` for a wording that serves for all.
    wordings: Mapping[str, Wording]
    #: When it is said: channel, condition, attempt; for the translator.
    context: str

    def original(self, language: str) -> Wording | None:
        """Return what is translated: the wording in `language`, else that for all, else any."""
        return self.wordings.get(language) or self.wordings.get(ANY) or next(iter(self.wordings.values()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """All texts of a script."""

    script: str
    version: str
    #: The first is the one to fall back on.
    languages: tuple[str, ...]
    units: tuple[Unit, ...]
    root: Node
    #: The script as text, and the encoding it had.
    text: str
    encoding: str
    file: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Languages there are wordings of: `ANY` first where it is used, then as the script lists them."""
        used = {language for unit in self.units for language in unit.wordings}
        return (*((ANY,) if ANY in used else ()), *self.languages, *sorted(used - {ANY, *self.languages}))


def read_texts(source: bytes, file: str = "") -> Texts:
    """Return the texts of a script; raise `RejectedInput` for one that does not fit the DTD."""
    read(source, file)
    text, encoding = decoded(source, file)
    root = read_positions(text)
    found: dict[str, dict[str, Wording]] = {}
    contexts: dict[str, str] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for node, path in _spoken(root, ()):
        name, language = _id(node, path), node.attributes.get("lang", ANY)
        seen[name, language] += 1
        if (times := seen[name, language]) > 1:
            name = f"{name}.{times}"
        inner = "" if node.empty_tag else text[node.inner_begin : node.inner_end]
        wording = Wording(node=node, shown=shown(inner), line=line_of(text, node.begin))
        found.setdefault(name, {})[language] = wording
        contexts[name] = _context(node)
    return Texts(
        script=root.attributes["id"],
        version=root.attributes["version"],
        languages=tuple(root.attributes["languages"].split()),
        units=tuple(Unit(id=name, wordings=w, context=contexts[name]) for name, w in found.items()),
        root=root,
        text=text,
        encoding=encoding,
        file=file,
    )


def _spoken(node: Node, path: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    counted: Counter[str] = Counter()
    for child in node.children:
        if child.name in _SPOKEN:
            yield child, path
        elif child.name not in _INTERNAL:
            step = _step(child)
            counted[step] += 1
            if counted[step] > 1:
                step = f"{step}.{counted[step]}"
            # An id is enough to find an item wherever it moves.
            yield from _spoken(child, (step,) if "id" in child.attributes else (*path, step))


def _step(node: Node) -> str:
    if "id" in node.attributes:
        return node.attributes["id"]
    known_by = _KNOWN_BY.get(node.name)
    name = node.attributes.get(known_by, "") if known_by else ""
    attempt = node.attributes.get("attempt", "") if node.name == "on" else ""
    return ".".join(part for part in (node.name, name, attempt) if part)


def _id(node: Node, path: Sequence[str]) -> str:
    name = "/".join((*path, node.name))
    if channels := node.attributes.get("channel") or node.attributes.get("for"):
        name += "@" + "+".join(sorted(channels.split()))
    if attempt := node.attributes.get("attempt"):
        name += f"#{attempt}"
    if condition := node.attributes.get("if"):
        name += "?" + hashlib.sha256(" ".join(condition.split()).encode()).hexdigest()[:6]
    return name


def _context(node: Node) -> str:
    parts = []
    if channels := node.attributes.get("channel") or node.attributes.get("for"):
        parts.append(f"on {' and '.join(channels.split())}")
    if attempt := node.attributes.get("attempt"):
        parts.append(f"from attempt {attempt} on")
    if condition := node.attributes.get("if"):
        parts.append(f"if {' '.join(condition.split())}")
    return ", ".join(parts)
