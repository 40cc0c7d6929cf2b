"""The words of a form as texts of the dialog, in each of its languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from caruso.script_engine.xforms.document import Tag
from caruso.script_engine.xforms.form import Node
from caruso.script_engine.xforms.labels import itext_key
from caruso.script_engine.xforms.markup import Element, element
from caruso.script_engine.xforms.paths import Untranslatable, of
from caruso.script_engine.xforms.plan import Plan
from caruso.script_engine.xforms.report import Effect
from caruso.script_engine.xforms.terms import Kind, Term, as_text

_BLANKS = re.compile(r"[ \t\r\n\u00a0]+")

Parts = list[Element | str]


class Wordings:
    """Turns labels, hints and messages of a form into elements of the dialog."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._form = plan.form
        #: Language codes of the dialog by the names of the form.
        self.languages = plan.languages

    def texts(
        self, name: str, tag: Tag | None, node: Node | None, fallback: str, **attributes: str
    ) -> list[Element]:
        """Return `text`, `hint` or `title` elements for a label, a hint or a message."""
        made = [
            element(name, *parts, **attributes, lang=lang)
            for lang, parts in self._versions(tag, node)
            if any(not isinstance(part, str) or part.strip() for part in parts)
        ]
        if not made and fallback:
            return [element(name, fallback, **attributes)]
        if made and len(made) < len(self.languages) and all(each.attributes.get("lang") for each in made):
            # A language without its own words gets the first one's.
            made.append(element(name, *made[0].children, **attributes))
        return made

    def message(self, written: str, line: int, node: Node, fallback: str) -> list[Element]:
        """Return texts for a message that stands in an attribute of a bind."""
        if not written:
            return [element("text", fallback)]
        named = Tag("label", {"ref": written}, (), ("",), line)
        tag = named if itext_key(named) is not None else Tag("label", {}, (), (written,), line)
        return self.texts("text", tag, node, fallback)

    def titles(self, tag: Tag | None, node: Node | None) -> list[Element]:
        """Return the headings of a group: words only."""
        made = []
        for each in self.texts("title", tag, node, ""):
            words = [part for part in each.children if isinstance(part, str)]
            if len(words) < len(each.children):
                self._left_out(tag, node, "label", "a value in the heading of a group")
            if text := _BLANKS.sub(" ", "".join(words)).strip():
                made.append(Element("title", each.attributes, [text]))
        return made

    def _versions(self, tag: Tag | None, node: Node | None) -> Iterator[tuple[str | None, Parts]]:
        if tag is None:
            return
        if (key := itext_key(tag)) is None:
            yield None, self._parts(tag, node)
            return
        for name, code in self.languages.items():
            forms = self._form.texts.get(name, {}).get(key)
            if forms is None:
                continue
            words = next((forms[form] for form in ("", "long", "short") if form in forms), None)
            self._other_forms(forms, tag, node)
            if words is not None:
                yield code, self._parts(words, node)

    def _other_forms(self, forms: Mapping[str, Tag], tag: Tag, node: Node | None) -> None:
        for form in forms:
            if form not in {"", "long", "short", "guidance"}:
                self._left_out(tag, node, "label", f"the {form} beside the text")

    def guidance(self, tag: Tag | None, node: Node) -> list[Element]:
        """Return the guidance of a hint, for whoever leads the dialog."""
        key = itext_key(tag) if tag is not None else None
        made = []
        for name, code in self.languages.items() if key is not None else ():
            words = self._form.texts.get(name, {}).get(key or "", {}).get("guidance")
            if words is not None and (parts := self._parts(words, node)):
                made.append(element("hint", *parts, lang=code))
        return made

    def _parts(self, tag: Tag, node: Node | None) -> Parts:
        parts: Parts = [_BLANKS.sub(" ", tag.texts[0])]
        for child, after in zip(tag.children, tag.texts[1:], strict=True):
            if child.local == "output":
                parts += self._output(child, node)
            elif child.local == "br":
                parts.append(element("break"))
            else:
                parts += self._parts(child, node)
            parts.append(_BLANKS.sub(" ", after))
        if isinstance(parts[0], str):
            parts[0] = parts[0].lstrip()
        if isinstance(parts[-1], str):
            parts[-1] = parts[-1].rstrip()
        return [part for part in parts if part != ""]

    def _output(self, tag: Tag, node: Node | None) -> Parts:
        try:
            tree = self._plan.tree(tag.get("value") or tag.get("ref"))
            term = self._plan.meaning.term(tree, of(node or self._form.root))
            return [element("value", of=self._plan.checked(shown(term)).code)]
        except Untranslatable as reason:
            self._left_out(tag, node, "output", str(reason))
            return ["…"]

    def _left_out(self, tag: Tag | None, node: Node | None, what: str, reason: str) -> None:
        place = node.path if node is not None else (tag.name if tag is not None else "")
        self._plan.report.add(Effect.LEFT_OUT, place, tag.line if tag is not None else 0, what, reason)


def shown(term: Term) -> Term:
    """Return a term as the form shows it; choices would be shown by their labels otherwise."""
    return term if term.kind in {Kind.NUMBER, Kind.DATE, Kind.MOMENT, Kind.TIME} else as_text(term)
