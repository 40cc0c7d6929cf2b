"""The words of a form as texts of the dialog, in each of its languages."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping

from babel import Locale

from caruso.script_engine.xforms.document import Tag
from caruso.script_engine.xforms.form import Form, Node
from caruso.script_engine.xforms.markup import Element, element
from caruso.script_engine.xforms.paths import Untranslatable, of
from caruso.script_engine.xforms.plan import Plan
from caruso.script_engine.xforms.report import Effect
from caruso.script_engine.xforms.terms import Kind, Term, as_text
from caruso.script_engine.xforms.xpath import Call, Text, parse

_ITEXT = re.compile(r"\s*jr:itext\(\s*(?:'([^']*)'|\"([^\"]*)\"|([^'\"()]+))\s*\)\s*")
_CODE = re.compile(r"\(([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)\)\s*$")
_IS_CODE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_BLANKS = re.compile(r"[ \t\r\n\u00a0]+")
#: A language for forms that do not say theirs.
USUAL_LANGUAGE = "en"

Parts = list[Element | str]


class Wordings:
    """Turns labels, hints and messages of a form into elements of the dialog."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._form = plan.form
        #: Language codes of the dialog by the names of the form.
        self.languages = _languages(plan.form)

    def texts(self, name: str, tag: Tag | None, node: Node | None, fallback: str, **attributes: str) -> list[Element]:
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
        if _ITEXT.fullmatch(written):
            tag = Tag("label", {"ref": written}, (), ("",), line)
        else:
            tag = Tag("label", {}, (), (written,), line)
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


def itext_key(tag: Tag) -> str | None:
    """Return the id of the translated text a label names, if it does."""
    reference = tag.get("ref")
    found = _ITEXT.fullmatch(reference)
    return (found[1] or found[2] or found[3] or "").strip() if found else None


def literal_itext(tag: Tag) -> bool:
    """Whether the id is written out."""
    match parse(tag.get("ref")):
        case Call("jr:itext", (Text(),)):
            return True
        case _:
            return False


def _languages(form: Form) -> dict[str, str]:
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
