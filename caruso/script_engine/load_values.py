"""Read single values, expressions and texts of a script's elements, and note what is wrong with them."""

from __future__ import annotations

import re

from caruso.errors import Located
from caruso.script_engine import written
from caruso.script_engine.durations import seconds_of
from caruso.script_engine.expressions import Expression, ExpressionError, Origin, expression
from caruso.script_engine.macros import Parameters, filled
from caruso.script_engine.nodes import Link, Parts, Place, Shown, Text, Texts, plain_parts
from caruso.script_engine.source import Element
from caruso.script_engine.turns import ScriptChannel

_BLANKS = re.compile(r"[ \t\n]+")
#: Where a link may lead: never to a script.
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:|/(?![/\\]))[^\s\x00-\x1f\"'<>\\]{0,500}")
NULL = expression("null")


def place_of(element: Element) -> Place:
    """Return where an element was written."""
    return Place(element.line, element.column, element.origins)


class ValueLoader:
    """What every part of a script is read with; collects what is found while the nodes are made."""

    def __init__(self, file: str) -> None:
        """Begin without findings."""
        self.file = file
        self.findings: list[Located] = []
        #: The item whose parts are being built.
        self.item = ""
        #: What ``param.name`` stands for in the macro being expanded; None outside.
        self.params: Parameters | None = None

    # -- Findings ---------------------------------------------------------------------------------------------

    def refuse(self, rule: str, message: str, origin: Origin, at: int = 0, suggestion: str = "") -> None:
        line, column = origin.place(at)
        self.findings.append(
            Located(
                rule=rule, message=message, file=self.file, line=line, column=column,
                attribute=origin.attribute, suggestion=suggestion,
            )
        )  # fmt: skip

    # -- Values -----------------------------------------------------------------------------------------------

    def compiled(self, source: str, origin: Origin) -> Expression:
        try:
            made = expression(source, origin)
            return made if self.params is None else filled(made, self.params)
        except ExpressionError as error:
            self.refuse(error.rule, error.message, origin, error.at, error.suggestion)
            return NULL

    def optional(self, element: Element, attribute: str) -> Expression | None:
        source = element.get(attribute)
        return None if source is None else self.compiled(source, element.origin(attribute))

    def condition(self, element: Element, attribute: str = "if") -> Expression | None:
        """Return the expression in the attribute or in a ``<when>``; both are one too many."""
        when = element.first("when")
        if when is None:
            return self.optional(element, attribute)
        if element.get(attribute) is not None:
            self.refuse("bad-value", f"has both “{attribute}” and <when>", element.origin(attribute))
        return self.compiled(when.texts[0], when.content)

    def demanded(self, element: Element, attribute: str) -> Expression:
        found = self.condition(element, attribute)
        if found is None:
            self.refuse("bad-value", f"<{element.name}> needs “{attribute}” or <when>", element.origin(attribute))
        return found or NULL

    def whole(self, element: Element, attribute: str) -> int:
        text = element.get(attribute) or "0"
        if re.fullmatch(r"\d{1,3}", text):
            return int(text)
        self.refuse("bad-value", f"“{text}” is not a whole number up to 999", element.origin(attribute))
        return 0

    def seconds(self, element: Element, attribute: str) -> float:
        text = element.required(attribute)
        seconds = seconds_of(text)
        if seconds is None:
            self.refuse(
                "bad-value", f"“{text}” is not a duration", element.origin(attribute), 0, "write for instance 5s"
            )
            return 0.0
        return seconds

    def currency(self, element: Element) -> str:
        code = element.get("currency") or ""
        if code and not written.is_currency(code):
            message = f"“{code}” is not the code of a currency"
            self.refuse("bad-value", message, element.origin("currency"), 0, "write for instance EUR")
        return code

    def channels(self, element: Element, attribute: str) -> frozenset[ScriptChannel] | None:
        text = element.get(attribute)
        if text is None:
            return None
        known = {channel.value for channel in ScriptChannel}
        for name in text.split():
            if name not in known:
                self.refuse("bad-value", f"“{name}” is no channel: phone, agent, web", element.origin(attribute))
        return frozenset(ScriptChannel(name) for name in text.split() if name in known)

    # -- Texts ------------------------------------------------------------------------------------------------

    def parts(self, element: Element) -> Parts:
        clean = self._inline(element)
        if clean and isinstance(clean[0], str):
            clean[0] = clean[0].lstrip(" ")
        if clean and isinstance(clean[-1], str):
            clean[-1] = clean[-1].rstrip(" ")
        return tuple(part for part in clean if part)

    def _inline(self, element: Element) -> list[str | Shown | Link]:
        """Return what is written in an element, with single blanks."""
        raw: list[str | Shown | Link] = []
        self._collect(element, raw)
        joined: list[str | Shown | Link] = []
        for part in raw:
            if isinstance(part, str) and joined and isinstance(joined[-1], str):
                joined[-1] += part
            elif part:
                joined.append(part)
        return [_BLANKS.sub(" ", part).replace("\v", "\n") if isinstance(part, str) else part for part in joined]

    def _link(self, element: Element) -> Link:
        to = element.required("to").strip()
        if not _ADDRESS.fullmatch(to):
            message = f"“{to}” is no address of a page"
            self.refuse("bad-value", message, element.origin("to"), 0, "write for instance https://example.org")
        return Link(words=plain_parts(tuple(self._inline(element))), to=to)

    def _collect(self, element: Element, out: list[str | Shown | Link]) -> None:
        out.append(element.texts[0])
        for child, tail in zip(element.children, element.texts[1:], strict=True):
            if child.name == "value":
                of = self.compiled(child.required("of"), child.origin("of"))
                shown = Shown(
                    of=of,
                    format=child.required("format"),
                    if_empty=child.required("if-empty"),
                    currency=self.currency(child),
                    place=place_of(child),
                )
                out.append(shown)
            elif child.name == "link":
                out.append(self._link(child))
            elif child.name == "break":
                out.append("\v")  # survives the joining of blanks
            else:
                self._collect(child, out)
            out.append(tail)

    def texts(self, element: Element, name: str = "text") -> Texts:
        return tuple(self.text(child) for child in element.all(name))

    def text(self, element: Element) -> Text:
        return Text(
            parts=self.parts(element),
            language=element.get("lang") or "",
            channels=self.channels(element, "for" if element.name == "hint" else "channel"),
            condition=self.optional(element, "if"),
            attempt=self.whole(element, "attempt"),
            audio=element.get("audio") or "",
            barge_in=element.get("barge-in") != "no",
            place=place_of(element),
        )
