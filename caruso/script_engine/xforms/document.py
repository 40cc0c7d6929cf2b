"""Take in the bytes of a form as hostile XML: bounded, no entities, no document type, nothing fetched.

Gives a tree of plain `Tag`s. The prefixes of names are ours, whatever the form calls its namespaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from caruso.errors import Located, RejectedInput

#: Bytes, levels and elements a form may have. (One with thousands of choices is bigger than any script.)
LARGEST_FORM = 5_000_000
DEEPEST_FORM = 64
MOST_TAGS = 50_000

_PREFIXES = {
    "": "",
    "http://www.w3.org/2002/xforms": "",
    "http://www.w3.org/1999/xhtml": "h:",
    "http://openrosa.org/javarosa": "jr:",
    "http://openrosa.org/xforms": "orx:",
    "http://www.opendatakit.org/xforms": "odk:",
    "http://www.opendatakit.org/xforms/entities": "entities:",
    "http://enketo.org/xforms": "enk:",
    "http://www.w3.org/XML/1998/namespace": "xml:",
}


@dataclass(frozen=True, slots=True)
class Tag:
    """An element of a form."""

    #: With our prefix: none for XForms, ``h:`` for XHTML, ``jr:``, ``orx:``, ``odk:``.
    name: str
    attributes: Mapping[str, str]
    children: tuple[Tag, ...]
    #: Text before the first child, and after each child.
    texts: tuple[str, ...]
    line: int

    @property
    def local(self) -> str:
        """Return the name without its prefix."""
        return self.name.rpartition(":")[2]

    @property
    def text(self) -> str:
        """Return the text directly in it, without blanks around it."""
        return "".join(self.texts).strip()

    def get(self, attribute: str) -> str:
        """Return an attribute without blanks around it, or nothing."""
        return self.attributes.get(attribute, "").strip()

    def all(self, name: str) -> Iterator[Tag]:
        """Give the children of that name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Tag | None:
        """Return the first child of that name."""
        return next(self.all(name), None)

    def everything(self) -> Iterator[Tag]:
        """Give the element and all that is in it, in document order."""
        yield self
        for child in self.children:
            yield from child.everything()


def read_xml(source: bytes, file: str = "") -> Tag:
    """Return the tree of `source`; raise `RejectedInput` when it is not XML we accept."""
    if len(source) > LARGEST_FORM:
        raise _refused("too-large", f"a form may have {LARGEST_FORM} bytes, this one has {len(source)}", file)
    if (
        b"<!DOCTYPE" in source
        or "<!DOCTYPE".encode("utf-16-le") in source
        or "<!DOCTYPE".encode("utf-16-be") in source
    ):
        line = source.count(b"\n", 0, max(source.find(b"<!DOCTYPE"), 0)) + 1
        raise _refused("foreign-doctype", "a form declares no document type and no entities", file, line)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, strip_cdata=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(source.strip(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        rule = "too-deep" if "depth" in str(error) else "xml"
        message = str(error.msg).split(", line ", maxsplit=1)[0]
        raise _refused(rule, message, file, line or 1, column or 1) from None
    except (ValueError, LookupError) as error:  # an encoding nobody knows
        raise _refused("encoding", str(error), file) from None
    _check_size(root, file)
    return _tag(root)


def _refused(rule: str, message: str, file: str, line: int = 1, column: int = 1) -> RejectedInput:
    return RejectedInput((Located(rule=rule, message=message, file=file, line=line, column=column),))


def _check_size(root: etree._Element, file: str) -> None:
    depth = 0
    for number, (event, element) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST_FORM:
            message = f"elements nest deeper than {DEEPEST_FORM} levels"
            raise _refused("too-deep", message, file, _line(element))
        if number > 2 * MOST_TAGS:
            raise _refused("too-many-elements", f"a form may have {MOST_TAGS} elements", file, _line(element))
    for entity in root.iter(etree.Entity):
        raise _refused("entity", f"“{entity.text}” is not known", file, _line(entity))


def _line(element: etree._Element) -> int:
    line = element.sourceline
    return line if isinstance(line, int) and line else 1


def _tag(element: etree._Element) -> Tag:
    # At most DEEPEST_FORM levels, so this recursion is bounded.
    return Tag(
        name=_prefixed(str(element.tag)),
        attributes={_prefixed(str(name)): str(value) for name, value in element.attrib.items()},
        children=tuple(_tag(child) for child in element),
        texts=(element.text or "", *(child.tail or "" for child in element)),
        line=_line(element),
    )


def _prefixed(name: str) -> str:
    namespace, _, local = name.rpartition("}")
    namespace = namespace.removeprefix("{")
    return _PREFIXES.get(namespace, "other:") + local
