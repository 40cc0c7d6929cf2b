"""Put translations into a script: checked one by one, and nothing but texts is changed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from caruso.errors import Located
from caruso.script_engine.source import did_you_mean
from caruso.script_engine.translation.markup import fragment, mistakes, shown
from caruso.script_engine.translation.positions import Node
from caruso.script_engine.translation.units import ANY, Texts, Unit, Wording

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
#: Characters of one text.
_LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """One text as it came back."""

    id: str
    language: str
    text: str
    #: Of which this is a translation, as it was when it was exported; None where that is not told.
    original: str | None = None
    #: Where it stands in the translator's file: a line, a row.
    line: int = 0
    #: The translator was not sure: it is not taken.
    unsure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A script with translations in it."""

    source: bytes
    #: Ids and languages whose wording is another now.
    changed: tuple[tuple[str, str], ...]
    #: Warnings, and mistakes of translations that were left out; in the order of the translator's file.
    findings: tuple[Located, ...]

    @property
    def refused(self) -> bool:
        """True when a translation has a mistake."""
        return any(finding.level == "error" for finding in self.findings)


def put_in(
    texts: Texts, translations: Sequence[Translation], file: str, *, version: str | None = None
) -> Imported:
    """Return the script with the translations, and with another version if one is given.

    A translation with a mistake is left out and told with its place in `file`.
    """
    work = _Work(texts, file, translations)
    for translation in translations:
        work.take(translation)
    work.report_missing({translation.language for translation in translations})
    work.name_languages()
    if version is not None:
        work.set_attribute("version", version)
    return Imported(source=work.written(), changed=tuple(work.changed), findings=tuple(work.findings))


