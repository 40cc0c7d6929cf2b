"""Change a dialog script, or a form, as a tree: what comes out mostly is one, and reaches behind the parser.

Pieces are copied, moved, dropped and renamed, attributes take values from elsewhere in the script or from a list
of awkward ones. What is no XML to begin with is left to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random

from lxml import etree

#: For attributes and texts: nothing, too much, other kinds, names that mean something.
AWKWARD = (
    "", " ", "0", "-1", "1e99", "9" * 40, "null", "true", "'", "answers", "answers.a.b[0]", "vars.x", "a" * 300,
    "today()", "each(answers, x, x)", "1-0", "*", "#", "0-9", "-", "en de", "xx", "phone agent web", "no-input",
    "error.loop", "9999-12-31", "'9999d'", "\u2028", "\U0001f600", "${x}", "call.customer", "not (", "a.b=1 or",
    "..", ".", "../..", "/data/a", "position(..)", "instance('x')/root/item[a = 1]", "once(.)",
    "indexed-repeat(., .., 1)", "jr:itext('a')", "1 div 0", "count(..)", "select", "repeat", "int",
)  # fmt: skip
#: Changes made to a script at once.
MOST_CHANGES = 4

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)

Elements = Sequence[etree._Element]  # noqa: SLF001 -- lxml names it so


def mutated(data: bytes, seed: int) -> bytes | None:
    """Return XML that differs in a few places, or None where `data` is no XML."""
    try:
        root = etree.fromstring(data, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        return None
    chance = Random(seed)
    for _ in range(chance.randint(1, MOST_CHANGES)):
        elements = [node for node in root.iter() if isinstance(node.tag, str)]
        chance.choice(_CHANGES)(chance, elements)
    made = etree.tostring(root, encoding="utf-8")
    return made if isinstance(made, bytes) else None


def _copy(chance: Random, elements: Elements) -> None:
    source, target = chance.choice(elements), chance.choice(elements)
    if len(source) < 50:
        copied = deepcopy(source)  # not by writing and reading: what was changed before need not be readable
        copied.tail = None
        target.insert(chance.randint(0, len(target)), copied)


def _move(chance: Random, elements: Elements) -> None:
    source, target = chance.choice(elements), chance.choice(elements)
    if source.getparent() is not None and source not in (target, *target.iterancestors()):
        target.insert(chance.randint(0, len(target)), source)


def _drop(chance: Random, elements: Elements) -> None:
    node = chance.choice(elements)
    parent = node.getparent()
    if parent is not None:
        parent.remove(node)


def _rename(chance: Random, elements: Elements) -> None:
    chance.choice(elements).tag = chance.choice(elements).tag


def _lend(chance: Random, elements: Elements) -> None:
    """Give an attribute of one element the value of any other."""
    lenders = [str(value) for node in elements for value in node.attrib.values()]
    _set(chance, elements, chance.choice(lenders) if lenders else "")


def _spoil(chance: Random, elements: Elements) -> None:
    _set(chance, elements, chance.choice(AWKWARD))


def _set(chance: Random, elements: Elements, value: str) -> None:
    node = chance.choice(elements)
    names = list(node.attrib) or [name for other in elements for name in other.attrib] or ["id"]
    if chance.random() < 0.1:
        node.text = value
    else:
        node.set(chance.choice(names), value)


def _unset(chance: Random, elements: Elements) -> None:
    node = chance.choice(elements)
    if node.attrib:
        del node.attrib[chance.choice(list(node.attrib))]


_CHANGES: Sequence[Callable[[Random, Elements], None]] = (
    _copy,
    _move,
    _drop,
    _rename,
    _lend,
    _lend,
    _spoil,
    _unset,
)
