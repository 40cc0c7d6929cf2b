"""Take in the bytes of a script, or of another file that admins write, as hostile XML: bounded, without entities,
without any DTD but ours.

The only module that knows lxml. Gives a tree of plain `Element`s with the place of every tag and attribute.
"""

from __future__ import annotations

import bisect
import difflib
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

from lxml import etree

from caruso.errors import Located, RejectedInput
from caruso.script_engine.expressions import Origin
from caruso.script_engine.out_of_order import misplaced

PUBLIC_ID = "-//CARUSO//DTD Dialog Script 1.0//EN"
#: Bytes, levels and elements a script may have.
LARGEST_SCRIPT = 1_000_000
DEEPEST_ELEMENT = 64
MOST_ELEMENTS = 10_000
#: More would not help anybody.
MOST_FINDINGS = 50

_ENCODINGS = {"utf-8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"}
_DECLARATION = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_PROLOG = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(
    r"<!DOCTYPE\s+(?P<root>[\w.-]+)(?:\s+PUBLIC\s+([\"'])(?P<public>[^\"'<>]*)\2\s+([\"'])[^\"'<>]*\4)?\s*>"
)
_MARKUP = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<!DOCTYPE[^>]*>|</[^>]*>"
    r"|<(?P<name>[^\s/>!?]+)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass(frozen=True)