class _Work:
    def __init__(self, texts: Texts, file: str, translations: Sequence[Translation]) -> None:
        self._texts = texts
        self._file = file
        self._units = {unit.id: unit for unit in texts.units}
        #: Begin, end, and what stands there instead.
        self._edits: list[tuple[int, int, str]] = []
        #: Wordings that come after another: by where, in the order of languages.
        self._added: dict[int, list[str]] = {}
        self._taken: dict[tuple[str, str], int] = {}
        self._new_languages: list[str] = []
        #: Originals that are changed together with their translations.
        self._renewed = {one.id: one.text for one in translations if one.language in (texts.languages[0], ANY)}
        self.changed: list[tuple[str, str]] = []
        self.findings: list[Located] = []

    def take(self, translation: Translation) -> None:
        """Check a translation and remember what is to be written."""
        unit = self._units.get(translation.id)
        if unit is None:
            near = did_you_mean(translation.id, list(self._units))
            self._tell(
                translation, "unknown-text", f"The script has no text “{translation.id}”.", near, warning=True
            )
        elif self._is_usable(translation, unit):
            self._warn_of_age(translation, unit)
            self._write(translation, unit)

    def _is_usable(self, translation: Translation, unit: Unit) -> bool:
        key = (unit.id, translation.language)
        if translation.language != ANY and not _LANGUAGE.fullmatch(translation.language):
            self._tell(translation, "wrong-language", f"“{translation.language}” is no language like de or de-AT.")
        elif len(translation.text) > _LONGEST:
            self._tell(translation, "too-long", f"A text may have {_LONGEST} characters.")
        elif not translation.text.strip() or translation.unsure:
            return False
        elif key in self._taken:
            message = f"“{unit.id}” is translated in line {self._taken[key]} already."
            self._tell(translation, "twice", message)
        else:
            self._taken[key] = translation.line
            there = unit.wordings.get(translation.language)
            if there is not None and shown(fragment(translation.text)) == there.shown:
                return False
            original = self._original(unit, translation.language)
            found = list(mistakes(translation.text, original.shown)) if original else []
            if unit.id.rpartition("/")[2].startswith("title") and "<" in translation.text:
                found.append("a title is plain text")
            for message in found:
                self._tell(translation, "translation", f"“{unit.id}”: {message}.")
            return not found
        return False

    def _original(self, unit: Unit, language: str) -> Wording | None:
        """Return what the placeholders are compared with: another language's wording if there is one."""
        for other in (*self._texts.languages, ANY):
            if other != language and other in unit.wordings:
                return unit.wordings[other]
        return unit.wordings.get(language)

    def _warn_of_age(self, translation: Translation, unit: Unit) -> None:
        first = unit.original(self._texts.languages[0])
        known = {first.shown if first else None, self._renewed.get(unit.id), None}
        if first is not None and translation.original not in known:
            message = f"“{unit.id}” says something else now than when it was given to the translator."
            self._tell(translation, "outdated-translation", message, f"now: {first.shown[:80]}", warning=True)

    def _write(self, translation: Translation, unit: Unit) -> None:
        written = fragment(translation.text)
        there = unit.wordings.get(translation.language)
        if there is not None:
            self.changed.append((unit.id, translation.language))
            self._replace(there.node, written)
            return
        model = unit.original(self._texts.languages[0])
        if model is not None:
            self.changed.append((unit.id, translation.language))
            self._add(unit, model.node, translation.language, written)
            if translation.language not in (*self._texts.languages, *self._new_languages, ANY):
                self._new_languages.append(translation.language)

    def _replace(self, node: Node, written: str) -> None:
        if not node.empty_tag:
            self._edits.append((node.inner_begin, node.inner_end, written))
            return
        tag = self._texts.text[node.begin : node.end].rstrip("/>").rstrip()
        self._edits.append((node.begin, node.end, f"{tag}>{written}</{node.name}>"))

    def _add(self, unit: Unit, model: Node, language: str, written: str) -> None:
        """Write another language behind the last there is, indented as the first."""
        last = max(unit.wordings.values(), key=lambda wording: wording.node.end).node
        attributes = {"lang": language} if language != ANY else {}
        attributes |= {name: value for name, value in model.attributes.items() if name not in ("lang", "audio")}
        told = "".join(
            f' {name}="{escape(value, quote=False).replace(chr(34), "&quot;")}"'
            for name, value in attributes.items()
        )
        line_begin = self._texts.text.rfind("\n", 0, last.begin) + 1
        before = self._texts.text[line_begin : last.begin]
        indent = f"{self._line_end()}{before}" if not before.strip() else ""
        self._added.setdefault(last.end, []).append(f"{indent}<{model.name}{told}>{written}</{model.name}>")

    def _line_end(self) -> str:
        return "\r\n" if "\r\n" in self._texts.text else "\n"

    def report_missing(self, languages: set[str]) -> None:
        """Warn of texts that have no wording in a language that was translated, and none for all."""
        for language in sorted(languages - {ANY}):
            for unit in self._units.values():
                has = language in unit.wordings or ANY in unit.wordings or (unit.id, language) in self._taken
                if not has:
                    line = min(wording.line for wording in unit.wordings.values())
                    self.findings.append(
                        Located(
                            rule="missing-translation",
                            message=f"“{unit.id}” has no text in “{language}”.",
                            file=self._texts.file,
                            line=line,
                            level="warning",
                        )
                    )

    def name_languages(self) -> None:
        """Add languages that are new to those the script names."""
        if self._new_languages:
            self.set_attribute("languages", " ".join((*self._texts.languages, *self._new_languages)))

    def set_attribute(self, name: str, value: str) -> None:
        """Write an attribute of the script itself."""
        begin, end = self._texts.root.values[name]
        self._edits.append((begin, end, escape(value)))

    def written(self) -> bytes:
        """Return the script with all edits."""
        edits = [*self._edits, *((at, at, "".join(added)) for at, added in self._added.items())]
        pieces, at = [], 0
        for begin, end, instead in sorted(edits):
            pieces += [self._texts.text[at:begin], instead]
            at = end
        text = "".join([*pieces, self._texts.text[at:]])
        return text.encode(self._texts.encoding, "xmlcharrefreplace")

    def _tell(
        self, translation: Translation, rule: str, message: str, suggestion: str = "", *, warning: bool = False
    ) -> None:
        self.findings.append(
            Located(
                rule=rule,
                message=message,
                file=self._file,
                line=translation.line,
                attribute=translation.language,
                suggestion=suggestion,
                level="warning" if warning else "error",
            )
        )


def translations_of(texts: Texts, language: str) -> Iterator[Translation]:
    """Give what a translator gets: each text with its wording in `language`, empty where there is none."""
    for unit in texts.units:
        original = unit.original(texts.languages[0])
        there = unit.wordings.get(language)
        if original is not None:
            yield Translation(
                id=unit.id,
                language=language,
                text=there.shown if there else "",
                original=original.shown,
                line=original.line,
            )