class Grammar:
    """A kind of XML file that admins write. The DTD is read when it is needed, and once."""

    root: str
    public_id: str
    #: Package and file name of the DTD. (In the source tree the file is a link to ``scripts/dtd``.)
    package: str
    file: str
    #: What such a file is called in messages.
    noun: str

    @functools.cached_property
    def dtd(self) -> etree.DTD:
        """The DTD."""
        with (resources.files(self.package) / self.file).open("rb") as file:
            return etree.DTD(file)

    @functools.cached_property
    def declared(self) -> Mapping[str, tuple[str, ...]]:
        """Every element of the DTD with its attributes."""
        return {
            element.name: tuple(attribute.name for attribute in element.iterattributes())
            for element in self.dtd.iterelements()  # type: ignore[attr-defined]
        }

    @functools.cached_property
    def choices(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """What may be written where only some words may, by element and attribute."""
        return {
            (element.name, attribute.name): tuple(attribute.itervalues())
            for element in self.dtd.iterelements()  # type: ignore[attr-defined]
            for attribute in element.iterattributes()
            if attribute.type == "enumeration"
        }

    @functools.cached_property
    def defaults(self) -> Mapping[tuple[str, str], str]:
        """Values of attributes that are not written, by element and attribute."""
        return {
            (element.name, attribute.name): attribute.default_value
            for element in self.dtd.iterelements()  # type: ignore[attr-defined]
            for attribute in element.iterattributes()
            if attribute.default_value is not None
        }


#: Dialog scripts.
DIALOG = Grammar("dialog", PUBLIC_ID, "caruso.script_engine", "dialog.dtd", "script")


@dataclass(frozen=True, slots=True)
class Element:
    """An element of the file."""

    name: str
    #: Attributes as written; `get` adds the DTD's defaults.
    attributes: Mapping[str, str]
    children: tuple[Element, ...]
    #: Text before the first child, and after each child.
    texts: tuple[str, ...]
    line: int
    column: int
    #: Where its attributes and its text were written.
    origins: Mapping[str, Origin]
    content: Origin
    #: Of the file's grammar.
    defaults: Mapping[tuple[str, str], str] = field(repr=False)

    def get(self, attribute: str) -> str | None:
        """Return the attribute, or the DTD's default."""
        return self.attributes.get(attribute, self.defaults.get((self.name, attribute)))

    def required(self, attribute: str) -> str:
        """Return an attribute that the DTD demands or defaults."""
        return self.get(attribute) or ""

    def all(self, name: str) -> Iterator[Element]:
        """Give the children of that name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Element | None:
        """Return the first child of that name."""
        return next(self.all(name), None)

    def origin(self, attribute: str) -> Origin:
        """Return where the attribute stands; the element itself when it does not."""
        return self.origins.get(attribute, Origin(self.line, self.column))


def read(source: bytes, file: str = "", grammar: Grammar = DIALOG) -> Element:
    """Return the checked tree of a script, or of a file of another grammar; raise `RejectedInput`."""
    text = _decode(source, file)
    _check_prolog(text, file, grammar)
    root = _parse(text, file)
    _check_size(root, file, grammar.noun)
    places = _Places(text)
    elements = list(root.iter())
    by_node = {element: places.at(number) for number, element in enumerate(elements)}
    _validate(root, by_node, file, grammar)
    return _convert(root, by_node, grammar.defaults)


def did_you_mean(wrong: str, known: Sequence[str]) -> str:
    """Return “did you mean …” when something known is near, else nothing."""
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    return f"did you mean “{near[0]}”?" if near else ""


def _refuse(
    rule: str, message: str, file: str, line: int = 1, column: int = 1, suggestion: str = ""
) -> RejectedInput:
    return RejectedInput(
        (Located(rule=rule, message=message, file=file, line=line, column=column, suggestion=suggestion),)
    )


def _decode(source: bytes, file: str) -> str:
    text, _ = decoded(source, file)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decoded(source: bytes, file: str = "") -> tuple[str, str]:
    """Return a script as text with the ends of lines it has, and its encoding; raise `RejectedInput`."""
    if len(source) > LARGEST_SCRIPT:
        raise _refuse("too-large", f"a script may have {LARGEST_SCRIPT} bytes, this one has {len(source)}", file)
    declared = _DECLARATION.match(source.removeprefix(b"\xef\xbb\xbf"))
    encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
    if encoding not in _ENCODINGS:
        raise _refuse(
            "encoding", f"the encoding “{encoding}” is not accepted", file, suggestion="save it as UTF-8"
        )
    try:
        if encoding == "utf-8" and source.startswith(b"\xef\xbb\xbf"):
            encoding = "utf-8-sig"
        return source.decode(encoding), encoding
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise _refuse("encoding", f"this is not {encoding}", file, line, suggestion="save it as UTF-8") from None


def _check_prolog(text: str, file: str, grammar: Grammar) -> None:
    at = 0
    while found := _PROLOG.match(text, at):
        at = found.end()
    if not text.startswith("<!DOCTYPE", at):
        return
    line = text.count("\n", 0, at) + 1
    doctype = _DOCTYPE.match(text, at)
    if doctype is not None and doctype["root"] == grammar.root and doctype["public"] in {None, grammar.public_id}:
        return
    if "[" in text[at : text.find(">", at)]:
        message = f"a {grammar.noun} declares nothing of its own, no entities either"
        raise _refuse("internal-subset", message, file, line)
    raise _refuse(
        "foreign-doctype", f"this is not the document type of a {grammar.root}", file, line,
        suggestion=f'write <!DOCTYPE {grammar.root} PUBLIC "{grammar.public_id}" "{grammar.file}">',
    )  # fmt: skip


def _parse(text: str, file: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True, strip_cdata=True,
    )  # fmt: skip
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        rule = "too-deep" if "depth" in str(error) else "xml"
        message = str(error.msg).split(", line ", maxsplit=1)[0]
        sign = "<" in message or "EntityRef" in message or "start tag" in message.lower()
        hint = "write &lt; for < and &amp; for &; in expressions lt and and" if sign else ""
        raise _refuse(rule, message, file, line or 1, column or 1, hint) from None


def _check_size(root: etree._Element, file: str, noun: str) -> None:
    depth, most = 0, 0
    for number, (event, element) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST_ELEMENT:
            raise _refuse("too-deep", f"elements nest deeper than {DEEPEST_ELEMENT} levels", file, _line(element))
        most = number
        if most > 2 * MOST_ELEMENTS:
            raise _refuse("too-many-elements", f"a {noun} may have {MOST_ELEMENTS} elements", file, _line(element))
    for entity in root.iter(etree.Entity):
        raise _refuse(
            "entity", f"“{entity.text}” is not known: a {noun} has no entities", file, _line(entity),
            suggestion="write the character itself",
        )  # fmt: skip


def _line(element: etree._Element) -> int:
    line = element.sourceline
    return line if isinstance(line, int) and line else 1


# -- Validation -----------------------------------------------------------------------------------------------


def _validate(root: etree._Element, places: Mapping[etree._Element, _Place], file: str, grammar: Grammar) -> None:
    if root.tag != grammar.root:
        message = f"a {grammar.noun} is a <{grammar.root}>, this is a <{root.tag}>"
        raise _refuse("dtd", message, file, _line(root))
    if grammar.dtd.validate(root):
        return
    tree = root.getroottree()
    ids = [str(element.get("id")) for element in places if element.get("id")]
    paths = {tree.getpath(element): element for element in places}
    findings: dict[tuple[int, str], Located] = {}
    for entry in grammar.dtd.error_log:  # type: ignore[attr-defined]
        element = paths.get(entry.path or "")
        place = places[element] if element is not None else _Place(entry.line, 0, {}, Origin(entry.line, 0))
        if (found := _NO_NAME.search(entry.message)) and (found[2], found[1]) in grammar.choices:
            continue  # that it is none of the words that may stand there is told, too
        if element is not None and (found := _CONTENT.search(entry.message)):
            finding = _out_of_order(found[1], found[2], element, places, file)
        else:
            finding = _explained(entry.message, file, place, ids, grammar)
        findings.setdefault((finding.line, finding.message), finding)
    raise RejectedInput(tuple(findings.values())[:MOST_FINDINGS])


_UNDECLARED_ATTRIBUTE = re.compile(r"No declaration for attribute (\S+) of element (\S+)")
_UNDECLARED_ELEMENT = re.compile(r"No declaration for element (\S+)")
_BAD_ID = re.compile(r"IDREF attribute (\S+) references an unknown ID \"(.*)\"")
_NO_CHOICE = re.compile(r"Value \"(.*)\" for attribute (\S+) of (\S+) is not among the enumerated set")
_NO_NAME = re.compile(r"Syntax of value for attribute (\S+) of (\S+) is not valid")
_MISSING = re.compile(r"Element (\S+) does not carry attribute (\S+)")
_TWICE = re.compile(r"ID (\S+) already defined")
_CONTENT = re.compile(r"Element (\S+) content does not follow the DTD, expecting (.*), got .*$", re.DOTALL)


def _explained(message: str, file: str, place: _Place, ids: Sequence[str], grammar: Grammar) -> Located:
    rule, attribute, suggestion = "dtd", "", ""
    if found := _UNDECLARED_ATTRIBUTE.search(message):
        attribute = found[1]
        suggestion = did_you_mean(attribute, grammar.declared.get(found[2], ()))
        message = f"<{found[2]}> has no attribute “{attribute}”"
    elif found := _UNDECLARED_ELEMENT.search(message):
        suggestion = did_you_mean(found[1], tuple(grammar.declared))
        message = f"there is no element <{found[1]}>"
    elif found := _BAD_ID.search(message):
        rule, attribute = "unknown-item", found[1]
        suggestion = did_you_mean(found[2], ids)
        message = f"there is no item “{found[2]}”"
    elif found := _NO_CHOICE.search(message):
        attribute, allowed = found[2], grammar.choices.get((found[3], found[2]), ())
        suggestion = did_you_mean(found[1], allowed) or f"one of {', '.join(allowed)}"
        message = f"“{attribute}” of <{found[3]}> cannot be “{found[1]}”"
    elif found := _NO_NAME.search(message):
        attribute, suggestion = found[1], "a letter, then letters, digits and . _ -"
        message = f"“{attribute}” of <{found[2]}> is no name"
    elif found := _MISSING.search(message):
        message = f"<{found[1]}> needs an attribute “{found[2]}”"
    elif found := _TWICE.search(message):
        attribute, message = "id", f"“{found[1]}” is the id of another item, too"
    origin = place.origins.get(attribute) or Origin(place.line, place.column)
    return Located(
        rule=rule,
        message=message,
        file=file,
        line=origin.line,
        column=origin.column,
        attribute=attribute,
        suggestion=suggestion,
    )


def _out_of_order(
    name: str, expected: str, element: etree._Element, places: Mapping[etree._Element, _Place], file: str
) -> Located:
    """Return what is wrong with the children of an element, at the child that is wrong."""
    found = misplaced(name, expected, [str(child.tag) for child in element])
    place = places[element]
    if found is not None and found.child is not None:
        place = places[element[found.child]]
    message = found.message if found is not None else f"what is in <{name}> is not in order"
    return Located(
        rule="dtd",
        message=message,
        file=file,
        line=place.line,
        column=place.column,
        suggestion=f"in <{name}> stand {expected}",
    )


# -- Places ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    column: int
    origins: Mapping[str, Origin]
    content: Origin


class _Places:
    """Where each start tag of a well-formed text is: lxml counts lines only, and only to the tag's end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._tags = [found for found in _MARKUP.finditer(text) if found["name"]]

    def at(self, number: int) -> _Place:
        tag = self._tags[number]
        line, column = self._position(tag.start())
        origins = {}
        for found in _ATTRIBUTE.finditer(self._text, tag.start("attributes"), tag.end("attributes")):
            group = 2 if found[2] is not None else 3
            origins[found[1]] = Origin(*self._position(found.start(group)), found[1], found[group])
        end = self._text.find("<", tag.end())
        raw = self._text[tag.end() : end if end >= 0 else len(self._text)]
        return _Place(line, column, origins, Origin(*self._position(tag.end()), "", raw))

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1


def _convert(
    element: etree._Element,
    places: Mapping[etree._Element, _Place],
    defaults: Mapping[tuple[str, str], str],
) -> Element:
    # At most DEEPEST_ELEMENT levels, so this recursion is bounded.
    place = places[element]
    children = tuple(_convert(child, places, defaults) for child in element)
    return Element(
        name=str(element.tag),
        attributes={str(name): str(value) for name, value in element.attrib.items()},
        children=children,
        texts=(element.text or "", *(child.tail or "" for child in element)),
        line=place.line,
        column=place.column,
        origins=place.origins,
        content=place.content,
        defaults=defaults,
    )
